"""The record of how a source fares, kept in the transaction of the poll that it tells of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, select
from sqlalchemy.dialects import postgresql, sqlite

from weps.health import Health, health_from_json, health_to_json
from weps.store.tables import SOURCE_HEALTH

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from weps.health import Asked
    from weps.model import Feed


class HealthKeeping:
    """The part of a batch that keeps the record of its source."""

    _connection: Connection
    feed: Feed

    def health(self) -> Health:
        """Give the record of the source."""
        return read_health(self._connection, self.feed.id)

    def save_health(self, health: Health) -> None:
        """Keep the record of the source."""
        write_health(self._connection, self.feed.id, health)


_READ = select(SOURCE_HEALTH.c.arrived, SOURCE_HEALTH.c.silent_since, SOURCE_HEALTH.c.record).where(
    SOURCE_HEALTH.c.feed_id == bindparam("id")
)


def _upsert(dialect: Any) -> Any:
    statement = dialect.insert(SOURCE_HEALTH)
    changes = {name: statement.excluded[name] for name in ("arrived", "silent_since", "record")}
    return statement.on_conflict_do_update(index_elements=[SOURCE_HEALTH.c.feed_id], set_=changes)


# Built once: every poll writes its record.
_WRITE = {"sqlite": _upsert(sqlite), "postgresql": _upsert(postgresql)}


def note_failure(connection: Connection, feed_id: int, requests: Sequence[Asked], now: datetime) -> None:
    """Note that a poll failed."""
    write_health(connection, feed_id, read_health(connection, feed_id).failed(requests, now))


def read_health(connection: Connection, feed_id: int) -> Health:
    """Give the record of a source, an empty one where there is none yet."""
    return health_of(connection.execute(_READ, {"id": feed_id}).one_or_none())


def health_of(row: Any) -> Health:
    """Give the record of a row."""
    if row is None or row.record is None:
        return Health()
    return health_from_json(row.record, row.arrived, row.silent_since)


def write_health(connection: Connection, feed_id: int, health: Health) -> None:
    """Keep the record of a source."""
    instants = {"arrived": health.arrived, "silent_since": health.silent_since}
    statement = _WRITE[connection.dialect.name]
    connection.execute(statement, {"feed_id": feed_id, "record": health_to_json(health), **instants})
