"""
The operators of complex patterns (section 5), each a plain function of everything that ever reached it.

As in `views`, a history is gone through from the beginning, and what the last step brought is the answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.weps.rules.eml.reference.views import Timer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.weps.rules.eml.reference.document import Pattern
    from tests.weps.rules.eml.reference.events import Event

Pair = tuple["Event | None", "Event | None"]
Listened = tuple[list[Pair], Timer | None]


@dataclass(frozen=True)
class Heard:
    """An event came that is of the first pattern, the second or both; or without one, the listening is over."""

    clock: int
    order: int
    event: Event | None = None
    first: bool = False
    second: bool = False


def listen(pattern: Pattern, history: Sequence[Heard]) -> Listened:
    """Give the matches that the last step made, and the timer that is set after it."""
    if pattern.operator == "OR":
        last = history[-1]
        return [(last.event, None) if last.first else (None, last.event)], None
    if pattern.operator == "BEFORE":
        return _before(history, pattern.listening)
    if pattern.operator == "AND_NOT":
        return _absence(history, pattern.listening or 0)
    matches, timer = _both(history, pattern.listening)
    if pattern.operator == "AND":
        return matches, timer
    return [pair for pair in matches if _is_cause(*pair) == (pattern.operator == "CAUSE")], timer


def _set(heard: Heard, duration: int | None) -> Timer | None:
    return None if duration is None else Timer(heard.clock + duration, heard.order)


def _is_over(timer: Timer | None, clock: int) -> bool:
    return timer is not None and clock >= timer.due


def _before(history: Sequence[Heard], duration: int | None) -> Listened:
    """Hold the first a; a b of a later trigger is its match (5.2)."""
    held, timer = None, None
    matches: list[Pair] = []
    for heard in history:
        matches = []
        if _is_over(timer, heard.clock):
            held, timer = None, None
        if heard.event is None:
            continue
        if heard.second and held is not None and heard.event.trigger > held.trigger:
            matches = [(held, heard.event)]
            held, timer = None, None
        elif heard.first and held is None:
            held, timer = heard.event, _set(heard, duration)
    return matches, timer


def _both(history: Sequence[Heard], duration: int | None) -> Listened:
    """Hold the first a and the first b until both are there (5.3)."""
    first, second, timer = None, None, None
    matches: list[Pair] = []
    for heard in history:
        matches = []
        if _is_over(timer, heard.clock):
            first, second, timer = None, None, None
        if heard.event is None:
            continue
        if first is None and second is None:
            timer = _set(heard, duration)
        first = heard.event if heard.first and first is None else first
        second = heard.event if heard.second and second is None else second
        if first is not None and second is not None:
            matches = [(first, second)]
            first, second, timer = None, None, None
    return matches, timer


def _is_cause(first: Event | None, second: Event | None) -> bool:
    return first is not None and second is not None and (first is second or first.id in second.ancestors)


def _absence(history: Sequence[Heard], duration: int) -> Listened:
    """Match an a that no b follows within the duration; a b that comes first keeps every a away as long (5.4)."""
    held, timer, away = None, None, None
    matches: list[Pair] = []
    for heard in history:
        matches = []
        if heard.event is None:
            matches = [] if held is None else [(held, None)]
            held, timer = None, None
            continue
        if _is_over(away, heard.clock):
            away = None
        if heard.first and held is None and away is None:
            held, timer = heard.event, _set(heard, duration)
        if heard.second and held is not None and not _is_over(timer, heard.clock):
            held, timer = None, None
        elif heard.second and away is None:
            away = _set(heard, duration)
    return matches, timer
