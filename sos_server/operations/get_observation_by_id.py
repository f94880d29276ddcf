"""GetObservationById (OGC 12-006 clause 9.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sos_server.operations.base import RESPONSE_FORMATS, require_one_of, require_short
from sos_server.responses import ObservationsById

if TYPE_CHECKING:
    from sos_server.operations.base import Context
    from sos_server.requests import GetObservationById


def get_observation_by_id(context: Context, request: GetObservationById) -> ObservationsById:
    """
    Find observations by their identifiers; an unknown one is no fault, as the conformance suite wants it.

    The values of one array have the identifier of the array, all of them are given.
    """
    require_short("observation", request.observations)
    if request.response_format is not None:
        require_one_of("responseFormat", (request.response_format,), RESPONSE_FORMATS)
    return ObservationsById(context.storage.stream_named(tuple(dict.fromkeys(request.observations))))
