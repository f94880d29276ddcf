"""The thread that delivers: it looks at the outbox when it is woken, when something is due, and from time to time."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from weps.delivery.dispatcher import PATIENCE, Dispatcher
from weps.surviving import survived

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from weps.delivery.policy import BackOff
    from weps.notify.base import Channel
    from weps.store import Store


class DeliveryWorker:
    """
    Runs a dispatcher in a thread of its own from `start` to `stop`; `wake` says that there may be something to send.

    Without a call of `wake` the outbox is looked at every `interval` seconds, as other processes may write to it.
    """

    def __init__(
        self,
        store: Store,
        channels: Mapping[str, Channel],
        *,
        back_off: BackOff | None = None,
        parallel: int = 32,
        interval: float = 1.0,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._store = store
        self._dispatcher = Dispatcher(
            store, channels, back_off=back_off, parallel=parallel, clock=clock, done=self.wake
        )
        self._interval = interval
        self._clock = clock
        self._woken = threading.Event()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to deliver."""
        self._stopping.clear()
        self._thread = threading.Thread(target=self._loop, name="delivery", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """Look at the outbox at once."""
        self._woken.set()

    def stop(self, timeout: float = 4.0) -> None:
        """
        Take nothing more in hand and wait at most `timeout` seconds for what is in hand.

        What is not done by then stays in the outbox and is sent again after the next start.
        """
        deadline = time.monotonic() + timeout
        self._stopping.set()
        self._woken.set()
        self._dispatcher.stop()
        if self._thread is not None:
            self._thread.join(timeout)
            self._thread = None
        self._dispatcher.wait(max(0.0, deadline - time.monotonic()))

    def _loop(self) -> None:
        while True:
            self._woken.clear()
            if self._stopping.is_set():
                return
            if not survived(self._look, "outbox unreadable"):
                self._woken.wait(self._interval)

    def _look(self) -> None:
        """Send what is due, and wait for more."""
        now = self._clock()
        sent = self._dispatcher.run_due(now)
        self._woken.wait(self._interval if sent else self._pause(now))

    def _pause(self, looked: datetime) -> float:
        """Give the seconds to the next delivery; what was due as we looked waits for its target, whose end wakes us."""
        if self._dispatcher.has_waiting:
            return PATIENCE
        due = self._store.next_delivery_due()
        if due is None or due <= looked:
            return self._interval
        return min(max((due - self._clock()).total_seconds(), 0.0), self._interval)
