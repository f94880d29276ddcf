"""Connections to a real Mosquitto: TLS with an authority of our own, certificates of clients, and both versions."""

from __future__ import annotations

import contextlib
import json
import queue
from pathlib import Path

import pytest

from tests.certificates import Authority
from tests.mosquitto import Mosquitto, require_mosquitto
from tests.waiting import PATIENCE
from weps.errors import InputError, SettingsError, SourceDenied, SourceUnreachable
from weps.feeders import broker
from weps.feeders.brokers import Brokers
from weps.feeders.guard import Guard
from weps.feeders.sources import mqtt_source
from weps.settings import read_settings
from weps.trust import create_broker_contexts

TOPIC = "A/level"
DYNAMIC_SECURITY = next(iter(Path("/usr/lib").glob("*/mosquitto_dynamic_security.so")), None)
RIGHTS = {
    "defaultACLAccess": {
        "publishClientSend": True,
        "publishClientReceive": True,
        "subscribe": False,
        "unsubscribe": True,
    },
    "clients": [],
    "groups": [{"groupname": "all", "roles": [{"rolename": "listener"}]}],
    "roles": [{"rolename": "listener", "acls": [{"acltype": "subscribePattern", "topic": "A/#", "allow": True}]}],
    "anonymousGroup": "all",
}


@pytest.fixture
def authority(tmp_path):
    return Authority(tmp_path)


@pytest.fixture
def mosquitto(tmp_path, authority):
    """A broker with a second port for TLS, on which clients show certificates of the authority."""
    require_mosquitto()
    certificate, key = authority.issue("broker")
    files = f"cafile {authority.certificate}\ncertfile {certificate}\nkeyfile {key}"
    started = Mosquitto(tmp_path / "broker", secure=f"{files}\nrequire_certificate true")
    yield started
    started.stop()


@pytest.fixture
def connect(mosquitto):
    """Give connections to brokers as the settings say; closed after the test."""
    made = []

    def make(**tls) -> Brokers:
        settings = read_settings(broker_tls={mosquitto.secure_host: tls} if tls else {})
        contexts = create_broker_contexts(settings)
        made.append(Brokers(Guard(frozenset({"127.0.0.1"})), "installation", longest_pause=1, contexts=contexts))
        return made[-1]

    with contextlib.ExitStack() as stack:
        stack.callback(lambda: [each.close() for each in made])
        yield make


def heard(brokers: Brokers, count: int) -> list[bytes]:
    """The payloads of so many messages, each acknowledged."""
    found = []
    for _ in range(count):
        message = brokers.messages.get(timeout=PATIENCE)
        brokers.done(message)
        found.append(message.payload)
    return found


@pytest.mark.parametrize("version", ["3.1.1", "5"])
def test_a_broker_with_an_authority_of_its_own_is_listened_to_with_a_certificate(
    mosquitto, authority, connect, version
):
    """
    Over TLS in both versions; what is published meanwhile comes when the connection is there again.
    """
    certificate, key = authority.issue("weps")
    brokers = connect(ca=authority.certificate, certificate=certificate, key=key)
    endpoint = mqtt_source(f"mqtts://{mosquitto.secure_host}/{TOPIC}?version={version}", None).endpoint

    brokers.require(endpoint, TOPIC)
    mosquitto.publish(TOPIC, b"one")
    first = heard(brokers, 1)
    brokers.close()
    mosquitto.publish(TOPIC, b"two", b"three")
    again = connect(ca=authority.certificate, certificate=certificate, key=key)
    again.require(endpoint, TOPIC)

    assert ([b"one"], [b"two", b"three"]) == (first, heard(again, 2))


def test_the_session_of_mqtt_5_outlives_a_restart_of_the_broker(mosquitto, connect):
    """
    It never expires, and what was not acknowledged comes again.
    """
    brokers = connect()
    endpoint = mqtt_source(f"mqtt://{mosquitto.host}/{TOPIC}?version=5", None).endpoint
    brokers.require(endpoint, TOPIC)

    mosquitto.publish(TOPIC, b"one")
    unacknowledged = brokers.messages.get(timeout=PATIENCE)
    mosquitto.stop()
    mosquitto.start()
    mosquitto.publish(TOPIC, b"two")

    assert (b"one", [b"one", b"two"]) == (unacknowledged.payload, heard(brokers, 2))
    with pytest.raises(queue.Empty):
        brokers.messages.get(timeout=0.3)


