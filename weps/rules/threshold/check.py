"""
What must hold between the members of a rule.

Looks at the raw members and passes over what has the wrong type, so that these faults are told together with those that
pydantic finds.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from weps.rules.threshold.condition import EQUALITY, ORDERED, RANGES, RISING
from weps.rules.threshold.detectors.check import Problem, check_detector
from weps.rules.threshold.text import shown
from weps.rules.units import conversion

AGGREGATES = ("mean", "sum", "min", "max", "count", "stddev")


def check_threshold(raw: dict[str, Any]) -> Iterator[Problem]:
    """Check a rule of type threshold."""
    condition = raw.get("condition")
    condition = condition if isinstance(condition, str) else None
    if condition in RANGES:
        yield from _range(raw)
    elif condition in ORDERED or condition in EQUALITY:
        for member in ("lower", "upper"):
            if member in raw:
                yield member, f"{member} belongs to between and outside; write threshold for {condition}"
        yield from _bounds(raw, str(condition))
    if "reset" in raw and raw.get("trigger") == "every":
        yield "reset", "a reset threshold has no meaning with trigger every; remove one of them"
    yield from _pending(raw)
    if isinstance(raw.get("of"), dict):
        yield from _aggregate(raw, raw["of"])
    if isinstance(raw.get("area"), dict):
        yield from _area(raw["area"])


def check_silence(raw: dict[str, Any]) -> Iterator[Problem]:
    """Check a rule of type noData or stuck."""
    if isinstance(raw.get("area"), dict):
        yield from _area(raw["area"])


def check_compound(raw: dict[str, Any]) -> Iterator[Problem]:
    """Check a rule of type and, or, sequence."""
    if raw.get("type") == "sequence":
        if "within" not in raw:
            yield "", "within is missing; say how long after the first event the last one may come, as PT6H"
        for member in ("for", "consecutive", "trigger"):
            if member in raw:
                yield member, f"{member} has no meaning for a sequence; put it into one of its rules"
    yield from _pending(raw)
    rules = raw.get("rules")
    for index, rule in enumerate(rules if isinstance(rules, list) else ()):
        if not isinstance(rule, dict):
            continue
        if "correlate" in rule:
            yield f"rules.{index}.correlate", "only the outermost rule is correlated; move correlate there"
        if rule.get("pending") is True:
            yield f"rules.{index}.pending", "only the outermost rule is told; move pending there"
        if rule.get("type") == "sequence" and raw.get("type") != "sequence":
            yield f"rules.{index}.type", "a sequence happens at an instant and cannot hold; use it in a sequence only"


def _pending(raw: dict[str, Any]) -> Iterator[Problem]:
    """Check that a rule that shows what has begun has something that comes between the beginning and the alert."""
    if raw.get("pending") is not True:
        return
    if raw.get("type") == "sequence":
        yield "pending", "pending has no meaning for a sequence, which is a moment; remove it"
    elif raw.get("trigger") == "every" or ("trigger" not in raw and _all_every(raw.get("rules"))):
        yield "pending", "pending has no meaning with trigger every, which has no episodes; remove one of them"
    elif "for" not in raw and raw.get("consecutive", 1) == 1:
        yield "pending", "pending needs for or consecutive: without them an alert begins at once; add one of them"


def _all_every(rules: Any) -> bool:
    return isinstance(rules, list) and all(isinstance(each, dict) and each.get("trigger") == "every" for each in rules)


def _range(raw: dict[str, Any]) -> Iterator[Problem]:
    condition = raw["condition"]
    for member in ("lower", "upper"):
        if member not in raw:
            yield "", f"{member} is missing; {condition} needs lower and upper"
    for member in ("threshold", "reset", "steps"):
        if member in raw:
            yield member, f"{member} does not go with {condition}; remove it"
    lower, upper = _number(raw.get("lower")), _number(raw.get("upper"))
    if lower is not None and upper is not None and lower > upper:
        yield "lower", f"lower ({lower}) is greater than upper ({upper}); exchange them"


def _bounds(raw: dict[str, Any], condition: str) -> Iterator[Problem]:
    threshold = raw.get("threshold")
    if "steps" in raw:
        yield from _steps(raw, condition)
    elif threshold is None:
        yield "", f"threshold is missing; {condition} compares with it"
    if isinstance(threshold, str | bool):
        yield from _text(raw, condition, threshold)
    if condition not in ORDERED:
        for member in ("reset", "steps"):
            if member in raw:
                yield member, f"{member} does not go with {condition}; it needs an order: use {', '.join(ORDERED)}"
    else:
        yield from _reset("reset", condition, raw)


def _text(raw: dict[str, Any], condition: str, threshold: str | bool) -> Iterator[Problem]:
    if condition not in EQUALITY:
        yield (
            "threshold",
            f"{shown(threshold)} is no number; {condition} compares numbers, use equal or notEqual for texts",
        )
    for member in ("uom", "of"):
        if member in raw:
            yield member, f"{member} does not go with a threshold that is no number; remove it"


def _steps(raw: dict[str, Any], condition: str) -> Iterator[Problem]:
    for member in ("threshold", "reset", "severity"):
        if member in raw:
            yield member, f"{member} stands beside steps; each step has its own"
    steps = raw["steps"] if isinstance(raw["steps"], list) else []
    known = [step if isinstance(step, dict) else {} for step in steps]
    for index, (mild, bad) in enumerate(pairwise(known)):
        first, second = _number(mild.get("threshold")), _number(bad.get("threshold"))
        if first is None or second is None:
            continue
        if second <= first if condition in RISING else second >= first:
            yield f"steps.{index + 1}.threshold", "steps go from the mildest to the worst; put them in that order"
    for index, step in enumerate(known):
        yield from _reset(f"steps.{index}.reset", condition, step)


def _reset(member: str, condition: str, raw: dict[str, Any]) -> Iterator[Problem]:
    threshold, reset = _number(raw.get("threshold")), _number(raw.get("reset"))
    if threshold is None or reset is None:
        return
    if reset > threshold if condition in RISING else reset < threshold:
        side = "above" if condition in RISING else "below"
        yield member, f"reset ({reset}) is {side} the threshold ({threshold}); it must be where the value comes back to"


def _aggregate(raw: dict[str, Any], of: dict[str, Any]) -> Iterator[Problem]:
    function = of.get("function")
    if function == "change":
        if of.get("kind") == "tumbling":
            yield "of.kind", "change looks at the observation before and has no tumbling windows; remove kind"
        if "minCount" in of:
            yield "of.minCount", "change always takes two observations; remove minCount"
    elif function in AGGREGATES:
        if "window" not in of:
            yield "of", "window is missing; say how long, as PT3H"
        if "per" in of:
            yield "of.per", "per makes a rate of a change; remove it, or use the function change"
    else:
        yield from check_detector(raw, of)
    if function == "count" and raw.get("uom") not in (None, "1"):
        yield "uom", f"{shown(raw['uom'])} is the wrong kind of unit: a count has none; remove uom"


def _area(area: dict[str, Any]) -> Iterator[Problem]:
    if ("bbox" in area) == ("center" in area):
        yield "area", "an area has either bbox or center with radius; write one of them"
    if ("center" in area) != ("radius" in area):
        yield "area", "center and radius go together; write both"
    radius = _number(area.get("radius"))
    if radius is not None and radius <= 0:
        yield "area.radius", f"the radius ({radius}) must be greater than zero"
    uom = area.get("uom", "km")
    if isinstance(uom, str) and uom.strip() and conversion(uom.strip(), "km") is None:
        yield (
            "area.uom",
            f"{shown(uom)} is the wrong kind of unit: a radius is a length; write a UCUM code such as km or m",
        )


def _number(value: Any) -> float | None:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None
