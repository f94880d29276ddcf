"""
The channel to brokers: MQTT 3.1.1 or 5, QoS 1, alerts as CloudEvents.

Each alert is published to the topic of the address. Below it stands a retained message for each subscription, under
its id: its newest alert, so that who connects later knows at once how things are.
"""

from __future__ import annotations

import re
import socket
import ssl
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import unquote, urlsplit

from paho.mqtt.client import Client, MQTTMessageInfo
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from weps.errors import DeliveryError, FeedError, InputError, SourceRefused
from weps.ledger import Receipt
from weps.mqtt_versions import MQTT_3, MQTT_5, read_version
from weps.notify.cloud_event import MEDIA_TYPE, write_cloud_event
from weps.notify.targets import host_of

if TYPE_CHECKING:
    from weps.model import Alert

Connect: TypeAlias = Callable[[str, int, float | None], socket.socket]
"""Connects to host and port; raises a `FeedError`, `SourceRefused` for an address that is not allowed."""

SECONDS = 10.0
PORTS = {"mqtt": 1883, "mqtts": 8883}
VERSIONS = {MQTT_3: MQTTProtocolVersion.MQTTv311, MQTT_5: MQTTProtocolVersion.MQTTv5}
FAILURE = 128
"""Reason codes from here on say that a broker did not do what was asked (MQTT 5 clause 2.4)."""

_TOPIC = re.compile(r"[^+#\x00-\x1f]{1,1000}")


@dataclass(frozen=True, slots=True)
class Broker:
    """An address of this channel, taken apart."""

    secure: bool
    host: str
    port: int
    topic: str
    version: MQTTProtocolVersion
    user: str | None = None
    password: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class MqttChannel:
    """
    Publishes alerts. `newest` gives the sequence of a subscription's newest alert: no older one is retained.

    `alerts_url` is what stands before `/{id}` in the permalink of an alert, `contexts` what TLS is spoken with by
    `host:port`; other brokers have to be trusted as servers of the web are.
    """

    connect: Connect
    alerts_url: str
    newest: Callable[[str], int]
    contexts: Mapping[str, ssl.SSLContext] = field(default_factory=dict)
    seconds: float = SECONDS

    def send(self, alert: Alert, address: str) -> Receipt:
        """Publish one alert; raises `DeliveryError` when the broker did not acknowledge it."""
        broker = read_broker(address)
        payload = write_cloud_event(alert, self.alerts_url)
        try:
            with Session(self, broker) as session:
                session.publish(broker.topic, payload, retain=False)
                if alert.sequence and alert.sequence >= self.newest(alert.subscription_id):
                    session.publish(f"{broker.topic}/{alert.subscription_id}", payload, retain=True)
        except FeedError as error:
            permanent = isinstance(error, SourceRefused)
            raise DeliveryError(error.message, where=host_of(address), permanent=permanent) from error
        except (OSError, ValueError) as error:
            message = f"the broker cannot be reached ({type(error).__name__})"
            raise DeliveryError(message, where=host_of(address)) from error
        return Receipt(text="acknowledged with QoS 1")

    def check(self, address: str) -> None:
        """Refuse what names no broker and topic."""
        read_broker(address)


class Session:
    """One connection to a broker, from connecting to the acknowledgement of what was published."""

    def __init__(self, channel: MqttChannel, broker: Broker) -> None:
        self._channel = channel
        self._broker = broker
        self._answered = threading.Event()
        self._refusal: str | None = None
        self._client = _GuardedClient(channel.connect, channel.seconds, broker.version)
        self._client.on_connect = self._on_connect
        self._client.on_publish = self._on_publish

    def __enter__(self) -> Session:
        broker = self._broker
        if broker.user is not None:
            self._client.username_pw_set(broker.user, broker.password)
        if broker.secure:
            own = self._channel.contexts.get(f"{broker.host}:{broker.port}")
            self._client.tls_set_context(own or ssl.create_default_context())
        self._client.connect(broker.host, broker.port, keepalive=30)
        self._client.loop_start()
        answered = self._answered.wait(self._channel.seconds)
        if self._refusal is not None or not answered:
            self.__exit__()
            raise self._failure(self._refusal or f"the broker gave no answer within {self._channel.seconds:g} s")
        return self

    def __exit__(self, *_: object) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def publish(self, topic: str, payload: bytes, *, retain: bool) -> None:
        """Publish with QoS 1 and wait for the acknowledgement."""
        properties = None
        if self._broker.version is MQTTProtocolVersion.MQTTv5:
            properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
            properties.ContentType = MEDIA_TYPE
            properties.PayloadFormatIndicator = 1
        told: MQTTMessageInfo = self._client.publish(topic, payload, qos=1, retain=retain, properties=properties)
        try:
            told.wait_for_publish(self._channel.seconds)
        except RuntimeError as error:
            raise self._failure("the connection to the broker broke off") from error
        if self._refusal is not None:
            raise self._failure(self._refusal)
        if not told.is_published():
            raise self._failure(f"the broker acknowledged nothing within {self._channel.seconds:g} s")

    def _failure(self, message: str) -> DeliveryError:
        return DeliveryError(message, where=f"{self._broker.host}:{self._broker.port}")

    def _on_connect(self, _client: Client, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        if reason.value:
            self._refusal = f"the broker refuses the connection: {reason.getName()}"
        self._answered.set()

    def _on_publish(self, _client: Client, _data: Any, _number: int, reason: Any, _properties: Any) -> None:
        if reason is not None and reason.value >= FAILURE:
            self._refusal = f"the broker refuses the message: {reason.getName()}"


class _GuardedClient(Client):
    """A client that connects through the guard of this service."""

    def __init__(self, connect: Connect, seconds: float, version: MQTTProtocolVersion) -> None:
        super().__init__(CallbackAPIVersion.VERSION2, protocol=version, reconnect_on_failure=False)
        self._guarded = connect
        self._seconds = seconds

    def _create_socket_connection(self) -> socket.socket:
        return self._guarded(self._host, self._port, self._seconds)


def read_broker(address: str) -> Broker:
    """Take an address apart; raises `InputError`."""
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError as error:
        raise InputError("is no mqtt://host/topic", where="sink") from error
    topic = unquote(parts.path.removeprefix("/"))
    if parts.scheme not in PORTS or not parts.hostname or port == 0:
        raise InputError("write mqtt://host/topic, or mqtts:// for TLS", where="sink")
    if not _TOPIC.fullmatch(topic) or topic.startswith("$") or topic.endswith("/"):
        raise InputError("name a topic behind the host of the broker, without wildcards", where="sink")
    return Broker(
        secure=parts.scheme == "mqtts",
        host=parts.hostname,
        port=port or PORTS[parts.scheme],
        topic=topic,
        version=VERSIONS[read_version(parts.query, "sink")],
        user=None if parts.username is None else unquote(parts.username),
        password=None if parts.password is None else unquote(parts.password),
    )
