"""
Inhibitions: alerts that are not pushed while others tell what is behind them. Values, standard library only.

While an episode is open that is meant as source, alerts that are meant as target are not pushed, as long as certain
members of both are the same. What is meant as both is not muted by what is meant as both: an alert does not mute
itself, nor do two mute each other. Where several inhibitions would close a ring, the older episode is not muted by the
younger one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from weps.model import AlertStatus

if TYPE_CHECKING:
    from datetime import datetime

    from weps.matching import Matcher
    from weps.model import Alert

Key: TypeAlias = tuple[str, ...]
"""What a source and its targets have the same, in the order in which the inhibition names it."""

INHIBITING = frozenset(
    {
        AlertStatus.FIRING,
        AlertStatus.NO_DATA,
        AlertStatus.SOURCE_DOWN,
        AlertStatus.SOURCE_SILENT,
        AlertStatus.TARGET_DOWN,
    }
)
"""The states in which an episode mutes others: something has happened and goes on."""

EQUAL = {
    "subscription": "subscription_id",
    "procedure": "procedure",
    "observedProperty": "observed_property",
    "featureOfInterest": "feature_of_interest",
}
"""Members of alerts that can be asked to be the same, by the names that people know."""


@dataclass(frozen=True, slots=True)
class Inhibition:
    """
    Nothing is pushed of the alerts that `target` means while an episode is open that `source` means.

    It holds from `created` until `ends` (None: until somebody ends it); `equal` are keys of `EQUAL`.
    """

    id: str
    author: str
    reason: str
    created: datetime
    ends: datetime | None
    source: Matcher
    target: Matcher
    equal: tuple[str, ...] = ()

    def holds(self, now: datetime) -> bool:
        """Tell whether it is in force."""
        return self.ends is None or now < self.ends

    def key(self, alert: Alert) -> Key:
        """Give what has to be the same in a source and its targets; what an alert does not say is empty."""
        return tuple(getattr(alert, EQUAL[name]) or "" for name in self.equal)

    def is_source(self, alert: Alert) -> bool:
        """Tell whether an alert leaves its episode so that it mutes others."""
        return alert.status in INHIBITING and self.source.matches(alert)
