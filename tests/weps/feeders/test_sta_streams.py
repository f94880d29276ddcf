"""Which Datastreams are watched by MQTT: told by the service, against one on loopback."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from tests import misbehaving_sos as misbehaving
from tests.sta_server import MQTT, PLACE, StaServer
from weps.errors import InputError, SourceGarbled
from weps.feeders import sta_streams
from weps.feeders.http import Fetcher
from weps.feeders.messages import read_message
from weps.feeders.sources import sta_streams_source, topics_of
from weps.feeders.sta_streams import StreamReader, read_wanted

NOON = datetime(2024, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def sta():
    with StaServer(streams=(1, 2, 3, 4, 5, 6, 7)) as running:
        yield running


@pytest.fixture
def reader():
    return StreamReader(Fetcher(frozenset({"127.0.0.1"}), timeout=5))


def topics(*numbers: int) -> list[str]:
    return [f"v1.1/Datastreams({number})/Observations" for number in numbers]


@pytest.mark.parametrize(
    ("path", "numbers"),
    [
        ("/Datastreams(2)", (2,)),
        ("/Datastreams(2)/Observations", (2,)),
        ("/Datastreams(5,2)", (5, 2)),
        ("/Things(1)", (1, 3, 5, 7)),
        ("/Things(2)/Datastreams", (2, 4, 6)),
        ("/Datastreams?$filter=id eq 4 or id eq 7", (4, 7)),
        ("/Things(1)?$filter=id eq 3", (3,)),
        ("/Datastreams", (1, 2, 3, 4, 5, 6, 7)),
        ("", (1, 2, 3, 4, 5, 6, 7)),
    ],
    ids=["one", "its observations", "list", "thing", "its datastreams", "filter", "thing and filter", "all", "service"],
)
def test_datastreams_are_named_in_many_ways(sta, reader, path, numbers):
    """
    All pages of what the service answers are read, three Datastreams each.
    """
    assert topics(*numbers) == list(reader.streams(read_wanted(f"{sta.root}{path}")))


def test_what_messages_do_not_tell_is_known_of_each_datastream(sta, reader):
    """
    A message is read with the unit, the names and the place of the Datastream that its topic is of.
    """
    sta.observe(1, NOON, 1)
    streams = reader.streams(read_wanted(f"{sta.root}/Datastreams(1,3)"))
    source = sta_streams_source("mqtt://b.example.org", streams)

    found = [
        read_message(source, json.dumps(sta.observe(number, NOON, number)).encode(), topic).observations[0]
        for number, topic in zip((1, 3), topics(1, 3), strict=True)
    ]

    assert topics(1, 3) == list(topics_of(source))
    assert [("gauge 1", "river 1", PLACE), ("gauge 3", "bridge 3", None)] == [
        (one.procedure, one.feature_of_interest, one.geometry) for one in found
    ]
    assert [("http://example.org/level", "m", number) for number in (1, 3)] == [
        (one.observed_property, one.uom, one.value) for one in found
    ]


def test_what_tells_nothing_of_observations_is_not_kept(sta, reader):
    """
    Of a thing its name and place, of a sensor its name.
    """
    ((_, around),) = reader.streams(read_wanted(f"{sta.root}/Datastreams(1)")).items()

    assert {
        "@iot.id": 1,
        "name": "stream 1",
        "unitOfMeasurement": {"name": "metre", "symbol": "m", "definition": "ucum:m"},
        "Sensor": {"@iot.id": 1, "name": "gauge 1"},
        "ObservedProperty": {"name": "Level", "definition": "http://example.org/level"},
        "Thing": {"name": "bridge 1", "Locations": []},
    } == around["Datastream"]


STREAM = {"@iot.id": "a b", "Sensor": {"name": "s"}}


@pytest.mark.parametrize(
    ("stream", "topic"),
    [
        (STREAM, "v1.1/Datastreams('a b')/Observations"),
        ({**STREAM, "@iot.selfLink": "http://in/v1.1/Datastreams('a%20b')"}, "v1.1/Datastreams('a b')/Observations"),
        ({**STREAM, "@iot.id": 7}, "v1.1/Datastreams(7)/Observations"),
    ],
    ids=["text", "link", "number"],
)  # fmt: skip
def test_a_topic_names_a_datastream_as_its_address_does(server, fetcher, stream, topic):
    """
    A text stands in quotes.
    """
    server.behaviours["/v1.1/Datastreams('a%20b')"] = misbehaving.answer(json.dumps(stream).encode())

    streams = StreamReader(fetcher).streams(read_wanted(server.url("/v1.1/Datastreams('a%20b')")))

    assert [topic] == list(streams)


@pytest.mark.parametrize(
    ("endpoints", "brokers"),
    [
        (["mqtt://b.example:1883", "ws://b.example/mqtt"], ("mqtt://b.example:1883",)),
        (["tcp://b.example:1883/", "ssl://b.example:8883"], ("mqtt://b.example:1883", "mqtts://b.example:8883")),
        (["ws://b.example/mqtt"], ()),
        ([], ()),
        ("mqtt://b.example", ()),
    ],
    ids=["mqtt", "other names of the schemes", "websockets only", "none", "no list"],
)
def test_brokers_are_told_by_the_settings_of_the_service(server, fetcher, endpoints, brokers):
    """
    Those that can be connected to, in the order of the service.
    """
    root = {"value": [], "serverSettings": {"conformance": [], MQTT: {"endpoints": endpoints}}}
    server.behaviours["/v1.1"] = misbehaving.answer(json.dumps(root).encode())

    assert brokers == StreamReader(fetcher).brokers(read_wanted(server.url("/v1.1")))


def test_a_service_that_has_none_of_them_is_told(sta, reader):
    """
    Also where only one of a list is missing.
    """
    with pytest.raises(InputError, match=r"the service has no Datastreams\(77\)"):
        reader.streams(read_wanted(f"{sta.root}/Datastreams(1,77)"))
    with pytest.raises(InputError, match="the service has no such Datastreams"):
        reader.streams(read_wanted(f"{sta.root}/Datastreams?$filter=id eq 77"))


def test_too_many_datastreams_are_refused(sta, reader, monkeypatch):
    """
    The message tells how to ask for fewer.
    """
    monkeypatch.setattr(sta_streams, "MOST_STREAMS", 5)

    with pytest.raises(InputError, match=r"more than 5 such Datastreams; narrow it by \$filter"):
        reader.streams(read_wanted(sta.root))


@pytest.mark.parametrize("document", [{"value": [{"@iot.id": 1}]}, {"value": ["x"]}], ids=["no sensor", "no object"])
def test_what_is_no_datastream_is_an_error(server, fetcher, document):
    """
    Nothing is guessed.
    """
    server.behaviours["/v1.1/Datastreams"] = misbehaving.answer(json.dumps(document).encode())

    with pytest.raises(SourceGarbled, match="no Datastream with its sensor"):
        StreamReader(fetcher).streams(read_wanted(server.url("/v1.1/Datastreams")))


@pytest.mark.parametrize(
    "address",
    [
        "http://x.org/sos",
        "http://x.org/v1.1/Observations",
        "http://x.org/v1.1/Things",
        "http://x.org/v1.1/Things(1)/Datastreams(2)",
        "http://x.org/v1.1/Datastreams?$top=5",
        "http://x.org/v1.1/Datastreams(1)?$filter=id eq 2",
        "http://x.org/v1.1/Datastreams(1,)",
    ],
    ids=["sos", "observations", "things", "both", "option", "filter of one", "comma"],
)
def test_addresses_that_name_no_datastreams_are_refused(address):
    """
    Before anything is asked.
    """
    with pytest.raises(InputError):
        read_wanted(address)
