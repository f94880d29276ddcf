"""InsertSensor (OGC 12-006 clause 10.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sos_server.errors import MissingParameterValue
from sos_server.model import Offering
from sos_server.operations.base import DESCRIPTION_FORMATS, FEATURE_TYPES, OBSERVATION_TYPES, require_one_of
from sos_server.responses import SensorInserted
from sos_server.time import to_microseconds

if TYPE_CHECKING:
    from sos_server.operations.base import Context
    from sos_server.requests import InsertSensor


def insert_sensor(context: Context, request: InsertSensor) -> SensorInserted:
    """Register a sensor; one that names no offering gets one of its own."""
    description = request.description
    if not description.procedure:
        raise MissingParameterValue("The description names no procedure; give it a unique identifier.", "procedure")
    require_one_of("procedureDescriptionFormat", (description.description_format,), DESCRIPTION_FORMATS)
    _require("observableProperty", request.observed_properties)
    if any(not name for name in request.observed_properties):
        raise MissingParameterValue("An observableProperty is empty; give its identifier.", "observableProperty")
    _require("observationType", request.observation_types)
    require_one_of("observationType", request.observation_types, OBSERVATION_TYPES)
    _require("featureOfInterestType", request.feature_types)
    require_one_of("featureOfInterestType", request.feature_types, FEATURE_TYPES)
    offerings = description.offerings or (Offering(f"{description.procedure}/observations", description.procedure),)
    context.storage.insert_sensor(request, offerings, to_microseconds(context.now))
    return SensorInserted(description.procedure, offerings[0].identifier)


def _require(locator: str, values: tuple[str, ...]) -> None:
    if not values:
        raise MissingParameterValue(f"{locator} is missing; name at least one.", locator)
