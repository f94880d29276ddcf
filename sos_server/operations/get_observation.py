"""GetObservation (OGC 12-006 clause 8.3)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sos_server.errors import InvalidParameterValue
from sos_server.filters import SpatialReference, TemporalOperator
from sos_server.model import STRUCTURED_TYPES
from sos_server.operations.base import RESPONSE_FORMATS, require_known, require_one_of
from sos_server.responses import MergedObservations, Observations
from sos_server.storage import spatial

if TYPE_CHECKING:
    from sos_server.filters import SpatialFilter
    from sos_server.model import SeriesInfo
    from sos_server.operations.base import Context
    from sos_server.requests import GetObservation


def get_observation(context: Context, request: GetObservation) -> Observations | MergedObservations:
    """
    Find observations; their rows are read only as the answer is iterated.

    They are merged to arrays where the request says so, or the service where it does not; but not where one of the
    series has geometries or records as results, because an answer has results of one kind.
    """
    series, place = find_series(context, request)
    is_scalar = not any(info.observation_type in STRUCTURED_TYPES for info in series)
    if is_scalar and (context.merged if request.merged is None else request.merged):
        return MergedObservations(context.storage.stream_merged(series, request.temporal_filters, place))
    return Observations(context.storage.stream(series, request.temporal_filters, place))


def find_series(context: Context, request: GetObservation) -> tuple[tuple[SeriesInfo, ...], SpatialFilter | None]:
    """
    Find the series asked for, and the filter on the sampling geometries of their rows; refuses what is wrong.

    `first` and `latest` give one observation of each series, among those that pass the other filters.
    """
    selected = context.storage.selected_series(request)
    if selected is None:
        require_known(context.storage, "offering", request.offerings)
        require_known(context.storage, "observedProperty", request.observed_properties)
        require_known(context.storage, "procedure", request.procedures)
        require_known(context.storage, "featureOfInterest", request.features_of_interest)
    if request.response_format is not None:
        require_one_of("responseFormat", (request.response_format,), RESPONSE_FORMATS)
    ends = [
        each for each in request.temporal_filters if each.operator in (TemporalOperator.FIRST, TemporalOperator.LATEST)
    ]
    if len(ends) > 1:
        raise InvalidParameterValue("Only one filter can be `first` or `latest`; ask twice.", "temporalFilter")
    place = request.spatial_filter
    if place is None:
        return context.storage.select_series(request, remember=True) if selected is None else selected, None
    spatial.check(place)
    if place.reference is SpatialReference.SHAPE:
        return context.storage.select_series(request), None
    place = replace(place, strict=context.strict_places)
    return context.storage.select_series(replace(request, spatial_filter=place)), place
