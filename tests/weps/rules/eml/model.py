"""
A slow evaluator of EML that keeps everything and computes everything anew: what the fast one is compared with.

It follows the sections of the operational semantics word by word, on dictionaries; it knows the guards and functions
of `documents.py`.
"""

from __future__ import annotations

import math
import statistics
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from weps.rules import expression as ex
from weps.rules.eml import document as doc
from weps.rules.operators.timer import At

if TYPE_CHECKING:
    from weps.model import Observation

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
AGGREGATES = {"SelectSum", "SelectAvg", "SelectMax", "SelectMin", "SelectCount", "SelectStdDev", "SelectFirst"}


def number(value: Any) -> Any:
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        return None
    return value


def text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def values(value: Any) -> dict[str, Any]:
    """The properties that a value has: 3.1 and 3.3."""
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return {}
    found = {"value": value, "stringValue": text(value)}
    if number(value) is not None:
        found["doubleValue"] = number(value)
    return found


class Model:
    """Evaluates one document; `found` are (time, pattern, output, value, causes)."""

    def __init__(self, document: doc.Document, activation: datetime) -> None:
        self.patterns = document.patterns
        self.streams = {one.event: (p.id, n) for p in self.patterns for n, one in enumerate(p.selects) if one.event}
        self.named = {(p.id, n): one.event for p in self.patterns for n, one in enumerate(p.selects)}
        self.clock, self.ids, self.trigger, self.order = activation, 0, 0, 0
        self.activation = activation
        self.timers: list[list[Any]] = []
        self.queue: list[Any] = []
        self.found: list[Any] = []
        self.view: dict[str, Any] = {
            p.id: {"content": [], "last": [], "anchor": None, "timer": None} for p in self.patterns
        }
        self.join: dict[str, Any] = {
            p.id: {"a": None, "b": None, "timer": None, "until": None, "pending": [], "seen": None}
            for p in self.patterns
        }
        for pattern in self.patterns:
            view = getattr(pattern, "view", None)
            if isinstance(pattern, doc.TimerPattern):
                self.next_tick(pattern)
            if view is not None and view.eager:
                self.view[pattern.id]["anchor"] = activation
                self.set_view_timer(pattern, activation + view.duration)

    # -- clock and triggers (2)

    def at(self, due: datetime, run: Any) -> list[Any]:
        self.order += 1
        timer = [due, self.order, run]
        self.timers.append(timer)
        return timer

    def advance(self, until: datetime) -> None:
        while self.timers and min(self.timers)[0] <= until:
            timer = min(self.timers)
            self.timers.remove(timer)
            self.clock = timer[0]
            self.trigger += 1
            timer[2]()
            self.finish()
        self.clock = max(self.clock, until)

    def observe(self, seen: Observation) -> None:
        self.advance(max(self.clock, seen.end))
        self.trigger += 1
        props = {
            "procedure": seen.procedure, "observedProperty": seen.observed_property, "uom": seen.uom,
            seen.observed_property: seen.value, **values(seen.value),
        }  # fmt: skip
        self.queue.append((None, self.event(props, [seen.id], set())))
        self.finish()

    def event(self, props: dict[str, Any], lineage: list[str], ancestors: set[int]) -> dict[str, Any]:
        self.ids += 1
        return {"id": self.ids, "trigger": self.trigger, "props": props, "lineage": lineage, "ancestors": ancestors}

    def finish(self) -> None:
        while True:
            while self.queue:
                stream, event = self.queue.pop(0)
                for pattern in self.patterns:
                    self.offer(pattern, stream, event)
            for pattern in self.patterns:
                state = self.join[pattern.id]
                pending, state["pending"] = state["pending"], []
                if pending and state["seen"] != self.trigger:
                    for event in pending:
                        self.enter(pattern, {"a": event, "b": None, "parts": [event]})
            if not self.queue:
                return

    # -- inputs (1.1, 4.1, 5, 7)

    def offer(self, pattern: doc.Pattern, stream: Any, event: Any) -> None:
        if isinstance(pattern, doc.SimplePattern):
            if self.streams.get(pattern.input) == stream and self.admits(pattern, event):
                self.enter(pattern, {"a": event, "b": None, "parts": [event]})
        elif isinstance(pattern, doc.ComplexPattern):
            first = (pattern.first.pattern, pattern.first.number) == stream
            second = (pattern.second.pattern, pattern.second.number) == stream
            if first or second:
                getattr(self, pattern.operator.lower())(pattern, event, first, second)
        elif isinstance(pattern, doc.RepetitivePattern):
            self.count(pattern, stream, event)

    def count(self, pattern: doc.RepetitivePattern, stream: Any, event: Any) -> None:
        if (pattern.repeated.pattern, pattern.repeated.number) != stream:
            return
        content = self.view[pattern.id]["content"]
        content.append({"a": event, "b": None, "parts": [event]})
        if len(content) == pattern.count:
            self.view[pattern.id]["content"] = []
            run = {"a": event, "b": None, "parts": [part for one in content for part in one["parts"]]}
            self.evaluate(pattern, [run], content, run["parts"], changed=True)

    def admits(self, pattern: doc.SimplePattern, event: Any) -> bool:
        for restriction in pattern.restrictions:
            value = event["props"].get(restriction.name)
            same = number(restriction.value) == value if isinstance(value, (int, float)) and not isinstance(
                value, bool) else value is not None and text(value) == restriction.value  # fmt: skip
            if not same:
                return False
        return True

    def match(self, pattern: doc.Pattern, a: Any, b: Any) -> None:
        parts = [one for one in (a, b) if one is not None]
        self.enter(pattern, {"a": a, "b": b, "parts": parts})

    def listen(self, pattern: Any) -> None:
        state = self.join[pattern.id]

        def expire() -> None:
            state["timer"] = None
            a, state["a"], state["b"] = state["a"], None, None
            if pattern.operator == "AND_NOT":
                self.match(pattern, a, None)

        if pattern.listening is not None and state["timer"] is None:
            state["timer"] = self.at(self.clock + pattern.listening, expire)

    def stop(self, pattern: Any) -> None:
        state = self.join[pattern.id]
        if state["timer"] is not None:
            self.timers.remove(state["timer"])
            state["timer"] = None

    def before(self, pattern: Any, event: Any, first: bool, second: bool) -> None:
        state = self.join[pattern.id]
        if second and state["a"] is not None and state["a"]["trigger"] < event["trigger"]:
            a, state["a"] = state["a"], None
            self.stop(pattern)
            self.match(pattern, a, event)
        elif first and state["a"] is None:
            state["a"] = event
            self.listen(pattern)

    def pair(self, pattern: Any, event: Any, first: bool, second: bool) -> Any:
        state = self.join[pattern.id]
        for side, fits in (("a", first), ("b", second)):
            if fits and state[side] is None:
                state[side] = event
        if state["a"] is None or state["b"] is None:
            self.listen(pattern)
            return None
        a, b, state["a"], state["b"] = state["a"], state["b"], None, None
        self.stop(pattern)
        return a, b

    def _and(self, pattern: Any, event: Any, first: bool, second: bool, wanted: Any = None) -> None:
        pair = self.pair(pattern, event, first, second)
        if pair is not None:
            causal = pair[0]["id"] in pair[1]["ancestors"] or pair[0] is pair[1]
            if wanted is None or causal == wanted:
                self.match(pattern, *pair)

    def cause(self, pattern: Any, event: Any, first: bool, second: bool) -> None:
        self._and(pattern, event, first, second, wanted=True)

    def parallel(self, pattern: Any, event: Any, first: bool, second: bool) -> None:
        self._and(pattern, event, first, second, wanted=False)

    def _or(self, pattern: Any, event: Any, first: bool, second: bool) -> None:
        self.match(pattern, event if first else None, None if first else event)

    def and_not(self, pattern: Any, event: Any, first: bool, second: bool) -> None:
        state = self.join[pattern.id]
        if first and second:
            return
        if pattern.listening is None:
            if first:
                state["pending"].append(event)
            else:
                state["seen"] = self.trigger
        elif first:
            if state["a"] is None and (state["until"] is None or self.clock >= state["until"]):
                state["a"] = event
                self.listen(pattern)
        elif state["a"] is not None:
            state["a"] = None
            self.stop(pattern)
        elif state["until"] is None or self.clock >= state["until"]:
            state["until"] = self.clock + pattern.listening

    def next_tick(self, pattern: Any) -> None:
        schedule = pattern.schedule
        due = schedule.next_tick(self.activation, self.clock) if isinstance(schedule, At) else self.clock + schedule

        def tick() -> None:
            self.next_tick(pattern)
            now = (self.clock - EPOCH) // timedelta(milliseconds=1)
            event = self.event(values(now), [], set())
            self.enter(pattern, {"a": event, "b": None, "parts": [event]})

        self.at(due, tick)

    # -- views (4.2)

    def set_view_timer(self, pattern: Any, due: datetime) -> None:
        state = self.view[pattern.id]

        def run() -> None:
            state["timer"] = None
            if pattern.view.batch:
                self.flush(pattern)
            else:
                self.expire(pattern)

        state["timer"] = self.at(due, run)

    def enter(self, pattern: Any, subject: Any) -> None:
        view, state = pattern.view, self.view[pattern.id]
        state["content"].append((self.clock, subject))
        if view.kind == "AllView":
            content = [one for _, one in state["content"]]
            self.change(pattern, [subject], [], content, subject["parts"])
        elif not view.batch:
            old = [state["content"].pop(0)] if view.count is not None and len(state["content"]) > view.count else []
            if view.duration is not None and state["timer"] is None:
                self.set_view_timer(pattern, self.clock + view.duration)
            self.change(pattern, [subject], [one for _, one in old], [one for _, one in state["content"]])
        elif view.count is not None and len(state["content"]) == view.count:
            self.flush(pattern)
        elif view.duration is not None and state["timer"] is None:
            anchor = self.clock
            if view.count is None:
                anchor = state["anchor"] = state["anchor"] or self.clock
            due = anchor + view.duration
            while due <= self.clock:
                due += view.duration
            self.set_view_timer(pattern, due)

    def expire(self, pattern: Any) -> None:
        view, state = pattern.view, self.view[pattern.id]
        old = [one for entered, one in state["content"] if entered + view.duration <= self.clock]
        state["content"] = [one for one in state["content"] if one[0] + view.duration > self.clock]
        if state["content"]:
            self.set_view_timer(pattern, state["content"][0][0] + view.duration)
        if old:
            self.change(pattern, [], old, [one for _, one in state["content"]])

    def flush(self, pattern: Any) -> None:
        view, state = pattern.view, self.view[pattern.id]
        if state["timer"] is not None:
            self.timers.remove(state["timer"])
            state["timer"] = None
        new, old = [one for _, one in state["content"]], state["last"]
        state["content"], state["last"] = [], new
        forced = view.eager or view.forced
        if view.duration is not None and (new or forced):
            self.set_view_timer(pattern, self.clock + view.duration)
        self.change(pattern, new, old, new, forced=forced and not new)

    # -- guard and select functions (4.3, 4.4)

    def change(self, pattern: Any, new: Any, old: Any, content: Any, parts: Any = None, forced: bool = False) -> None:
        guard = getattr(pattern, "guard", doc.Guard()).condition
        if isinstance(guard, doc.ViewCount):
            if len(content) != guard.count:
                return
            guard = None
        passing = [one for one in new if self.holds(pattern, guard, one)]
        changed = passing or [one for one in old if self.holds(pattern, guard, one)] or (forced and guard is None)
        inside = [one for one in content if self.holds(pattern, guard, one)]
        if pattern.view.kind == "SelectLast" and pattern.view.batch:
            passing = passing[-1:]
        parts = [part for one in inside for part in one["parts"]] if parts is None else parts
        self.evaluate(pattern, passing, inside, parts, bool(changed))

    def evaluate(self, pattern: Any, new: Any, inside: Any, parts: Any, changed: bool) -> None:
        for place, select in enumerate(pattern.selects):
            if select.function not in AGGREGATES:
                for subject in new:
                    self.fire(pattern, place, self.single(pattern, select, subject), subject["parts"])
            elif changed:
                self.fire(pattern, place, {"value": self.aggregate(pattern, select, inside)}, parts)

    def fire(self, pattern: Any, place: int, outcome: Any, parts: Any) -> None:
        if outcome is None or ("props" not in outcome and outcome["value"] is None):
            return
        select = pattern.selects[place]
        lineage = list(dict.fromkeys(one for part in parts for one in part["lineage"]))
        ancestors = {part["id"] for part in parts}.union(*(part["ancestors"] for part in parts))
        props = outcome.get("props") or values(outcome["value"])
        event = self.event(props, lineage, ancestors)
        self.queue.append(((pattern.id, place), event))
        if select.output is not None or not select.event:
            value = props.get("doubleValue", props.get("value")) if "props" in outcome else outcome["value"]
            causes = tuple(lineage) if select.causality else None
            self.found.append((self.clock, pattern.id, select.output, value, causes))

    def single(self, pattern: Any, select: doc.Select, subject: Any) -> Any:
        match select.function:
            case "SelectEvent":
                if isinstance(pattern, doc.TimerPattern):
                    return {"value": "TimerEvent"}
                event = subject["a"]
                if isinstance(pattern, doc.ComplexPattern):
                    event = self.side(pattern, select.arguments[0], subject)
                return None if event is None else {"props": dict(event["props"]) or {"none": None}}
            case "NotifyOnSelect":
                return {"value": select.arguments[0]}
            case "SelectDifference":
                first, second = (number(self.read(pattern, one, subject)) for one in select.arguments)
                return None if first is None or second is None else {"value": first - second}
            case "GetAdditiveInverseValue":
                value = self.read(pattern, select.arguments[0], subject)
                return {"value": value if value is None or isinstance(value, (str, bool)) else -value}
        return {"value": self.read(pattern, select.arguments[0], subject)}

    def aggregate(self, pattern: Any, select: doc.Select, inside: Any) -> Any:
        if select.function == "SelectCount":
            return len(inside)
        read = [self.read(pattern, select.arguments[0], one) for one in inside]
        if select.function == "SelectFirst":
            return read[0] if read else None
        exact = [Fraction(number(one)) for one in read if number(one) is not None]
        if not exact or (select.function == "SelectStdDev" and len(exact) < 2):
            return None
        functions: dict[str, Any] = {
            "SelectSum": sum, "SelectAvg": statistics.mean, "SelectMax": max, "SelectMin": min,
            "SelectStdDev": statistics.stdev,
        }  # fmt: skip
        return float(functions[select.function](exact))

    # -- references and conditions (3.2, 4.6)

    def side(self, pattern: Any, name: str, subject: Any) -> Any:
        keys = [(one.pattern, one.number) for one in (pattern.first, pattern.second)]
        names = [self.named[key] for key in keys]
        if names[0] == names[1]:
            return subject["b"] or subject["a"]
        return subject["a"] if name == names[0] else subject["b"]

    def read(self, pattern: Any, reference: str, subject: Any) -> Any:
        head, slash, rest = reference.partition("/")
        event = subject["b"] or subject["a"]
        if slash and isinstance(pattern, doc.ComplexPattern):
            event = self.side(pattern, head, subject)
        return None if event is None else event["props"].get(rest if slash else reference)

    def holds(self, pattern: Any, condition: Any, subject: Any) -> bool:
        match condition:
            case None:
                return True
            case ex.All(parts):
                return all(self.holds(pattern, part, subject) for part in parts)
            case ex.Not(part):
                return not self.holds(pattern, part, subject)
        left, right = self.read(pattern, condition.left.reference, subject), condition.right.number
        if left is None:
            return False
        if number(left) is None:
            left, right = text(left), condition.right.text
        else:
            left = number(left)
        return {
            "equal": left == right, "notEqual": left != right, "lessThan": left < right,
            "greaterThanOrEqual": left >= right,
        }[condition.relation]  # fmt: skip


setattr(Model, "and", Model._and)
setattr(Model, "or", Model._or)
