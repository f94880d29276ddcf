"""DeleteObservation, an extension of 52°North: by identifier (sosdo 1.0 and 2.0) or by filters (sosdo 2.0)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sos_server.errors import InvalidParameterValue, MissingParameterValue
from sos_server.filters import TemporalOperator
from sos_server.operations.base import require_known, require_short
from sos_server.responses import ObservationsDeleted
from sos_server.time import to_microseconds

if TYPE_CHECKING:
    from sos_server.operations.base import Context
    from sos_server.requests import DeleteObservation


def delete_observation(context: Context, request: DeleteObservation) -> ObservationsDeleted:
    """
    Delete the observations that a request names, all of them or none; their sensors and features stay.

    A request that names nothing is refused: it would delete everything.
    """
    filters = (
        request.offerings,
        request.procedures,
        request.observed_properties,
        request.features_of_interest,
        request.temporal_filters,
    )
    if request.observations and any(filters):
        raise InvalidParameterValue("Name observations or give filters, not both.", "observation")
    if not request.observations and not any(filters):
        raise MissingParameterValue("The request names no observation and has no filter.", "observation")
    require_short("observation", request.observations)
    require_known(context.storage, "offering", request.offerings)
    require_known(context.storage, "procedure", request.procedures)
    require_known(context.storage, "observedProperty", request.observed_properties)
    require_known(context.storage, "featureOfInterest", request.features_of_interest)
    for each in request.temporal_filters:
        if each.operator in (TemporalOperator.FIRST, TemporalOperator.LATEST):
            raise InvalidParameterValue(f"{each.operator} deletes nothing; give a time.", "temporalFilter")
    count = context.storage.delete_observations(request, to_microseconds(context.now))
    identifier = request.observations[0] if request.version == "1.0" and request.observations else None
    return ObservationsDeleted(count, identifier, request.version)
