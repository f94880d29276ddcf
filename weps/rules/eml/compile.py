"""
From an EML document to a rule that runs.

Patterns are checked (`check.py`), then built from their consumers back to the observations, so that each select
function knows who awaits its events. Slots are given in document order, which is the order of evaluation.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeAlias

from weps.errors import RuleError
from weps.rules.eml import document as doc
from weps.rules.eml.check import Streams, check_document
from weps.rules.eml.functions import Scopes, build_select
from weps.rules.eml.parse import parse_document
from weps.rules.eml.rule import EmlRule, Entrance
from weps.rules.eml.scope import EventScope, Names, Pick, pick_default, pick_first, pick_run, pick_second
from weps.rules.eml.structure import Faults
from weps.rules.operators import sequence as seq
from weps.rules.operators.batch import Batches
from weps.rules.operators.event import Event, parse_number
from weps.rules.operators.guard import bind
from weps.rules.operators.property import SERIES, property_reader, text_of
from weps.rules.operators.repeat import Repeat
from weps.rules.operators.select import Output, Select, Single
from weps.rules.operators.timer import At, Interval, Timer
from weps.rules.operators.verdict import shared
from weps.rules.operators.view import Stage, pass_on
from weps.rules.operators.window import Keep, Sliding
from weps.rules.state import Operator, RuleState

if TYPE_CHECKING:
    from weps.rules.operators.guard import Predicate

Handler: TypeAlias = Callable[[RuleState, Event], None]
Enter: TypeAlias = Callable[[RuleState, Any], None]
Key: TypeAlias = tuple[str, int]
TwoSided: TypeAlias = seq.Before | seq.And | seq.AndNotWithin

SLOTS_PER_PATTERN = 2  # what joins, counts or ticks, and the view behind it


def compile_eml(text: str) -> EmlRule:
    """Compile an EML document; raises `RuleError` with every fault."""
    faults = Faults()
    document = parse_document(text, faults)
    streams = check_document(document, faults)
    if faults.all():
        raise RuleError(faults.all())
    return Builder(document, streams).build()


class Builder:
    """Builds the operators of one document."""

    def __init__(self, document: doc.Document, streams: Streams) -> None:
        self._document = document
        self._streams = streams
        self._places = {pattern.id: place for place, pattern in enumerate(document.patterns)}
        self._consumers: dict[Key, list[tuple[doc.Pattern, str]]] = defaultdict(list)
        self._operators: list[Operator] = []
        self._entries: dict[str, dict[str, Handler]] = {}

    def build(self) -> EmlRule:
        """Give the rule."""
        for pattern in self._document.patterns:
            self._note_inputs(pattern)
        for pattern in self._consumers_first():
            self._entries[pattern.id] = self._build_pattern(pattern)
        entrances = tuple(
            _entrance(pattern, self._entries[pattern.id]["input"])
            for pattern in self._document.patterns
            if isinstance(pattern, doc.SimplePattern)
            and self._streams.input_of(pattern) is None
            and "input" in self._entries[pattern.id]
        )
        operators = tuple(sorted(self._operators, key=lambda operator: operator.slot))
        return EmlRule(
            _name(self._document),
            self._document,
            operators,
            entrances,
            any(isinstance(operator, (seq.Cause, seq.Parallel)) for operator in operators),
            {operator.slot: operator for operator in operators},
        )

    def _consumers_first(self) -> list[doc.Pattern]:
        """Give the patterns so that each comes after all that take its events."""
        ordered: list[doc.Pattern] = []
        built: set[str] = set()
        pending = list(self._document.patterns)
        while pending:
            ready = [pattern for pattern in pending if self._consumer_ids(pattern) <= built]
            ordered += ready
            built.update(pattern.id for pattern in ready)
            pending = [pattern for pattern in pending if pattern.id not in built]
        return ordered

    def _consumer_ids(self, pattern: doc.Pattern) -> set[str]:
        keys = [(pattern.id, number) for number in range(len(pattern.selects))]
        return {consumer.id for key in keys for consumer, _ in self._consumers[key]}

    def _note_inputs(self, pattern: doc.Pattern) -> None:
        """Enter a pattern as consumer of the streams that it takes; equal sides of a join are entered once."""
        if isinstance(pattern, doc.ComplexPattern):
            first, second = self._streams.key(pattern.first), self._streams.key(pattern.second)
            sides = {first: "both"} if first == second else {first: "first", second: "second"}
        elif isinstance(pattern, doc.RepetitivePattern):
            sides = {self._streams.key(pattern.repeated): "input"}
        else:
            sides = {self._streams.input_of(pattern): "input"}
        for key, side in sides.items():
            if key is not None:
                self._consumers[key].append((pattern, side))

    def _build_pattern(self, pattern: doc.Pattern) -> dict[str, Handler]:
        """Give how events enter a pattern, by side; nothing, where nobody awaits what it would give."""
        if isinstance(pattern, doc.SimplePattern):
            return self._build_simple(pattern)
        if isinstance(pattern, doc.ComplexPattern):
            return self._build_complex(pattern)
        if isinstance(pattern, doc.TimerPattern):
            return self._build_timer(pattern)
        return self._build_repetitive(pattern)

    def _slot(self, pattern: doc.Pattern, part: int) -> int:
        return SLOTS_PER_PATTERN * self._places[pattern.id] + part

    def _build_simple(self, pattern: doc.SimplePattern) -> dict[str, Handler]:
        name = self._streams.input_name(pattern)
        enter = self._build_view(pattern, pattern.view, pattern.guard, Names({name: None}))
        if enter is None:
            return {}
        routed = self._streams.input_of(pattern) is None
        restrictions = [(one.name.removeprefix(f"{name}/"), one.value) for one in pattern.restrictions]
        checks = tuple(_restrict(one, value) for one, value in restrictions if not (routed and one in SERIES))
        return {"input": _restricted(checks, enter) if checks else enter}

    def _build_complex(self, pattern: doc.ComplexPattern) -> dict[str, Handler]:
        first, second = self._streams.event_name(pattern.first), self._streams.event_name(pattern.second)
        picks: dict[str, Pick | None] = {first: pick_first, second: pick_second}
        if first == second:
            picks = {first: pick_default}
        picks.pop("", None)
        emit = self._build_view(pattern, pattern.view, pattern.guard, Names(picks, pick_default))
        if emit is None:
            return {}
        join = _build_join(pattern, self._slot(pattern, 0), emit)
        if not isinstance(join, seq.Or):
            self._operators.append(join)
        return {"first": join.first, "second": join.second, "both": join.both}

    def _build_timer(self, pattern: doc.TimerPattern) -> dict[str, Handler]:
        emit = self._build_view(pattern, pattern.view, doc.Guard(), Names({}))
        if emit is not None and pattern.schedule is not None:
            schedule = pattern.schedule if isinstance(pattern.schedule, At) else Interval(pattern.schedule)
            self._operators.append(Timer(self._slot(pattern, 0), f"{pattern.id}.timer", schedule, emit))
        return {}

    def _build_repetitive(self, pattern: doc.RepetitivePattern) -> dict[str, Handler]:
        name = self._streams.event_name(pattern.repeated)
        singles = EventScope(Names({name: pick_run} if name else {}, pick_run))
        numbers = EventScope(Names({name: None} if name else {}))
        selects = self._build_selects(pattern, Scopes(singles, numbers, pick_run))
        if not selects:
            return {}
        repeat = Repeat(self._slot(pattern, 0), f"{pattern.id}.repeat", Stage(None, selects), pattern.count)
        self._operators.append(repeat)
        return {"input": repeat.enter}

    def _build_view(self, pattern: doc.Pattern, view: doc.View, guard: doc.Guard, names: Names) -> Enter | None:
        """Give how subjects enter the view of a pattern, with guard and select functions behind it."""
        scope = EventScope(names)
        selects = self._build_selects(pattern, Scopes(scope, scope))
        if not selects:
            return None
        if isinstance(guard.condition, doc.ViewCount):
            stage = Stage(None, selects, guard.condition.count)
        else:
            stage = Stage(self._guard(pattern, guard, scope), selects)
        singles_only = all(isinstance(one, Single) for one in selects)
        if singles_only and stage.view_count is None and not view.batch:
            return pass_on(stage)
        operator = _build_view_operator(self._slot(pattern, 1), f"{pattern.id}.view", stage, view)
        self._operators.append(operator)
        return operator.enter

    def _guard(self, pattern: doc.Pattern, guard: doc.Guard, scope: EventScope) -> Predicate | None:
        """Give the guard of a pattern as a function; one on observations is shared with the rules that have it too."""
        condition = guard.condition
        if condition is None or isinstance(condition, doc.ViewCount):
            return None
        if isinstance(pattern, doc.SimplePattern) and self._streams.input_of(pattern) is None:
            return shared(condition, self._streams.input_name(pattern), lambda: bind(condition, scope))
        return bind(condition, scope)

    def _build_selects(self, pattern: doc.Pattern, scopes: Scopes) -> tuple[Select, ...]:
        """Give the select functions whose events anybody awaits."""
        built = []
        for number, one in enumerate(pattern.selects):
            consumers = [(self._entries[consumer.id], side) for consumer, side in self._consumers[pattern.id, number]]
            handlers = tuple(entry[side] for entry, side in consumers if side in entry)
            if handlers or one.detects:
                output = Output(
                    pattern.id, one.event or None, one.output, one.detects, one.causality, one.attribute, handlers
                )
                built.append(build_select(pattern, one, output, scopes))
        return tuple(built)


def _name(document: doc.Document) -> str:
    for pattern in document.patterns:
        if any(one.output is not None for one in pattern.selects):
            return pattern.id
    return document.patterns[-1].id if document.patterns else "EML"


def _entrance(pattern: doc.SimplePattern, handler: Handler) -> Entrance:
    prefix = f"{pattern.input}/"
    wanted = ((restriction.name.removeprefix(prefix), restriction.value) for restriction in pattern.restrictions)
    return Entrance(tuple((SERIES[name], value) for name, value in wanted if name in SERIES), handler)


def _restrict(name: str, wanted: str) -> Callable[[Event], bool]:
    """Give the check of one property: equal as numbers where it is one, else as texts."""
    read, number = property_reader(name), parse_number(wanted)

    def holds(event: Event) -> bool:
        value = read(event)
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return value == number
        return value is not None and text_of(value) == wanted

    return holds


def _restricted(checks: tuple[Callable[[Event], bool], ...], enter: Handler) -> Handler:
    def check(state: RuleState, event: Event) -> None:
        for holds in checks:
            if not holds(event):
                return
        enter(state, event)

    return check


def _build_join(pattern: doc.ComplexPattern, slot: int, emit: Enter) -> TwoSided | seq.Or | seq.AndNotSame:
    name = f"{pattern.id}.join"
    if pattern.operator is doc.Operator.OR:
        return seq.Or(emit)
    if pattern.operator is doc.Operator.AND_NOT and pattern.listening is None:
        return seq.AndNotSame(slot, name, emit)
    return _JOINS[pattern.operator or doc.Operator.AND](slot, name, pattern.listening, emit)


_JOINS: dict[doc.Operator, Callable[[int, str, timedelta | None, Enter], TwoSided]] = {
    doc.Operator.BEFORE: seq.Before,
    doc.Operator.AND: seq.And,
    doc.Operator.AND_NOT: seq.AndNotWithin,
    doc.Operator.CAUSE: seq.Cause,
    doc.Operator.PARALLEL: seq.Parallel,
}


def _build_view_operator(slot: int, name: str, stage: Stage, view: doc.View) -> Keep | Batches | Sliding:
    if view.kind is doc.ViewKind.ALL:
        return Keep(slot, name, stage)
    if view.batch:
        last = view.kind is doc.ViewKind.LAST
        forced = view.eager or view.forced
        return Batches(slot, name, stage, view.count, view.duration, view.eager, forced, last)
    return Sliding(slot, name, stage, view.count, view.duration)
