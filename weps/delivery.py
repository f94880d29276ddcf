"""
Sending what is due: from the outbox to the channels, at least once, in order for each target.

A delivery is read, sent outside of any transaction, and marked. Killed in between, it is sent again: receivers drop
doubles by the alert's id. A target has one delivery in hand at a time, in a thread of its own, so a target that hangs
holds back only itself.
"""

from __future__ import annotations

import logging
import random
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from weps.errors import DeliveryError, InputError, WepsError
from weps.notify.text import without_secrets

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from weps.model import Delivery, Target
    from weps.notify.base import Channel
    from weps.store import Store

LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class BackOff:
    """How long to wait after a failure: doubling from `first` to `longest`, and how often to try at all."""

    first: timedelta = timedelta(seconds=5)
    longest: timedelta = timedelta(hours=10)
    jitter: float = 0.2
    attempts: int = 20

    def delay(self, attempts: int) -> timedelta | None:
        """Give the wait after so many failed attempts, None when it is time to give up."""
        if attempts >= self.attempts:
            return None
        wait = min(self.first * (1 << min(attempts - 1, 20)), self.longest)
        # targets that failed together shall not all be tried again at the same moment
        return min(wait * random.uniform(1 - self.jitter, 1 + self.jitter), self.longest)  # noqa: S311 no secret


class Dispatcher:
    """Takes deliveries in hand, at most `parallel` at a time and one for each target."""

    def __init__(
        self,
        store: Store,
        channels: Mapping[str, Channel],
        *,
        back_off: BackOff | None = None,
        parallel: int = 32,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        done: Callable[[], None] = lambda: None,
    ) -> None:
        self._store = store
        self._channels = channels
        self._back_off = back_off or BackOff()
        self._parallel = parallel
        self._clock = clock
        self._done = done
        self._in_hand: set[Target] = set()
        self._changed = threading.Condition()

    def run_due(self, now: datetime) -> int:
        """Take in hand what is due and give how many; returns before they are sent (see `wait`)."""
        with self._changed:
            busy = set(self._in_hand)
        free = self._parallel - len(busy)
        if free <= 0:
            return 0
        chosen = self._choose(now, busy, free)
        for delivery in chosen:
            self._take(delivery)
        return len(chosen)

    def wait(self, timeout: float) -> bool:
        """Wait until nothing is in hand; gives False when that took longer than `timeout` seconds."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._in_hand, timeout)

    def _choose(self, now: datetime, busy: set[Target], free: int) -> list[Delivery]:
        """Choose one delivery for each target that has none in hand, looking past those of busy targets."""
        limit = 4 * self._parallel
        while True:
            due = self._store.due_deliveries(now, limit)
            chosen: dict[Target, Delivery] = {}
            for delivery in due:
                if delivery.target not in busy:
                    chosen.setdefault(delivery.target, delivery)
            if len(chosen) >= free or len(due) < limit:
                return list(chosen.values())[:free]
            limit *= 4

    def _take(self, delivery: Delivery) -> None:
        """Hand a delivery to a thread of its own: a daemon, so that one that hangs does not keep the process alive."""
        with self._changed:
            self._in_hand.add(delivery.target)
        thread = threading.Thread(target=self._run, args=(delivery,), name=f"delivery-{delivery.id}", daemon=True)
        try:
            thread.start()
        except RuntimeError:
            self._free(delivery.target)
            raise

    def _free(self, target: Target) -> None:
        with self._changed:
            self._in_hand.discard(target)
            self._changed.notify_all()

    def _run(self, delivery: Delivery) -> None:
        """Send one delivery and free its target, whatever happens."""
        try:
            self._deliver(delivery)
        except Exception:
            # the row is unchanged and stays due; a pause keeps a broken store from being asked without end
            LOG.exception("delivery unmarked id=%d alert=%s", delivery.id, delivery.alert.id)
            time.sleep(1)
        finally:
            self._free(delivery.target)
            self._done()

    def _deliver(self, delivery: Delivery) -> None:
        began = time.monotonic()
        try:
            self._send(delivery)
        except WepsError as error:
            self._failed(delivery, error)
            return
        self._store.mark_delivered(delivery.id, self._clock())
        LOG.info(
            "alert delivered alert=%s channel=%s address=%s attempt=%d seconds=%.3f",
            delivery.alert.id,
            delivery.target.channel,
            without_secrets(delivery.target.address),
            delivery.attempts + 1,
            time.monotonic() - began,
        )

    def _send(self, delivery: Delivery) -> None:
        channel = self._channels.get(delivery.target.channel)
        if channel is None:
            # not permanent: the channel may be configured again before the attempts are used up
            raise DeliveryError(f"there is no channel {delivery.target.channel!r}")
        try:
            channel.send(delivery.alert, delivery.target.address)
        except WepsError:
            raise
        except Exception as error:
            LOG.exception("channel broken channel=%s", delivery.target.channel)
            raise DeliveryError(f"the channel {delivery.target.channel} failed: {type(error).__name__}") from error

    def _failed(self, delivery: Delivery, error: WepsError) -> None:
        attempts = delivery.attempts + 1
        permanent = isinstance(error, InputError) or (isinstance(error, DeliveryError) and error.permanent)
        delay = None if permanent else self._back_off.delay(attempts)
        self._store.mark_failed(delivery.id, str(error), None if delay is None else self._clock() + delay)
        LOG.warning(
            "alert %s alert=%s channel=%s address=%s attempt=%d retry_seconds=%s error=%s",
            "given up" if delay is None else "not delivered",
            delivery.alert.id,
            delivery.target.channel,
            without_secrets(delivery.target.address),
            attempts,
            "-" if delay is None else f"{delay.total_seconds():.1f}",
            error,
        )


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
        if self._thread is not None:
            self._thread.join(timeout)
            self._thread = None
        self._dispatcher.wait(max(0.0, deadline - time.monotonic()))

    def _loop(self) -> None:
        while True:
            self._woken.clear()
            if self._stopping.is_set():
                return
            pause = self._interval
            try:
                if not self._dispatcher.run_due(self._clock()):
                    pause = self._pause()
            except Exception:
                LOG.exception("outbox unreadable")
            self._woken.wait(pause)

    def _pause(self) -> float:
        """Give the seconds to the next delivery; what is due already waits for its target, whose end wakes us."""
        due = self._store.next_delivery_due()
        ahead = (due - self._clock()).total_seconds() if due else 0.0
        return min(ahead, self._interval) if ahead > 0 else self._interval
