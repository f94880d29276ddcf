"""Observations and rules for the tests of the rule engine: short to write, with nothing that a test does not name."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from weps.model import Observation, Value
from weps.rules.backtest import backtest
from weps.rules.threshold import compile_threshold

NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)


def minute(minutes: float) -> datetime:
    """The instant so many minutes after noon."""
    return NOON + timedelta(minutes=minutes)


def level(minutes: float, value: Value, **members: Any) -> Observation:
    """An observation of the water level at the gauge, so many minutes after noon."""
    known = {"procedure": "gauge-1", "observed_property": "Level", "feature_of_interest": "river", "uom": "m"}
    return Observation(phenomenon_time=minute(minutes), value=value, **{"id": f"o{minutes:g}", **known, **members})


def threshold(**members: Any) -> dict[str, Any]:
    """A rule of type threshold; greater than 2 unless told otherwise. `held_for` stands for the member `for`."""
    rule = {"type": "threshold", "condition": "greaterThan", **members}
    if not {"threshold", "steps", "lower"} & set(rule):
        rule["threshold"] = 2
    if "held_for" in rule:
        rule["for"] = rule.pop("held_for")
    return rule


def compiled(rule: dict[str, Any]) -> Any:
    """The rule, compiled from its JSON text."""
    return compile_threshold(json.dumps(rule))


def run(rule: dict[str, Any], observations: list[Observation], **options: Any) -> list[tuple[str, str]]:
    """The events of a rule over observations, each with its time of day."""
    return [
        (detection["event"], detection["time"][11:16])
        for detection in backtest(compiled(rule), observations, **options)
    ]
