"""
What an alert says: the sentence that tells what happened, and the facts behind it, one a line.

A fact is a label and what is known; what is not known (None) is left out of the text.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from sos_server.time import format_instant
from weps.model import AlertStatus
from weps.notify.text import clean_identifier, clean_line, format_value, short_name, with_unit

if TYPE_CHECKING:
    from datetime import datetime

    from weps.model import Comparison, Detection, Observation, Severity, Subscription, Value

Facts = list[tuple[str, str | None]]

IDENTIFIER_LIMIT = 1_000
MESSAGE_LIMIT = 2_000
CAUSES_SHOWN = 20

NO_DATA = "noData"
"""The condition of rules that wait for observations: its bound is a duration in seconds."""

CONDITIONS = {
    "greaterThan": "greater than",
    "greaterThanOrEqual": "greater than or equal to",
    "lessThan": "less than",
    "lessThanOrEqual": "less than or equal to",
    "equal": "equal to",
    "notEqual": "not equal to",
    "between": "between",
    "outside": "outside",
}


def headline(detection: Detection, status: AlertStatus, value: Value, uom: str | None) -> str:
    """Say in one sentence what happened: the rule's own message, else value against condition, else the event."""
    if detection.message:
        return clean_line(detection.message, MESSAGE_LIMIT)
    subject = _subject(detection.observation)
    comparison = detection.comparison
    if status is AlertStatus.NO_DATA or (comparison and comparison.condition == NO_DATA):
        return _silence_headline(comparison, status, subject)
    if comparison is not None and value is not None:
        verb = "is no longer" if status is AlertStatus.RESOLVED else "is"
        told = f"{subject} {with_unit(value, uom)}".strip()
        return f"{told} {verb} {describe_comparison(comparison)}"
    event = clean_line(detection.event or detection.output or detection.pattern, 100)
    if value is None:
        return f"{event} ({subject})" if subject else event
    return f"{event}: {subject} {with_unit(value, uom)}" if subject else f"{event}: {with_unit(value, uom)}"


def describe_comparison(comparison: Comparison) -> str:
    """Say what was compared with: `greater than 500`, `between 10 and 20 Cel`."""
    if comparison.condition == NO_DATA:
        return f"no observation for more than {_silence(comparison)}"
    words = CONDITIONS.get(comparison.condition, clean_line(comparison.condition, 100))
    *first, last = comparison.bounds or ("",)
    bounds = [format_value(bound) for bound in first] + [with_unit(last, comparison.uom)]
    return f"{words} {' and '.join(bounds)}".strip()


def rule_facts(subscription: Subscription, name: str, severity: Severity, status: AlertStatus) -> Facts:
    """Tell which rule of whose subscription spoke, and how bad it is."""
    title = f" ({clean_line(subscription.title, 200)})" if subscription.title else ""
    return [
        ("Rule", f"{name or 'unnamed'}, version {subscription.rule_version}"),
        ("Subscription", f"{subscription.id}{title}"),
        ("Severity", severity.value),
        ("Status", status.value),
    ]


def detection_facts(detection: Detection, value: Value, uom: str | None) -> Facts:
    """Tell what was detected: value, condition, pattern."""
    comparison = detection.comparison
    return [
        ("Value", with_unit(value, uom) if value is not None else None),
        ("Last observed", _last_observed(detection, value, uom)),
        ("Condition", describe_comparison(comparison) if comparison else None),
        ("Pattern", clean_line(detection.pattern, 200)),
        ("Event", clean_line(detection.event, 200) if detection.event else None),
    ]


def observation_facts(observation: Observation | None) -> Facts:
    """Tell what was observed last: by what, of what, where and when."""
    if observation is None:
        return []
    position = observation.position
    return [
        ("Procedure", clean_identifier(observation.procedure, IDENTIFIER_LIMIT)),
        ("Observed property", clean_identifier(observation.observed_property, IDENTIFIER_LIMIT)),
        ("Feature of interest", clean_identifier(observation.feature_of_interest, IDENTIFIER_LIMIT)),
        ("Place", f"latitude {position[1]:.7g}, longitude {position[0]:.7g} (WGS 84)" if position else None),
        ("Phenomenon time", _phenomenon_time(observation)),
    ]


def time_facts(detection: Detection, detected: datetime, late: bool) -> Facts:
    """Tell when it was detected, whether that was late, and which observations led there."""
    observation = detection.observation
    told_apart = observation is None or detection.time != observation.end
    causes = detection.lineage or detection.causes or ()
    shown = ", ".join(clean_line(cause, 100) for cause in causes[:CAUSES_SHOWN])
    more = f" and {len(causes) - CAUSES_SHOWN} more" if len(causes) > CAUSES_SHOWN else ""
    return [
        ("Event time", format_instant(detection.time) if told_apart else None),
        ("Detection time", format_instant(detected)),
        ("Late", "yes: the observation came after younger ones had been evaluated" if late else None),
        ("Caused by", shown + more if causes else None),
    ]


def _silence_headline(comparison: Comparison | None, status: AlertStatus, subject: str) -> str:
    of = f" of {subject}" if subject else ""
    if status is AlertStatus.RESOLVED:
        return f"observations{of} come again"
    lasted = f" for more than {_silence(comparison)}" if comparison and comparison.condition == NO_DATA else ""
    return f"no observation{of}{lasted}"


def _silence(comparison: Comparison) -> str:
    """Write the seconds of a rule for silence as a duration: `0:10:00`, `2 days, 0:00:00`."""
    (seconds, *_) = comparison.bounds
    return str(timedelta(seconds=float(seconds)))


def _subject(observation: Observation | None) -> str:
    """Name what was observed and where, shortly; the text has the whole names."""
    if observation is None:
        return ""
    names = (short_name(observation.observed_property), short_name(observation.feature_of_interest))
    return " at ".join(name for name in names if name)


def _last_observed(detection: Detection, value: Value, uom: str | None) -> str | None:
    """Tell the observed value where the rule's is another one: computed, or in another unit."""
    observation = detection.observation
    if observation is None or (observation.value, observation.uom) == (value, uom):
        return None
    return with_unit(observation.value, observation.uom)


def _phenomenon_time(observation: Observation) -> str:
    begin = format_instant(observation.phenomenon_time)
    end = observation.phenomenon_time_end
    return begin if end is None or end == observation.phenomenon_time else f"{begin} to {format_instant(end)}"
