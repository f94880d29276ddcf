"""Relations of times after Allen, as OGC Filter Encoding 2.0 names them; an instant is a period with equal ends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from weps.rules.expression import Period, Temporal, TemporalRelation

if TYPE_CHECKING:
    from collections.abc import Callable

    from weps.rules.operators.event import Span
    from weps.rules.operators.guard import Scope

    Holds: TypeAlias = Callable[[Span, Span], bool]

HOLDS: dict[TemporalRelation, Holds] = {
    TemporalRelation.AFTER: lambda a, b: a[0] > b[1],
    TemporalRelation.BEFORE: lambda a, b: a[1] < b[0],
    TemporalRelation.MET_BY: lambda a, b: a[0] == b[1],
    TemporalRelation.MEETS: lambda a, b: a[1] == b[0],
    TemporalRelation.ANY_INTERACTS: lambda a, b: a[0] <= b[1] and a[1] >= b[0],
    TemporalRelation.DURING: lambda a, b: a[0] > b[0] and a[1] < b[1],
    TemporalRelation.CONTAINS: lambda a, b: a[0] < b[0] and a[1] > b[1],
    TemporalRelation.EQUALS: lambda a, b: a == b,
    TemporalRelation.BEGINS: lambda a, b: a[0] == b[0] and a[1] < b[1],
    TemporalRelation.BEGUN_BY: lambda a, b: a[0] == b[0] and a[1] > b[1],
    TemporalRelation.ENDS: lambda a, b: a[1] == b[1] and a[0] > b[0],
    TemporalRelation.ENDED_BY: lambda a, b: a[1] == b[1] and a[0] < b[0],
    TemporalRelation.OVERLAPS: lambda a, b: a[0] < b[0] < a[1] < b[1],
    TemporalRelation.OVERLAPPED_BY: lambda a, b: b[0] < a[0] < b[1] < a[1],
}


def bind(condition: Temporal, scope: Scope) -> Callable[[Any], bool]:
    """Give a relation of times as function of a subject; a missing time is in no relation."""
    holds = HOLDS[condition.relation]
    read = scope.period_reader(condition.operand.reference)
    if isinstance(condition.other, Period):
        fixed = condition.other.begin, condition.other.end
        return lambda subject: (time := read(subject)) is not None and holds(time, fixed)
    read_other = scope.period_reader(condition.other.reference)

    def both(subject: Any) -> bool:
        time, other = read(subject), read_other(subject)
        return time is not None and other is not None and holds(time, other)

    return both
