"""From "the condition is met" at each evaluation to the beginning and the end of an episode."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from sos_server.time import from_microseconds, to_microseconds

if TYPE_CHECKING:
    from datetime import datetime

    from weps.model import Json


class EdgeState(NamedTuple):
    """
    Whether an episode is on, and the run of evaluations that may lead to one: its first time and its length.

    `since` is kept through the episode, so that an alert can tell since when the condition has held.
    """

    on: bool = False
    since: datetime | None = None
    run: int = 0

    @property
    def pending(self) -> bool:
        """Whether the condition is met, but has not been so long and so often that an episode is on."""
        return self.run > 0 and not self.on


OFF = EdgeState()


@dataclass(frozen=True, slots=True)
class Edge:
    """
    Begins an episode when a condition is met, has been so long, and so often in a row; ends it when it is over.

    A run is only broken by an evaluation that does not meet the condition: missing observations do not break it.
    """

    held_for: timedelta | None = None
    consecutive: int = 1

    def step(self, state: EdgeState, time: datetime, meets: bool, ends: bool) -> EdgeState:
        """Take one evaluation: whether the condition is met and whether it would end an episode."""
        if state.on:
            return OFF if ends else state
        if not meets:
            return OFF
        since = state.since or time
        run = min(state.run + 1, self.consecutive)
        held = self.held_for is None or time - since >= self.held_for
        return EdgeState(held and run >= self.consecutive, since, run)


AT_ONCE = Edge()
"""Begins and ends with the condition."""


def dump_edge(state: EdgeState) -> Json:
    """Give the state as JSON."""
    since = None if state.since is None else to_microseconds(state.since)
    return [int(state.on), since, state.run]


def load_edge(stored: Json) -> EdgeState:
    """Give back the state that was dumped."""
    if not isinstance(stored, list):
        raise ValueError("the stored state of an episode is not a list")
    on, since, run = stored
    return EdgeState(bool(on), None if since is None else from_microseconds(since), run)
