"""
Connections to brokers of MQTT 3.1.1: one for each broker, shared by all that listens there.

The session is kept by the broker under a client id that stays (`clean_session` false), so that what is published with
QoS 1 while we are away waits for us; and a message is acknowledged only when it was taken in, so that it comes again
after a crash in between.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import queue
import socket
import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage, topic_matches_sub
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from weps.errors import FeedError, SourceRefused, SourceUnreachable
from weps.feeders.guard import Guard

LOG = logging.getLogger("weps.feeders")

SECONDS_TO_CONNECT = 3.0
SECONDS_OF_QUIET = 0.3
SECONDS_TO_SETTLE = 10.0
SECONDS_UNWANTED = 10.0
KEEP_ALIVE = 30
MOST_WAITING = 10_000
_QOS = 1


@dataclass(frozen=True, slots=True)
class Message:
    """A message as it came; `connection` counts the connections to its broker, because ids of messages are theirs."""

    broker: str
    topic: str
    payload: bytes
    qos: int
    mid: int
    connection: int


def is_wanted(message: Message, address: str, topic: str) -> bool:
    """Tell whether a message is one of a broker and a topic, which may have wildcards."""
    return message.broker == address and topic_matches_sub(topic, message.topic)


class Brokers:
    """
    All brokers that are listened to; their messages wait in `messages`.

    `installation` is a text that stays and is no other's: client ids are made of it. `logins` has `user:password` by
    `host:port`; `longest_pause` is how many seconds there are at most between two tries to connect.
    """

    def __init__(
        self, guard: Guard, installation: str, logins: Mapping[str, str] | None = None, longest_pause: int = 10
    ) -> None:
        self.messages: queue.Queue[Message] = queue.Queue(MOST_WAITING)
        self._guard = guard
        self._installation = installation
        self._logins = logins or {}
        self._longest_pause = longest_pause
        self._brokers: dict[str, _Broker] = {}
        self._lock = threading.Lock()
        self._closed = False

    def listen(self, address: str, topic: str) -> None:
        """Begin to listen to a topic, if that is not done already; returns at once."""
        with self._lock:
            if self._closed:
                return
            broker = self._brokers.get(address)
            if broker is None:
                broker = self._brokers[address] = self._connect(address)
            broker.want(topic)

    def keep(self, wanted: Iterable[tuple[str, str]]) -> None:
        """Listen to these brokers and topics, and no more to what was not among them for a while."""
        for address, topic in wanted:
            self.listen(address, topic)
        with self._lock:
            for address, broker in list(self._brokers.items()):
                broker.drop_unwanted()
                if not broker.topics:
                    broker.close()
                    del self._brokers[address]

    def require(self, address: str, topic: str) -> None:
        """
        Wait until a topic is listened to.

        Raises `SourceUnreachable` where there is no connection, `SourceRefused` where the broker does not allow it.
        """
        self.listen(address, topic)
        broker = self._brokers.get(address)
        if broker is None:
            raise SourceUnreachable("the service is stopping", address)
        broker.require(topic)

    def settle(self, address: str) -> None:
        """Wait until what was kept for us was taken in: before that, silence is no silence."""
        broker = self._brokers.get(address)
        if broker is not None:
            broker.settle()

    def done(self, message: Message) -> None:
        """Acknowledge a message that was taken in."""
        broker = self._brokers.get(message.broker)
        if broker is not None:
            broker.done(message)

    def close(self) -> None:
        """Hang up; the brokers keep what comes from now on."""
        with self._lock:
            self._closed = True
            brokers = list(self._brokers.values())
        for broker in brokers:
            broker.hang_up()
        for broker in brokers:
            broker.close()

    def _connect(self, address: str) -> _Broker:
        digest = hashlib.sha256(f"{self._installation} {address}".encode()).hexdigest()
        # 23 characters are what every broker takes (MQTT 3.1.1 clause 3.1.3.1).
        broker = _Broker(address, _GuardedClient(self._guard, f"weps-{digest[:16]}"), self.messages)
        broker.connect(self._logins.get(urlsplit(address).netloc), self._longest_pause)
        return broker


class _GuardedClient(Client):
    """A client that connects through the guard only."""

    def __init__(self, guard: Guard, client_id: str) -> None:
        super().__init__(CallbackAPIVersion.VERSION2, client_id, clean_session=False, manual_ack=True)
        self._guard = guard
        self.failure = ""

    def _create_socket_connection(self) -> socket.socket:
        try:
            return self._guard.connect(self._host, self._port, self._connect_timeout)
        except FeedError as error:
            self.failure = error.message
            raise ConnectionError(error.message) from error


class _Broker:
    """One connection: what is wanted of it, and how far it has come."""

    def __init__(self, address: str, client: _GuardedClient, messages: queue.Queue[Message]) -> None:
        self.topics: dict[str, float] = {}
        self._address = address
        self._client = client
        self._messages = messages
        self._lock = threading.RLock()
        self._connection = 0
        self._is_connected = False
        self._changed = time.monotonic()
        self._active = time.monotonic()
        self._is_settled = False
        self._is_closed = False
        self._outstanding = 0
        self._asked: dict[int, str] = {}
        self._granted: dict[str, bool] = {}

    def connect(self, login: str | None, longest_pause: int) -> None:
        """Connect in the background, and again whenever the connection breaks."""
        parts, client = urlsplit(self._address), self._client
        client.on_connect = self._connected
        client.on_disconnect = self._disconnected
        client.on_subscribe = self._subscribed
        client.on_message = self._arrived
        if login:
            user, _, password = login.partition(":")
            client.username_pw_set(user, password)
        if parts.scheme == "mqtts":
            client.tls_set()
        client.reconnect_delay_set(1, longest_pause)
        client.connect_async(parts.hostname or "", parts.port or 0, KEEP_ALIVE)
        client.loop_start()

    def want(self, topic: str) -> None:
        """Listen to a topic from now on."""
        with self._lock:
            is_new = topic not in self.topics
            self.topics[topic] = time.monotonic()
            if is_new and self._is_connected:
                self._subscribe(topic)

    def drop_unwanted(self) -> None:
        """Listen no more to what nobody wanted for a while."""
        before = time.monotonic() - SECONDS_UNWANTED
        with self._lock:
            for topic in [topic for topic, wanted in self.topics.items() if wanted < before]:
                del self.topics[topic]
                self._granted.pop(topic, None)
                self._client.unsubscribe(topic)
                LOG.info("listening ended broker=%s topic=%s", self._address, topic)

    def require(self, topic: str) -> None:
        """Wait for the broker's consent, for as long as it may just take a moment."""
        while True:
            with self._lock:
                granted = self._granted.get(topic)
                since = time.monotonic() - max(self._changed, self.topics.get(topic, 0) if self._is_connected else 0)
                failure = self._client.failure or "it does not answer"
                is_connected = self._is_connected
            if is_connected and granted is not None:
                break
            if since > SECONDS_TO_CONNECT:
                what = "the broker does not confirm the topic" if is_connected else f"no connection: {failure}"
                raise SourceUnreachable(what, self._address)
            time.sleep(0.02)
        if not granted:
            raise SourceRefused(f"the broker does not allow to listen to {topic}", self._address)

    def settle(self) -> None:
        """Wait until it was quiet once since the connection, or for as long as that can be expected."""
        deadline = time.monotonic() + SECONDS_TO_SETTLE
        while time.monotonic() < deadline:
            with self._lock:
                is_quiet = not self._outstanding and time.monotonic() - self._active > SECONDS_OF_QUIET
                self._is_settled = self._is_settled or (self._is_connected and is_quiet)
                if self._is_settled or not self._is_connected:
                    return
            time.sleep(0.02)

    def done(self, message: Message) -> None:
        """Acknowledge a message of this connection; those of earlier ones come again and are known then."""
        with self._lock:
            self._outstanding -= 1
            self._active = time.monotonic()
            if self._is_connected and message.connection == self._connection:
                self._client.ack(message.mid, message.qos)

    def hang_up(self) -> None:
        """Begin to end the connection; the broker keeps the session."""
        self._is_closed = True
        self._client.disconnect()

    def close(self) -> None:
        """Hang up, and wait until that is done."""
        self.hang_up()
        self._client.loop_stop()

    def _subscribe(self, topic: str) -> None:
        code, mid = self._client.subscribe(topic, _QOS)
        if code == MQTTErrorCode.MQTT_ERR_SUCCESS and mid is not None:
            self._asked[mid] = topic

    def _connected(
        self, _client: Client, _data: Any, flags: ConnectFlags, code: ReasonCode, _properties: Properties | None
    ) -> None:
        if code.is_failure:
            self._client.failure = f"the broker refuses: {code}"
            LOG.warning("broker refuses broker=%s why=%s", self._address, code)
            return
        LOG.info("broker connected broker=%s session=%s", self._address, flags.session_present)
        with self._lock:
            self._client.failure = ""
            self._connection += 1
            self._is_connected, self._is_settled = True, False
            self._changed = self._active = time.monotonic()
            self._granted, self._asked = {}, {}
            for topic in self.topics:
                self._subscribe(topic)

    def _disconnected(
        self, _client: Client, _data: Any, _flags: DisconnectFlags, code: ReasonCode, _properties: Properties | None
    ) -> None:
        LOG.warning("broker disconnected broker=%s why=%s", self._address, code)
        with self._lock:
            if self._is_connected:
                self._changed = time.monotonic()
                self._client.failure = self._client.failure or "the connection broke off"
            self._is_connected = self._is_settled = False

    def _subscribed(
        self, _client: Client, _data: Any, mid: int, codes: list[ReasonCode], _properties: Properties | None
    ) -> None:
        with self._lock:
            topic = self._asked.pop(mid, None)
            if topic is not None:
                self._granted[topic] = not any(code.is_failure for code in codes)
            self._active = time.monotonic()

    def _arrived(self, _client: Client, _data: Any, message: MQTTMessage) -> None:
        with self._lock:
            self._outstanding += 1
            self._active = time.monotonic()
            connection = self._connection
        taken = Message(self._address, message.topic, bytes(message.payload), message.qos, message.mid, connection)
        # Not under the lock: when too many wait, the broker has to wait too.
        while not self._is_closed:
            with contextlib.suppress(queue.Full):
                self._messages.put(taken, timeout=0.5)
                return
