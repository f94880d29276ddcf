"""
Hubs of WebSub (W3C) that are asked to push their topics to an address of ours; publishers of OGC beside them.

A hub confirms at that address, and for how long; before that is over it is asked again. One that denies a topic, or
does not confirm it, is a source that fails until it does confirm. Once nobody watches a topic the hub is asked to end.

What was confirmed is known in memory only: after a restart a hub is asked once more, which changes nothing for it.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from weps.errors import FeedError, SourceDenied, SourceUnreachable
from weps.feeders.http import Answer, HttpRequest, require_success, without_query
from weps.feeders.publishers import Publishers
from weps.feeders.sources import is_of_publisher, members_of, push_address

if TYPE_CHECKING:
    from weps.model import Source

LOG = logging.getLogger("weps.feeders")

LEASE = 10 * 24 * 3600
SECONDS_TO_CONFIRM = 60.0
SECONDS_AFTER_DENIAL = 3600.0
SHARE_OF_LEASE = 0.8
SHORTEST_LEASE = 10.0
_NEVER = float("-inf")


@dataclass(slots=True)
class _Lease:
    """How a hub stands to a topic: since when it is waited for, when it is to be asked again, when it will stop."""

    awaited: float = _NEVER
    ask_at: float = _NEVER
    ends: float = _NEVER
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
        self._ended: dict[Source, float] = {}
        self._reminded: dict[Source, float] = {}
        self._publishers = Publishers(send, address)
        self._lock = threading.Lock()

    def require(self, source: Source) -> None:
        """
        Ask the hub of a source, where it has one that has not confirmed or will not push much longer.

        Raises `SourceDenied` as long as the hub denies it, another `FeedError` where it cannot be asked, or has not
        confirmed in time.
        """
        hub = _hub_of(source)
        if hub is None:
            if is_of_publisher(source):
                self._publishers.require(source)
            return
        with self._lock:
            now = self._clock()
            self._ended.pop(source, None)
            lease = self._leases.setdefault(source, _Lease())
            failure = self._failure(hub, lease, now)
            is_due = now >= lease.ask_at
            if is_due:
                lease.ask_at = now + SECONDS_TO_CONFIRM
                lease.awaited = now if lease.awaited == _NEVER else lease.awaited
        if is_due:
            self._subscribe(source, hub)
        if failure is not None:
            raise failure

    def must_renew(self, source: Source) -> bool:
        """
        Tell, once a minute, whether a hub or publisher is to be asked by `require` now, whenever the next look is.

        What it has granted is nearly over, or not known any more after a restart.
        """
        with self._lock:
            now = self._clock()
            if is_of_publisher(source):
                is_due = self._publishers.must_renew(source)
            else:
                # One that was never confirmed is waited for, as polls tell.
                lease = self._leases.get(source, _Lease(ends=now))
                is_due = _hub_of(source) is not None and lease.ends != _NEVER and lease.ask_at <= now
            if not is_due or now - self._reminded.get(source, _NEVER) < SECONDS_TO_CONFIRM:
                return False
            self._reminded[source] = now
        return True

    def confirmed(self, source: Source, seconds: float) -> bool:
        """Note that a hub has confirmed, for so long; tells whether it had failed to before."""
        with self._lock:
            now = self._clock()
            before = self._leases.get(source, _Lease())
            failed = self._failure("", before, now) is not None
            seconds = max(seconds, SHORTEST_LEASE)
            self._leases[source] = _Lease(ask_at=now + seconds * SHARE_OF_LEASE, ends=now + seconds)
        return failed

    def denied(self, source: Source, reason: str) -> None:
        """Note that a hub will not push; until it confirms after all, each look at the source tells why."""
        with self._lock:
            now = self._clock()
            self._leases[source] = _Lease(ask_at=now + SECONDS_AFTER_DENIAL, denial=reason)

    def keep(self, wanted: Iterable[Source]) -> None:
        """Ask the hubs of all other sources to end; returns at once."""
        kept = set(wanted)
        self._publishers.keep(kept)
        with self._lock:
            ended = self._leases.keys() - kept
            for source in ended:
                del self._leases[source]
            self._reminded = {source: at for source, at in self._reminded.items() if source in kept}
        for source in ended:
            self.end(source)

    def end(self, source: Source) -> None:
        """Ask the hub of a source that nobody watches to end, unless it just was; returns at once."""
        hub = _hub_of(source)
        if hub is None:
            return
        with self._lock:
            now = self._clock()
            self._ended = {each: at for each, at in self._ended.items() if now - at < SECONDS_AFTER_DENIAL}
            if source in self._ended:
                return
            self._ended[source] = now
        threading.Thread(target=self._unsubscribe, args=(source, hub), name="hub", daemon=True).start()

    def _failure(self, hub: str, lease: _Lease, now: float) -> FeedError | None:
        if lease.denial is not None:
            return SourceDenied(f"the hub denied the topic: {lease.denial}", without_query(hub))
        if now < lease.ends or lease.awaited == _NEVER or now - lease.awaited < SECONDS_TO_CONFIRM:
            return None
        return SourceUnreachable(
            f"the hub has not confirmed the topic; it must be able to reach {self._address}", without_query(hub)
        )

    def _subscribe(self, source: Source, hub: str) -> None:
        try:
            self._ask(source, hub, "subscribe")
        except Exception:  # whatever it is, the next look asks again
            with self._lock:
                self._leases.setdefault(source, _Lease()).ask_at = _NEVER
            raise

    def _unsubscribe(self, source: Source, hub: str) -> None:
        try:
            self._ask(source, hub, "unsubscribe")
        except FeedError as error:
            # Its lease ends by itself, and what it pushes until then is refused as gone.
            LOG.warning("hub not asked to end hub=%s why=%s", without_query(hub), error)

    def _ask(self, source: Source, hub: str, mode: str) -> None:
        members = members_of(source)
        form = {
            "hub.callback": push_address(source, self._address),
            "hub.mode": mode,
            "hub.topic": members["topic"],
        }
        if mode == "subscribe":
            form["hub.lease_seconds"] = str(LEASE)
            form |= {"hub.secret": members["secret"]} if "secret" in members else {}
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        require_success(self._send(HttpRequest("POST", hub, headers, urlencode(form).encode())))
        LOG.info("hub asked hub=%s mode=%s source=%s", without_query(hub), mode, source.endpoint)


def _hub_of(source: Source) -> str | None:
    hub: str | None = None if is_of_publisher(source) else members_of(source).get("hub")
    return hub
