"""How much one host is asked: so many requests at once, so many a second, none while it wants to be left alone."""

from __future__ import annotations

import email.utils
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from weps.errors import SourceUnreachable

_MOST_HOSTS = 10_000
_LONGEST_WAIT = 24 * 3600.0


class HostLimits:
    """
    Lets requests to a host pass one after another; may be used by many threads at once.

    `parallel` is how many may be under way, `rate` how many may begin in a second (0: as many as come), `patience` how
    many seconds a request waits for its turn.
    """

    def __init__(
        self,
        parallel: int,
        rate: float = 0.0,
        patience: float = 60.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._parallel = parallel
        self._distance = 1 / rate if rate else 0.0
        self._patience = patience
        self._clock = clock
        self._changed = threading.Condition()
        self._busy: Counter[str] = Counter()
        self._next: dict[str, float] = {}
        self._paused: dict[str, float] = {}

    @contextmanager
    def turn(self, host: str) -> Iterator[None]:
        """Wait for the turn of a request; raises `SourceUnreachable` where it does not come."""
        self._take(host)
        try:
            yield
        finally:
            with self._changed:
                self._busy[host] -= 1
                if not self._busy[host]:
                    del self._busy[host]
                self._changed.notify_all()

    def pause(self, host: str, seconds: float) -> None:
        """Ask a host nothing for so many seconds, as it wants."""
        with self._changed:
            self._paused[host] = max(self._paused.get(host, 0.0), self._clock() + seconds)

    def _take(self, host: str) -> None:
        deadline = self._clock() + self._patience
        with self._changed:
            while True:
                now = self._clock()
                pause = self._paused.get(host, now) - now
                if pause > 0:
                    message = f"the host wants to be asked nothing for {pause:.0f} s more"
                    raise SourceUnreachable(message, where=host, retry_after=pause)
                is_full = self._busy[host] >= self._parallel
                due = self._next.get(host, now)
                if not is_full and due <= now:
                    self._begin(host, now)
                    return
                if now >= deadline:
                    raise SourceUnreachable(f"its host was busy with others for {self._patience:g} s", where=host)
                self._changed.wait((deadline if is_full else min(due, deadline)) - now)

    def _begin(self, host: str, now: float) -> None:
        self._busy[host] += 1
        self._paused.pop(host, None)
        if len(self._next) > _MOST_HOSTS:
            self._next = {name: due for name, due in self._next.items() if due > now}
        self._next[host] = now + self._distance


def read_retry_after(text: str | None) -> float | None:
    """Read a Retry-After header: seconds, or a date (RFC 9110 clause 10.2.3); what is neither is no wish."""
    if text is None:
        return None
    if text.strip().isdecimal():
        return min(float(text), _LONGEST_WAIT)
    try:
        moment = email.utils.parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return min(max(0.0, (moment - datetime.now(UTC)).total_seconds()), _LONGEST_WAIT)
