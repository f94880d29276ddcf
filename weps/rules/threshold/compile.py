"""From the text of a rule in the threshold language to the machine that runs it."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, TypeAlias

from pydantic import ValidationError

from weps.errors import Fault, RuleError
from weps.rules.threshold.check import Problem, check_compound, check_silence, check_threshold
from weps.rules.threshold.compound import CompoundRule, Member
from weps.rules.threshold.condition import RANGES, Condition
from weps.rules.threshold.edge import Edge
from weps.rules.threshold.nodata import NoDataRule
from weps.rules.threshold.selection import (
    Area,
    Box,
    Circle,
    Reader,
    Selection,
    read_anything,
    read_number,
    read_text,
    read_truth,
)
from weps.rules.threshold.sequence import SequenceRule
from weps.rules.threshold.simple import SimpleRule, Step
from weps.rules.threshold.source import DIRECT, Change, Sliding, Source, Tumbling
from weps.rules.threshold.spec import LONGEST_NAME, MODELS, AreaSpec, CompoundSpec, NoDataSpec, Selecting, ThresholdSpec
from weps.rules.threshold.text import Lines, Path, read_json, shown
from weps.rules.units import convert

if TYPE_CHECKING:
    from weps.rules.base import Rule

Spec: TypeAlias = ThresholdSpec | NoDataSpec | CompoundSpec
CHECKS: dict[str, Callable[[dict[str, Any]], Iterator[Problem]]] = {
    "threshold": check_threshold,
    "noData": check_silence,
    "and": check_compound,
    "or": check_compound,
    "sequence": check_compound,
}
DEEPEST = 8


def compile_threshold(text: str) -> Rule:
    """Compile a rule; raises `RuleError` with every fault, each with its line."""
    raw, lines = read_json(text)
    faults = list(_faults(raw, (), lines))
    if faults:
        raise RuleError(tuple(dict.fromkeys(faults)))
    return _build(raw)


def _faults(raw: Any, path: Path, lines: Lines) -> Iterator[Fault]:
    line = lines.at(path)
    if not isinstance(raw, dict):
        yield Fault(line, "a rule is an object in braces with a type; see the threshold language")
        return
    kind = raw.get("type")
    if not isinstance(kind, str) or kind not in MODELS:
        known = ", ".join(MODELS)
        what = "type is missing" if kind is None else f"{shown(kind)} is no type of rule"
        yield Fault(lines.at((*path, "type")), f"{what}; write one of {known}")
        return
    if len(path) > 2 * DEEPEST:
        yield Fault(line, f"rules are nested deeper than {DEEPEST} levels; make it several rules")
        return
    try:
        MODELS[kind].model_validate(raw)
    except ValidationError as error:
        for problem in error.errors():
            where, message = _explain(problem, kind)
            yield Fault(lines.at((*path, *where)), message)
    for member, message in CHECKS[kind](raw):
        steps = tuple(int(step) if step.isdigit() else step for step in member.split(".")) if member else ()
        yield Fault(lines.at((*path, *steps)), message)
    rules = raw.get("rules")
    if MODELS[kind] is CompoundSpec and isinstance(rules, list):
        for index, rule in enumerate(rules):
            yield from _faults(rule, (*path, "rules", index), lines)


def _explain(problem: Any, kind: str) -> tuple[Path, str]:
    """Give the path of a fault that pydantic found, and say it in our words."""
    where: Path = problem["loc"]
    name = where[-1] if where else ""
    if problem["type"] == "missing":
        return where, f"{name} is missing; a {kind} rule needs it"
    if problem["type"] == "extra_forbidden":
        known = [field.alias or member for member, field in MODELS[kind].model_fields.items()]
        near = difflib.get_close_matches(str(name), known, 1)
        hint = f"did you mean {near[0]}?" if near and len(where) == 1 else "remove it"
        return where, f"{name} is no member that can stand here; {hint}"
    if problem["type"] == "value_error":
        return where, f"{name}: {problem['ctx']['error']}"
    if problem["type"] == "literal_error":
        return where, f"{name}: {shown(problem['input'])} is not known; write {problem['ctx']['expected']}"
    return where, f"{name}: {problem['msg'][0].lower()}{problem['msg'][1:]}"


def _build(raw: dict[str, Any]) -> Member:
    spec: Spec = MODELS[raw["type"]].model_validate(raw)
    if isinstance(spec, ThresholdSpec):
        return _build_threshold(spec)
    if isinstance(spec, NoDataSpec):
        name = spec.name or f"no {_watched(spec)} for {raw['after']}"
        correlate = spec.correlate or "rule"
        return NoDataRule(name, _select(spec), spec.after, spec.severity, correlate, spec.message)
    members = tuple(_build(rule) for rule in spec.rules)
    joint = " then " if spec.type == "sequence" else f" {spec.type} "
    name = spec.name or joint.join(member.name for member in members)[:LONGEST_NAME]
    correlate = spec.correlate or "rule"
    if spec.type == "sequence" and spec.within is not None:
        return SequenceRule(name, members, spec.within, spec.severity, correlate, spec.message)
    every = spec.trigger == "every" or (
        spec.trigger is None and all(rule.get("trigger") == "every" for rule in spec.rules)
    )
    edge = Edge(spec.held_for, spec.consecutive)
    return CompoundRule(
        name, members, spec.type == "and", spec.within, edge, every, spec.severity, correlate, spec.message
    )


def _build_threshold(spec: ThresholdSpec) -> SimpleRule:
    name = spec.name or f"{_watched(spec)} {spec.condition} {_bound_text(spec)}{f' {spec.uom}' if spec.uom else ''}"
    return SimpleRule(
        name,
        _select(spec),
        _steps(spec),
        _source(spec),
        Edge(spec.held_for, spec.consecutive),
        spec.trigger == "every",
        spec.uom,
        _reader(spec),
        spec.correlate or "series",
        spec.message,
    )


def _reader(spec: ThresholdSpec) -> Reader:
    if spec.of is not None and spec.of.function == "count":
        return read_anything
    if isinstance(spec.threshold, bool):
        return read_truth
    return read_text if isinstance(spec.threshold, str) else read_number


def _steps(spec: ThresholdSpec) -> tuple[Step, ...]:
    if spec.condition in RANGES and spec.lower is not None and spec.upper is not None:
        return (Step(Condition(spec.condition, (spec.lower, spec.upper)), spec.severity),)
    if spec.steps:
        return tuple(
            Step(Condition(spec.condition, (step.threshold,), step.reset), step.severity) for step in spec.steps
        )
    bound = 0 if spec.threshold is None else spec.threshold
    return (Step(Condition(spec.condition, (bound,), spec.reset), spec.severity),)


def _source(spec: ThresholdSpec) -> Source:
    of = spec.of
    if of is None:
        return DIRECT
    if of.function == "change" or of.window is None:
        return Change(of.window, of.per)
    kind = Sliding if of.kind == "sliding" else Tumbling
    return kind(of.function, of.window, of.min_count)


def _select(spec: Selecting) -> Selection:
    area = None if spec.area is None else _area(spec.area)
    return Selection(spec.procedure, spec.observed_property, spec.feature_of_interest, area, tuple(spec.exclude))


def _area(spec: AreaSpec) -> Area:
    if spec.bbox is not None:
        return Box(*spec.bbox)
    longitude, latitude = spec.center or (0.0, 0.0)
    return Circle(longitude, latitude, convert(spec.radius or 0.0, spec.uom, "km"))


def _watched(spec: Selecting) -> str:
    return spec.observed_property or spec.procedure or spec.feature_of_interest or "observation"


def _bound_text(spec: ThresholdSpec) -> str:
    if spec.condition in RANGES:
        return f"{spec.lower} and {spec.upper}"
    return str(spec.steps[0].threshold if spec.steps else spec.threshold)
