"""DeleteSensor (OGC 12-006 clause 10.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sos_server.responses import SensorDeleted
from sos_server.time import to_microseconds

if TYPE_CHECKING:
    from sos_server.operations.base import Context
    from sos_server.requests import DeleteSensor


def delete_sensor(context: Context, request: DeleteSensor) -> SensorDeleted:
    """
    Delete a procedure with its offerings and all its observations.

    What it observed cannot be asked for without its offerings, so it is not kept: 52°North's service answers alike.
    """
    context.storage.delete_sensor(request.procedure, to_microseconds(context.now))
    return SensorDeleted(request.procedure)
