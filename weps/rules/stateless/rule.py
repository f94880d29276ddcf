"""
A condition on each observation, as a rule: an alert when it begins to hold for a series, another when it ends.

An observation about which the condition can say nothing is left out, so that it neither begins nor ends anything: a nil
result (unless the condition asks for it), a text where numbers are compared, a unit of another kind.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from weps.model import Comparison, Detection
from weps.rules import expression as ex
from weps.rules.eml.scope import EventScope, Names
from weps.rules.migration import version_of, versioned
from weps.rules.operators.event import Event, known, number_of, parse_number
from weps.rules.operators.guard import bind, unit_of
from weps.rules.operators.property import SERIES
from weps.rules.operators.verdict import shared
from weps.rules.stateless.describe import describe
from weps.rules.stateless.names import VALUE_NAMES, conjuncts, normalised, references_of
from weps.rules.threshold.selection import CORRELATIONS
from weps.rules.units import conversion, find_unit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from weps.model import Json, Observation, Value

    Selector: TypeAlias = tuple[str | None, str | None, str | None]

PATTERN = "condition"
FIRING = "firing"
RESOLVED = "resolved"
KIND = "condition"
LONGEST_NAME = 200


@dataclass(frozen=True, slots=True)
class ConditionRule:
    """
    A condition with what follows from it: the series it can hold for, and how its detections are told.

    `takes_nil`: nil results are judged as well. `numbers`: only results that are numbers are. `uom`: the unit that
    results are compared in, if the condition has one. The state is whether the condition held.
    """

    name: str
    condition: ex.Condition
    selectors: tuple[Selector, ...]
    takes_nil: bool
    numbers: bool
    uom: str | None
    comparison: Comparison | None
    holds: Callable[[Any], bool] = field(compare=False, repr=False)

    @property
    def has_episodes(self) -> bool:
        """Whether what begins is also told to end."""
        return True

    @property
    def timeless(self) -> bool:
        """Whether it begins in the same state whenever it is activated."""
        return True

    @property
    def correlate(self) -> str:
        """How observations are told apart: each series has a state of its own."""
        return "series"

    def correlation_key(self, observation: Observation) -> str | None:
        """Give the key of the series; None when the condition can say nothing about the observation."""
        series = observation[1:4]
        if not any(
            all(wanted in (None, name) for wanted, name in zip(one, series, strict=True)) for one in self.selectors
        ):
            return None
        value = known(observation.value)
        if not self.takes_nil if value is None else self.numbers and number_of(value) is None:
            return None
        return CORRELATIONS[self.correlate](observation) if self._has_kind(observation.uom) else None

    def start(self, activation: datetime) -> bool:
        """Give the state of a rule that has seen nothing."""
        return False

    def step(self, state: bool, observation: Observation) -> tuple[bool, tuple[Detection, ...]]:
        """Take one observation."""
        value = known(observation.value)
        holds = self.holds(Event(0, 0, observation, value, number_of(value)))
        if holds == state:
            return state, ()
        told = self._in_unit(value, observation.uom)
        causes = (observation.id,)
        found = Detection(
            observation.end,
            PATTERN,
            FIRING if holds else RESOLVED,
            value=told,
            causes=causes,
            lineage=causes,
            observation=observation,
            comparison=self.comparison,
        )
        return holds, (found,)

    def tick(self, state: bool, now: datetime) -> tuple[bool, tuple[Detection, ...]]:
        """Take the news that time has passed: to a condition on observations it means nothing."""
        return state, ()

    def due(self, state: bool) -> datetime | None:
        """Give the instant at which a tick brings something: there is none."""
        return None

    def dump(self, state: bool) -> Json:
        """Give the state as JSON."""
        return [version_of(KIND), int(state)]

    def load(self, stored: Json) -> bool:
        """Give back the state that was dumped."""
        (holds,) = versioned(KIND, stored)
        return bool(holds)

    def _has_kind(self, code: str | None) -> bool:
        """Tell whether a unit is of the kind that results are compared in, as far as it is known."""
        wanted = find_unit(self.uom) if self.uom else None
        unit = find_unit(code) if wanted and code else None
        return wanted is None or unit is None or unit.kind == wanted.kind

    def _in_unit(self, value: Value, code: str | None) -> Value:
        """Give a value in the unit in which detections are told."""
        wanted = self.comparison.uom if self.comparison else None
        if wanted is None or code in (None, wanted) or isinstance(value, (str, bool)) or value is None:
            return value
        way = conversion(str(code), wanted)
        return value if way is None else way.apply(value)


def build_rule(condition: ex.Condition, named: str | None) -> ConditionRule:
    """
    Make the rule of a condition whose names have been checked; `named` is the property it names its value by.

    The rule is called what it says.
    """
    name = describe(normalised(condition, None))
    condition = normalised(condition, named)
    compared = {one for part in _parts(condition) if not isinstance(part, ex.Missing) for one in references_of(part)}
    return ConditionRule(
        " ".join(name.split())[:LONGEST_NAME],
        condition,
        (_selector(condition, named),),
        any(part.operand == ex.Property("value") for part in _parts(condition) if isinstance(part, ex.Missing)),
        compared & VALUE_NAMES == {"doubleValue"},
        next((uom for part in _parts(condition) if (uom := _unit(part))), None),
        _comparison(condition),
        shared(condition, "", lambda: bind(condition, EventScope(Names({})))),
    )


def _parts(condition: ex.Condition) -> Iterator[ex.Condition]:
    """Give the conditions without logic that a condition is made of."""
    if isinstance(condition, (ex.All, ex.Some)):
        for part in condition.parts:
            yield from _parts(part)
    elif isinstance(condition, ex.Not):
        yield from _parts(condition.part)
    else:
        yield condition


def _unit(condition: ex.Condition) -> str | None:
    if isinstance(condition, ex.Comparison):
        return unit_of(condition.left, condition.right)
    if isinstance(condition, ex.Between):
        return unit_of(condition.operand, condition.lower, condition.upper)
    return None


def _selector(condition: ex.Condition, named: str | None) -> Selector:
    """Give procedure, property and feature where the condition holds for one only, so that others need not be asked."""
    wanted: list[str | None] = [None, named, None]
    for part in conjuncts(condition):
        match part:
            case ex.Comparison(ex.Relation.EQUAL, ex.Property(name), ex.Literal(text), True) if name in SERIES:
                # texts that are numbers are equal when the numbers are
                if parse_number(text) is None:
                    wanted[SERIES[name]] = wanted[SERIES[name]] or text
    return wanted[0], wanted[1], wanted[2]


def _comparison(condition: ex.Condition) -> Comparison | None:
    """Give what detections tell that was compared, where it is one comparison of the value and decides alone."""
    deciding = [part for part in conjuncts(condition) if not set(references_of(part)) <= SERIES.keys()]
    match deciding:
        case [ex.Comparison(relation, ex.Property(name), bound)] if name in VALUE_NAMES:
            bounds: tuple[ex.Operand, ...] = (bound,)
            told = str(relation)
        case [ex.Between(ex.Property(name), lower, upper)] if name in VALUE_NAMES:
            bounds, told = (lower, upper), "between"
        case _:
            return None
    plain = tuple(_plain(bound) for bound in bounds)
    uoms = {bound.uom if isinstance(bound, ex.Quantity) else None for bound in bounds}
    if None in plain or len(uoms) != 1:
        return None
    return Comparison(told, tuple(bound for bound in plain if bound is not None), uoms.pop())


def _plain(bound: ex.Operand) -> float | str | None:
    if isinstance(bound, ex.Quantity):
        return bound.value
    if isinstance(bound, ex.Literal):
        return bound.text if bound.number is None else bound.number
    return None
