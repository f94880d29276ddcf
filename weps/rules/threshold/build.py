"""From the members of a rule that has no faults to the machine that runs it."""

from __future__ import annotations

from typing import Any

from weps.rules.threshold.compound import CompoundRule, Member
from weps.rules.threshold.condition import RANGES, Condition
from weps.rules.threshold.detectors.drift import DriftRule
from weps.rules.threshold.detectors.spec import PURE_NUMBER, SUBJECT, Detector, DriftSpec
from weps.rules.threshold.detectors.stuck import Unchanged
from weps.rules.threshold.edge import Edge
from weps.rules.threshold.members import LONGEST_NAME
from weps.rules.threshold.nodata import NoDataRule
from weps.rules.threshold.quality import Quality
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
from weps.rules.threshold.spec import (
    MODELS,
    AreaSpec,
    CompoundSpec,
    NoDataSpec,
    QualitySpec,
    Selecting,
    Spec,
    StuckSpec,
    ThresholdSpec,
)
from weps.rules.units import convert


def build_rule(raw: dict[str, Any]) -> Member:
    """Give the machine of a rule whose members have been checked."""
    spec: Spec = MODELS[raw["type"]].model_validate(raw)
    if isinstance(spec, ThresholdSpec):
        return _build_threshold(spec)
    if isinstance(spec, NoDataSpec):
        name = spec.name or f"no {_watched(spec)} for {raw['after']}"
        correlate = spec.correlate or "rule"
        return NoDataRule(name, _select(spec), spec.after, spec.severity, correlate, spec.message)
    if isinstance(spec, StuckSpec):
        return _build_stuck(spec, raw["after"])
    return _build_compound(spec)


def _build_compound(spec: CompoundSpec) -> Member:
    members = tuple(build_rule(rule) for rule in spec.rules)
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
        name,
        members,
        spec.type == "and",
        spec.within,
        edge,
        every,
        spec.severity,
        correlate,
        spec.message,
        spec.pending,
    )


def _build_threshold(spec: ThresholdSpec) -> SimpleRule:
    members: dict[str, Any] = {
        "name": spec.name or _made_name(spec),
        "selection": _select(spec),
        "steps": _steps(spec),
        "source": _source(spec),
        "edge": Edge(spec.held_for, spec.consecutive),
        "every": spec.trigger == "every",
        "uom": spec.uom,
        "read": _reader(spec),
        "correlate": spec.correlate or "series",
        "message": spec.message,
        "pending": spec.pending,
    }
    if spec.of is not None and spec.of.function == "count":
        members["compared_uom"] = PURE_NUMBER
    if isinstance(spec.of, Detector):
        members |= {"message": spec.message or spec.of.message, "compared_uom": spec.of.compared_uom}
    if isinstance(spec.of, DriftSpec):
        return DriftRule(**members | {"correlate": spec.correlate or "rule"}, neighbour=_neighbour(spec, spec.of))
    return SimpleRule(**members)


def _build_stuck(spec: StuckSpec, after: str) -> SimpleRule:
    seconds = spec.after.total_seconds()
    return SimpleRule(
        spec.name or f"{_watched(spec)} unchanged for {after}",
        _select(spec),
        (Step(Condition("greaterThanOrEqual", (seconds,)), spec.severity),),
        Unchanged(spec.tolerance, spec.min_count),
        uom=spec.uom,
        correlate=spec.correlate or "series",
        message=spec.message or f"{SUBJECT} has not changed for {after}",
        compared_uom="s",
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
    if isinstance(of, Detector):
        bounds = [bound for step in _steps(spec) for bound in step.condition.bounds]
        return of.build(max(abs(bound) for bound in bounds if not isinstance(bound, str)))
    if of.function == "change" or of.window is None:
        return Change(of.window, of.per)
    kind = Sliding if of.kind == "sliding" else Tumbling
    return kind(of.function, of.window, of.min_count)


def _neighbour(spec: ThresholdSpec, of: DriftSpec) -> Selection:
    """Give the selection of the neighbour: its own names, and those of the rule where it has none."""
    return Selection(
        of.neighbour.procedure or spec.procedure,
        of.neighbour.observed_property or spec.observed_property,
        of.neighbour.feature_of_interest or spec.feature_of_interest,
        exclude=tuple(spec.exclude),
        quality=_quality(spec),
    )


def _select(spec: Selecting) -> Selection:
    area = None if spec.area is None else _area(spec.area)
    names = spec.procedure, spec.observed_property, spec.feature_of_interest
    return Selection(*names, area, tuple(spec.exclude), _quality(spec))


def _quality(spec: Selecting) -> Quality | None:
    if spec.quality is None:
        return None
    member = spec.quality if isinstance(spec.quality, QualitySpec) else QualitySpec(accept=spec.quality)
    return Quality(frozenset(flag.casefold() for flag in member.accept), member.unflagged)


def _area(spec: AreaSpec) -> Area:
    if spec.bbox is not None:
        return Box(*spec.bbox)
    longitude, latitude = spec.center or (0.0, 0.0)
    return Circle(longitude, latitude, convert(spec.radius or 0.0, spec.uom, "km"))


def _watched(spec: Selecting) -> str:
    return spec.observed_property or spec.procedure or spec.feature_of_interest or "observation"


def _made_name(spec: ThresholdSpec) -> str:
    detector = spec.of if isinstance(spec.of, Detector) else None
    watched = f"{detector.function} of {_watched(spec)}" if detector else _watched(spec)
    uom = None if detector and detector.compared_uom else spec.uom
    return f"{watched} {spec.condition} {_bound_text(spec)}{f' {uom}' if uom else ''}"


def _bound_text(spec: ThresholdSpec) -> str:
    if spec.condition in RANGES:
        return f"{spec.lower} and {spec.upper}"
    return str(spec.steps[0].threshold if spec.steps else spec.threshold)
