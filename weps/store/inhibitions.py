"""Inhibitions as people make and end them, and the sources that have ended whose targets are to be told."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, delete, or_, select, update

from weps.errors import NotFoundError
from weps.inhibitions import INHIBITING, Inhibition
from weps.store.bulk import insert_rows
from weps.store.database import Database
from weps.store.portions import portions
from weps.store.rows import read_alert
from weps.store.silences import read_matcher
from weps.store.tables import ALERTS, EPISODES, INHIBITION_ENDS, INHIBITIONS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from sqlalchemy import RowMapping

    from weps.inhibitions import Key
    from weps.model import Alert, Page

_PLAIN = ("id", "author", "reason", "created", "ends")


class Inhibitions(Database):
    """Inhibitions, and what is to be told of their ends."""

    def add_inhibition(self, inhibition: Inhibition) -> None:
        """Keep an inhibition; it holds for every alert that is stored from now on."""
        columns: dict[str, Any] = {name: getattr(inhibition, name) for name in _PLAIN}
        columns |= {"source": asdict(inhibition.source), "target": asdict(inhibition.target)}
        columns |= {"equal": list(inhibition.equal), "next_end": inhibition.ends}
        with self.writing() as connection:
            connection.execute(INHIBITIONS.insert(), columns)

    def inhibition(self, identifier: str) -> Inhibition:
        """Give one inhibition; raises `NotFoundError`."""
        with self.reading() as connection:
            return _one(connection, identifier)

    def inhibitions(self, page: Page, *, not_over_at: datetime | None = None) -> tuple[Inhibition, ...]:
        """Give a page of the inhibitions, newest first: all, or those that were not over at an instant."""
        query = select(INHIBITIONS).order_by(INHIBITIONS.c.number.desc()).offset(page.offset).limit(page.limit)
        if not_over_at is not None:
            query = query.where(or_(INHIBITIONS.c.ends.is_(None), INHIBITIONS.c.ends > not_over_at))
        with self.reading() as connection:
            return tuple(_read(row) for row in connection.execute(query).mappings())

    def end_inhibition(self, identifier: str, now: datetime) -> Inhibition:
        """End an inhibition now; one that is over stays as it is. Raises `NotFoundError`."""
        with self.writing() as connection:
            known = _one(connection, identifier)
            if not known.holds(now):
                return known
            ended = replace(known, ends=now)
            _end(connection, ended, now)
            return ended

    def end_due_inhibitions(self, now: datetime) -> None:
        """Note which sources have stopped to mute because the time of their inhibitions is over."""
        due = select(INHIBITIONS).where(INHIBITIONS.c.next_end <= now)
        with self.reading() as connection:
            if connection.execute(due.limit(1)).first() is None:
                return
        with self.writing() as connection:
            for inhibition in [_read(row) for row in connection.execute(due).mappings()]:
                _end(connection, inhibition, inhibition.ends or now)

    def inhibition_ends(self) -> tuple[tuple[Inhibition, dict[Key, datetime]], ...]:
        """Give the inhibitions with sources that have ended, by what those share with their targets, and when."""
        joined = select(INHIBITIONS, INHIBITION_ENDS.c.key, INHIBITION_ENDS.c.ended)
        query = joined.join(INHIBITIONS, INHIBITIONS.c.id == INHIBITION_ENDS.c.inhibition)
        found: dict[Inhibition, dict[Key, datetime]] = {}
        with self.reading() as connection:
            for row in connection.execute(query.order_by(INHIBITION_ENDS.c.ended)).mappings():
                found.setdefault(_read(row), {})[tuple(json.loads(row["key"]))] = row["ended"]
        return tuple(found.items())

    def told_inhibition(self, inhibition: Inhibition, ends: dict[Key, datetime]) -> None:
        """Note that everything is told of ends."""
        with self.writing() as connection:
            for key, ended in ends.items():
                mine = INHIBITION_ENDS.c.inhibition == inhibition.id, INHIBITION_ENDS.c.key == json.dumps(key)
                connection.execute(delete(INHIBITION_ENDS).where(*mine, INHIBITION_ENDS.c.ended <= ended))


def effective(connection: Connection, now: datetime) -> tuple[Inhibition, ...]:
    """Give the inhibitions that hold, and those that are over while their sources do not know it, oldest first."""
    not_over = or_(INHIBITIONS.c.ends.is_(None), INHIBITIONS.c.ends > now, INHIBITIONS.c.next_end.is_not(None))
    rows = connection.execute(select(INHIBITIONS).where(not_over).order_by(INHIBITIONS.c.number)).mappings()
    return tuple(_read(row) for row in rows)


def note_ends(connection: Connection, ends: Iterable[tuple[Inhibition, Alert]], now: datetime) -> None:
    """Let those be told who were muted by sources that have ended, by the last alert of each that muted."""
    rows = {(inhibition.id, json.dumps(inhibition.key(source)), now) for inhibition, source in ends}
    insert_rows(connection, INHIBITION_ENDS, ("inhibition", "key", "ended"), sorted(rows), ())


def note_closed(connection: Connection, episodes: Sequence[str], now: datetime) -> None:
    """Let those be told who were muted by episodes that have just been closed without an alert."""
    inhibitions = effective(connection, now)
    if not inhibitions:
        return
    for some in portions(episodes):
        mine = EPISODES.c.id.in_(some)
        joined = select(ALERTS).join(EPISODES, EPISODES.c.newest_alert == ALERTS.c.sequence).where(mine)
        closed = [read_alert(row) for row in connection.execute(joined).mappings()]
        ends = [(each, alert) for each in inhibitions for alert in closed if each.is_source(alert)]
        note_ends(connection, ends, now)


def _end(connection: Connection, inhibition: Inhibition, now: datetime) -> None:
    """Note the sources that are open; those that were closed since have noted it themselves."""
    is_open = EPISODES.c.closed.is_(None), EPISODES.c.state.in_(list(INHIBITING))
    joined = select(ALERTS).join(EPISODES, EPISODES.c.newest_alert == ALERTS.c.sequence).where(*is_open)
    sources = [read_alert(row) for row in connection.execute(joined).mappings()]
    note_ends(connection, [(inhibition, alert) for alert in sources if inhibition.is_source(alert)], now)
    over = update(INHIBITIONS).where(INHIBITIONS.c.id == inhibition.id)
    connection.execute(over.values(ends=inhibition.ends, next_end=None))


def _one(connection: Connection, identifier: str) -> Inhibition:
    row = connection.execute(select(INHIBITIONS).where(INHIBITIONS.c.id == identifier)).mappings().one_or_none()
    if row is None:
        raise NotFoundError(f"there is no inhibition {identifier!r}")
    return _read(row)


def _read(row: RowMapping) -> Inhibition:
    return Inhibition(
        source=read_matcher(row["source"]),
        target=read_matcher(row["target"]),
        equal=tuple(row["equal"]),
        **{name: row[name] for name in _PLAIN},
    )
