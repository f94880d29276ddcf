"""Connections to brokers of MQTT: one for each broker (`broker`), shared by all that listens there."""

from __future__ import annotations

import hashlib
import queue
import ssl
import threading
from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit

from paho.mqtt.client import topic_matches_sub

from weps.errors import SourceUnreachable
from weps.feeders.broker import Connection, GuardedClient, Message
from weps.feeders.guard import Guard
from weps.feeders.sources import topics_of
from weps.model import Source
from weps.mqtt_versions import read_version

MOST_WAITING = 10_000


def is_wanted(message: Message, source: Source) -> bool:
    """Tell whether a message is one of a source, whose topic may have wildcards."""
    if message.broker != source.endpoint:
        return False
    topics = topics_of(source)
    return message.topic in topics or any(
        topic_matches_sub(topic, message.topic) for topic in topics if "+" in topic or "#" in topic
    )


class Brokers:
    """
    All brokers that are listened to; their messages wait in `messages`.

    `installation` is a text that stays and is no other's: client ids are made of it. `logins` has `user:password` and
    `contexts` what TLS is spoken with, both by `host:port`; `longest_pause` is how many seconds there are at most
    between two tries to connect.
    """

    def __init__(
        self,
        guard: Guard,
        installation: str,
        logins: Mapping[str, str] | None = None,
        longest_pause: int = 10,
        contexts: Mapping[str, ssl.SSLContext] | None = None,
    ) -> None:
        self.messages: queue.Queue[Message] = queue.Queue(MOST_WAITING)
        self._guard = guard
        self._installation = installation
        self._logins = logins or {}
        self._contexts = contexts or {}
        self._longest_pause = longest_pause
        self._brokers: dict[str, Connection] = {}
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

        Raises `SourceUnreachable` where there is no connection, `SourceDenied` where the broker does not allow it.
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

    def _connect(self, address: str) -> Connection:
        digest = hashlib.sha256(f"{self._installation} {address}".encode()).hexdigest()
        parts = urlsplit(address)
        # 23 characters are what every broker takes (MQTT 3.1.1 clause 3.1.3.1).
        client = GuardedClient(self._guard, f"weps-{digest[:16]}", read_version(parts.query))
        broker = Connection(address, client, self.messages)
        broker.connect(self._logins.get(parts.netloc), self._contexts.get(parts.netloc), self._longest_pause)
        return broker
