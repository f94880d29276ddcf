"""What a network gives out: detections, and rules that cannot go on."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from weps.model import Detection


class Found(NamedTuple):
    """A detection of the rule of a subscription, in the state of a correlation key."""

    subscription_id: str
    key: str
    detection: Detection


class Failure(NamedTuple):
    """Why the rule of a subscription cannot go on; it is in the network no more."""

    subscription_id: str
    reason: str


def in_order(outcome: tuple[int, Found]) -> int:
    """Give the place of a detection among those of one observation: that of its rule."""
    return outcome[0]
