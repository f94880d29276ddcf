"""
From an EML document to a rule that runs.

Patterns are checked (`check.py`), then built from their consumers back to the observations, so that each select
function knows who awaits its events. Slots are given in document order, which is the order of evaluation.
"""

from __future__ import annotations

from collections import defaultdict
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias

from weps.errors import RuleError
from weps.rules.eml import document as doc
from weps.rules.eml.check import Streams, check_document
from weps.rules.eml.parse import parse_document
from weps.rules.eml.rule import EmlRule, Entrance
from weps.rules.eml.scope import EventScope, Names, pick_default, pick_first, pick_run, pick_second
from weps.rules.eml.structure import Faults
from weps.rules.operators import aggregate, select
from weps.rules.operators import sequence as seq
from weps.rules.operators.event import parse_number
from weps.rules.operators.guard import bind
from weps.rules.operators.property import SERIES, property_reader, text_of
from weps.rules.operators.repeat import Repeat
from weps.rules.operators.timer import At, Interval, Timer
from weps.rules.operators.view import Batches, Keep, Sliding, Stage, pass_on

if TYPE_CHECKING:
    from collections.abc import Callable

    from weps.rules.operators.event import Event
    from weps.rules.state import Operator, RuleState

    Handler: TypeAlias = Callable[[RuleState, Event], None]
    Key: TypeAlias = tuple[str, int]

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
        entrances = []
        for pattern in self._document.patterns:
            entry = self._entry(pattern)
            if isinstance(pattern, doc.SimplePattern) and self._streams.input_of(pattern) is None:
                entrances.append(_entrance(pattern, entry["input"]))
        operators = tuple(sorted(self._operators, key=lambda operator: operator.slot))
        return EmlRule(
            _name(self._document),
            self._document,
            operators,
            tuple(entrances),
            any(isinstance(operator, (seq.Cause, seq.Parallel)) for operator in operators),
            {operator.slot: operator for operator in operators},
        )

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

    def _entry(self, pattern: doc.Pattern) -> dict[str, Handler]:
        """Give how events enter a pattern, by side; it is built when it is first asked for."""
        if pattern.id not in self._entries:
            builders: dict[type, Callable[[Any], dict[str, Handler]]] = {
                doc.SimplePattern: self._simple,
                doc.ComplexPattern: self._complex,
                doc.TimerPattern: self._timer,
                doc.RepetitivePattern: self._repetitive,
            }
            self._entries[pattern.id] = builders[type(pattern)](pattern)
        return self._entries[pattern.id]

    def _slot(self, pattern: doc.Pattern, part: int) -> int:
        return SLOTS_PER_PATTERN * self._places[pattern.id] + part

    def _simple(self, pattern: doc.SimplePattern) -> dict[str, Handler]:
        names = Names({self._streams.input_name(pattern): None})
        enter = self._view(pattern, pattern.view, pattern.guard, names)
        series = self._streams.input_of(pattern) is None
        checks = [
            _restrict(name, restriction.value)
            for restriction in pattern.restrictions
            if not series or _property(pattern, self._streams, restriction) not in SERIES
            for name in [_property(pattern, self._streams, restriction)]
        ]
        return {"input": _restricted(tuple(checks), enter) if checks else enter}

    def _complex(self, pattern: doc.ComplexPattern) -> dict[str, Handler]:
        first, second = self._streams.event_name(pattern.first), self._streams.event_name(pattern.second)
        picks: dict[str, Any] = {first: pick_first, second: pick_second}
        if first == second:
            picks = {first: pick_default}
        picks.pop("", None)
        emit = self._view(pattern, pattern.view, pattern.guard, Names(picks, pick_default))
        join = _join(pattern, self._slot(pattern, 0), emit)
        if not isinstance(join, seq.Or):
            self._operators.append(join)
        return {"first": join.first, "second": join.second, "both": join.both}

    def _timer(self, pattern: doc.TimerPattern) -> dict[str, Handler]:
        emit = self._view(pattern, pattern.view, doc.Guard(), Names({}))
        schedule = pattern.schedule if isinstance(pattern.schedule, At) else Interval(pattern.schedule)  # type: ignore[arg-type]
        self._operators.append(Timer(self._slot(pattern, 0), f"{pattern.id}.timer", schedule, emit))
        return {}

    def _repetitive(self, pattern: doc.RepetitivePattern) -> dict[str, Handler]:
        name = self._streams.event_name(pattern.repeated)
        singles = EventScope(Names({name: pick_run} if name else {}, pick_run))
        numbers = EventScope(Names({name: None} if name else {}))
        stage = Stage(None, self._selects(pattern, singles, numbers, pick_run))
        repeat = Repeat(self._slot(pattern, 0), f"{pattern.id}.repeat", stage, pattern.count)
        self._operators.append(repeat)
        return {"input": repeat.enter}

    def _view(self, pattern: doc.Pattern, view: doc.View, guard: doc.Guard, names: Names) -> Any:
        """Give how subjects enter the view of a pattern, with guard and select functions behind it."""
        scope = EventScope(names)
        condition = guard.condition
        counted = condition.count if isinstance(condition, doc.ViewCount) else None
        predicate = None if condition is None or isinstance(condition, doc.ViewCount) else bind(condition, scope)
        selects = self._selects(pattern, scope, scope, None)
        stage = Stage(predicate, selects, counted)
        singles_only = all(isinstance(one, select.Single) for one in selects)
        if singles_only and counted is None and not view.batch:
            return pass_on(stage)
        operator = _view_operator(self._slot(pattern, 1), f"{pattern.id}.view", stage, view)
        self._operators.append(operator)
        return operator.enter

    def _selects(
        self, pattern: doc.Pattern, singles: EventScope, numbers: EventScope, pick: Any
    ) -> tuple[select.Select, ...]:
        made = []
        for number, one in enumerate(pattern.selects):
            consumers = self._consumers[pattern.id, number]
            output = select.Output(
                pattern.id,
                one.event or None,
                one.output,
                one.detects,
                one.causality,
                one.attribute,
                tuple(self._entry(consumer)[side] for consumer, side in consumers),
            )
            made.append(_select(pattern, one, output, singles, numbers, pick))
        return tuple(made)


