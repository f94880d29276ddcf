"""Random rules: whatever is written is compiled or refused, and what is compiled can be stored at any point."""

from __future__ import annotations

import contextlib
import json
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.weps.rules.making import detections, level, rain
from weps.errors import RuleError
from weps.model import Observation
from weps.rules.threshold import compile_threshold
from weps.rules.threshold.detectors.spec import NeighbourSpec
from weps.rules.threshold.spec import FUNCTIONS, MODELS, AreaSpec, StepSpec

OBJECTS = (*MODELS.values(), *FUNCTIONS.values(), NeighbourSpec, AreaSpec, StepSpec)
MEMBERS = sorted({field.alias or name for model in OBJECTS for name, field in model.model_fields.items()})
WORDS = ["threshold", "noData", "and", "sequence", "greaterThan", "equal", "between", "mean", "change", "tumbling"]
WORDS += [*FUNCTIONS, "up", "absolute", "every", "rule", "PT1H", "P1D", "Minor", "m", "cm", "{value}", "{", ""]
scalars = st.sampled_from(WORDS) | st.integers(-3, 3) | st.floats(allow_nan=False) | st.booleans() | st.none()
anything = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(MEMBERS), inner, max_size=6),
    max_leaves=20,
)


@settings(max_examples=200, deadline=None)
@given(anything, st.sampled_from(["threshold", "noData", "and", "or", "sequence", None]))
def test_any_json_is_compiled_or_refused_with_lines(value, kind):
    """
    No text makes the compiler crash, and every fault lies inside the text.
    """
    if kind is not None and isinstance(value, dict):
        value = {**value, "type": kind}
    text = json.dumps(value, indent=1)

    with contextlib.suppress(RuleError):
        rule = compile_threshold(text)
        assert rule.name
    try:
        compile_threshold(text)
    except RuleError as error:
        lines = [fault.line for fault in error.faults]
        assert lines == sorted(lines)
        assert 1 <= lines[0] <= lines[-1] <= text.count("\n") + 1


DETECTORS: list[dict[str, Any]] = [
    {"function": "spike", "window": "PT20M", "minCount": 2},
    {"function": "drift", "window": "PT20M", "neighbour": {"observedProperty": "Wind"}},
    {"function": "seasonal", "minCount": 1, "scale": "absolute"},
    {"function": "ewma", "window": "PT5M", "baseline": "PT20M", "minCount": 2},
    {"function": "cusum", "baseline": "PT20M", "minCount": 2},
]
DETECTOR_NAMES = [detector["function"] for detector in DETECTORS]


@st.composite
def conditions(draw: Any) -> dict[str, Any]:
    rule: dict[str, Any] = {"type": "threshold", "observedProperty": draw(st.sampled_from(["Level", "Rain"]))}
    rule["condition"] = draw(st.sampled_from(["greaterThan", "lessThanOrEqual", "between", "outside", "notEqual"]))
    bounds = sorted(draw(st.lists(st.integers(0, 5), min_size=2, max_size=2)))
    if rule["condition"] in ("between", "outside"):
        rule |= {"lower": bounds[0], "upper": bounds[1]}
    else:
        rule["threshold"] = bounds[1 if rule["condition"] == "greaterThan" else 0]
    optional = {
        "of": st.fixed_dictionaries(
            {
                "function": st.sampled_from(["mean", "sum", "min", "max", "count", "stddev"]),
                "window": st.sampled_from(["PT5M", "PT20M", "P5DT7M"]),
                "kind": st.sampled_from(["sliding", "tumbling"]),
            }
        )
        | st.just({"function": "change", "window": "PT10M", "per": "PT5M"})
        | st.sampled_from(DETECTORS),
        "for": st.just("PT5M"),
        "consecutive": st.integers(1, 3),
        "trigger": st.sampled_from(["edge", "every"]),
    }
    for member, values in optional.items():
        if draw(st.integers(0, 2)) == 0:
            rule[member] = draw(values)
    function = rule.get("of", {}).get("function")
    if function == "drift":
        rule |= {"uom": "m"}
    if function in DETECTOR_NAMES and rule["condition"] == "notEqual":
        del rule["of"]
    if rule["condition"] == "greaterThan" and rule.get("trigger") != "every" and draw(st.booleans()):
        rule["reset"] = bounds[0]
    return rule


@st.composite
def shown(draw: Any) -> dict[str, Any]:
    """Rules that show what has begun but does not hold yet."""
    rule = draw(conditions().filter(lambda made: made.get("trigger") != "every"))
    return {**rule, "for": draw(st.sampled_from(["PT1M", "PT5M"])), "pending": True}


silences = st.sampled_from(
    [
        {"type": "noData", "observedProperty": "Rain", "after": "PT7M"},
        {"type": "stuck", "observedProperty": "Rain", "after": "PT7M", "minCount": 2},
    ]
)
members = conditions() | silences
joined = st.builds(
    lambda kind, rules, within: {"type": kind, "rules": rules, **within},
    st.sampled_from(["and", "or"]),
    st.lists(members, min_size=2, max_size=3),
    st.sampled_from([{}, {"within": "PT10M"}]),
)
sequences = st.builds(
    lambda rules: {"type": "sequence", "rules": rules, "within": "PT20M"},
    st.lists(members | joined, min_size=2, max_size=3),
)


def wind(minutes: float, value: int, **members: Any) -> Observation:
    return level(minutes, value, observed_property="Wind", **members)


streams = st.lists(
    st.tuples(st.sampled_from([level, rain, wind]), st.integers(0, 60), st.integers(0, 6)), min_size=1, max_size=25
)


@settings(max_examples=100, deadline=None)
@given(members | shown() | joined | sequences, streams, st.booleans())
def test_any_rule_can_be_stored_between_any_two_observations(rule, stream, sort):
    """
    The detections are those of a rule that was never interrupted, whatever it is made of, also for late observations.
    """
    if sort:
        stream = sorted(stream, key=lambda step: step[1])
    observations = [make(time, value, id=str(number)) for number, (make, time, value) in enumerate(stream)]

    found = detections(rule, observations, end=100)

    assert all(one.pattern == "threshold" and one.event in ("pending", "firing", "resolved") for one in found)


@settings(max_examples=100, deadline=None)
@given(members | joined | sequences, st.sampled_from([datetime.min, datetime.max]), st.integers(0, 6))
def test_the_ends_of_the_calendar_break_nothing(rule, end, value):
    """
    Observations of the first and the last minutes there are are taken like any other.
    """
    edge, later = end.replace(tzinfo=UTC), timedelta(minutes=1)
    first = edge - 2 * later if end == datetime.max else edge
    times = [first, first + later, first + later, first + 2 * later]
    machine = compile_threshold(json.dumps(rule))
    state = machine.start(times[0])

    for number, time in enumerate(times):
        for make in (level, rain):
            seen = make(0, value + number % 2, id=str(number))._replace(phenomenon_time=time)
            if machine.correlation_key(seen) is not None:
                state, _ = machine.step(state, seen)
            state, _ = machine.tick(machine.load(machine.dump(state)), time)

    assert machine.dump(machine.load(machine.dump(state))) == machine.dump(state)
