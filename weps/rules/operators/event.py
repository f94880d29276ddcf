"""
What patterns consume and create: events with their properties, and what contributed to them.

An event is read through its `body`: the observation itself, or the `Facts` of a derived event. `value` and `number` are
kept beside it, because nearly every guard asks for them. What contributed is kept as references while a trigger is
worked off, and turned into a lineage only when a detection reports it or a state keeps the event (`settle`): most
events are looked at and dropped.
"""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from weps.model import Observation, Value

Number: TypeAlias = int | float
Span: TypeAlias = "tuple[datetime, datetime]"

LARGEST = sys.float_info.max
_NUMBER = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*", re.ASCII)


def parse_number(text: str) -> Number | None:
    """Read a text that is a finite number, as whole number where it is one; None for any other text."""
    if _NUMBER.fullmatch(text) is None:
        return None
    try:
        return number_of(int(text))
    except ValueError:
        return number_of(float(text))


def number_of(value: object) -> Number | None:
    """Give a value as a finite number: a number, or a text that is one; a truth value is none."""
    if isinstance(value, str):
        return parse_number(value)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return value if -LARGEST <= value <= LARGEST else None


def known(value: Value) -> Value:
    """Give a value, or None for a number that is not finite: such a number counts as missing."""
    return None if isinstance(value, (int, float)) and not -LARGEST <= value <= LARGEST else value


class Facts:
    """The properties of a derived event beside its value: the extra name of the value, and its span of time."""

    __slots__ = ("made", "name", "parts", "span")

    def __init__(self, name: str | None, made: datetime, parts: Iterable[Event], span: Span | None = None) -> None:
        self.name = name
        self.made = made
        self.parts = parts
        self.span = span

    def time(self) -> Span:
        """Give the earliest begin and the latest end of what contributed; of nothing, when it was made."""
        if self.span is None:
            spans = _spans(self) or [(self.made, self.made)]
            self.span = min(span[0] for span in spans), max(span[1] for span in spans)
        return self.span


class Event:
    """
    Something that happened: an observation, or the output of a select function.

    `trigger` numbers the observation or timer run that it belongs to. `parts` are the contributing events; once
    settled they are gone, and `history` has the lineage and the ids of all ancestors.
    """

    __slots__ = ("body", "history", "id", "number", "parts", "trigger", "value")

    def __init__(  # noqa: PLR0917  made for each event, and keywords take their time
        self,
        id: int,
        trigger: int,
        body: Observation | Facts,
        value: Value,
        number: Number | None,
        parts: Iterable[Event] = (),
        history: tuple[tuple[str, ...], frozenset[int]] | None = None,
    ) -> None:
        self.id = id
        self.trigger = trigger
        self.body = body
        self.value = value
        self.number = number
        self.parts = parts
        self.history = history

    def settle(self, causal: bool) -> None:
        """
        Replace the contributing events by what must be known of them, so that they can be forgotten.

        The ancestors are kept for `causal` rules only: those that ask whether one event caused another.
        """
        if self.history is None:
            if isinstance(self.body, Facts):
                self.body.time()
                self.body.parts = ()
            self.history = lineage_of(self), ancestors_of(self) if causal else frozenset()
            self.parts = ()


class Match:
    """What a complex pattern found: an event of each side, or of one side only (OR, AND_NOT)."""

    __slots__ = ("first", "parts", "second")

    def __init__(self, first: Event | None, second: Event | None) -> None:
        self.first = first
        self.second = second
        self.parts: tuple[Event, ...]
        if first is not None and second is not None:  # so it is nearly always
            self.parts = first, second
        else:
            self.parts = tuple(event for event in (first, second) if event is not None)


class Run:
    """The events that a repetitive pattern has counted; `event` is the last of them."""

    __slots__ = ("event", "parts")

    def __init__(self, parts: tuple[Event, ...]) -> None:
        self.event = parts[-1]
        self.parts = parts


Subject: TypeAlias = Event | Match | Run
"""What select functions are run on: an event, a match of a complex pattern, a run of a repetitive one."""


def parts_of(subject: Subject) -> tuple[Event, ...]:
    """Give the events that a subject contributes."""
    return (subject,) if isinstance(subject, Event) else subject.parts


class Link:
    """A place in a chain of subjects from old to new."""

    __slots__ = ("next", "subject")

    def __init__(self, subject: Subject) -> None:
        self.subject = subject
        self.next: Link | None = None


class Stretch:
    """The contributing events of one evaluation of a sliding view: a stretch of its chain, taken without copying."""

    __slots__ = ("_count", "_first")

    def __init__(self, first: Link | None, count: int) -> None:
        self._first = first
        self._count = count

    def __iter__(self) -> Iterator[Event]:
        link = self._first
        for _ in range(self._count):
            if link is None:
                return
            yield from parts_of(link.subject)
            link = link.next


def span_of(event: Event) -> Span:
    """Give begin and end of the time of an event."""
    body = event.body
    if isinstance(body, Facts):
        return body.time()
    return body.phenomenon_time, body.phenomenon_time_end or body.phenomenon_time


def _spans(facts: Facts) -> list[Span]:
    """Give the times of what contributed; events that contributed on several ways are looked at once."""
    found: list[Span] = []
    pending, seen = [facts], {id(facts)}
    while pending:
        for part in pending.pop().parts:
            body = part.body
            if id(body) in seen:
                continue
            seen.add(id(body))
            if isinstance(body, Facts) and body.span is None and body.parts:
                pending.append(body)
            else:
                found.append(span_of(part))
    return found


def lineage_of(event: Event) -> tuple[str, ...]:
    """Give the ids of the observations that led to an event, in order, each once."""
    near = _near_lineage(event)
    if near is not None:
        return near
    parts = event.parts
    if parts.__class__ is tuple and len(parts) == 2:  # a match of two that are known costs half when written out
        first, second = _near_lineage(parts[0]), _near_lineage(parts[1])
        if first is not None and second is not None:
            return tuple(dict.fromkeys(first + second))
    found: dict[str, None] = {}
    for source in _sources(event):
        if source.history is not None:
            found.update(dict.fromkeys(source.history[0]))
        elif not source.parts and not isinstance(source.body, Facts):
            found[source.body.id] = None
    return tuple(found)


def _near_lineage(event: Event) -> tuple[str, ...] | None:
    """Give the lineage of an observation, of what is settled, and of copies of these; None for anything else."""
    while event.history is None:
        parts = event.parts
        if not parts:
            return () if event.body.__class__ is Facts else (event.body.id,)  # type: ignore[union-attr]
        if parts.__class__ is not tuple or len(parts) != 1:
            return None
        (event,) = parts
    return event.history[0]


def ancestors_of(event: Event) -> frozenset[int]:
    """Give the ids of the events that an event was made from, directly or not."""
    if event.history is not None:
        return event.history[1]
    found: set[int] = set()
    for source in _sources(event):
        found.add(source.id)
        if source.history is not None:
            found |= source.history[1]
    return frozenset(found - {event.id})


def _sources(event: Event) -> Iterator[Event]:
    """
    Give an event and all that it was made from, each once, in the order of contribution.

    What is settled is not looked into: its history is known. Neither depth nor the number of ways from one event to
    another costs anything, so that no rule can be written that makes this slow.
    """
    pending, seen = [event], set()
    while pending:
        source = pending.pop()
        if source.id in seen:
            continue
        seen.add(source.id)
        yield source
        if source.history is None:
            pending.extend(reversed(tuple(source.parts)))
