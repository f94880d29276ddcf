"""Alerts as they are read, and the outbox that pushes them."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import bindparam, func, select, update

from weps.errors import NotFoundError
from weps.model import Alert, Delivery, DeliveryStatus, Page, Target
from weps.notices import FeedVersion
from weps.store.database import Database
from weps.store.rows import read_alert
from weps.store.tables import ALERTS, OUTBOX, SUBSCRIPTIONS

if TYPE_CHECKING:
    from sqlalchemy import RowMapping

EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
_VERSION = select(
    *(SUBSCRIPTIONS.c.id, SUBSCRIPTIONS.c.created, SUBSCRIPTIONS.c.revision, SUBSCRIPTIONS.c.newest_alert),
    *(SUBSCRIPTIONS.c.alert_count, SUBSCRIPTIONS.c.newest_alert_stored),
).where(SUBSCRIPTIONS.c.token == bindparam("token"))


class Alerts(Database):
    """What was detected, for everybody to read."""

    def alert(self, identifier: str) -> Alert:
        """Give one alert by its id; raises `NotFoundError`."""
        with self.reading() as connection:
            row = connection.execute(select(ALERTS).where(ALERTS.c.id == identifier)).mappings().one_or_none()
        if row is None:
            raise NotFoundError(f"there is no alert {identifier!r}")
        return read_alert(row)

    def alerts(self, subscription_id: str, page: Page) -> tuple[Alert, ...]:
        """Give a page of a subscription's alerts, newest first."""
        query = (
            select(ALERTS)
            .where(ALERTS.c.subscription_id == subscription_id)
            .order_by(ALERTS.c.sequence.desc())
            .offset(page.offset)
            .limit(page.limit)
        )
        with self.reading() as connection:
            return tuple(read_alert(row) for row in connection.execute(query).mappings())

    def feed_version(self, token: str) -> FeedVersion:
        """Tell which version a feed has, by its token, without looking at one alert; raises `NotFoundError`."""
        row = self.first_row(_VERSION, token=token)
        if row is None:
            raise NotFoundError("there is no such feed")
        identifier, created, revision, newest, alerts, stored = row
        return FeedVersion(identifier, created, revision, newest, alerts, max(stored or EPOCH, created))


class Outbox(Database):
    """Alerts on their way to their targets."""

    def due_deliveries(self, now: datetime, limit: int) -> tuple[Delivery, ...]:
        """
        Give what is to be sent now, the longest due first.

        Only the oldest undelivered alert per subscription and target is given, so that their order is kept.
        """
        waiting = OUTBOX.alias()
        first = (
            select(func.min(waiting.c.id))
            .where(
                waiting.c.subscription_id == OUTBOX.c.subscription_id,
                waiting.c.channel == OUTBOX.c.channel,
                waiting.c.address == OUTBOX.c.address,
                waiting.c.status == DeliveryStatus.QUEUED,
            )
            .scalar_subquery()
        )
        query = (
            select(OUTBOX.c.id.label("delivery_id"), OUTBOX.c.channel, OUTBOX.c.address, OUTBOX.c.attempts)
            .add_columns(OUTBOX.c.due, OUTBOX.c.last_error, ALERTS)
            .join_from(OUTBOX, ALERTS, OUTBOX.c.alert_sequence == ALERTS.c.sequence)
            .where(OUTBOX.c.status == DeliveryStatus.QUEUED, OUTBOX.c.due <= now, OUTBOX.c.id == first)
            .order_by(OUTBOX.c.due, OUTBOX.c.id)
            .limit(limit)
        )
        with self.reading() as connection:
            return tuple(_read_delivery(row) for row in connection.execute(query).mappings())

    def next_delivery_due(self) -> datetime | None:
        """Tell when the next delivery is due; None when nothing waits."""
        query = select(OUTBOX.c.due).where(OUTBOX.c.status == DeliveryStatus.QUEUED).order_by(OUTBOX.c.due).limit(1)
        with self.reading() as connection:
            return connection.execute(query).scalar_one_or_none()

    def mark_delivered(self, delivery_id: int, now: datetime) -> None:
        """Note that the target took the alert."""
        self._note(delivery_id, status=DeliveryStatus.DELIVERED, finished=now, last_error=None)

    def mark_failed(self, delivery_id: int, error: str, next_due: datetime | None) -> None:
        """Note that the target did not take the alert; without a next time it is given up."""
        if next_due is None:
            self._note(delivery_id, status=DeliveryStatus.GIVEN_UP, last_error=error[:2000])
        else:
            self._note(delivery_id, due=next_due, last_error=error[:2000])

    def _note(self, delivery_id: int, **values: object) -> None:
        noting = update(OUTBOX).where(OUTBOX.c.id == delivery_id).values(attempts=OUTBOX.c.attempts + 1, **values)
        with self.writing() as connection:
            connection.execute(noting)


def _read_delivery(row: RowMapping) -> Delivery:
    return Delivery(
        id=row["delivery_id"],
        alert=read_alert(row),
        target=Target(row["channel"], row["address"]),
        attempts=row["attempts"],
        due=row["due"],
        last_error=row["last_error"],
    )
