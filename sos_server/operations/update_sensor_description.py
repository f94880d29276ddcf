"""UpdateSensorDescription (OGC 09-001 clause 17, OGC 12-006 clause 10.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sos_server.errors import InvalidParameterValue, MissingParameterValue
from sos_server.operations.base import DESCRIPTION_FORMATS, require_known, require_one_of
from sos_server.responses import SensorUpdated
from sos_server.storage.descriptions import Validity
from sos_server.time import to_microseconds

if TYPE_CHECKING:
    from sos_server.operations.base import Context
    from sos_server.requests import UpdateSensorDescription


def update_sensor_description(context: Context, request: UpdateSensorDescription) -> SensorUpdated:
    """
    Put descriptions among those of a procedure; what they take the time of holds before and after it only.

    One that says no time holds from now on. The offerings of the procedure stay what they are.
    """
    require_known(context.storage, "procedure", (request.procedure,))
    require_one_of("procedureDescriptionFormat", (request.description_format,), DESCRIPTION_FORMATS)
    if not request.descriptions:
        raise MissingParameterValue("The request has no description; put at least one into it.", "description")
    changes = []
    for each in request.descriptions:
        begin = None if each.begin is None else to_microseconds(each.begin)
        end = None if each.end is None else to_microseconds(each.end)
        if begin is None and end is None:
            begin = to_microseconds(context.now)
        if begin is not None and end is not None and begin >= end:
            raise InvalidParameterValue("The time of a description ends as it begins, or before.", "validTime")
        changes.append(Validity(begin, end, each))
    context.storage.update_sensor(request.procedure, changes, to_microseconds(context.now))
    return SensorUpdated(request.procedure)
