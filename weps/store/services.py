"""What services announce: read now and then, compared with what they announced before, and kept with its changes."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, select, update
from sqlalchemy.dialects import postgresql, sqlite

from weps.contents import Contents, contents_from_json, contents_to_json
from weps.model import SourceChange, SubscriptionStatus
from weps.store.database import Database
from weps.store.feeds import BatchTransaction, one_feed
from weps.store.rows import read_subscription
from weps.store.subscriptions import subscription_query
from weps.store.tables import SERVICE_CHANGES, SERVICES, SUBSCRIPTIONS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from weps.model import Subscription, Target

CHANGES_KEPT = 200
"""Changes that are kept of a service, the latest."""


@dataclass(frozen=True, slots=True)
class Service:
    """A service as it was read last; `last_error` is why it could not be read since."""

    last_reading: datetime | None = None
    next_reading: datetime | None = None
    last_error: str | None = None
    contents: Contents | None = None


class Services(Database):
    """What is announced by whom, by the key of each service."""

    def readings(self) -> dict[str, datetime]:
        """Give when each service is to be read again."""
        with self.reading() as connection:
            rows = connection.execute(select(SERVICES.c.key, SERVICES.c.next_reading))
            return {row.key: row.next_reading for row in rows}

    def claim_reading(self, key: str, now: datetime, until: datetime) -> bool:
        """Take the reading of a service that is due, so that nobody else reads it until then; tells whether it was."""
        with self.writing() as connection:
            _add(connection, key, now)
            claiming = update(SERVICES).where(SERVICES.c.key == key, SERVICES.c.next_reading <= now)
            return connection.execute(claiming.values(next_reading=until)).rowcount == 1

    def reading_failed(self, key: str, error: str, next_reading: datetime) -> None:
        """Note that a service could not be read; what is known of it stays."""
        noting = update(SERVICES).where(SERVICES.c.key == key)
        with self.writing() as connection:
            connection.execute(noting.values(last_error=error[:2000], next_reading=next_reading))

    def service(self, key: str) -> Service:
        """Give a service, an empty one where it was never read."""
        with self.reading() as connection:
            return _service(connection, key)

    def service_state(self, key: str) -> Service:
        """Give a service without its contents, which may be large."""
        columns = SERVICES.c.last_reading, SERVICES.c.next_reading, SERVICES.c.last_error
        with self.reading() as connection:
            row = connection.execute(select(*columns).where(SERVICES.c.key == key)).one_or_none()
        return Service() if row is None else Service(*row)

    def service_changes(self, key: str, limit: int = CHANGES_KEPT) -> tuple[SourceChange, ...]:
        """Give what a service does not announce any more, the latest first."""
        mine = SERVICE_CHANGES.c.service_key == key
        query = select(SERVICE_CHANGES).where(mine).order_by(SERVICE_CHANGES.c.id.desc()).limit(limit)
        with self.reading() as connection:
            rows = connection.execute(query).all()
        return tuple(SourceChange(row.kind, row.before, row.after, row.offering, row.recorded) for row in rows)

    @contextmanager
    def service_reading(self, key: str) -> Iterator[ServiceTransaction]:
        """Open the transaction in which a service is compared: contents, changes and alerts are kept, or nothing."""
        with self.writing() as connection:
            yield ServiceTransaction(connection, key, self.standing_targets)


class ServiceTransaction:
    """What is read and written when a service has been read."""

    def __init__(self, connection: Connection, key: str, standing_targets: tuple[Target, ...]) -> None:
        self._connection = connection
        self._key = key
        self._standing_targets = standing_targets
        self.before = _service(connection, key)

    def save(self, contents: Contents, changes: Sequence[SourceChange], now: datetime, next_reading: datetime) -> None:
        """Keep what the service announces now, and what it does not any more."""
        values = {"last_reading": now, "next_reading": next_reading, "last_error": None}
        saving = update(SERVICES).where(SERVICES.c.key == self._key)
        self._connection.execute(saving.values(contents=contents_to_json(contents), **values))
        if not changes:
            return
        self._connection.execute(
            SERVICE_CHANGES.insert(),
            [
                {
                    "service_key": self._key,
                    "recorded": now,
                    "kind": change.kind,
                    "before": change.before,
                    "after": change.after,
                    "offering": change.offering,
                }
                for change in changes
            ],
        )
        mine = SERVICE_CHANGES.c.service_key == self._key
        kept = select(SERVICE_CHANGES.c.id).where(mine).order_by(SERVICE_CHANGES.c.id.desc()).limit(CHANGES_KEPT)
        self._connection.execute(delete(SERVICE_CHANGES).where(mine, SERVICE_CHANGES.c.id.not_in(kept)))

    def batch(self, feed_id: int) -> tuple[BatchTransaction, tuple[Subscription, ...]]:
        """Give the batch of a feed of the service, in the same transaction, and its active subscriptions."""
        feed = one_feed(self._connection, feed_id)
        active = SUBSCRIPTIONS.c.feed_id == feed_id, SUBSCRIPTIONS.c.status == SubscriptionStatus.ACTIVE
        rows = self._connection.execute(subscription_query().where(*active).order_by(SUBSCRIPTIONS.c.number))
        subscriptions = tuple(read_subscription(row) for row in rows.mappings())
        return BatchTransaction(self._connection, feed, self._standing_targets), subscriptions


def _service(connection: Connection, key: str) -> Service:
    row = connection.execute(select(SERVICES).where(SERVICES.c.key == key)).one_or_none()
    if row is None:
        return Service()
    contents = None if row.contents is None else contents_from_json(row.contents)
    return Service(row.last_reading, row.next_reading, row.last_error, contents)


def _add(connection: Connection, key: str, now: datetime) -> None:
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    values: dict[str, Any] = {"key": key, "next_reading": now}
    connection.execute(dialect.insert(SERVICES).values(**values).on_conflict_do_nothing())
