"""The service: finds the operation of a request. Bindings hand it requests, codecs write what it gives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sos_server import requests
from sos_server.operations.base import Context
from sos_server.operations.delete_observation import delete_observation
from sos_server.operations.delete_result_template import delete_result_template
from sos_server.operations.delete_sensor import delete_sensor
from sos_server.operations.describe_sensor import describe_sensor
from sos_server.operations.get_capabilities import get_capabilities
from sos_server.operations.get_data_availability import get_data_availability
from sos_server.operations.get_feature_of_interest import get_feature_of_interest
from sos_server.operations.get_observation import get_observation
from sos_server.operations.get_observation_by_id import get_observation_by_id
from sos_server.operations.get_result import get_result
from sos_server.operations.get_result_template import get_result_template
from sos_server.operations.insert_observation import insert_observation
from sos_server.operations.insert_result import insert_result
from sos_server.operations.insert_result_template import insert_result_template
from sos_server.operations.insert_sensor import insert_sensor
from sos_server.operations.update_sensor_description import update_sensor_description

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
    requests.DeleteObservation: delete_observation,
    requests.DeleteSensor: delete_sensor,
    requests.GetDataAvailability: get_data_availability,
    requests.GetFeatureOfInterest: get_feature_of_interest,
    requests.GetObservationById: get_observation_by_id,
    requests.UpdateSensorDescription: update_sensor_description,
    requests.InsertObservation: insert_observation,
    requests.InsertResultTemplate: insert_result_template,
    requests.DeleteResultTemplate: delete_result_template,
    requests.InsertResult: insert_result,
    requests.GetResultTemplate: get_result_template,
    requests.GetResult: get_result,
}


@dataclass(frozen=True, slots=True)
class Service:
    """
    A Sensor Observation Service over a storage, whatever the protocol.

    `merged` tells whether it merges observations to arrays where a request does not say, `strict_places` whether each
    observation has to tell where it was made, `counts_as_measures` whether counts go out as measures of unit 1.
    """

    storage: Storage
    identity: Identity
    merged: bool = False
    strict_places: bool = False
    counts_as_measures: bool = True

    def answer(self, request: Request, base_url: str, now: datetime) -> Response:
        """Do what a request asks for; raises `SosError` where it is refused."""
        context = Context(self.storage, self.identity, base_url, now, self.merged, self.strict_places)
        return OPERATIONS[type(request)](context, request)
