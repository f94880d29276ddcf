"""
Select functions: what a pattern gives of an event, a match or the content of a view.

A function of a single subject fires for each new subject that passes the guard; an aggregate once for each evaluation.
Each firing makes one event for the patterns that consume it, and a detection where an output asks for one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from weps.model import Detection
from weps.rules.operators.event import Event, Facts, known, lineage_of, number_of, parts_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from weps.model import Value
    from weps.rules.operators.aggregate import Aggregate
    from weps.rules.operators.event import Number, Subject
    from weps.rules.state import RuleState

    Fire: TypeAlias = Callable[[RuleState, Subject], None]
    Handlers: TypeAlias = tuple[Callable[[RuleState, Event], None], ...]


@dataclass(frozen=True, slots=True)
class Output:
    """Where the events of a select function go: to consuming patterns (`handlers`), and out as a detection."""

    pattern: str
    event: str | None
    output: str | None
    detects: bool
    causality: bool
    attribute: str | None = None
    handlers: Handlers = field(default=(), compare=False)

    def derive(self, state: RuleState, value: Value, parts: Iterable[Event], message: str | None = None) -> None:
        """Make an event of a value and of what contributed to it."""
        value = known(value)
        state.event += 1
        facts = Facts(self.attribute, state.clock, parts)
        made = Event(state.event, state.trigger, facts, value, number_of(value), parts)
        if self.handlers:
            state.queue.append((self.handlers, made))
        if self.detects:
            self._detect(state, made, None if message is not None else value, message)

    def copy(self, state: RuleState, event: Event, parts: tuple[Event, ...]) -> None:
        """Make an event of another one; a detection of it reports the number, where its value is one as text."""
        state.event += 1
        made = Event(state.event, state.trigger, event.body, event.value, event.number, parts)
        if self.handlers:
            state.queue.append((self.handlers, made))
        if self.detects:
            self._detect(state, made, event.value if event.number is None else event.number, None)

    def _detect(self, state: RuleState, event: Event, value: Value, message: str | None) -> None:
        lineage = lineage_of(event)
        causes = lineage if self.causality else None
        state.found.append(
            Detection(
                time=state.clock,
                pattern=self.pattern,
                event=self.event,
                output=self.output,
                value=value,
                message=message,
                causes=causes,
                lineage=lineage,
                observation=state.observation,
            )
        )


def select_event(output: Output, pick: Callable[[Subject], Event | None] | None) -> Fire:
    """Give the event itself (`pick` None), or the event of one side of a match where it has that side."""
    copy, handlers = output.copy, output.handlers

    def pass_on(state: RuleState, event: Any) -> None:
        state.event += 1
        made = Event(state.event, state.trigger, event.body, event.value, event.number, (event,))
        state.queue.append((handlers, made))

    def fire_event(state: RuleState, event: Any) -> None:
        copy(state, event, (event,))

    if pick is None:
        return pass_on if handlers and not output.detects else fire_event

    def fire_side(state: RuleState, subject: Subject) -> None:
        event = pick(subject)
        if event is not None:
            copy(state, event, parts_of(subject))

    return fire_side


def select_value(output: Output, read: Callable[[Subject], Value]) -> Fire:
    """Give what is read from the subject; nothing where it is missing."""

    def fire(state: RuleState, subject: Subject) -> None:
        value = read(subject)
        if value is not None:
            output.derive(state, value, parts_of(subject))

    return fire


def notify(output: Output, message: str) -> Fire:
    """Give a message."""

    def fire(state: RuleState, subject: Subject) -> None:
        output.derive(state, message, parts_of(subject), message)

    return fire


def inverse(read: Callable[[Subject], Value]) -> Callable[[Subject], Value]:
    """Read a number with the opposite sign, and a text as it is."""

    def read_inverse(subject: Subject) -> Value:
        value = read(subject)
        return value if value is None or isinstance(value, (str, bool)) else -value

    return read_inverse


def difference(
    first: Callable[[Subject], Number | None], second: Callable[[Subject], Number | None]
) -> Callable[[Subject], Value]:
    """Read the first number less the second one; missing where one of them is."""

    def read_difference(subject: Subject) -> Value:
        minuend, subtrahend = first(subject), second(subject)
        return None if minuend is None or subtrahend is None else number_of(minuend - subtrahend)

    return read_difference


@dataclass(frozen=True, slots=True)
class Single:
    """A select function of one subject."""

    fire: Fire


@dataclass(frozen=True, slots=True)
class Count:
    """The number of subjects that pass the guard."""

    output: Output


@dataclass(frozen=True, slots=True)
class First:
    """What is read from the oldest subject that passes the guard."""

    output: Output
    read: Callable[[Subject], Value]


@dataclass(frozen=True, slots=True)
class Numbers:
    """An aggregate of the numbers that are read from the subjects that pass the guard."""

    output: Output
    read: Callable[[Subject], Number | None]
    make: Callable[[], Aggregate]


Select: TypeAlias = "Single | Count | First | Numbers"
