"""GetFeatureOfInterest (OGC 12-006 clause 9.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sos_server.errors import InvalidParameterValue
from sos_server.filters import SpatialReference
from sos_server.operations.base import require_known
from sos_server.responses import Features
from sos_server.storage import spatial

if TYPE_CHECKING:
    from sos_server.operations.base import Context
    from sos_server.requests import GetFeatureOfInterest


def get_feature_of_interest(context: Context, request: GetFeatureOfInterest) -> Features:
    """Find the features that were observed as the request says, and that pass all its spatial filters."""
    require_known(context.storage, "procedure", request.procedures)
    require_known(context.storage, "observedProperty", request.observed_properties)
    require_known(context.storage, "featureOfInterest", request.features_of_interest)
    for place in request.spatial_filters:
        if place.reference is not SpatialReference.SHAPE:
            raise InvalidParameterValue(
                f"A feature has no sampling geometry; use {SpatialReference.SHAPE}.", "ValueReference"
            )
        spatial.check(place)
    return Features(context.storage.features(request))
