"""The process `weps:DryRun`: what would a subscription have found in the past?"""

from __future__ import annotations

import time
from datetime import timedelta
from typing import TYPE_CHECKING

from weps.errors import InputError
from weps.feeders.sources import PUSHED
from weps.model import NewSubscription, Severity
from weps.processes.base import Context, InputSpec, Kind, Literal, Outputs, OutputSpec, ProcessSpec
from weps.processes.inputs import format_duration
from weps.processes.rehearsal import MOST_LISTED, rehearse
from weps.processes.rehearsal_documents import DETECTION_FORMATS, MOST_IN_FEED, Rehearsed, write_detections
from weps.processes.rule_inputs import RULE_LANGUAGES, read_rule
from weps.processes.source_faults import known_series
from weps.processes.source_inputs import read_source, source_input
from weps.processes.subscribe import DEFAULT_SAMPLING_RATE, SUBSCRIBE
from weps.processes.subscribing import check_address, told_of
from weps.rules.languages import compile_rule

if TYPE_CHECKING:
    from datetime import datetime

    from weps.model import RuleText
    from weps.processes.inputs import Inputs


def _handle(inputs: Inputs, context: Context) -> Outputs:
    text, _ = read_rule(inputs)
    begin, end = _range(inputs)
    with told_of({"": "rule" if "rule" in inputs else "condition"}):
        rule = compile_rule(text)
    new = _imagined(inputs, context, text, begin)
    engine = context.engine
    began = time.monotonic()
    history = engine.history(new.source, begin, end)
    with known_series(context, new.source, inputs):
        rehearsal = rehearse(rule, history, begin, end, context.progress)
    took = timedelta(milliseconds=round(1000 * (time.monotonic() - began)))

    def evidence(first: datetime, last: datetime) -> str | None:
        return engine.evidence_url(new.source, first, last)

    return {
        "detections": write_detections(Rehearsed(new, rule.name, rehearsal, took, engine.base_url, evidence)),
        "count": str(rehearsal.detections),
        "observations": str(rehearsal.observations),
        "timeInAlert": format_duration(rehearsal.in_alert),
        "duration": format_duration(took),
        "info": f"{rehearsal.observations} observations were read and {rehearsal.detections} detections made "
        f"in {took.total_seconds():.1f} s; nothing was stored or sent",
    }


def _range(inputs: Inputs) -> tuple[datetime, datetime]:
    begin, end = inputs.instant("startTime"), inputs.instant("endTime")
    if begin is None or end is None:
        raise InputError("Give the time range as startTime and endTime.", "startTime" if begin is None else "endTime")
    if end <= begin:
        raise InputError("The range ends before it begins; give a later endTime.", "endTime")
    return begin, end


def _imagined(inputs: Inputs, context: Context, rule: RuleText, begin: datetime) -> NewSubscription:
    """Give the subscription that weps:Subscribe would have made of the same inputs."""
    source = read_source(inputs, context)
    if source.binding in PUSHED:
        raise InputError("What is pushed has no history that could be read.", source_input(inputs))
    check_address(context, source.endpoint, source_input(inputs))
    return NewSubscription(
        rule=rule,
        source=source,
        sampling_rate=inputs.duration("samplingRate") or DEFAULT_SAMPLING_RATE,
        start=begin,
        title=inputs.text("title") or "",
        severity=Severity(inputs.text("severity") or Severity.UNKNOWN),
    )


_RANGE = {
    "startTime": InputSpec("startTime", "Where the time range begins", Literal(Kind.INSTANT), "ISO 8601.", 1),
    "endTime": InputSpec("endTime", "Where the time range ends", Literal(Kind.INSTANT), "ISO 8601.", 1),
}
_SAME_INPUTS = tuple(spec for spec in SUBSCRIBE.inputs if spec.identifier not in _RANGE)

DRY_RUN = ProcessSpec(
    identifier="weps:DryRun",
    title="Try a subscription on the past",
    abstract="Takes the inputs of weps:Subscribe and a time range, reads that history from the Sensor Observation "
    "Service and runs the rule over it with the engine that runs live. Nothing is stored or sent; runtime, "
    "samplingRate and sink change nothing. Long ranges are better asked for as a job.",
    version="1.0.0",
    inputs=(*_SAME_INPUTS, *_RANGE.values()),
    outputs=(
        OutputSpec(
            "detections",
            "What the rule would have found",
            DETECTION_FORMATS,
            f"The first {MOST_LISTED}, as GeoRSS the first {MOST_IN_FEED}; the others are only counted.",
        ),
        OutputSpec("count", "How many detections there are", Literal(Kind.COUNT)),
        OutputSpec("observations", "How many observations were read", Literal(Kind.COUNT)),
        OutputSpec(
            "timeInAlert",
            "How long at least one alert was on",
            Literal(Kind.DURATION),
            "PT0S for rules whose detections stand alone.",
        ),
        OutputSpec("duration", "How long reading and evaluating took", Literal(Kind.DURATION)),
        OutputSpec("info", "What was done, for people", Literal()),
    ),
    handler=_handle,
    metadata=RULE_LANGUAGES,
)
