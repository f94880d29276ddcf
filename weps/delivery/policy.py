"""What follows from an attempt to deliver: when an alert is tried again, and when its target is left alone."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from weps.errors import DeliveryError, InputError
from weps.ledger import ANSWER_LIMIT, Attempt, Outcome, Receipt, TargetHealth

if TYPE_CHECKING:
    from datetime import datetime

    from weps.errors import WepsError
    from weps.model import Delivery

FAILURES_UNTIL_OPEN = 5
"""Failures in a row, of whichever alerts, until a target is left alone and its owners are told."""


@dataclass(frozen=True, slots=True)
class BackOff:
    """How long to wait after a failure: doubling from `first` to `longest`, and how often to try at all."""

    first: timedelta = timedelta(seconds=5)
    longest: timedelta = timedelta(hours=10)
    jitter: float = 0.2
    attempts: int = 20

    def delay(self, attempts: int) -> timedelta | None:
        """Give the wait after so many failed attempts, None when it is time to give up."""
        return None if attempts >= self.attempts else self.wait(attempts)

    def wait(self, failures: int) -> timedelta:
        """Give the wait after so many failures in a row."""
        wait = min(self.first * (1 << min(failures - 1, 20)), self.longest)
        # targets that failed together shall not all be tried again at the same moment
        return min(wait * random.uniform(1 - self.jitter, 1 + self.jitter), self.longest)  # noqa: S311 no secret


def succeeded(
    delivery: Delivery, receipt: Receipt, health: TargetHealth, *, began: datetime, ended: datetime
) -> Outcome:
    """Give what follows when the target took the alert: all is forgiven."""
    well = TargetHealth()
    return Outcome(delivery, Attempt(began, ended, True, receipt), health=None if health == well else well)


def failed(
    delivery: Delivery, error: WepsError, health: TargetHealth, back_off: BackOff, *, began: datetime, ended: datetime
) -> Outcome:
    """
    Give what follows when it did not: this alert waits, or is given up; a target that fails again and again is paused.

    The wish of Retry-After holds for all alerts to the target, as it is the target that is busy.
    """
    known = error if isinstance(error, DeliveryError) else DeliveryError(str(error))
    receipt = Receipt(known.status, known.answer[:ANSWER_LIMIT])
    attempt = Attempt(began, ended, False, receipt, str(error))
    permanent = known.permanent or isinstance(error, InputError)
    delay = None if permanent else back_off.delay(delivery.attempts + 1)
    wish = None if known.retry_after is None else timedelta(seconds=known.retry_after)
    if delay is not None and wish is not None:
        delay = max(delay, wish)
    pauses = [] if wish is None else [wish]
    failures = health.failures + 1
    if failures >= FAILURES_UNTIL_OPEN:
        pauses.append(back_off.wait(failures - FAILURES_UNTIL_OPEN + 1))
    fares = replace(
        health,
        failures=failures,
        failing_since=health.failing_since or ended,
        open_until=ended + max(pauses) if pauses else None,
        disabled=ended if known.gone else health.disabled,
    )
    return Outcome(delivery, attempt, None if delay is None else ended + delay, fares)


def is_to_be_told(outcome: Outcome) -> bool:
    """Tell whether owners are to hear that a target fails: it is paused for it, gone, or an alert was given up."""
    health = outcome.health
    if health is None or outcome.attempt.successful or health.told:
        return False
    return health.failures >= FAILURES_UNTIL_OPEN or outcome.retry is None
