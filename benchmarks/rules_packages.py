"""The same thresholds in packages that others use for rules."""

from __future__ import annotations

import importlib
from functools import partial
from typing import TYPE_CHECKING, Any

from benchmarks.frame import Case, Scale, Target, require_equal

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from weps.model import Observation


def package_cases(
    scale: Scale, ours: str, levels: Sequence[float], seen: Sequence[Observation], target: Target
) -> list[Case]:
    """
    Give a case for each package, and what the network costs beside it.

    They only tell which conditions hold: what is new in that, and what must be kept, would come on top.
    """
    few = [float(each.value or 0) for each in seen[: scale.of(20, least=2)]]
    cases = []
    for name, make in (("rule_engine", _rule_engine), ("business_rules", _business_rules)):
        evaluate = make(levels)
        expected = [sum(value > level for level in levels) for value in (20.0, levels[1] + 0.5, 1e9)]
        require_equal(f"what {name} says", expected, [evaluate(value) for value in (20.0, levels[1] + 0.5, 1e9)])
        title = f"an observation: {len(levels)} rules of {name}"
        cases += [
            Case(title, partial(_evaluate_all, evaluate, few), len(few)),
            Case(f"{ours}, beside {name}", _same_as_ours(levels, seen), len(seen), against=title, target=target),
        ]
    return cases


def _evaluate_all(evaluate: Callable[[float], int], values: Sequence[float]) -> None:
    for value in values:
        evaluate(value)


def _same_as_ours(levels: Sequence[float], seen: Sequence[Observation]) -> Callable[[], int]:
    from benchmarks.rules_many import network_at, step  # noqa: PLC0415  they import this module

    network = network_at(levels)
    step(network, seen)
    return lambda: step(network, seen)


def _rule_engine(levels: Sequence[float]) -> Callable[[float], int]:
    package: Any = importlib.import_module("rule_engine")
    rules = [package.Rule(f"value > {level!r}") for level in levels]
    return lambda value: sum(rule.matches({"value": value}) for rule in rules)


def _business_rules(levels: Sequence[float]) -> Callable[[float], int]:
    engine: Any = importlib.import_module("business_rules.engine")
    variables: Any = importlib.import_module("business_rules.variables")

    class Reading(variables.BaseVariables):  # type: ignore[misc]
        def __init__(self, value: float) -> None:
            self._value = value

        @variables.numeric_rule_variable  # type: ignore[untyped-decorator]
        def value(self) -> float:
            return self._value

    conditions = [{"all": [{"name": "value", "operator": "greater_than", "value": level}]} for level in levels]
    return lambda value: sum(engine.check_conditions_recursively(condition, Reading(value)) for condition in conditions)
