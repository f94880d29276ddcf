"""Every operation over every binding on SQLite and on PostgreSQL: the answers are the same, byte by byte."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from sos_server.app import create_app
from sos_server.codecs.sos20.encode import encode_request
from sos_server.requests import (
    DeleteObservation,
    DeleteResultTemplate,
    DeleteSensor,
    DescribeSensor,
    GetCapabilities,
    GetDataAvailability,
    GetFeatureOfInterest,
    GetObservation,
    GetObservationById,
    GetResult,
    GetResultTemplate,
    InsertResult,
    InsertResultTemplate,
)
from sos_server.settings import Settings
from tests.sos_server.asgi import Answer, Client
from tests.sos_server.enhanced import UPDATE, enveloped
from tests.sos_server.make import FORMAT, insertion, observation
from tests.sos_server.results import HOURS, OFFERING, SENSOR, template

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.postgres import Cluster

PLACE = {"offering": OFFERING, "observedProperty": "AirTemperature"}
SENSOR_NAMED = {"procedure": "thermometer"}
DESCRIBED = SENSOR_NAMED | {"procedureDescriptionFormat": FORMAT}
# when it was done is told in the capabilities and in the validity of descriptions
NOW = re.compile(rb"20[2-9]\d-\d\d-\d\dT[\d:.]+Z")


class Step(NamedTuple):
    """A request, its parameters over KVP where it has any, and how often something stands in the answer."""

    request: Any
    parameters: dict[str, str] | None
    mark: bytes
    count: int


INSERTED = [observation(at, at / 4, identifier=f"o{at}") for at in range(120, 1620)]
STEPS = [
    Step(SENSOR, None, b"assignedOffering>", 2),
    Step(insertion(observation(0, identifier="first"), observation(1)), None, b"InsertObservationResponse", 1),
    Step(insertion(observation(2)), None, b"InsertObservationResponse", 1),
    Step(insertion(*INSERTED), None, b"InsertObservationResponse", 1),
    Step(InsertResultTemplate(template()), None, b"acceptedTemplate>hourly<", 1),
    Step(InsertResult("hourly", HOURS.replace("00:00:00", "00:30:00")), None, b"InsertResultResponse", 1),
    Step(GetCapabilities(), {}, b"<sos:ObservationOffering", 1),
    Step(DescribeSensor("thermometer", FORMAT), DESCRIBED, b"PhysicalSystem ", 1),
    Step(GetObservation((OFFERING,)), {"offering": OFFERING}, b"<om:OM_Observation ", 1505),
    Step(GetObservationById(("first",)), {"observation": "first"}, b"<om:OM_Observation ", 1),
    Step(GetFeatureOfInterest(), {}, b"<sams:SF_SpatialSamplingFeature ", 1),
    Step(GetDataAvailability(), {}, b"dataAvailabilityMember ", 1),
    Step(GetResultTemplate(OFFERING, "AirTemperature"), PLACE, b"<sos:resultStructure>", 1),
    Step(GetResult(OFFERING, "AirTemperature"), PLACE, b"2016-01-0", 1505),
    Step(UPDATE, None, b"updatedProcedure>thermometer<", 1),
    Step(DeleteObservation(("first",)), {"observation": "first"}, b":DeleteObservationResponse ", 1),
    Step(GetObservation((OFFERING,), merged=True), None, b"@@2016-01-0", 1503),
    Step(DeleteResultTemplate(("hourly",)), {"resultTemplate": "hourly"}, b"deletedTemplate>hourly<", 1),
    Step(DeleteSensor("thermometer"), SENSOR_NAMED, b"deletedProcedure>thermometer<", 1),
    Step(GetCapabilities(), {}, b"<sos:ObservationOffering", 0),
]


@pytest.fixture
def clients(tmp_path: Path, postgres: Cluster) -> Iterator[tuple[Client, Client]]:
    """The application over an empty database of each kind."""
    apps = [create_app(Settings(data=tmp_path)), create_app(Settings(database=postgres.new_database()))]
    sqlite, postgresql = (Client(app, "/") for app in apps)
    yield sqlite, postgresql
    for app in apps:
        app.state.storage.close()


def _send(client: Client, step: Step, binding: str) -> Answer:
    """Send a request over a binding; over POX where KVP does not have it."""
    if binding == "KVP" and step.parameters is not None:
        common = {"service": "SOS", "version": "2.0.0", "request": type(step.request).__name__}
        return client.get(common | step.parameters)
    document = encode_request(step.request)
    return client.post(enveloped(document) if binding == "SOAP" else document)


@pytest.mark.shared
@pytest.mark.parametrize("binding", ["KVP", "POX", "SOAP"])
def test_the_life_of_a_sensor_is_told_alike(clients: tuple[Client, Client], validate: Any, binding: str) -> None:
    """
    From its registration to its end, with answers that are valid and that have what was published.
    """
    told = [(step, *(_send(client, step, binding) for client in clients)) for step in STEPS]

    for step, sqlite, postgresql in told:
        name = type(step.request).__name__
        assert (name, 200, 200) == (name, sqlite.status, postgresql.status), postgresql.body
        assert NOW.sub(b"NOW", sqlite.body) == NOW.sub(b"NOW", postgresql.body)
        assert (name, step.count) == (name, postgresql.body.count(step.mark))
        assert sqlite.headers["content-type"] == postgresql.headers["content-type"]
        assert [] == validate(sqlite.body)


REFUSED = [
    pytest.param(SENSOR, id="a sensor that is registered"),
    pytest.param(insertion(observation(3, uom="K")), id="another unit"),
    pytest.param(insertion(observation(3), observation(0, 99.0)), id="another value"),
    pytest.param(InsertResult("hourly", "2016-01-01T05:00:00Z,1.5@@2016-01-01T06:00:00Z,warm"), id="half a result"),
    pytest.param(DeleteObservation(("first", "nobody")), id="one that is not there"),
    pytest.param(DescribeSensor("nobody", FORMAT), id="no such sensor"),
]


@pytest.mark.parametrize("request_", REFUSED)
def test_what_is_refused_is_refused_alike_and_changes_nothing(clients: tuple[Client, Client], request_: Any) -> None:
    """
    With the same report.
    """
    before = []
    for client in clients:
        for step in (*STEPS[:2], STEPS[4]):
            assert 200 == _send(client, step, "POX").status
        before.append(client.post(encode_request(GetObservation())).body)

    refused = [client.post(encode_request(request_)) for client in clients]

    assert [400, 400] == [answer.status for answer in refused]
    assert refused[0].body == refused[1].body
    assert before == [client.post(encode_request(GetObservation())).body for client in clients]


def test_a_client_that_leaves_gives_its_connection_back_on_both(clients: tuple[Client, Client]) -> None:
    """
    A stream that nobody reads any more is closed, and the database is free.
    """
    for client in clients:
        for step in STEPS[:4]:
            assert 200 == _send(client, step, "POX").status

    answers = [client.post(encode_request(GetObservation()), leave_after=1) for client in clients]

    assert all(0 < len(answer.body) < 500_000 for answer in answers)
    assert [0, 0] == [client.app.state.storage.connections_in_use() for client in clients]


def test_who_reads_while_others_publish_sees_whole_requests(clients: tuple[Client, Client]) -> None:
    """
    A request publishes two observations: nobody ever finds one of them, and in the end all are there.
    """
    pairs = [encode_request(insertion(observation(2 * at), observation(2 * at + 1))) for at in range(20)]
    find = encode_request(GetObservation())
    for shared in clients:
        assert 200 == shared.post(encode_request(SENSOR)).status
        asking = [Client(shared.app, "/") for _ in range(40)]  # each keeps its own last answer

        with ThreadPoolExecutor(4) as pool:
            published = [pool.submit(client.post, pair) for client, pair in zip(asking, pairs, strict=False)]
            found = [pool.submit(client.post, find) for client in asking[20:]]

        assert {200} == {each.result().status for each in published + found}
        numbers = [each.result().body.count(b"<om:OM_Observation ") for each in found]
        assert [number for number in numbers if number % 2] == []
        assert 40 == shared.post(find).body.count(b"<om:OM_Observation ")
