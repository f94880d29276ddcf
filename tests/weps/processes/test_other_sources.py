"""How clients name sources that are no SOS: by the type, or by the address itself."""

from __future__ import annotations

import json

import pytest

from tests.sta_server import StaServer
from weps.engine import Engine
from weps.errors import InputError, MissingInputError
from weps.feeders.http import Fetcher
from weps.feeders.sources import around_of, members_of, push_address, shown_source, topics_of
from weps.feeders.template import read_kvp
from weps.model import Source
from weps.processes.base import Context, Document, Text
from weps.processes.dry_run import DRY_RUN
from weps.processes.inputs import check_inputs
from weps.processes.source_inputs import read_source
from weps.processes.subscribe import SUBSCRIBE
from weps.store import Store

MAPPING = json.dumps({"time": "t", "value": "v", "procedure": "p", "observedProperty": "o"})
KNOWN = '"mapping":{"observedProperty":"o","procedure":"p","time":"t","value":"v"}'


@pytest.fixture
def context(tmp_path):
    store = Store(f"sqlite:///{tmp_path / 'weps.db'}")
    store.migrate()
    engine = Engine(store, None, {}, "http://weps.example.org")
    yield Context(engine, Fetcher(frozenset({"127.0.0.1"}), timeout=5), "http://weps.example.org/sos")
    engine.close(1)
    store.dispose()


def read(context: Context, **given: str) -> Source:
    values = {name: (Document(text) if name == "mapping" else Text(text),) for name, text in given.items()}
    return read_source(check_inputs(SUBSCRIBE, values), context)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (
            {"sosEndpoint": "https://STA.example.org/FROST/v1.1/Datastreams(3)?$filter=result gt 2"},
            Source(
                "sta",
                "https://sta.example.org/FROST/v1.1/Datastreams(3)/Observations",
                '{"query":{"$filter":"result gt 2"}}',
            ),
        ),
        (
            {"sosEndpoint": "https://sta.example.org/v1.0", "sourceType": "sta"},
            Source("sta", "https://sta.example.org/v1.0/Observations", "{}"),
        ),
        (
            {"sosEndpoint": "mqtt://Broker.example.org/v1.1/Datastreams(3)/Observations"},
            Source(
                "sta-mqtt",
                "mqtt://broker.example.org:1883",
                '{"around":{"Datastream":{"@iot.id":"3"}},"topic":"v1.1/Datastreams(3)/Observations"}',
            ),
        ),
        (
            {"sosEndpoint": "mqtts://broker.example.org/a/+/%23", "mapping": MAPPING},
            Source("mqtt", "mqtts://broker.example.org:8883", f'{{{KNOWN},"topic":"a/+/#"}}'),
        ),
        (
            {"sosEndpoint": "https://data.example.org/x.csv?key=1", "sourceType": "csv", "mapping": MAPPING},
            Source("http-csv", "https://data.example.org/x.csv", f'{{{KNOWN},"query":"key=1"}}'),
        ),
        (
            {"sosEndpoint": "https://data.example.org/x?from={begin}", "sourceType": "json"},
            Source("http-json", "https://data.example.org/x", '{"query":"from={begin}"}'),
        ),
    ],
    ids=["sta", "sta-said", "sta-mqtt", "mqtt", "csv", "json"],
)
def test_a_source_is_told_by_its_address_or_its_type(context, given, expected):
    """
    It is stored in one form: the address without its query, and a template that says all else.
    """
    assert expected == read(context, **given)


@pytest.mark.parametrize("said", [{}, {"sourceType": "sos"}], ids=["left-out", "said"])
def test_every_other_address_is_an_sos(context, said):
    """
    As ever.
    """
    source = read(context, sosEndpoint="http://sos.example.org/sos", procedure="gauge", **said)

    assert source == read_kvp(
        "service=SOS&version=2.0.0&request=GetObservation&procedure=gauge", "http://sos.example.org/sos"
    )


