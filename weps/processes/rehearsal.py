"""A rule run over the history of a source, through the network that runs live; nothing is stored or sent."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from weps.model import AlertStatus
from weps.rules.network import Network
from weps.watch import status_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from weps.feeders.base import Batch
    from weps.model import Detection, Observation
    from weps.rules.base import Rule
    from weps.rules.network import Found

REHEARSAL = "rehearsal"
MOST_LISTED = 10_000
"""So many detections are kept; those that follow are only counted."""

MOST_APART = 1000
"""So many stretches of time in alert are kept before those that touch are made one."""


@dataclass(frozen=True, slots=True)
class Match:
    """A detection, and what it says of its episode."""

    detection: Detection
    status: AlertStatus


@dataclass(slots=True)
class Rehearsal:
    """
    What a rule would have found between two instants.

    `matches` are the first detections, `counts` how many there were of each status, `in_alert` how long at least one
    episode was on (nothing for rules whose detections stand alone).
    """

    begin: datetime
    end: datetime
    observations: int = 0
    matches: list[Match] = field(default_factory=list)
    counts: dict[AlertStatus, int] = field(default_factory=dict)
    in_alert: timedelta = timedelta(0)

    @property
    def detections(self) -> int:
        """How many detections there were."""
        return sum(self.counts.values())


def rehearse(
    rule: Rule,
    history: Iterable[tuple[datetime, Batch]],
    begin: datetime,
    end: datetime,
    progress: Callable[[float], None],
) -> Rehearsal:
    """
    Show a rule the history of a source, step by step as polls would have brought it, and tell it the time.

    Observations that two steps brought are shown once. Raises what reading the history raises.
    """
    network = Network()
    network.add(REHEARSAL, rule, {}, begin)
    rehearsal = Rehearsal(begin, end)
    episodes = _Episodes()
    before: set[str] = set()
    for until, batch in history:
        fresh = {one.id: one for one in batch.observations if one.id not in before}
        # Steps overlap with the one before at most: what is seen again was brought by it.
        before = {one.id for one in batch.observations}
        ordered = sorted(fresh.values(), key=_in_event_order)
        rehearsal.observations += len(ordered)
        for found in network.step(ordered) + network.tick(until):
            _note(rehearsal, episodes, found, rule.has_episodes)
        progress(100 * ((until - begin) / (end - begin)) if end > begin else 100)
    rehearsal.in_alert = episodes.time_on(end)
    return rehearsal


def _in_event_order(observation: Observation) -> tuple[datetime, str, str, str]:
    return observation.end, observation.procedure, observation.observed_property, observation.feature_of_interest


def _note(rehearsal: Rehearsal, episodes: _Episodes, found: Found, has_episodes: bool) -> None:
    status = status_of(found.detection, has_episodes)
    rehearsal.counts[status] = rehearsal.counts.get(status, 0) + 1
    if len(rehearsal.matches) < MOST_LISTED:
        rehearsal.matches.append(Match(found.detection, status))
    if status is AlertStatus.RESOLVED:
        episodes.end(found.key, found.detection.time)
    elif status not in (AlertStatus.EVENT, AlertStatus.PENDING):
        episodes.begin(found.key, found.detection.time)


@dataclass(slots=True)
class _Episodes:
    """The time in which at least one episode is on; each correlation key has its own."""

    on: dict[str, datetime] = field(default_factory=dict)
    over: list[tuple[datetime, datetime]] = field(default_factory=list)
    room: int = MOST_APART

    def begin(self, key: str, time: datetime) -> None:
        """Note that an episode is on; one of another severity goes on."""
        self.on.setdefault(key, time)

    def end(self, key: str, time: datetime) -> None:
        """Note that an episode is over."""
        if key in self.on:
            self.over.append((self.on.pop(key), time))
        if len(self.over) > self.room:
            # However many series are on at once, what is kept grows with the time that is looked at and not with them.
            self.over = _merged(self.over)
            self.room = max(MOST_APART, 2 * len(self.over))

    def time_on(self, until: datetime) -> timedelta:
        """Give the length of all episodes together, those at the same time counted once."""
        stretches = _merged([*self.over, *((time, max(time, until)) for time in self.on.values())])
        return sum((end - begin for begin, end in stretches), timedelta(0))


def _merged(stretches: Iterable[tuple[datetime, datetime]]) -> list[tuple[datetime, datetime]]:
    """Give stretches of time that do not touch and cover the same."""
    merged: list[tuple[datetime, datetime]] = []
    for begin, end in sorted(stretches):
        if merged and begin <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(merged[-1][1], end)
        else:
            merged.append((begin, end))
    return merged
