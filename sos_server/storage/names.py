"""The names that requests may hold: which of them exist."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import Column, select

from sos_server.storage import sensors
from sos_server.storage.tables import FEATURES, OFFERING_TERMS, OFFERINGS, PROCEDURES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

# what a request names: the locator of the parameter, and where the names are that exist
_NAMES: dict[str, Column[str]] = {
    "offering": OFFERINGS.c.identifier,
    "procedure": PROCEDURES.c.identifier,
    "observedProperty": OFFERING_TERMS.c.term,
    "featureOfInterest": FEATURES.c.identifier,
}
_CHUNK = 500


def find_missing(connection: Connection, locator: str, names: Sequence[str]) -> str | None:
    """Give the first of the names of a parameter that does not exist, None where all do."""
    column = _NAMES[locator]
    for start in range(0, len(names), _CHUNK):
        chunk = names[start : start + _CHUNK]
        query = select(column).where(column.in_(chunk))
        if column.table is OFFERING_TERMS:
            query = query.where(OFFERING_TERMS.c.kind == sensors.Term.OBSERVED_PROPERTY)
        found = set(connection.scalars(query))
        for name in chunk:
            if name not in found:
                return name
    return None