@pytest.mark.parametrize(
    ("given", "where"),
    [
        ({"sosEndpoint": "ftp://x.example.org/a"}, "sosEndpoint"),
        ({"sosEndpoint": "mqtt://user:secret@x.example.org/a"}, "sosEndpoint"),
        ({"sosEndpoint": "mqtt://x.example.org/"}, "sosEndpoint"),
        ({"sosEndpoint": "mqtt://x.example.org/a/b#"}, "sosEndpoint"),
        ({"sosEndpoint": "mqtt://x.example.org/a", "sourceType": "sta-mqtt"}, "sosEndpoint"),
        ({"sosEndpoint": "http://x.example.org/a", "sourceType": "sta"}, "sosEndpoint"),
        ({"sosEndpoint": "http://x.example.org/a?b={c}", "sourceType": "csv"}, "sosEndpoint"),
        ({"sosEndpoint": "http://x.example.org/a", "mapping": MAPPING}, "mapping"),
        ({"sosEndpoint": "http://x.example.org/a", "sourceType": "csv", "mapping": "{}"}, "mapping"),
        ({"sosEndpoint": "http://x.example.org/a", "sourceType": "csv", "pushSecret": "12345678"}, "pushSecret"),
        ({"sosEndpoint": "http://x.example.org/a", "sourceType": "csv", "offering": "b"}, "offering"),
        ({"sourceType": "push", "pushSecret": "short"}, "pushSecret"),
        ({"sourceType": "sta", "sosEndpoint": "http://x.example.org/v1.1/Things(1)"}, "sosEndpoint"),
        ({"sosEndpoint": "http://weps.example.org/push/abcdefghijklmnopqrst"}, "sosEndpoint"),
        ({"sourceType": "telegraph"}, "sourceType"),
    ],
    ids=[
        *("scheme", "login", "no-topic", "wildcard", "no-datastream", "no-sta", "placeholder", "mapping-of-sos"),
        *(
            "empty-mapping",
            "secret-of-csv",
            "offering-of-csv",
            "short-secret",
            "things",
            "unknown-push",
            "unknown-type",
        ),
    ],
)
def test_what_cannot_be_is_refused_as_a_fault_of_its_input(context, given, where):
    """
    Nothing is stored, and the client is told which input is wrong.
    """
    with pytest.raises(InputError) as refused:
        read(context, **given)

    assert where == refused.value.where


def test_a_source_needs_an_address_unless_it_is_pushed(context):
    """
    Only an address of ours can be made up.
    """
    with pytest.raises(MissingInputError):
        read(context, sourceType="sta")


def test_each_pushed_source_has_an_address_of_its_own(context):
    """
    It is told to the client with its token; the secret is not, nor is the token in what feeds tell of the source.
    """
    one, other = (read(context, sourceType="push", pushSecret="12345678") for _ in range(2))

    assert push_address(one, "http://weps.example.org/push") != push_address(other, "http://weps.example.org/push")
    assert "12345678" not in json.dumps(shown_source(one))
    assert members_of(one)["token"] not in one.endpoint


def test_the_broker_and_the_names_of_a_datastream_are_asked_from_its_service(context):
    """
    Messages do not tell them; what the service says is kept with the source.
    """
    with StaServer(broker="broker.example.org:1883") as sta:
        source = read(context, sosEndpoint=f"{sta.root}/Datastreams(1)", sourceType="sta-mqtt")

    members = members_of(source)
    assert ("sta-mqtt", "mqtt://broker.example.org:1883") == (source.binding, source.endpoint)
    assert "v1.1/Datastreams(1)/Observations" == members["topic"]
    assert ("m", "gauge 1") == (
        members["around"]["Datastream"]["unitOfMeasurement"]["symbol"],
        members["around"]["Datastream"]["Sensor"]["name"],
    )


def test_datastreams_of_a_thing_are_one_source(context):
    """
    Each with the topic and the entities that the service tells.
    """
    with StaServer(broker="broker.example.org:1883", streams=(1, 2, 3)) as sta:
        source = read(context, sosEndpoint=f"{sta.root}/Things(1)", sourceType="sta-mqtt")

    assert "mqtt://broker.example.org:1883" == source.endpoint
    assert ["v1.1/Datastreams(1)/Observations", "v1.1/Datastreams(3)/Observations"] == list(topics_of(source))
    assert "gauge 3" == around_of(source, "v1.1/Datastreams(3)/Observations")["Datastream"]["Sensor"]["name"]


def test_a_service_that_names_no_broker_is_told(context):
    """
    Then its topic has to be given.
    """
    with StaServer() as sta, pytest.raises(InputError, match="names no broker"):
        read(context, sosEndpoint=f"{sta.root}/Datastreams(1)", sourceType="sta-mqtt")


def test_what_is_pushed_has_no_history_to_try(context):
    """
    A dry run is refused.
    """
    given = {"sosEndpoint": "mqtt://b.example.org/a", "condition": "greaterThan", "threshold": "1"}
    times = {"startTime": "2024-03-01", "endTime": "2024-03-02"}
    inputs = check_inputs(DRY_RUN, {name: (Text(text),) for name, text in (given | times).items()})

    with pytest.raises(InputError, match="no history"):
        DRY_RUN.handler(inputs, context)
