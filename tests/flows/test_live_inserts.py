"""However an observation gets into the bundled SOS, subscriptions learn of it without waiting for their next poll."""

from __future__ import annotations

from datetime import timedelta

import pytest
import requests

from sos_server.codecs.sos20.encode import encode_request
from sos_server.model import OM_MEASUREMENT, ResultTemplate
from sos_server.requests import InsertResult, InsertResultTemplate
from tests.flows.conftest import BEGIN, Running, observations_document
from tests.flows.rules import HEAT
from tests.sos_server.results import TEMPERATURE, TIME, structure

ENVELOPE = '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body>%s</s:Body></s:Envelope>'


def _post(service: Running, document: str, path: str = "/sos") -> None:
    answer = requests.post(f"{service.url}{path}", data=document.encode(), timeout=60)
    assert answer.status_code == 200, answer.text


def _as_result(service: Running, minute: int, value: float) -> None:
    at = BEGIN + timedelta(minutes=minute)
    _post(service, encode_request(InsertResult("hourly", f"{at.isoformat()},{value}")).decode())


def _over_soap(service: Running, minute: int, value: float) -> None:
    at = BEGIN + timedelta(minutes=minute)
    document = observations_document("ws2500", "AirTemperature", [(at, value)])
    _post(service, ENVELOPE % document.partition("?>")[2], "/sos/soap")


@pytest.mark.parametrize("insert", [_as_result, _over_soap], ids=["InsertResult", "SOAP"])
def test_an_insertion_of_any_kind_is_told_at_once(service: Running, insert) -> None:
    """
    An hour before the next poll.
    """
    service.insert_sensor("ws2500", "AirTemperature")
    service.insert("ws2500", "AirTemperature", (0, 20))
    made, encoding = structure(TIME, TEMPERATURE)
    shared = ("ws2500", "ws2500", "AirTemperature", "station-ws2500", OM_MEASUREMENT)
    template = ResultTemplate("hourly", *shared, made, encoding)
    _post(service, encode_request(InsertResultTemplate(template)).decode())
    source = service.template("ws2500", "AirTemperature")
    answer = service.subscribe(rule=HEAT, getObservationTemplate=source, samplingRate="PT1H")

    insert(service, 10, 31)
    (entry,) = service.wait_for_entries(answer["feed"], 1)

    assert ("firing", "31") == (entry.weps_status, entry.weps_value)
