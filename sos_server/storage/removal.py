"""Deleting sensors and observations, each in the transaction that it is handed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Integer, bindparam, delete, select

from sos_server.storage import extents, identifiers
from sos_server.storage.select import conditions, series_query
from sos_server.storage.sensors import find_number
from sos_server.storage.series import move_generation
from sos_server.storage.tables import (
    DESCRIPTIONS,
    FEATURES,
    OBSERVATIONS,
    OFFERING_TERMS,
    OFFERINGS,
    PROCEDURES,
    SERIES,
    SERIES_OFFERINGS,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy import ColumnElement, Connection

    from sos_server.requests import DeleteObservation


def delete_sensor(connection: Connection, procedure: str) -> bool:
    """
    Delete a procedure with all that is its own: offerings, descriptions, series, observations, features.

    A feature that another procedure observes stays. False: there is no such procedure.
    """
    number = find_number(connection, procedure)
    if number is None:
        return False
    series = select(SERIES.c.id).where(SERIES.c.procedure_id == number)
    offerings = select(OFFERINGS.c.id).where(OFFERINGS.c.procedure_id == number)
    features = tuple(connection.scalars(select(SERIES.c.feature_id).where(SERIES.c.procedure_id == number).distinct()))
    for table, condition in (
        (OBSERVATIONS, OBSERVATIONS.c.series_id.in_(series)),
        (SERIES_OFFERINGS, SERIES_OFFERINGS.c.series_id.in_(series)),
        (SERIES, SERIES.c.procedure_id == number),
        (OFFERING_TERMS, OFFERING_TERMS.c.offering_id.in_(offerings)),
        (OFFERINGS, OFFERINGS.c.procedure_id == number),
        (DESCRIPTIONS, DESCRIPTIONS.c.procedure_id == number),
        (PROCEDURES, PROCEDURES.c.id == number),
    ):
        connection.execute(delete(table).where(condition))
    in_use = select(SERIES.c.id).where(SERIES.c.feature_id == FEATURES.c.id).exists()
    orphan = delete(FEATURES).where(FEATURES.c.id == bindparam("feature", type_=Integer), ~in_use)
    if features:
        connection.execute(orphan, [{"feature": feature} for feature in features])
    move_generation(connection)
    return True


def delete_observations(connection: Connection, request: DeleteObservation) -> int:
    """Delete the observations that pass all filters of a request, and give their number."""
    passing = [condition for each in request.temporal_filters for condition in conditions(each)]
    series = [row.id for row in connection.execute(series_query(request))]
    return _delete(connection, [(number, passing) for number in series])


def delete_named(connection: Connection, names: Sequence[str]) -> tuple[int, str | None]:
    """Delete the observations with these identifiers, or none where one is missing; give their number and that one."""
    found, missing = identifiers.find(connection, names)
    if missing:
        return 0, missing[0]
    return _delete(connection, [(number, (wanted.condition(),)) for number, wanted in found.items()]), None


def _delete(connection: Connection, chosen: Iterable[tuple[int, Sequence[ColumnElement[bool]]]]) -> int:
    deleted = 0
    changed = []
    for number, condition in chosen:
        result: Any = connection.execute(delete(OBSERVATIONS).where(OBSERVATIONS.c.series_id == number, *condition))
        if result.rowcount:
            deleted += result.rowcount
            changed.append(number)
    extents.refresh(connection, changed)
    return deleted