def _name(document: doc.Document) -> str:
    for pattern in document.patterns:
        if any(one.output is not None for one in pattern.selects):
            return pattern.id
    return document.patterns[-1].id if document.patterns else "EML"


def _property(pattern: doc.SimplePattern, streams: Streams, restriction: doc.Restriction) -> str:
    return restriction.name.removeprefix(f"{streams.input_name(pattern)}/")


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


def _join(pattern: doc.ComplexPattern, slot: int, emit: Any) -> Any:
    name = f"{pattern.id}.join"
    if pattern.operator is doc.Operator.OR:
        return seq.Or(emit)
    if pattern.operator is doc.Operator.AND_NOT and pattern.listening is None:
        return seq.AndNotSame(slot, name, emit)
    joins: dict[Any, type[seq.Join]] = {
        doc.Operator.BEFORE: seq.Before,
        doc.Operator.AND: seq.And,
        doc.Operator.AND_NOT: seq.AndNotWithin,
        doc.Operator.CAUSE: seq.Cause,
        doc.Operator.PARALLEL: seq.Parallel,
    }
    return joins[pattern.operator](slot, name, pattern.listening, emit)


def _view_operator(slot: int, name: str, stage: Stage, view: doc.View) -> Any:
    if view.kind is doc.ViewKind.ALL:
        return Keep(slot, name, stage)
    if view.batch:
        last = view.kind is doc.ViewKind.LAST
        forced = view.eager or view.forced
        return Batches(slot, name, stage, view.count, view.duration, view.eager, forced, last)
    return Sliding(slot, name, stage, view.count, view.duration)


_AGGREGATES: dict[doc.Function, Callable[[], aggregate.Aggregate]] = {
    doc.Function.SUM: aggregate.Sum,
    doc.Function.AVERAGE: aggregate.Mean,
    doc.Function.MAXIMUM: aggregate.Maximum,
    doc.Function.MINIMUM: aggregate.Minimum,
    doc.Function.DEVIATION: aggregate.Deviation,
}


def _select(
    pattern: doc.Pattern,
    one: doc.Select,
    output: select.Output,
    singles: EventScope,
    numbers: EventScope,
    pick: Any,
) -> select.Select:
    function = one.function
    if function is doc.Function.COUNT:
        return select.Count(output)
    if function in _AGGREGATES:
        return select.Numbers(output, numbers.number_reader(one.arguments[0]), _AGGREGATES[function])
    if function is doc.Function.FIRST:
        return select.First(output, numbers.value_reader(one.arguments[0]))
    return select.Single(_single(pattern, one, output, singles, pick), one.detects or bool(output.handlers))


def _single(pattern: doc.Pattern, one: doc.Select, output: select.Output, scope: EventScope, pick: Any) -> select.Fire:
    match one.function:
        case doc.Function.EVENT:
            return _event(pattern, one, output, scope, pick)
        case doc.Function.NOTIFY:
            return select.notify(output, one.arguments[0])
        case doc.Function.DIFFERENCE:
            first, second = (scope.number_reader(argument) for argument in one.arguments)
            return select.select_value(output, select.difference(first, second))
        case doc.Function.INVERSE:
            return select.select_value(output, select.inverse(scope.value_reader(one.arguments[0])))
        case _:
            return select.select_value(output, scope.value_reader(one.arguments[0]))


def _event(pattern: doc.Pattern, one: doc.Select, output: select.Output, scope: EventScope, pick: Any) -> select.Fire:
    if isinstance(pattern, doc.TimerPattern):
        return select.select_value(output, lambda subject: "TimerEvent")
    if isinstance(pattern, doc.ComplexPattern):
        pick = scope.names.picks[one.arguments[0]]
    return select.select_event(output, pick)
