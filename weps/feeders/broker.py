"""
One connection to a broker of MQTT 3.1.1 or 5, as `brokers` shares it.

The session is kept by the broker under a client id that stays (`clean_session` false, in MQTT 5 one that never
expires), so that what is published with QoS 1 while we are away waits for us; and a message is acknowledged only when
it was taken in, so that it comes again after a crash in between.
"""

from __future__ import annotations

import contextlib
import logging
import queue
import socket
import ssl
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from weps.errors import FeedError, SourceDenied, SourceUnreachable
from weps.mqtt_versions import MQTT_5

if TYPE_CHECKING:
    from paho.mqtt.client import ConnectFlags, DisconnectFlags, MQTTMessage
    from paho.mqtt.reasoncodes import ReasonCode

    from weps.feeders.guard import Guard

LOG = logging.getLogger("weps.feeders")

SECONDS_TO_CONNECT = 3.0
SECONDS_OF_QUIET = 0.3
SECONDS_TO_SETTLE = 10.0
SECONDS_UNWANTED = 10.0
KEEP_ALIVE = 30
NEVER_EXPIRES = 0xFFFFFFFF
"""As a session expiry interval (MQTT 5 clause 3.1.2.11.2)."""
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


class GuardedClient(Client):
    """A client that connects through the guard only."""

    def __init__(self, guard: Guard, client_id: str, version: str) -> None:
        self.is_5 = version == MQTT_5
        super().__init__(
            CallbackAPIVersion.VERSION2,
            client_id,
            clean_session=None if self.is_5 else False,
            protocol=MQTTProtocolVersion.MQTTv5 if self.is_5 else MQTTProtocolVersion.MQTTv311,
            manual_ack=True,
        )
        self._guard = guard
        self.failure = ""

    def go_to(self, host: str, port: int) -> None:
        """Connect in the background to a session that is kept."""
        if self.is_5:
            kept = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
            kept.SessionExpiryInterval = NEVER_EXPIRES
            self.connect_async(host, port, KEEP_ALIVE, clean_start=False, properties=kept)
        else:
            self.connect_async(host, port, KEEP_ALIVE)
        self.loop_start()

    def _create_socket_connection(self) -> socket.socket:
        try:
            return self._guard.connect(self._host, self._port, self._connect_timeout)
        except FeedError as error:
            self.failure = error.message
            raise ConnectionError(error.message) from error

    def _ssl_wrap_socket(self, tcp_sock: socket.socket) -> ssl.SSLSocket:
        try:
            return super()._ssl_wrap_socket(tcp_sock)
        except ssl.SSLCertVerificationError as error:
            why = f"its certificate is not trusted ({error.verify_message}); an operator can name its CA in broker_tls"
            self.failure = why
            raise
        except OSError as error:
            self.failure = f"no TLS: {getattr(error, 'reason', None) or error}"
            raise


class Connection:
    """One connection: what is wanted of it, and how far it has come."""

    def __init__(self, address: str, client: GuardedClient, messages: queue.Queue[Message]) -> None:
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

    def connect(self, login: str | None, context: ssl.SSLContext | None, longest_pause: int) -> None:
        """
        Connect in the background, and again whenever the connection breaks.

        Where TLS is spoken and no `context` given, the broker has to be trusted as a server of the web is.
        """
        parts, client = urlsplit(self._address), self._client
        client.on_connect = self._connected
        client.on_disconnect = self._disconnected
        client.on_subscribe = self._subscribed
        client.on_message = self._arrived
        if login:
            user, _, password = login.partition(":")
            client.username_pw_set(user, password)
        if parts.scheme == "mqtts":
            client.tls_set_context(context or ssl.create_default_context())
        client.reconnect_delay_set(1, longest_pause)
        client.go_to(parts.hostname or "", parts.port or 0)

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
        began = time.monotonic()
        while True:
            with self._lock:
                granted = self._granted.get(topic)
                failure = self._client.failure or "it does not answer"
                is_connected = self._is_connected
                since = time.monotonic() - (began if is_connected else self._changed)
            if is_connected and granted is not None:
                break
            if since > SECONDS_TO_CONNECT:
                what = "the broker does not confirm the topic" if is_connected else f"no connection: {failure}"
                raise SourceUnreachable(what, self._address)
            time.sleep(0.02)
        if not granted:
            raise SourceDenied(f"the broker does not allow to listen to {topic}", self._address)

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
        # Where it was never connected the polls of its sources tell so, once.
        level = logging.WARNING if self._is_connected else logging.DEBUG
        LOG.log(level, "broker disconnected broker=%s why=%s", self._address, code)
        with self._lock:
            if self._is_connected:
                self._changed = time.monotonic()
            self._client.failure = self._client.failure or f"the broker hung up: {code}"
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
