"""GetDataAvailability, an extension of 52°North in two forms (sosgda 1.0 and 2.0)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sos_server.operations.base import RESPONSE_FORMATS, require_known, require_one_of
from sos_server.responses import DataAvailability

if TYPE_CHECKING:
    from sos_server.operations.base import Context
    from sos_server.requests import GetDataAvailability


def get_data_availability(context: Context, request: GetDataAvailability) -> DataAvailability:
    """Tell of which series there is how much; no observation is read, their extents are kept beside them."""
    require_known(context.storage, "offering", request.offerings)
    require_known(context.storage, "procedure", request.procedures)
    require_known(context.storage, "observedProperty", request.observed_properties)
    require_known(context.storage, "featureOfInterest", request.features_of_interest)
    require_one_of("responseFormat", request.response_formats, RESPONSE_FORMATS)
    members, formats = context.storage.availability(request, by_offering=request.version == "2.0")
    return DataAvailability(members, formats, request.show_count, request.include_result_times, request.version)
