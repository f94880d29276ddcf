"""Silences: what is not pushed, until when, by whom and why."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import time
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, or_, select, update

from weps.errors import NotFoundError
from weps.matching import Matcher
from weps.model import AlertStatus, Severity
from weps.notices import Box
from weps.silences import Silence, Weekly
from weps.store.database import Database
from weps.store.tables import SILENCES

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from sqlalchemy import RowMapping

    from weps.model import Page

_PLAIN = ("id", "author", "reason", "created", "begins", "ends")


class Silences(Database):
    """Silences as people make and end them."""

    def add_silence(self, silence: Silence) -> None:
        """Keep a silence; it holds for every alert that is stored from now on."""
        with self.writing() as connection:
            next_end = silence.next_end(max(silence.begins, silence.created))
            connection.execute(SILENCES.insert(), _columns(silence) | {"next_end": next_end})

    def silence(self, identifier: str) -> Silence:
        """Give one silence; raises `NotFoundError`."""
        with self.reading() as connection:
            return _one(connection, identifier)

    def silences(self, page: Page, *, not_over_at: datetime | None = None) -> tuple[Silence, ...]:
        """Give a page of the silences, newest first: all, or those that were not over at an instant."""
        query = select(SILENCES).order_by(SILENCES.c.number.desc()).offset(page.offset).limit(page.limit)
        if not_over_at is not None:
            query = query.where(or_(SILENCES.c.ends.is_(None), SILENCES.c.ends > not_over_at))
        with self.reading() as connection:
            return tuple(_read(row) for row in connection.execute(query).mappings())

    def end_silence(self, identifier: str, now: datetime) -> Silence:
        """End a silence now; one that is over stays as it is. Raises `NotFoundError`."""
        with self.writing() as connection:
            known = _one(connection, identifier)
            pending = connection.execute(select(SILENCES.c.next_end).where(SILENCES.c.id == identifier)).scalar_one()
            if known.ends is not None and known.ends <= now:
                return known
            values: dict[str, Any] = {"ends": now}
            if known.holds(now):
                values["next_end"] = now
            elif pending is None or pending > now:
                values["next_end"] = None
            connection.execute(update(SILENCES).where(SILENCES.c.id == identifier).values(**values))
            return replace(known, ends=now)

    def due_silences(self, now: datetime) -> tuple[tuple[Silence, datetime], ...]:
        """Give the silences that have ended, or a window of theirs, and when; what is to be told is not told yet."""
        query = select(SILENCES).where(SILENCES.c.next_end <= now).order_by(SILENCES.c.next_end)
        with self.reading() as connection:
            return tuple((_read(row), row["next_end"]) for row in connection.execute(query).mappings())

    def told_silence(self, identifier: str, end: datetime, now: datetime) -> None:
        """Note that everything is told of an end."""
        mine = SILENCES.c.id == identifier, SILENCES.c.next_end == end
        with self.writing() as connection:
            # read anew: somebody may have ended it meanwhile, and then no other end comes
            next_end = _one(connection, identifier).next_end(now)
            connection.execute(update(SILENCES).where(*mine).values(next_end=next_end))


def holding(connection: Connection, now: datetime) -> tuple[Silence, ...]:
    """Give the silences that hold at an instant, oldest first."""
    not_over = SILENCES.c.begins <= now, or_(SILENCES.c.ends.is_(None), SILENCES.c.ends > now)
    query = select(SILENCES).where(*not_over).order_by(SILENCES.c.number)
    found = (_read(row) for row in connection.execute(query).mappings())
    return tuple(silence for silence in found if silence.holds(now))


def _one(connection: Connection, identifier: str) -> Silence:
    row = connection.execute(select(SILENCES).where(SILENCES.c.id == identifier)).mappings().one_or_none()
    if row is None:
        raise NotFoundError(f"there is no silence {identifier!r}")
    return _read(row)


def read_matcher(stored: Mapping[str, Any]) -> Matcher:
    """Give the matcher that was kept as JSON."""
    members = dict(stored)
    box, severities, statuses = members.pop("box"), members.pop("severities"), members.pop("statuses", ())
    return Matcher(
        severities=tuple(Severity(each) for each in severities),
        statuses=tuple(AlertStatus(each) for each in statuses),
        box=None if box is None else Box(**box),
        **{name: tuple(values) for name, values in members.items()},
    )


def _columns(silence: Silence) -> dict[str, Any]:
    columns = {name: getattr(silence, name) for name in _PLAIN} | {"matcher": asdict(silence.matcher), "weekly": None}
    if silence.weekly is not None:
        weekly = silence.weekly
        columns["weekly"] = asdict(weekly) | {"since": weekly.since.isoformat(), "until": weekly.until.isoformat()}
    return columns


def _read(row: RowMapping) -> Silence:
    weekly = row["weekly"]
    return Silence(
        matcher=read_matcher(row["matcher"]),
        weekly=None
        if weekly is None
        else Weekly(
            tuple(weekly["days"]),
            time.fromisoformat(weekly["since"]),
            time.fromisoformat(weekly["until"]),
            weekly["zone"],
        ),
        **{name: row[name] for name in _PLAIN},
    )
