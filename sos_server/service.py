"""The service: finds the operation of a request. Bindings hand it requests, codecs write what it gives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sos_server import requests
from sos_server.operations.base import Context
from sos_server.operations.describe_sensor import describe_sensor
from sos_server.operations.get_capabilities import get_capabilities
from sos_server.operations.get_observation import get_observation
from sos_server.operations.insert_observation import insert_observation
from sos_server.operations.insert_sensor import insert_sensor

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from sos_server.operations.base import Identity
    from sos_server.requests import Request
    from sos_server.responses import Response
    from sos_server.storage.sql import Storage

OPERATIONS: dict[type, Callable[[Context, Any], Response]] = {
    requests.GetCapabilities: get_capabilities,
    requests.DescribeSensor: describe_sensor,
    requests.GetObservation: get_observation,
    requests.InsertSensor: insert_sensor,
    requests.InsertObservation: insert_observation,
}


@dataclass(frozen=True, slots=True)
class Service:
    """A Sensor Observation Service over a storage, whatever the protocol."""

    storage: Storage
    identity: Identity

    def answer(self, request: Request, base_url: str, now: datetime) -> Response:
        """Do what a request asks for; raises `SosError` where it is refused."""
        return OPERATIONS[type(request)](Context(self.storage, self.identity, base_url, now), request)
