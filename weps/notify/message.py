"""
Detections and troubles of a source told to people: what makes an alert explain itself.

Everything that is said stands in the subscription, the rule or the observation; what is not known is left out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sos_server.time import format_instant
from weps.model import Alert, AlertStatus, Severity
from weps.notify.text import clean_identifier, clean_line, clean_text, format_value, short_name, with_unit

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from weps.model import Comparison, Detection, Observation, Subscription, Value

TITLE_LIMIT = 200
TEXT_LIMIT = 8_000
IDENTIFIER_LIMIT = 1_000
MESSAGE_LIMIT = 2_000
URL_LIMIT = 4_000
CAUSES_SHOWN = 20

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
STATUS_WORDS = {
    AlertStatus.EVENT: "",
    AlertStatus.FIRING: "",
    AlertStatus.RESOLVED: "Resolved: ",
    AlertStatus.NO_DATA: "No data: ",
    AlertStatus.SOURCE_DOWN: "Source down: ",
    AlertStatus.SOURCE_UP: "Source up again: ",
}


def compose_alert(
    subscription: Subscription,
    detection: Detection,
    *,
    id: str,
    episode: str,
    status: AlertStatus,
    rule_name: str,
    detected: datetime,
    late: bool,
    evidence: str | None,
) -> Alert:
    """Tell a detection to people. Raises nothing: whatever was detected becomes an alert."""
    observation = detection.observation
    value, uom = observed_value(detection)
    severity = detection.severity or subscription.severity
    position = observation.position if observation else None
    name = clean_line(rule_name or subscription.rule.name, IDENTIFIER_LIMIT)
    headline = _headline(detection, status, value, uom)
    facts = (
        _rule_facts(subscription, name, severity, status)
        + _detection_facts(detection, value, uom)
        + _observation_facts(observation)
        + _time_facts(detection, detected, late)
        + [("Evidence", evidence)]
    )
    return Alert(
        id=id,
        episode=episode,
        subscription_id=subscription.id,
        status=status,
        severity=severity,
        title=clean_line(f"{STATUS_WORDS[status]}{_prefix(subscription, name)}{headline}", TITLE_LIMIT),
        text=_text(headline, facts),
        rule_name=name,
        rule_version=subscription.rule_version,
        pattern=clean_identifier(detection.pattern, IDENTIFIER_LIMIT),
        detected=detected,
        phenomenon_time=observation.phenomenon_time if observation else detection.time,
        event=_identifier(detection.event),
        output=_identifier(detection.output),
        value=clean_identifier(value, IDENTIFIER_LIMIT) if isinstance(value, str) else value,
        uom=uom,
        comparison=detection.comparison,
        procedure=_identifier(observation.procedure) if observation else None,
        observed_property=_identifier(observation.observed_property) if observation else None,
        feature_of_interest=_identifier(observation.feature_of_interest) if observation else None,
        longitude=position[0] if position else None,
        latitude=position[1] if position else None,
        late=late,
        causes=detection.lineage or detection.causes or (),
        evidence=evidence if evidence and len(evidence) <= URL_LIMIT else None,
    )


def compose_source_alert(
    subscription: Subscription,
    *,
    id: str,
    episode: str,
    status: AlertStatus,
    rule_name: str,
    detected: datetime,
    last_success: datetime | None,
    error: str | None,
) -> Alert:
    """Tell people that the source of a subscription cannot be read (`SOURCE_DOWN`), or can again (`SOURCE_UP`)."""
    name = clean_line(rule_name or subscription.rule.name, IDENTIFIER_LIMIT)
    endpoint = clean_line(subscription.source.endpoint, URL_LIMIT)
    down = status is AlertStatus.SOURCE_DOWN
    headline = f"{endpoint} cannot be read" if down else f"{endpoint} can be read again"
    facts: list[tuple[str, str | None]] = [
        *_rule_facts(subscription, name, Severity.UNKNOWN, status),
        ("Source", endpoint),
        ("Reason", clean_line(error, MESSAGE_LIMIT) if error and down else None),
        ("Last read with success", format_instant(last_success) if last_success else None),
        ("Detection time", format_instant(detected)),
        (
            "Meaning",
            "nothing is known of what is observed there meanwhile; what was missed is read later" if down else None,
        ),
    ]
    return Alert(
        id=id,
        episode=episode,
        subscription_id=subscription.id,
        status=status,
        severity=Severity.UNKNOWN,
        title=clean_line(f"{STATUS_WORDS[status]}{_prefix(subscription, name)}{headline}", TITLE_LIMIT),
        text=_text(headline, facts),
        rule_name=name,
        rule_version=subscription.rule_version,
        pattern="source",
        detected=detected,
        phenomenon_time=detected,
    )


def observed_value(detection: Detection) -> tuple[Value, str | None]:
    """
    Give the value that a detection tells, with its unit where that is certain.

    A rule may tell the observed value, or one it computed. The unit of the observation holds for the first only; a
    value compared with a threshold was compared in the threshold's unit.
    """
    observation = detection.observation
    if detection.value is None:
        return (observation.value, observation.uom) if observation else (None, None)
    if observation and type(observation.value) is type(detection.value) and observation.value == detection.value:
        return detection.value, observation.uom
    return detection.value, detection.comparison.uom if detection.comparison else None


def describe_comparison(comparison: Comparison) -> str:
    """Say what was compared with: `greater than 500`, `between 10 and 20 Cel`."""
    words = CONDITIONS.get(comparison.condition, clean_line(comparison.condition, 100))
    *first, last = comparison.bounds or ("",)
    bounds = [format_value(bound) for bound in first] + [with_unit(last, comparison.uom)]
    return f"{words} {' and '.join(bounds)}".strip()


def _headline(detection: Detection, status: AlertStatus, value: Value, uom: str | None) -> str:
    if detection.message:
        return clean_line(detection.message, MESSAGE_LIMIT)
    subject = _subject(detection.observation)
    if status is AlertStatus.NO_DATA:
        last = f" since {format_instant(detection.observation.end)}" if detection.observation else ""
        return f"no observation of {subject or 'what is watched'}{last}"
    if detection.comparison is not None and value is not None:
        verb = "is no longer" if status is AlertStatus.RESOLVED else "is"
        told = f"{subject} {with_unit(value, uom)}".strip()
        return f"{told} {verb} {describe_comparison(detection.comparison)}"
    event = clean_line(detection.event or detection.output or detection.pattern, 100)
    if value is None:
        return f"{event} ({subject})" if subject else event
    return f"{event}: {subject} {with_unit(value, uom)}" if subject else f"{event}: {with_unit(value, uom)}"


def _subject(observation: Observation | None) -> str:
    """Name what was observed and where, shortly; the text has the whole names."""
    if observation is None:
        return ""
    place = short_name(observation.feature_of_interest)
    return (
        f"{short_name(observation.observed_property)} at {place}"
        if place
        else short_name(observation.observed_property)
    )


def _prefix(subscription: Subscription, name: str) -> str:
    shown = clean_line(subscription.title or name, 80)
    return f"{shown}: " if shown else ""


def _rule_facts(
    subscription: Subscription, name: str, severity: Severity, status: AlertStatus
) -> list[tuple[str, str | None]]:
    title = f" ({clean_line(subscription.title, 200)})" if subscription.title else ""
    return [
        ("Rule", f"{name or 'unnamed'}, version {subscription.rule_version}"),
        ("Subscription", f"{subscription.id}{title}"),
        ("Severity", severity.value),
        ("Status", status.value),
    ]


def _detection_facts(detection: Detection, value: Value, uom: str | None) -> list[tuple[str, str | None]]:
    comparison = detection.comparison
    return [
        ("Value", with_unit(value, uom) if value is not None else None),
        ("Condition", describe_comparison(comparison) if comparison else None),
        ("Pattern", clean_line(detection.pattern, 200)),
        ("Event", clean_line(detection.event, 200) if detection.event else None),
    ]


def _observation_facts(observation: Observation | None) -> list[tuple[str, str | None]]:
    if observation is None:
        return []
    position = observation.position
    return [
        ("Procedure", _identifier(observation.procedure)),
        ("Observed property", _identifier(observation.observed_property)),
        ("Feature of interest", _identifier(observation.feature_of_interest)),
        ("Place", f"latitude {position[1]:.7g}, longitude {position[0]:.7g} (WGS 84)" if position else None),
        ("Phenomenon time", _phenomenon_time(observation)),
    ]


def _time_facts(detection: Detection, detected: datetime, late: bool) -> list[tuple[str, str | None]]:
    causes = detection.lineage or detection.causes or ()
    shown = ", ".join(clean_line(cause, 100) for cause in causes[:CAUSES_SHOWN])
    more = f" and {len(causes) - CAUSES_SHOWN} more" if len(causes) > CAUSES_SHOWN else ""
    return [
        ("Event time", format_instant(detection.time) if detection.observation is None else None),
        ("Detection time", format_instant(detected)),
        ("Late", "yes: the observation came after younger ones had been evaluated" if late else None),
        ("Caused by", shown + more if causes else None),
    ]


def _phenomenon_time(observation: Observation) -> str:
    begin = format_instant(observation.phenomenon_time)
    end = observation.phenomenon_time_end
    return begin if end is None or end == observation.phenomenon_time else f"{begin} to {format_instant(end)}"


def _identifier(text: str | None) -> str | None:
    return (clean_identifier(text, IDENTIFIER_LIMIT) or None) if text else None


def _text(headline: str, facts: Iterable[tuple[str, str | None]]) -> str:
    lines = [headline, *(f"{label}: {fact}" for label, fact in facts if fact)]
    return clean_text("\n".join(lines), TEXT_LIMIT)
