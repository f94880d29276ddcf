"""Series and features in the database: what observations share, made when the first observation needs it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from shapely.geometry import shape
from sqlalchemy import Row, Table, bindparam, case, insert, select, update

from sos_server.errors import InvalidParameterValue
from sos_server.model import Feature
from sos_server.storage.base import insert_row
from sos_server.storage.tables import FEATURES, OFFERINGS, PROCEDURES, SERIES, SERIES_OFFERINGS, SERVICE

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from sqlalchemy import ColumnElement, Connection, Update

BOUNDS = ("west", "south", "east", "north")
_Bounds: TypeAlias = tuple[float, float, float, float]


class SeriesKey(NamedTuple):
    """What tells a series from others of the same offerings."""

    procedure: str
    observed_property: str
    feature_of_interest: str
    observation_type: str


class StoredSeries(NamedTuple):
    """A series' number and its unit, which all its observations have."""

    id: int
    uom: str | None


def series_for(
    connection: Connection, key: SeriesKey, uom: str | None, feature: Feature | None, offerings: tuple[str, ...]
) -> StoredSeries:
    """Give the series of a key under offerings; it is made, with its feature, where it is new."""
    numbers = _offering_ids(connection, offerings)
    publication = ",".join(map(str, numbers))
    found = connection.execute(
        select(SERIES.c.id, SERIES.c.uom, SERIES.c.first, *(FEATURES.c[name] for name in BOUNDS))
        .join(PROCEDURES, SERIES.c.procedure_id == PROCEDURES.c.id)
        .join(FEATURES, SERIES.c.feature_id == FEATURES.c.id)
        .where(
            PROCEDURES.c.identifier == key.procedure,
            SERIES.c.observed_property == key.observed_property,
            FEATURES.c.identifier == key.feature_of_interest,
            SERIES.c.observation_type == key.observation_type,
            SERIES.c.publication == publication,
        )
    ).one_or_none()
    if found is None:
        return StoredSeries(_create_series(connection, key, uom, feature, numbers), uom)
    if found.first is None:
        # all that it had was deleted: from now on it is found again, and its feature lies in its offerings
        _widen_offerings(connection, numbers, _bounds_of(found))
        move_generation(connection)
    if found.uom is None and uom is not None:
        connection.execute(update(SERIES).where(SERIES.c.id == found.id).values(uom=uom))
        move_generation(connection)
        return StoredSeries(found.id, uom)
    return StoredSeries(found.id, found.uom)


def move_generation(connection: Connection) -> None:
    """Have every process forget what it remembers of series."""
    connection.execute(update(SERVICE).values(generation=SERVICE.c.generation + 1))


def check_unit(key: SeriesKey, series: StoredSeries, uom: str | None) -> None:
    """Raise where a unit is not the one of the series; an absent one (a nil result has none) fits always."""
    if uom is not None and uom != series.uom:
        raise InvalidParameterValue(
            f"{key.observed_property} of {key.procedure} at {key.feature_of_interest} is kept in {series.uom}, "
            f"not in {uom}; convert the values, or register the sensor anew with another property.",
            "uom",
        )


def read_feature(row: Row[Any]) -> Feature:
    """Make the feature of a row that has the columns of `FEATURES`, its identifier as `feature`."""
    geometry = None if row.geometry is None else json.loads(row.geometry)
    return Feature(
        row.feature, row.feature_name, row.feature_description, geometry, row.feature_type, row.sampled_feature
    )


def lowest(table: Table, name: str) -> ColumnElement[Any]:
    """Give the lower of a column and the parameter `new_<name>`; the column may be NULL."""
    column: ColumnElement[Any] = table.c[name]
    new = bindparam(f"new_{name}", type_=column.type)
    return case((column.is_(None) | (column > new), new), else_=column)


def highest(table: Table, name: str) -> ColumnElement[Any]:
    """Give the higher of a column and the parameter `new_<name>`; the column may be NULL."""
    column: ColumnElement[Any] = table.c[name]
    new = bindparam(f"new_{name}", type_=column.type)
    return case((column.is_(None) | (column < new), new), else_=column)


def _offering_ids(connection: Connection, offerings: Sequence[str]) -> tuple[int, ...]:
    query = select(OFFERINGS.c.id).where(OFFERINGS.c.identifier.in_(offerings)).order_by(OFFERINGS.c.id)
    numbers = tuple(connection.scalars(query))
    if len(numbers) != len(offerings):
        raise InvalidParameterValue(f"An offering of {', '.join(offerings)} was just deleted.", "offering")
    return numbers


def _create_series(
    connection: Connection, key: SeriesKey, uom: str | None, feature: Feature | None, offerings: tuple[int, ...]
) -> int:
    feature_id, bounds = _feature(connection, key.feature_of_interest, feature)
    procedure = select(PROCEDURES.c.id).where(PROCEDURES.c.identifier == key.procedure).scalar_subquery()
    values = {
        "publication": ",".join(map(str, offerings)),
        "procedure_id": procedure,
        "observed_property": key.observed_property,
        "feature_id": feature_id,
        "observation_type": key.observation_type,
        "uom": uom,
        "count": 0,
    }
    series_id = insert_row(connection, SERIES, values)
    connection.execute(
        insert(SERIES_OFFERINGS), [{"offering_id": number, "series_id": series_id} for number in offerings]
    )
    _widen_offerings(connection, offerings, bounds)
    return series_id


def _widen_offerings(connection: Connection, offerings: tuple[int, ...], bounds: _Bounds | None) -> None:
    if bounds is not None:
        new = {f"new_{name}": value for name, value in zip(BOUNDS, bounds, strict=True)}
        connection.execute(widen_bounds(), [new | {"number": number} for number in offerings])


def widen_bounds() -> Update:
    """Give the statement that widens the bounds of the offering `number` by `new_west` and the others."""
    west, south, east, north = BOUNDS
    return (
        update(OFFERINGS)
        .where(OFFERINGS.c.id == bindparam("number"))
        .values(
            {
                west: lowest(OFFERINGS, west),
                south: lowest(OFFERINGS, south),
                east: highest(OFFERINGS, east),
                north: highest(OFFERINGS, north),
            }
        )
    )


def _bounds_of(row: Row[Any]) -> _Bounds | None:
    return None if row.west is None else (row.west, row.south, row.east, row.north)


def _feature(connection: Connection, identifier: str, feature: Feature | None) -> tuple[int, _Bounds | None]:
    found = connection.execute(select(FEATURES).where(FEATURES.c.identifier == identifier)).one_or_none()
    if found is not None:
        return found.id, _bounds_of(found)
    if feature is None:
        raise InvalidParameterValue(
            f"There is no feature {identifier!r} here; send it inside the first observation that refers to it.",
            "featureOfInterest",
        )
    bounds = None if feature.geometry is None else shape(feature.geometry).bounds
    values = {
        "identifier": identifier,
        "name": feature.name,
        "description": feature.description,
        "feature_type": feature.feature_type,
        "sampled_feature": feature.sampled_feature,
        "geometry": None if feature.geometry is None else json.dumps(feature.geometry, separators=(",", ":")),
    }
    if bounds is not None:
        values |= dict(zip(BOUNDS, bounds, strict=True))
    return insert_row(connection, FEATURES, values), bounds
