"""From the select functions of a pattern to functions that run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from weps.rules.eml.document import ComplexPattern, Function, Pattern, TimerPattern
from weps.rules.operators import aggregate, select

if TYPE_CHECKING:
    from collections.abc import Callable

    from weps.rules.eml.document import Select
    from weps.rules.eml.scope import EventScope, Pick


@dataclass(frozen=True, slots=True)
class Scopes:
    """
    How select functions read: those of single subjects, and aggregates.

    The two differ in repetitive patterns only, where `pick` gives the last event of a run.
    """

    singles: EventScope
    numbers: EventScope
    pick: Pick | None = None


_AGGREGATES: dict[Function, Callable[[], aggregate.Aggregate]] = {
    Function.SUM: aggregate.Sum,
    Function.AVERAGE: aggregate.Mean,
    Function.MAXIMUM: aggregate.Maximum,
    Function.MINIMUM: aggregate.Minimum,
    Function.DEVIATION: aggregate.Deviation,
}


def build_select(pattern: Pattern, function: Select, output: select.Output, scopes: Scopes) -> select.Select:
    """Give a select function that runs."""
    if function.function is Function.COUNT:
        return select.Count(output)
    if function.function in _AGGREGATES:
        read = scopes.numbers.number_reader(function.arguments[0])
        return select.Numbers(output, read, _AGGREGATES[function.function])
    if function.function is Function.FIRST:
        return select.First(output, scopes.numbers.value_reader(function.arguments[0]))
    return select.Single(_build_single(pattern, function, output, scopes))


def _build_single(pattern: Pattern, function: Select, output: select.Output, scopes: Scopes) -> select.Fire:
    scope, arguments = scopes.singles, function.arguments
    match function.function:
        case Function.EVENT:
            return _build_event(pattern, function, output, scopes)
        case Function.NOTIFY:
            return select.notify(output, arguments[0])
        case Function.DIFFERENCE:
            read = select.difference(scope.number_reader(arguments[0]), scope.number_reader(arguments[1]))
            return select.select_value(output, read)
        case Function.INVERSE:
            return select.select_value(output, select.inverse(scope.value_reader(arguments[0])))
        case _:
            return select.select_value(output, scope.value_reader(arguments[0]))


def _build_event(pattern: Pattern, function: Select, output: select.Output, scopes: Scopes) -> select.Fire:
    if isinstance(pattern, TimerPattern):
        return select.select_event(output, None)
    if isinstance(pattern, ComplexPattern):
        return select.select_event(output, scopes.singles.names.picks[function.arguments[0]])
    return select.select_event(output, scopes.pick)
