from __future__ import annotations

import json
import queue
import socket
import threading
from dataclasses import replace

import pytest
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from tests.mosquitto import Mosquitto, require_mosquitto
from tests.waiting import PATIENCE
from tests.weps.notify.samples import make_alert
from weps.errors import DeliveryError, InputError, SourceRefused
from weps.feeders.guard import Guard
from weps.notify.mqtt import MqttChannel

ALERTS = "http://weps.example.org/alerts"
ALLOWED = Guard(frozenset({"127.0.0.1"})).connect


@pytest.fixture
def start(tmp_path):
    require_mosquitto()
    running = []

    def make(**options) -> Mosquitto:
        running.append(Mosquitto(tmp_path, **options))
        return running[-1]

    yield make
    for each in running:
        each.stop()


@pytest.fixture
def listen():
    """Listen to a topic of a broker; gives a queue of messages."""
    clients = []

    def start_listening(broker: Mosquitto, topic: str) -> queue.Queue:
        heard: queue.Queue = queue.Queue()
        ready = threading.Event()
        client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
        client.on_message = lambda _client, _data, message: heard.put(message)
        client.on_connect = lambda *_: client.subscribe(topic, qos=1)
        client.on_subscribe = lambda *_: ready.set()
        client.connect("127.0.0.1", broker.port)
        client.loop_start()
        clients.append(client)
        assert ready.wait(PATIENCE)
        return heard

    yield start_listening
    for client in clients:
        client.disconnect()
        client.loop_stop()


@pytest.mark.parametrize("version", ["3.1.1", "5"])
def test_an_alert_is_published_and_the_newest_is_retained(start, listen, version):
    """
    Who listens gets every alert as a CloudEvent with QoS 1; who comes later gets how each subscription is now.
    """
    broker = start()
    heard = listen(broker, "city/alerts")
    channel = MqttChannel(ALLOWED, ALERTS, lambda _: 2)
    first, second = make_alert(1), make_alert(2)

    for alert in (first, second, first):
        channel.send(alert, f"mqtt://127.0.0.1:{broker.port}/city/alerts?version={version}")

    published = [heard.get(timeout=PATIENCE) for _ in range(3)]
    later = listen(broker, "city/alerts/#")
    state = later.get(timeout=PATIENCE)
    assert [json.loads(message.payload)["id"] for message in published] == [first.id, second.id, first.id]
    assert [(message.qos, message.retain) for message in published] == [(1, False)] * 3
    assert (state.topic, state.retain) == (f"city/alerts/{second.subscription_id}", True)
    assert json.loads(state.payload)["data"]["id"] == second.id
    content_type = getattr(published[0].properties, "ContentType", None)
    assert content_type == ("application/cloudevents+json" if version == "5" else None)


def test_a_test_message_is_not_retained(start, listen):
    """
    What tells of nothing that was observed is no state of a subscription.
    """
    broker = start()

    MqttChannel(ALLOWED, ALERTS, lambda _: 0).send(
        replace(make_alert(), sequence=0), f"mqtt://127.0.0.1:{broker.port}/a"
    )

    later = listen(broker, "a/#")
    with pytest.raises(queue.Empty):
        later.get(timeout=0.3)


@pytest.mark.parametrize("version", ["3.1.1", "5"])
def test_a_broker_that_wants_a_password_gets_it(start, tmp_path, version):
    """
    User and password stand in the address; a wrong one is an error that does not show it.
    """
    import subprocess  # noqa: PLC0415

    file = tmp_path / "users"
    subprocess.run(["mosquitto_passwd", "-b", "-c", str(file), "weps", "geheim"], check=True, capture_output=True)
    file.chmod(0o644)
    broker = start(options=f"allow_anonymous false\npassword_file {file}")
    channel = MqttChannel(ALLOWED, ALERTS, lambda _: 0)

    channel.send(make_alert(), f"mqtt://weps:geheim@127.0.0.1:{broker.port}/a?version={version}")

    with pytest.raises(DeliveryError, match="refuses the connection") as caught:
        channel.send(make_alert(), f"mqtt://weps:falsch@127.0.0.1:{broker.port}/a?version={version}")
    assert "falsch" not in str(caught.value)
    assert not caught.value.permanent


def test_a_broker_that_says_nothing_is_given_up_in_time():
    """
    Something that only listens is no broker.
    """
    with socket.create_server(("127.0.0.1", 0)) as silent:
        channel = MqttChannel(ALLOWED, ALERTS, lambda _: 0, seconds=0.2)

        with pytest.raises(DeliveryError, match=r"no answer within 0\.2 s"):
            channel.send(make_alert(), f"mqtt://127.0.0.1:{silent.getsockname()[1]}/a")


def test_a_broker_at_a_private_address_is_not_asked():
    """
    The guard holds for brokers as for all that clients name.
    """
    channel = MqttChannel(Guard().connect, ALERTS, lambda _: 0)

    with pytest.raises(DeliveryError, match="address is private") as caught:
        channel.send(make_alert(), "mqtt://127.0.0.1:1883/a")

    assert caught.value.permanent
    assert isinstance(caught.value.__cause__, SourceRefused)


ADDRESSES = [
    "mqtt://host",
    "mqtt://host/",
    "mqtt:///topic",
    "mqtt://host/a/#",
    "mqtt://host/+/b",
    "mqtt://host/a?version=4",
    "mqtt://host/a?qos=2",
    "mqtt://host/$SYS/a",
    "mqtt://host:99999/a",
    "http://host/a",
]


@pytest.mark.parametrize("address", ADDRESSES)
def test_an_address_that_names_no_topic_is_refused(address):
    """
    A broker and one topic without wildcards, and nothing that is not known.
    """
    with pytest.raises(InputError):
        MqttChannel(ALLOWED, ALERTS, lambda _: 0).check(address)
