"""Times in CQL2: timestamps, dates (the whole day, UTC), intervals; and the relations that compare them."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

from sos_server.time import parse_instant
from weps.rules import expression as ex
from weps.rules.cql2.tree import Constant, Cql2Fault, Instant, Interval, Name, Node
from weps.rules.operators.property import TIMES
from weps.rules.stateless.names import canonical

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_DAY = timedelta(days=1) - timedelta(microseconds=1)
_FIRST, _LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)

Relation = ex.TemporalRelation

RELATIONS: dict[str, Relation] = {
    "t_after": Relation.AFTER,
    "t_before": Relation.BEFORE,
    "t_contains": Relation.CONTAINS,
    "t_disjoint": Relation.ANY_INTERACTS,  # negated, see `relate`
    "t_during": Relation.DURING,
    "t_equals": Relation.EQUALS,
    "t_finishedby": Relation.ENDED_BY,
    "t_finishes": Relation.ENDS,
    "t_intersects": Relation.ANY_INTERACTS,
    "t_meets": Relation.MEETS,
    "t_metby": Relation.MET_BY,
    "t_overlappedby": Relation.OVERLAPPED_BY,
    "t_overlaps": Relation.OVERLAPS,
    "t_startedby": Relation.BEGUN_BY,
    "t_starts": Relation.BEGINS,
}
_PAIRS = (
    (Relation.AFTER, Relation.BEFORE),
    (Relation.CONTAINS, Relation.DURING),
    (Relation.ENDED_BY, Relation.ENDS),
    (Relation.MEETS, Relation.MET_BY),
    (Relation.OVERLAPS, Relation.OVERLAPPED_BY),
    (Relation.BEGUN_BY, Relation.BEGINS),
)
_CONVERSE = dict(_PAIRS) | {second: first for first, second in _PAIRS}


def is_time(node: Node) -> bool:
    """Tell whether a part of a filter is a time."""
    return isinstance(node, (Instant, Interval)) or (isinstance(node, Name) and canonical(node.name) in TIMES)


def relate(name: str, left: Node, right: Node) -> ex.Condition:
    """Give a temporal function of two times, of which one at least is a property."""
    relation = RELATIONS[name]
    first, second = read_time(left), read_time(right)
    if not isinstance(first, ex.Property):
        if not isinstance(second, ex.Property):
            raise Cql2Fault(left.place, f"{name} compares two fixed times; one must be a property, as phenomenonTime")
        first, second, relation = second, first, _CONVERSE.get(relation, relation)
    found = ex.Temporal(relation, first, second)
    return ex.Not(found) if name == "t_disjoint" else found


def compare(relation: ex.Relation, left: Node, right: Node) -> ex.Condition:
    """
    Give a comparison of a time with `<`, `=` and so on.

    A date is a whole day: what lies inside it is equal to it, neither before nor after.
    """
    whole_day = any(isinstance(side, Instant) and side.kind == "date" for side in (left, right))
    same = "t_intersects" if whole_day else "t_equals"
    ways = {
        ex.Relation.EQUAL: (same, False),
        ex.Relation.NOT_EQUAL: (same, True),
        ex.Relation.LESS: ("t_before", False),
        ex.Relation.GREATER_OR_EQUAL: ("t_before", True),
        ex.Relation.GREATER: ("t_after", False),
        ex.Relation.LESS_OR_EQUAL: ("t_after", True),
    }
    name, negated = ways[relation]
    found = relate(name, left, right)
    return ex.Not(found) if negated else found


def read_time(node: Node) -> ex.Property | ex.Period:
    """Give a time of the observation, or a fixed one."""
    match node:
        case Name(_, name) if canonical(name) in TIMES:
            return ex.Property(name)
        case Name(_, name):
            raise Cql2Fault(node.place, f"{name} is no time; use one of {', '.join(sorted(TIMES))}")
        case Instant(_, kind, text):
            begin, end = _read(node, text, kind)
            return ex.Period(begin, end)
        case Interval(_, Name(_, begin_name), Name(_, end_name)):
            if (canonical(begin_name), canonical(end_name)) == ("startTime", "endTime"):
                return ex.Property("phenomenonTime")
            raise Cql2Fault(node.place, "of an observation only INTERVAL(startTime, endTime) is one; write that")
        case Interval(_, begin_edge, end_edge):
            begin, end = _edge(begin_edge, _FIRST)[0], _edge(end_edge, _LAST)[1]
            if end < begin:
                raise Cql2Fault(node.place, "the interval ends before it begins; swap its edges")
            return ex.Period(begin, end)
    raise Cql2Fault(node.place, "this is no time; write a property, TIMESTAMP('…'), DATE('…') or INTERVAL('…', '…')")


def _edge(node: Node, unbounded: datetime) -> tuple[datetime, datetime]:
    match node:
        case Constant(_, ".."):
            return unbounded, unbounded
        case Constant(_, str(text)):
            return _read(node, text, "date" if _DATE.fullmatch(text) else "timestamp")
        case Instant(_, kind, text):
            return _read(node, text, kind)
    raise Cql2Fault(node.place, "this is no edge of an interval; write a date, a timestamp or '..'")


def _read(node: Node, text: str, kind: str) -> tuple[datetime, datetime]:
    try:
        if kind == "date":
            if not _DATE.fullmatch(text):
                raise ValueError(f"{text!r} is no date such as 2024-05-01")
            day = datetime.combine(date.fromisoformat(text), datetime.min.time(), UTC)
            return day, day + _DAY
        instant = parse_instant(text)
    except (ValueError, OverflowError) as error:
        raise Cql2Fault(node.place, f"the time cannot be read: {error}") from error
    return instant, instant
