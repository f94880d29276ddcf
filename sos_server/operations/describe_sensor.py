"""DescribeSensor (OGC 12-006 clause 8.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sos_server.errors import InvalidParameterValue
from sos_server.operations.base import DESCRIPTION_FORMATS, require_one_of
from sos_server.responses import SensorDescribed

if TYPE_CHECKING:
    from sos_server.operations.base import Context
    from sos_server.requests import DescribeSensor


def describe_sensor(context: Context, request: DescribeSensor) -> SensorDescribed:
    """Give a procedure's description as it was registered."""
    description = context.storage.sensor(request.procedure)
    if description is None:
        raise InvalidParameterValue(
            f"There is no procedure {request.procedure!r} here; the capabilities list them.", "procedure"
        )
    locator = "procedureDescriptionFormat"
    require_one_of(locator, (request.description_format,), DESCRIPTION_FORMATS)
    if request.description_format != description.description_format:
        raise InvalidParameterValue(
            f"{request.procedure!r} is described in {description.description_format} only; ask for that.", locator
        )
    return SensorDescribed(description)
