"""Sensors and their offerings in the database: registering, describing, telling what is there."""

from __future__ import annotations

from collections import defaultdict
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from sqlalchemy import Row, insert, select

from sos_server.model import Extent, Offering, OfferingContent, ValidDescription
from sos_server.storage import descriptions
from sos_server.storage.base import insert_row
from sos_server.storage.descriptions import Validity
from sos_server.storage.tables import OFFERING_TERMS, OFFERINGS, PROCEDURES
from sos_server.time import from_microseconds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from sos_server.requests import InsertSensor


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


def read_contents(connection: Connection, offerings: Sequence[str] | None = None) -> tuple[OfferingContent, ...]:
    """Give the offerings in the order they were registered: all, or those named."""
    chosen = select(OFFERINGS, PROCEDURES.c.identifier.label("procedure")).join(PROCEDURES).order_by(OFFERINGS.c.id)
    terms = select(OFFERING_TERMS).order_by(OFFERING_TERMS.c.kind, OFFERING_TERMS.c.position)
    if offerings is not None:
        chosen = chosen.where(OFFERINGS.c.identifier.in_(offerings))
        terms = terms.join(OFFERINGS).where(OFFERINGS.c.identifier.in_(offerings))
    members: dict[tuple[int, str], list[str]] = defaultdict(list)
    for row in connection.execute(terms):
        members[row.offering_id, row.kind].append(row.term)
    formats = descriptions.read_formats(connection)
    return tuple(
        OfferingContent(
            offering=Offering(row.identifier, row.procedure, row.name),
            observed_properties=tuple(members[row.id, Term.OBSERVED_PROPERTY]),
            description_formats=formats[row.procedure_id],
            observation_types=tuple(members[row.id, Term.OBSERVATION_TYPE]),
            feature_types=tuple(members[row.id, Term.FEATURE_TYPE]),
            related_features=tuple(members[row.id, Term.RELATED_FEATURE]),
            extent=_extent(row),
        )
        for row in connection.execute(chosen)
    )


def _extent(row: Row[Any]) -> Extent:
    if row.first is None:
        return Extent()
    bounds = None if row.west is None else (row.west, row.south, row.east, row.north)
    begin, end, result_begin, result_end = map(
        from_microseconds, (row.first, row.last, row.first_result, row.last_result)
    )
    return Extent(begin, end, result_begin, result_end, bounds)
