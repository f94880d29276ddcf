"""
Equal guards of different rules, asked once about an observation.

An observation goes from rule to rule, so it is enough that a guard remembers the last one that it was asked about. What
costs no more than to remember it is not remembered: a comparison of two operands.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from weakref import WeakValueDictionary

from weps.model import Observation
from weps.rules import expression as ex

if TYPE_CHECKING:
    from collections.abc import Callable

    from weps.rules.operators.guard import Predicate


class Verdict:
    """A guard that remembers the last observation and what it said of it: as a pair, so that threads may share it."""

    __slots__ = ("__weakref__", "_guard", "_last")

    def __init__(self, guard: Predicate) -> None:
        self._guard = guard
        self._last: tuple[Observation | None, bool] = (None, False)

    def __call__(self, subject: Any) -> bool:
        """Tell whether an event passes; events that are no observations are looked at each time."""
        body = subject.body
        seen, passes = self._last
        if body is seen:
            return passes
        passes = self._guard(subject)
        if body.__class__ is Observation:
            self._last = body, passes
        return passes


_VERDICTS: WeakValueDictionary[tuple[str, str], Verdict] = WeakValueDictionary()


def shared(condition: ex.Condition, name: str, bind: Callable[[], Predicate]) -> Predicate:
    """
    Give a condition on observations as a function, the same one for all rules that have it while one of them is there.

    `name` is what the rule calls the observation, `bind` makes the function where it is new.
    """
    if isinstance(condition, (ex.Comparison, ex.Missing)) and not _is_costly(condition):
        return bind()
    key = name, repr(condition)
    found = _VERDICTS.get(key)
    if found is None:
        found = _VERDICTS[key] = Verdict(bind())
    return found


def _is_costly(condition: ex.Comparison | ex.Missing) -> bool:
    operands = (condition.left, condition.right) if isinstance(condition, ex.Comparison) else (condition.operand,)
    return any(isinstance(one, (ex.Quantity, ex.Calculation, ex.Distance)) for one in operands)
