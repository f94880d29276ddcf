"""What an EML document says, as values: patterns with their inputs, views, guards and select functions."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from datetime import timedelta

    from weps.rules.expression import Condition
    from weps.rules.operators.timer import At


class Function(StrEnum):
    """The select functions, by the names that EML gives them."""

    EVENT = "SelectEvent"
    PROPERTY = "SelectProperty"
    NOTIFY = "NotifyOnSelect"
    SUM = "SelectSum"
    AVERAGE = "SelectAvg"
    MAXIMUM = "SelectMax"
    MINIMUM = "SelectMin"
    COUNT = "SelectCount"
    DEVIATION = "SelectStdDev"
    FIRST = "SelectFirst"
    INVERSE = "GetAdditiveInverseValue"
    DIFFERENCE = "SelectDifference"


class ViewKind(StrEnum):
    """The views; the last two are user defined ones of 52°North."""

    ALL = "AllView"
    LENGTH = "LengthView"
    TIME = "TimeView"
    TIME_LENGTH = "TimeLengthView"
    TIME_BATCH = "TimeBatchWithParameter"
    LAST = "SelectLast"


class Operator(StrEnum):
    """The operators of complex patterns."""

    CAUSE = "CAUSE"
    PARALLEL = "PARALLEL"
    BEFORE = "BEFORE"
    AND = "AND"
    AND_NOT = "AND_NOT"
    OR = "OR"


@dataclass(frozen=True, slots=True)
class Select:
    """
    A select function with where its events go.

    `arguments` are the event name, the property name, the message, or the two references of a difference.
    `output` is None where the events are no detections by name.
    """

    function: Function
    event: str
    output: str | None = None
    arguments: tuple[str, ...] = ()
    causality: bool = False
    attribute: str | None = None
    line: int = field(default=0, compare=False)

    @property
    def detects(self) -> bool:
        """Whether its events are detections: with an output, and where no event name keeps them inside."""
        return self.output is not None or not self.event


@dataclass(frozen=True, slots=True)
class View:
    """Which events are kept."""

    kind: ViewKind = ViewKind.ALL
    count: int | None = None
    duration: timedelta | None = None
    batch: bool = False
    eager: bool = False
    forced: bool = False
    line: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class ViewCount:
    """The guard on the number of events in the view."""

    count: int


@dataclass(frozen=True, slots=True)
class Mention:
    """A property that a rule refers to, and where it does; `spatial` when a geometry is meant."""

    reference: str
    line: int
    spatial: bool = False


@dataclass(frozen=True, slots=True)
class Guard:
    """The condition on events behind the view, None for an empty filter."""

    condition: Condition | ViewCount | None = None
    mentions: tuple[Mention, ...] = field(default=(), compare=False)


@dataclass(frozen=True, slots=True)
class PatternReference:
    """The events of a select function of another pattern."""

    pattern: str
    number: int
    line: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Restriction:
    """An event takes part only if this property has this value."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class BasePattern:
    """What all patterns have."""

    id: str
    selects: tuple[Select, ...] = ()
    description: str | None = None
    line: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class SimplePattern(BasePattern):
    """Takes the observations (`input` is a name), or the events of another pattern (name or reference)."""

    input: str | PatternReference = ""
    view: View = View()
    guard: Guard = Guard()
    restrictions: tuple[Restriction, ...] = ()


@dataclass(frozen=True, slots=True)
class ComplexPattern(BasePattern):
    """Joins the events of two others."""

    operator: Operator | None = None
    first: PatternReference | None = None
    second: PatternReference | None = None
    listening: timedelta | None = None
    view: View = View()
    guard: Guard = Guard()


@dataclass(frozen=True, slots=True)
class TimerPattern(BasePattern):
    """Ticks at an interval or at times of a calendar."""

    schedule: timedelta | At | None = None
    view: View = View()


@dataclass(frozen=True, slots=True)
class RepetitivePattern(BasePattern):
    """Counts the events of another pattern."""

    count: int = 1
    repeated: PatternReference | None = None


Pattern: TypeAlias = SimplePattern | ComplexPattern | TimerPattern | RepetitivePattern


@dataclass(frozen=True, slots=True)
class Document:
    """A rule: its patterns in document order, which is the order of evaluation."""

    version: str
    patterns: tuple[Pattern, ...] = ()
