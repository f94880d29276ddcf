"""
How often each series of a source has something new; one that stops while others go on is noticed.

It is measured in the time in which the source has something new (`Health.active`): pauses of the whole source, and
ours, are no silence of its series. Only when something comes counts, not what time it is of, so wrong clocks do not
matter.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from statistics import median
from typing import Any

GAPS_KEPT = 20
GAPS_NEEDED = 5
"""Before so many distances are known, it is not known what is usual."""


@dataclass(frozen=True, slots=True)
class Hearing:
    """
    The record of one series: when it last had something new, in active seconds of its source, and the last distances.

    While it is silent, `silent_at` is the phenomenon time of its newest observation; `told` is whether subscribers were
    told so. `silences` is how often it was silent.
    """

    heard: float
    gaps: tuple[float, ...] = ()
    silent_at: datetime | None = None
    told: bool = False
    silences: int = 0

    def with_news(self, active: float) -> Hearing:
        """Note that something new came; how long it was silent is not usual."""
        gaps = self.gaps if self.silent_at is not None else (*self.gaps, round(active - self.heard, 1))[-GAPS_KEPT:]
        return Hearing(active, gaps, silences=self.silences)

    def silent(self, newest: datetime, *, told: bool) -> Hearing:
        """Note that it is silent since its newest observation."""
        return replace(self, silent_at=newest, told=told, silences=self.silences + 1)

    def usual_distance(self) -> timedelta | None:
        """Give the usual time from news to news; None while too little is known."""
        return timedelta(seconds=median(self.gaps)) if len(self.gaps) >= GAPS_NEEDED else None

    def is_overdue(self, active: float, multiple: float, interval: timedelta) -> bool:
        """
        Tell whether nothing new came for longer than so many times what is usual, and is not known yet to be silent.

        Polls do not see more often than the `interval` that something comes. A series that comes in bursts is waited
        for twice as long as it paused of late.
        """
        usual = self.usual_distance()
        if not multiple or usual is None or self.silent_at is not None:
            return False
        longest = max(multiple * max(usual, interval).total_seconds(), 2 * max(self.gaps))
        return active - self.heard > longest


def hearing_to_json(hearing: Hearing) -> dict[str, Any]:
    """Give a record as it is kept."""
    stored: dict[str, Any] = {"heard": round(hearing.heard, 1), "gaps": list(hearing.gaps)}
    if hearing.silences:
        stored["silences"] = hearing.silences
    if hearing.silent_at is not None:
        stored |= {"silent": hearing.silent_at.isoformat(), "told": hearing.told}
    return stored


def hearing_from_json(stored: dict[str, Any]) -> Hearing:
    """Give the record back."""
    silent = stored.get("silent")
    at = None if silent is None else datetime.fromisoformat(silent)
    told, silences = stored.get("told", False), stored.get("silences", 0)
    return Hearing(stored["heard"], tuple(stored["gaps"]), at, told, silences)
