"""Sensors and their offerings in the database: registering, describing, telling what is there."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import insert, select

from sos_server.model import Extent, Offering, OfferingContent, ValidDescription
from sos_server.storage import descriptions
from sos_server.storage.base import insert_row
from sos_server.storage.cursor import complete_query, fetch, reader_of
from sos_server.storage.descriptions import Validity
from sos_server.storage.series import BOUNDS
from sos_server.storage.tables import OFFERING_TERMS, OFFERINGS, PROCEDURES
from sos_server.time import from_microseconds

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Connection, Select

    from sos_server.requests import InsertSensor


_OFFERINGS = (
    select(
        OFFERINGS.c.id,
        OFFERINGS.c.procedure_id,
        OFFERINGS.c.identifier,
        OFFERINGS.c.name,
        PROCEDURES.c.identifier,
        OFFERINGS.c.first,
        OFFERINGS.c.last,
        OFFERINGS.c.first_result,
        OFFERINGS.c.last_result,
        *(OFFERINGS.c[name] for name in BOUNDS),
    )
    .join(PROCEDURES)
    .order_by(OFFERINGS.c.id)
)
_NUMBER, _PROCEDURE, _FIRST = 0, 1, 5  # places of columns
_FEW = 500  # offerings that are named in a query


class Term(StrEnum):
    """What an offering allows, by kind."""

    OBSERVED_PROPERTY = "observed property"
    OBSERVATION_TYPE = "observation type"
    FEATURE_TYPE = "feature type"
    RELATED_FEATURE = "related feature"


def insert_sensor(connection: Connection, request: InsertSensor, offerings: Sequence[Offering], now: int) -> None:
    """Store a sensor and its offerings, which must be new; its description holds from now on."""
    description = request.description
    named: dict[str, Any] = {"identifier": description.procedure, "name": description.name}
    procedure_id = insert_row(connection, PROCEDURES, named)
    document = ValidDescription(description.description_format, description.document)
    descriptions.write(connection, procedure_id, (Validity(now, None, document),))
    terms = {
        Term.OBSERVED_PROPERTY: request.observed_properties,
        Term.OBSERVATION_TYPE: request.observation_types,
        Term.FEATURE_TYPE: request.feature_types,
        Term.RELATED_FEATURE: request.related_features,
    }
    for offering in offerings:
        named = {"identifier": offering.identifier, "name": offering.name, "procedure_id": procedure_id}
        offering_id = insert_row(connection, OFFERINGS, named)
        rows = [
            {"offering_id": offering_id, "kind": kind, "term": term, "position": position}
            for kind, members in terms.items()
            for position, term in enumerate(dict.fromkeys(members))
        ]
        connection.execute(insert(OFFERING_TERMS), rows)


def find_number(connection: Connection, procedure: str) -> int | None:
    """Give the number of a procedure, None where it is not registered."""
    return connection.scalars(select(PROCEDURES.c.id).where(PROCEDURES.c.identifier == procedure)).one_or_none()


class KnownContent(NamedTuple):
    """An offering as it was read, and what it was read from: while that is the same, so is the offering."""

    row: tuple[Any, ...]
    formats: tuple[str, ...]
    content: OfferingContent


def read_contents(connection: Connection, offerings: Sequence[str] | None = None) -> tuple[OfferingContent, ...]:
    """Give the offerings in the order they were registered: all, or those named."""
    chosen = _OFFERINGS if offerings is None else _OFFERINGS.where(OFFERINGS.c.identifier.in_(offerings))
    return tuple(each.content for each in _read(connection, chosen, {}).values())


def refresh_contents(connection: Connection, known: Mapping[int, KnownContent]) -> dict[int, KnownContent]:
    """Give all offerings by number, in that order; those that are as they are `known` are not made again."""
    return _read(connection, _OFFERINGS, known)


def _read(connection: Connection, chosen: Select[Any], known: Mapping[int, KnownContent]) -> dict[int, KnownContent]:
    reader = reader_of(connection)
    rows = fetch(reader, complete_query(reader.dialect, chosen, {}), {})
    formats = descriptions.read_formats(connection)
    # what an offering allows stays as long as the offering
    terms = _terms(connection, [row[_NUMBER] for row in rows if row[_NUMBER] not in known])
    found: dict[int, KnownContent] = {}
    for row in rows:
        number, described = row[_NUMBER], formats[row[_PROCEDURE]]
        old = known.get(number)
        if old is not None and old.row == row and old.formats == described:
            found[number] = old
            continue
        if old is not None:
            content = replace(old.content, description_formats=described, extent=_extent(row))
        else:
            content = _content(row, described, terms)
        found[number] = KnownContent(row, described, content)
    return found


def _terms(connection: Connection, offerings: list[int]) -> dict[tuple[int, str], list[str]]:
    """Give what offerings allow, by number and kind."""
    members: dict[tuple[int, str], list[str]] = defaultdict(list)
    if not offerings:
        return members
    column = OFFERING_TERMS.c
    query = select(column.offering_id, column.kind, column.term).order_by(column.kind, column.position)
    if len(offerings) <= _FEW:
        query = query.where(column.offering_id.in_(offerings))
    reader = reader_of(connection)
    for number, kind, term in fetch(reader, complete_query(reader.dialect, query, {}), {}):
        members[number, kind].append(term)
    return members


def _content(
    row: tuple[Any, ...], formats: tuple[str, ...], terms: Mapping[tuple[int, str], list[str]]
) -> OfferingContent:
    number, _, identifier, name, procedure, *_ = row
    return OfferingContent(
        offering=Offering(identifier, procedure, name),
        observed_properties=tuple(terms[number, Term.OBSERVED_PROPERTY]),
        description_formats=formats,
        observation_types=tuple(terms[number, Term.OBSERVATION_TYPE]),
        feature_types=tuple(terms[number, Term.FEATURE_TYPE]),
        related_features=tuple(terms[number, Term.RELATED_FEATURE]),
        extent=_extent(row),
    )


def _extent(row: tuple[Any, ...]) -> Extent:
    first, last, first_result, last_result, *bounds = row[_FIRST:]
    if first is None:
        return Extent()
    west, south, east, north = bounds
    begin, end, result_begin, result_end = map(from_microseconds, (first, last, first_result, last_result))
    return Extent(begin, end, result_begin, result_end, None if west is None else (west, south, east, north))
