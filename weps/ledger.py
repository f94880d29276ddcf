"""The ledger of deliveries as values: what was tried, what came of it, how targets fare. No I/O."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from weps.model import Alert, Delivery, DeliveryStatus, Target

ANSWER_LIMIT = 200
"""Characters of an answer that are kept."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a target answered: a status where its protocol has such, and the beginning of its text."""

    status: int | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try to deliver: when it began and ended, what was answered, and what went wrong."""

    began: datetime
    ended: datetime
    successful: bool
    receipt: Receipt = Receipt()
    error: str | None = None


@dataclass(frozen=True, slots=True)
class TargetHealth:
    """
    How a target fares: failures since the last success, since when, and until when it is left alone.

    `disabled` is when it said that it is gone; `told` whether its owners know that it fails.
    """

    failures: int = 0
    failing_since: datetime | None = None
    open_until: datetime | None = None
    disabled: datetime | None = None
    told: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """
    What came of an attempt for one delivery, and how its target fares from now on (None: as before).

    One that failed is tried again at `retry`; without that it is given up. `told` are the alerts by which owners hear
    how the target fares, each with the targets that it is for.
    """

    delivery: Delivery
    attempt: Attempt
    retry: datetime | None = None
    health: TargetHealth | None = None
    told: tuple[tuple[Alert, tuple[Target, ...]], ...] = ()


@dataclass(frozen=True, slots=True)
class Ready:
    """A target with what can be sent to it now, in order."""

    target: Target
    health: TargetHealth
    deliveries: tuple[Delivery, ...]


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """A delivery as the ledger tells it, with its attempts and the ids of its alerts where those were asked for."""

    delivery: Delivery
    queued: datetime
    finished: datetime | None
    attempts: tuple[Attempt, ...] = ()
    alerts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LedgerSelection:
    """Which deliveries are asked for: those that meet every condition that is given."""

    subscription: str | None = None
    target: Target | None = None
    status: DeliveryStatus | None = None


@dataclass(frozen=True, slots=True)
class SignedWebhook:
    """
    A webhook of a subscription, whose deliveries are signed.

    `rotated` is when it got its secret, None for the one it began with; until `old_until` older ones are signed with
    too.
    """

    subscription_id: str
    address: str
    rotated: datetime | None = None
    old_until: datetime | None = None
