"""Addresses at which nobody can ever be reached: told at once, at every input that takes one, and not by polls."""

from __future__ import annotations

import json

import pytest

from weps.engine import Engine
from weps.errors import InputError
from weps.feeders.http import Fetcher
from weps.processes.base import Context, Document, Text
from weps.processes.inputs import check_inputs
from weps.processes.subscribe import SUBSCRIBE
from weps.store import Store

RULE = json.dumps({"type": "threshold", "condition": "greaterThan", "threshold": 5})
KVP = "?service=SOS&version=2.0.0&request=GetObservation&procedure=p&offering=o&observedProperty=o"
SOURCE = {"sosEndpoint": "https://sos.example.org/sos", "procedure": "p"}
HOSTS = {
    "blank": ("a b", "blank"),
    "three hundred characters": ("a" * 300, "at most 253"),
    "bracket": ("[::1", "not a URL"),
    "port": ("sos.example.org:99999", "a number from 1 to 65535"),
    "port nought": ("sos.example.org:0", "a number from 1 to 65535"),
    "port of letters": ("sos.example.org:8o", "a number from 1 to 65535"),
    "empty label": ("a..b", "nothing before a dot"),
    "asterisk": ("*.org", "characters that no name has"),
    "no IPv4 address": ("999.1.1.1", "no IPv4 address"),
}
INPUTS = {
    "sosEndpoint": lambda host: {"sosEndpoint": f"http://{host}/sos", "procedure": "p"},
    "sosEndpoint of STA": lambda host: {"sosEndpoint": f"http://{host}/v1.1/Datastreams(1)"},
    "sosEndpoint of CSV": lambda host: {"sosEndpoint": f"http://{host}/x.csv", "sourceType": "csv"},
    "sosEndpoint of a broker": lambda host: {"sosEndpoint": f"mqtt://{host}/topic"},
    "getObservationTemplate": lambda host: {"getObservationTemplate": f"http://{host}/sos{KVP}"},
    "pushHub": lambda host: {"sourceType": "push", "pushHub": f"http://{host}/", "pushTopic": "http://t.example/"},
    "sink": lambda host: SOURCE | {"sink": f"http://{host}/store"},
    "sink of a webhook": lambda host: SOURCE | {"sink": f"webhook+https://{host}/hook"},
    "sink of a broker": lambda host: SOURCE | {"sink": f"mqtts://me:secret@{host}/topic"},
    "escalateTo": lambda host: SOURCE | {"escalateAfter": "PT1H", "escalateTo": f"webhook+http://{host}/"},
}


@pytest.fixture
def context(tmp_path):
    store = Store(f"sqlite:///{tmp_path / 'weps.db'}")
    store.migrate()
    engine = Engine(store, None, {}, "http://weps.example.org")
    yield Context(engine, Fetcher(timeout=5), "http://weps.example.org/sos")
    engine.close(1)
    store.dispose()


@pytest.mark.parametrize("name", INPUTS)
@pytest.mark.parametrize("wrong", HOSTS)
def test_an_impossible_host_is_refused_at_the_door(context, name, wrong):
    """
    The fault names the input and says what is wrong; no password is told, and no subscription is left.
    """
    host, reason = HOSTS[wrong]
    given = {key: (Text(text),) for key, text in INPUTS[name](host).items()} | {"rule": (Document(RULE),)}

    with pytest.raises(InputError) as refused:
        SUBSCRIBE.handler(check_inputs(SUBSCRIBE, given), context)

    assert (name.partition(" ")[0], True) == (refused.value.where, reason in refused.value.message)
    assert "secret" not in refused.value.message
    assert len(refused.value.message) < 500
    assert 0 == context.engine.count_subscriptions()


@pytest.mark.parametrize("host", ["10.1.2.3", "localhost", "[fd00::1]"])
def test_a_broker_at_a_private_address_is_refused_as_a_sink(context, host):
    """
    As it is for all other channels, and not only when the first alert is to be sent.
    """
    given = {key: (Text(text),) for key, text in (SOURCE | {"sink": f"mqtt://{host}/topic"}).items()}

    with pytest.raises(InputError, match="private, local or reserved") as refused:
        SUBSCRIBE.handler(check_inputs(SUBSCRIBE, given | {"rule": (Document(RULE),)}), context)

    assert "sink" == refused.value.where
