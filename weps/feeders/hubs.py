"""
Hubs of WebSub (W3C) that are asked to push their topics to an address of ours.

A hub confirms at that address, and for how long; before that is over it is asked again. What was confirmed is known in
memory only: after a restart a hub is asked once more, which changes nothing for it.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from weps.errors import SourceRefused
from weps.feeders.http import Answer, HttpRequest, require_success
from weps.feeders.sources import members_of, push_address

if TYPE_CHECKING:
    from weps.model import Source

LOG = logging.getLogger("weps.feeders")

LEASE = 10 * 24 * 3600
SECONDS_TO_CONFIRM = 60.0
SHARE_OF_LEASE = 0.8
SHORTEST_LEASE = 10.0


@dataclass(slots=True)
class _Lease:
    ask_at: float = 0.0
    denial: str | None = None


class Hubs:
    """Asks hubs, and remembers until when they have confirmed; `address` is ours that tokens stand behind."""

    def __init__(
        self, send: Callable[[HttpRequest], Answer], address: str, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._send = send
        self._address = address
        self._clock = clock
        self._leases: dict[Source, _Lease] = {}
        self._lock = threading.Lock()

    def require(self, source: Source) -> None:
        """
        Ask the hub of a source, where it has one that has not confirmed or will not push much longer.

        Raises a `FeedError` where the hub cannot be asked, refuses, or has denied it.
        """
        members = members_of(source)
        hub, topic = members.get("hub"), members.get("topic")
        if hub is None or topic is None:
            return
        with self._lock:
            lease = self._leases.setdefault(source, _Lease())
            denial, lease.denial = lease.denial, None
            if denial is None and self._clock() < lease.ask_at:
                return
            lease.ask_at = self._clock() + SECONDS_TO_CONFIRM
        if denial is not None:
            raise SourceRefused(f"the hub denied the topic: {denial}", hub)
        self._ask(source, hub, topic, members.get("secret"))

    def confirmed(self, source: Source, seconds: float) -> None:
        """Note that a hub has confirmed, for so long."""
        with self._lock:
            lease = self._leases.setdefault(source, _Lease())
            lease.ask_at = self._clock() + max(seconds, SHORTEST_LEASE) * SHARE_OF_LEASE

    def denied(self, source: Source, reason: str) -> None:
        """Note that a hub will not push; the next look at the source tells why."""
        with self._lock:
            self._leases.setdefault(source, _Lease()).denial = reason

    def _ask(self, source: Source, hub: str, topic: str, secret: str | None) -> None:
        form = {
            "hub.callback": push_address(source, self._address),
            "hub.mode": "subscribe",
            "hub.topic": topic,
            "hub.lease_seconds": str(LEASE),
        }
        body = urlencode(form if secret is None else {**form, "hub.secret": secret}).encode()
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        try:
            require_success(self._send(HttpRequest("POST", hub, headers, body)))
        except Exception:
            with self._lock:
                self._leases[source].ask_at = 0.0
            raise
        LOG.info("hub asked hub=%s source=%s", hub.partition("?")[0], source.endpoint)