@pytest.mark.skipif(DYNAMIC_SECURITY is None, reason="needs the plugin of Mosquitto that refuses topics")
@pytest.mark.parametrize("version", ["3.1.1", "5"])
def test_a_topic_that_the_broker_does_not_allow_is_denied(tmp_path, version):
    """
    The others of the same broker are listened to; the source says which is not.
    """
    require_mosquitto()
    (tmp_path / "rights.json").write_text(json.dumps(RIGHTS))
    plugin = f"plugin {DYNAMIC_SECURITY}\nplugin_opt_config_file {tmp_path / 'rights.json'}"
    started = Mosquitto(tmp_path / "broker", f"allow_anonymous true\n{plugin}")
    endpoint = mqtt_source(f"mqtt://{started.host}/{TOPIC}?version={version}", None).endpoint
    brokers = Brokers(Guard(frozenset({"127.0.0.1"})), "installation")

    brokers.require(endpoint, TOPIC)
    with pytest.raises(SourceDenied, match="does not allow to listen to B/level"):
        brokers.require(endpoint, "B/level")

    brokers.close()
    started.stop()


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ((), "its certificate is not trusted .* an operator can name its CA in broker_tls"),
        (("other",), "its certificate is not trusted"),
        (("ca",), "no connection: (no TLS|the broker hung up)"),
        (("ca", "stranger"), "no connection: (no TLS|the broker hung up)"),
    ],
    ids=["unknown authority", "other authority", "no certificate shown", "certificate of another"],
)
def test_why_there_is_no_tls_is_told(mosquitto, authority, connect, tmp_path, monkeypatch, given, why):
    """
    A source that cannot be listened to says whether it is we who do not trust the broker, or it that does not us.
    """
    monkeypatch.setattr(broker, "SECONDS_TO_CONNECT", 0.5)
    other = Authority(tmp_path, "other authority")
    certificate, key = other.issue("stranger")
    tls = {"ca": authority.certificate} if "ca" in given else {"ca": other.certificate} if given else {}
    tls |= {"certificate": certificate, "key": key} if "stranger" in given else {}
    endpoint = mqtt_source(f"mqtts://{mosquitto.secure_host}/{TOPIC}", None).endpoint

    with pytest.raises(SourceUnreachable, match=why):
        connect(**tls).require(endpoint, TOPIC)


@pytest.mark.parametrize(
    ("tls", "why"),
    [
        ({"ca": "no-such.pem"}, "setting broker_tls.b:8883: there is no file no-such.pem"),
        ({"ca": "words"}, "words holds no certificates in PEM"),
        ({"ca": "ca", "certificate": "ca", "key": "words"}, "authority.pem and its key are no pair in PEM"),
    ],
    ids=["no file", "no certificate", "no key"],
)
def test_files_that_cannot_be_used_stop_the_start(tmp_path, authority, tls, why):
    """
    The setting and the file are told.
    """
    (tmp_path / "words").write_text("words")
    files = {"words": tmp_path / "words", "ca": authority.certificate}
    settings = read_settings(broker_tls={"b:8883": {name: files.get(file, file) for name, file in tls.items()}})

    with pytest.raises(SettingsError, match=why):
        create_broker_contexts(settings)


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"broker.example": {"ca": "ca.pem"}}, "should match pattern"),
        ({"broker.example:8883": {}}, "give ca, or certificate with its key, or both"),
        ({"broker.example:8883": {"key": "a.key"}}, "give ca, or certificate with its key, or both"),
    ],
    ids=["no port", "nothing", "key alone"],
)
def test_settings_of_tls_that_say_too_little_are_refused(given, why):
    """
    Nothing is left out silently.
    """
    with pytest.raises(SettingsError, match=why):
        read_settings(broker_tls=given)


@pytest.mark.parametrize(
    ("address", "endpoint", "topic"),
    [
        ("mqtt://B.example/a/b", "mqtt://b.example:1883", "a/b"),
        ("mqtt://b.example/a/b?version=3.1.1", "mqtt://b.example:1883", "a/b"),
        ("mqtts://b.example/a/#?version=5", "mqtts://b.example:8883?version=5", "a/#"),
        ("mqtt://b.example/a%3Fb?version=5", "mqtt://b.example:1883?version=5", "a?b"),
    ],
    ids=["no version", "the usual", "wildcard", "question mark"],
)
def test_an_address_names_the_version_behind_the_topic(address, endpoint, topic):
    """
    As addresses that are published to do; 3.1.1 needs no mention.
    """
    source = mqtt_source(address, None)

    assert (endpoint, f'{{"topic":"{topic}"}}') == (source.endpoint, source.template)


@pytest.mark.parametrize("query", ["version=4", "qos=2", "version", "version=5&x=1"])
def test_what_is_not_known_of_a_broker_is_refused(query):
    """
    The message tells what is known.
    """
    with pytest.raises(InputError, match=r"only \?version= is known: 3\.1\.1 or 5"):
        mqtt_source(f"mqtt://b.example/a?{query}", None)
