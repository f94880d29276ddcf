"""Deleting what is older than its offerings keep it, in small transactions, so that inserts never wait for long."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, func, select, update

from sos_server.storage import extents
from sos_server.storage.tables import OBSERVATIONS, OFFERINGS, SERIES, SERIES_OFFERINGS, SERVICE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import timedelta

    from sqlalchemy import Connection

    from sos_server.storage.base import Database

EVERY_OFFERING = "*"
BATCH = 5000  # rows that are deleted in one transaction, a few more where they are of the same time
_ROW = OBSERVATIONS.c


def purge(database: Database, retention: Mapping[str, timedelta], now: int, batch: int = BATCH) -> Iterator[int]:
    """
    Delete observations whose phenomenon time ended longer ago than they are kept; give the number after each commit.

    `retention` says by offering how long, under `*` for those that are not named; the others keep theirs for ever.
    What was published under several offerings is kept as long as the one that keeps it longest.
    """
    with database.reading() as connection:
        due = _cutoffs(connection, {name: _microseconds(each) for name, each in retention.items()}, now)
    for series, cutoff in due.items():
        done = False
        while not done:
            with database.writing() as connection:
                deleted, done = _delete_oldest(connection, series, cutoff, batch)
                if deleted and done:
                    _settle(connection, series, now)
            if deleted:
                yield deleted


def _cutoffs(connection: Connection, retention: Mapping[str, int], now: int) -> dict[int, int]:
    """Give by series the time before which nothing is kept, for those that have something before it."""
    query = (
        select(SERIES.c.id, SERIES.c.first, OFFERINGS.c.identifier)
        .join(SERIES_OFFERINGS, SERIES_OFFERINGS.c.series_id == SERIES.c.id)
        .join(OFFERINGS, SERIES_OFFERINGS.c.offering_id == OFFERINGS.c.id)
        .where(SERIES.c.first.is_not(None))
    )
    kept: dict[int, list[int | None]] = {}
    firsts: dict[int, int] = {}
    for row in connection.execute(query):
        kept.setdefault(row.id, []).append(retention.get(row.identifier, retention.get(EVERY_OFFERING)))
        firsts[row.id] = row.first
    cutoffs = {series: now - max(filter(None, spans)) for series, spans in kept.items() if None not in spans}
    return {series: cutoff for series, cutoff in cutoffs.items() if firsts[series] < cutoff}


def _delete_oldest(connection: Connection, series: int, cutoff: int, batch: int) -> tuple[int, bool]:
    """Delete a batch of a series; give how many there were and whether these were the last ones."""
    old = (_ROW.series_id == series, _ROW.first < cutoff, _ROW.last < cutoff)
    border = connection.scalar(select(_ROW.first).where(*old).order_by(_ROW.first).offset(batch - 1).limit(1))
    chosen = old if border is None else (*old, _ROW.first <= border)
    result: Any = connection.execute(delete(OBSERVATIONS).where(*chosen))
    if result.rowcount:
        # count and begin are cheap to keep true; the rest is settled with the last batch
        begin = select(func.min(_ROW.first)).where(_ROW.series_id == series).scalar_subquery()
        values = {"count": SERIES.c.count - result.rowcount, "first": begin}
        connection.execute(update(SERIES).where(SERIES.c.id == series).values(values))
    # there may be none after a whole batch: it was the last one all the same
    is_last = border is None or connection.scalar(select(_ROW.first).where(*old).limit(1)) is None
    return result.rowcount, is_last


def _settle(connection: Connection, series: int, now: int) -> None:
    extents.refresh(connection, (series,))
    updated = connection.scalars(select(SERVICE.c.updated)).one()
    connection.execute(update(SERVICE).values(updated=max(now, updated + 1)))


def _microseconds(span: timedelta) -> int:
    return round(span.total_seconds() * 1_000_000)
