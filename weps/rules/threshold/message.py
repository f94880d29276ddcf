"""Message templates of threshold rules: a text with names of fields in braces, and nothing else that could be run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sos_server.time import format_instant
from weps.templates import fill_template, template_faults

if TYPE_CHECKING:
    from weps.model import Detection, Value

SHORT = 12
FIELDS = (
    "condition",
    "event",
    "feature",
    "name",
    "observedProperty",
    "procedure",
    "severity",
    "threshold",
    "time",
    "uom",
    "value",
)


def check_template(template: str) -> list[str]:
    """Give what is wrong with a template, and what to do."""
    return template_faults(template, FIELDS, "the message")


def render(template: str, name: str, detection: Detection) -> str:
    """Fill a checked template with what a detection says; a field that is not known there stays empty."""
    return fill_template(template, _fields(name, detection))


def _fields(name: str, detection: Detection) -> dict[str, str]:
    seen, comparison = detection.observation, detection.comparison
    uom = (comparison and comparison.uom) or (seen and seen.uom) or ""
    value = "" if detection.value is None else _text(detection.value)
    return {
        "amount": value or "an unknown number of",  # for the messages of detectors, which stand for rules without one
        "condition": comparison.condition if comparison else "",
        "event": detection.event or "",
        "feature": seen.feature_of_interest if seen else "",
        "name": name,
        "observedProperty": seen.observed_property if seen else "",
        "procedure": seen.procedure if seen else "",
        "severity": detection.severity or "",
        "threshold": " and ".join(_text(bound) for bound in comparison.bounds) if comparison else "",
        "time": format_instant(detection.time),
        "uom": uom,
        "value": value,
    }


def _text(value: Value) -> str:
    """Write a value; of a computed number not the digits without end, which tell nothing."""
    if not isinstance(value, float):
        return f"{value}"
    exact = f"{value:.12g}"
    return exact if len(exact) <= SHORT else f"{value:.8g}"
