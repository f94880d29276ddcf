"""
The descriptions of a procedure in time: which one holds when, and what a new one does to those before it.

A description holds from an instant (None: nobody knows since when) until before another (None: until further notice).
At any time at most one holds: a new one takes its whole time from those that are there.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import delete, insert, select

from sos_server.model import ValidDescription
from sos_server.storage.tables import DESCRIPTIONS, PROCEDURES
from sos_server.time import from_microseconds

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy import Connection

_COLUMN = DESCRIPTIONS.c


class Validity(NamedTuple):
    """A description and when it holds."""

    first: int | None
    last: int | None
    description: ValidDescription


def replace(held: Iterable[Validity], new: Validity) -> tuple[Validity, ...]:
    """Give the descriptions as they hold when a new one is put among them, in the order of time."""
    kept: list[Validity] = [new]
    for old in held:
        if new.first is not None and (old.first is None or old.first < new.first):
            end = new.first if old.last is None else min(old.last, new.first)
            kept.append(old._replace(last=end))
        if new.last is not None and (old.last is None or old.last > new.last):
            begin = new.last if old.first is None else max(old.first, new.last)
            kept.append(old._replace(first=begin))
    return tuple(sorted(kept, key=lambda each: (each.first is not None, each.first or 0)))


def read(connection: Connection, procedure: str) -> tuple[Validity, ...]:
    """Give all descriptions of a procedure in the order of time."""
    query = select(DESCRIPTIONS).join(PROCEDURES).where(PROCEDURES.c.identifier == procedure)
    found = [
        Validity(
            row.first,
            row.last,
            ValidDescription(
                row.description_format,
                row.document,
                None if row.first is None else from_microseconds(row.first),
                None if row.last is None else from_microseconds(row.last),
            ),
        )
        for row in connection.execute(query)
    ]
    return tuple(sorted(found, key=lambda each: (each.first is not None, each.first or 0)))


def write(connection: Connection, procedure_id: int, held: Sequence[Validity]) -> None:
    """Store the descriptions of a procedure instead of those that are there."""
    connection.execute(delete(DESCRIPTIONS).where(_COLUMN.procedure_id == procedure_id))
    rows = [
        {
            "procedure_id": procedure_id,
            "first": each.first,
            "last": each.last,
            "description_format": each.description.description_format,
            "document": each.description.document,
        }
        for each in held
    ]
    connection.execute(insert(DESCRIPTIONS), rows)


def read_formats(connection: Connection) -> dict[int, tuple[str, ...]]:
    """Give the formats that each procedure is described in, by its number."""
    found: dict[int, tuple[str, ...]] = defaultdict(tuple)
    query = select(_COLUMN.procedure_id, _COLUMN.description_format).distinct().order_by(_COLUMN.description_format)
    for number, description_format in connection.execute(query):
        found[number] += (description_format,)
    return found
