"""What there is, without its observations: features of interest, and the extents of series."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, select

from sos_server.model import SeriesExtent
from sos_server.storage import descriptions, spatial
from sos_server.storage.select import series_query
from sos_server.storage.series import read_feature
from sos_server.storage.tables import FEATURES, OFFERINGS, PROCEDURES, SERIES, SERIES_OFFERINGS
from sos_server.time import from_microseconds

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Connection, Row

    from sos_server.model import Feature
    from sos_server.requests import GetDataAvailability, GetFeatureOfInterest

_FEATURE: tuple[ColumnElement[Any], ...] = (
    FEATURES.c.identifier.label("feature"),
    FEATURES.c.name.label("feature_name"),
    FEATURES.c.description.label("feature_description"),
    FEATURES.c.geometry,
    FEATURES.c.feature_type,
    FEATURES.c.sampled_feature,
)


def read_features(connection: Connection, request: GetFeatureOfInterest) -> tuple[Feature, ...]:
    """Give the features that a request asks for, in the order they came to be."""
    observed = select(SERIES.c.feature_id).join(PROCEDURES)
    if request.procedures:
        observed = observed.where(PROCEDURES.c.identifier.in_(request.procedures))
    if request.observed_properties:
        observed = observed.where(SERIES.c.observed_property.in_(request.observed_properties))
    query = select(*_FEATURE).where(FEATURES.c.id.in_(observed)).order_by(FEATURES.c.id)
    if request.features_of_interest:
        query = query.where(FEATURES.c.identifier.in_(request.features_of_interest))
    for place in request.spatial_filters:
        query = query.where(and_(*spatial.overlaps(FEATURES, place)))
    found = map(read_feature, connection.execute(query))
    return tuple(
        feature
        for feature in found
        if all(spatial.passes(feature.geometry, place) for place in request.spatial_filters)
    )


def read_extents(
    connection: Connection, request: GetDataAvailability, *, by_offering: bool
) -> tuple[SeriesExtent, ...]:
    """
    Give how much there is of the series that a request names, from what is kept beside them.

    Series that differ only in what their results are count as one; those of several offerings too, but `by_offering`.
    """
    column = SERIES.c
    query = series_query(request).add_columns(
        SERIES.c["count"].label("amount"), column.first, column.last, column.first_result, column.last_result
    )
    offerings = _offerings(connection, request.offerings)
    groups: dict[tuple[Any, ...], list[Row[Any]]] = defaultdict(list)
    members: dict[tuple[Any, ...], dict[str, None]] = defaultdict(dict)
    for row in connection.execute(query):
        under = offerings[row.id]
        for part in [(name,) for name in under] if by_offering else [under]:
            key = (row.procedure, row.observed_property, row.feature, *(part if by_offering else ()))
            groups[key].append(row)
            members[key] |= dict.fromkeys(part)
    return tuple(_extent(rows, tuple(members[key])) for key, rows in groups.items())


def read_formats(connection: Connection) -> dict[str, tuple[str, ...]]:
    """Give the formats that each procedure is described in."""
    by_number = descriptions.read_formats(connection)
    return {
        row.identifier: by_number[row.id]
        for row in connection.execute(select(PROCEDURES.c.id, PROCEDURES.c.identifier))
    }


def _offerings(connection: Connection, asked: tuple[str, ...]) -> dict[int, tuple[str, ...]]:
    name = OFFERINGS.c.identifier
    query = select(SERIES_OFFERINGS.c.series_id, name).join(OFFERINGS).order_by(name)
    if asked:
        query = query.where(name.in_(asked))
    found: dict[int, tuple[str, ...]] = defaultdict(tuple)
    for series, offering in connection.execute(query):
        found[series] += (offering,)
    return found


def _extent(rows: list[Row[Any]], offerings: tuple[str, ...]) -> SeriesExtent:
    first = rows[0]
    return SeriesExtent(
        offerings=offerings,
        procedure=first.procedure,
        observed_property=first.observed_property,
        feature=read_feature(first),
        observation_types=tuple(dict.fromkeys(row.observation_type for row in rows)),
        begin=from_microseconds(min(row.first for row in rows)),
        end=from_microseconds(max(row.last for row in rows)),
        result_begin=from_microseconds(min(row.first_result for row in rows)),
        result_end=from_microseconds(max(row.last_result for row in rows)),
        count=sum(row.amount for row in rows),
    )
