"""
Sending what is due: from the outbox to the channels, at least once, in order for each target and episode.

A delivery is read, sent outside of any transaction, and its attempt is written into the ledger. Killed in between, it
is sent again: receivers drop doubles by the alert's id. A target is served by one thread at a time, so one that hangs
holds back only itself; and what hangs does not count among those that are served at once. Attempts that end at the
same time are written together.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from weps.delivery.owners import Owners
from weps.delivery.policy import BackOff, failed, is_to_be_told, succeeded
from weps.errors import DeliveryError, WepsError
from weps.ledger import Outcome, Ready, Receipt, TargetHealth
from weps.notify.base import Gathering
from weps.notify.targets import shown_target
from weps.surviving import survived

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from weps.model import Delivery, Target
    from weps.notify.base import Channel
    from weps.store import Store

__all__ = ["BackOff", "Dispatcher"]

LOG = logging.getLogger(__name__)
PATIENCE = 0.25
"""Seconds after which a target that is still being sent to does not count among those served at once any more."""

THREADS_LIMIT = 512
TARGETS_AT_ONCE = 256
DELIVERIES_AT_ONCE = 50


class Dispatcher:
    """Takes targets in hand, each in one thread: at most `parallel` that answer in time, and as many that do not."""

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
        self._owners = Owners(store)
        self._in_hand: dict[Target, float] = {}
        self._held: dict[Target, float] = {}
        self._waiting: deque[Ready] = deque()
        self._changed = threading.Condition()
        self._stopping = False
        self._ended: list[Outcome] = []
        self._writing = threading.Lock()

    def run_due(self, now: datetime) -> int:
        """Take in hand what is due and give how many deliveries; returns before they are sent (see `wait`)."""
        taken = 0
        self._store.give_up_disabled(now)
        while self._free_places() > 0:
            if not self._waiting:
                if taken:
                    break
                self._waiting.extend(self._read(now))
            if not self._waiting:
                break
            ready = self._waiting.popleft()
            taken += len(ready.deliveries)
            self._take(ready)
        return taken

    @property
    def has_waiting(self) -> bool:
        """Whether targets that are read wait for a place."""
        return bool(self._waiting)

    def wait(self, timeout: float) -> bool:
        """Wait until nothing is in hand; gives False when that took longer than `timeout` seconds."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._in_hand, timeout)

    def stop(self) -> None:
        """Send nothing more than what is being sent."""
        self._stopping = True

    def _free_places(self) -> int:
        late = time.monotonic() - PATIENCE
        with self._changed:
            prompt = sum(began > late for began in self._in_hand.values())
            return min(self._parallel - prompt, THREADS_LIMIT - len(self._in_hand))

    def _read(self, now: datetime) -> tuple[Ready, ...]:
        moment = time.monotonic()
        with self._changed:
            self._held = {target: until for target, until in self._held.items() if until > moment}
            busy = {*self._in_hand, *self._held}
        return self._store.ready(now, TARGETS_AT_ONCE, DELIVERIES_AT_ONCE, busy)

    def _take(self, ready: Ready) -> None:
        """Hand a target to a thread of its own: a daemon, so that one that hangs does not keep the process alive."""
        with self._changed:
            self._in_hand[ready.target] = time.monotonic()
        name = f"delivery-{ready.deliveries[0].id}"
        try:
            threading.Thread(target=self._run, args=(ready,), name=name, daemon=True).start()
        except RuntimeError:
            self._free(ready.target)
            raise

    def _free(self, target: Target) -> None:
        with self._changed:
            self._in_hand.pop(target, None)
            self._changed.notify_all()

    def _run(self, ready: Ready) -> None:
        """Send what is ready for one target and free it, whatever happens."""
        try:
            if not survived(lambda: self._serve(ready), "deliveries unmarked target=%s", shown_target(ready.target)):
                # the rows are unchanged and stay due; a pause keeps a broken store from being asked without end
                time.sleep(1)
        finally:
            self._free(ready.target)
            self._done()

    def _serve(self, ready: Ready) -> None:
        """Send in order; an episode whose alert has to wait goes no further, and a target that is paused neither."""
        health, waiting = ready.health, list(ready.deliveries)
        while waiting and not self._stopping:
            count = self._portion(ready.target, len(waiting))
            if not count:
                return
            some, waiting = waiting[:count], waiting[count:]
            with self._changed:
                self._in_hand[ready.target] = time.monotonic()
            outcomes = self._attempt(ready.target, some, health)
            self._record(outcomes)
            health = outcomes[-1].health or health
            if health.open_until is not None or health.disabled is not None:
                return
            held = {outcome.delivery.thread for outcome in outcomes if outcome.retry is not None}
            waiting = [delivery for delivery in waiting if delivery.thread not in held]

    def _portion(self, target: Target, waiting: int) -> int:
        """Tell how many deliveries go out together; where it is none yet, the target is held."""
        channel = self._channels.get(target.channel)
        if not isinstance(channel, Gathering):
            return 1
        portion = channel.portion(target.address, waiting)
        if not portion.count:
            with self._changed:
                self._held[target] = time.monotonic() + portion.wait
        return portion.count

    def _attempt(self, target: Target, deliveries: Sequence[Delivery], health: TargetHealth) -> list[Outcome]:
        began = self._clock()
        try:
            receipt = self._send(target, deliveries)
        except WepsError as error:
            ended = self._clock()
            outcomes = [failed(each, error, health, self._back_off, began=began, ended=ended) for each in deliveries]
            self._log_failure(target, outcomes[0], error)
            if is_to_be_told(outcomes[0]):
                fares = outcomes[0].health or health
                concerned = {each.alert.subscription_id for each in deliveries}
                told = self._owners.down(target, fares.failing_since or ended, concerned, ended, error.message)
                outcomes = [replace(each, health=replace(fares, told=True)) for each in outcomes]
                outcomes[0] = replace(outcomes[0], told=told)
            return outcomes
        ended = self._clock()
        LOG.info(
            "delivered target=%s alerts=%s attempt=%d seconds=%.3f",
            shown_target(target),
            ",".join(each.alert.id for each in deliveries),
            deliveries[0].attempts + 1,
            (ended - began).total_seconds(),
        )
        outcomes = [succeeded(each, receipt, health, began=began, ended=ended) for each in deliveries]
        if health.failing_since is not None:
            outcomes[0] = replace(outcomes[0], told=self._owners.up(target, health.failing_since, ended))
        return outcomes

    def _send(self, target: Target, deliveries: Sequence[Delivery]) -> Receipt:
        channel = self._channels.get(target.channel)
        if channel is None:
            # not permanent: the channel may be configured again before the attempts are used up
            raise DeliveryError(f"there is no channel {target.channel!r}")
        try:
            if len(deliveries) > 1 and isinstance(channel, Gathering):
                return channel.send_all([each.alert for each in deliveries], target.address)
            return channel.send(deliveries[0].alert, target.address)
        except WepsError:
            raise
        except Exception as error:
            LOG.exception("channel broken channel=%s", target.channel)
            raise DeliveryError(f"the channel {target.channel} failed: {type(error).__name__}") from error

    def _record(self, outcomes: list[Outcome]) -> None:
        """Write into the ledger: whoever comes first writes for all who wait, in one transaction."""
        with self._changed:
            self._ended += outcomes
        with self._writing:
            with self._changed:
                ended, self._ended = self._ended, []
            self._store.record(ended)

    def _log_failure(self, target: Target, outcome: Outcome, error: WepsError) -> None:
        retry = outcome.retry
        LOG.warning(
            "%s target=%s alert=%s attempt=%d retry_seconds=%s error=%s",
            "given up" if retry is None else "not delivered",
            shown_target(target),
            outcome.delivery.alert.id,
            outcome.delivery.attempts + 1,
            "-" if retry is None else f"{(retry - outcome.attempt.ended).total_seconds():.1f}",
            error,
        )
