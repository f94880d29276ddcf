"""
Detections and troubles of a source told to people: what makes an alert explain itself.

Everything that is said stands in the subscription, the rule or the observation; what is not known is left out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sos_server.time import format_instant
from weps.model import Alert, AlertStatus, Severity
from weps.notify.text import clean_identifier, clean_line, clean_text
from weps.notify.wording import (
    IDENTIFIER_LIMIT,
    MESSAGE_LIMIT,
    Facts,
    detection_facts,
    headline,
    observation_facts,
    rule_facts,
    time_facts,
)

if TYPE_CHECKING:
    from datetime import datetime

    from weps.model import Detection, Subscription, Value

TITLE_LIMIT = 200
TEXT_LIMIT = 8_000
URL_LIMIT = 4_000
STATUS_WORDS = {
    AlertStatus.EVENT: "",
    AlertStatus.FIRING: "",
    AlertStatus.RESOLVED: "Resolved: ",
    AlertStatus.NO_DATA: "No data: ",
    AlertStatus.SOURCE_DOWN: "Source down: ",
    AlertStatus.SOURCE_UP: "Source up again: ",
    AlertStatus.RULE_FAILED: "Rule failed: ",
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
    """Tell a detection to people."""
    observation = detection.observation
    value, uom = observed_value(detection)
    severity = detection.severity or subscription.severity
    position = observation.position if observation else None
    name = clean_line(rule_name or subscription.rule.name, IDENTIFIER_LIMIT)
    told = headline(detection, status, value, uom)
    facts = (
        rule_facts(subscription, name, severity, status)
        + detection_facts(detection, value, uom)
        + observation_facts(observation)
        + time_facts(detection, detected, late)
        + [("Evidence", evidence)]
    )
    return Alert(
        id=id,
        episode=episode,
        subscription_id=subscription.id,
        status=status,
        severity=severity,
        title=clean_line(f"{STATUS_WORDS[status]}{_prefix(subscription, name)}{told}", TITLE_LIMIT),
        text=_text(told, facts),
        rule_name=name,
        rule_version=subscription.rule_version,
        pattern=clean_identifier(detection.pattern, IDENTIFIER_LIMIT),
        detected=detected,
        event_time=detection.time,
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
    told = f"{endpoint} cannot be read" if down else f"{endpoint} can be read again"
    facts: Facts = [
        *rule_facts(subscription, name, Severity.UNKNOWN, status),
        ("Source", endpoint),
        ("Reason", clean_line(error, MESSAGE_LIMIT) if error and down else None),
        ("Last read with success", format_instant(last_success) if last_success else None),
        ("Detection time", format_instant(detected)),
        (
            "Meaning",
            "nothing is known of what is observed there meanwhile; what was missed is asked for later"
            if down
            else None,
        ),
    ]
    return Alert(
        id=id,
        episode=episode,
        subscription_id=subscription.id,
        status=status,
        severity=Severity.UNKNOWN,
        title=clean_line(f"{STATUS_WORDS[status]}{_prefix(subscription, name)}{told}", TITLE_LIMIT),
        text=_text(told, facts),
        rule_name=name,
        rule_version=subscription.rule_version,
        pattern="source",
        detected=detected,
        event_time=detected,
        phenomenon_time=detected,
    )


def compose_failure_alert(
    subscription: Subscription, *, id: str, rule_name: str, detected: datetime, reason: str
) -> Alert:
    """Tell people that the rule of a subscription cannot go on, so that nothing more will come from it."""
    name = clean_line(rule_name or subscription.rule.name, IDENTIFIER_LIMIT)
    told = "the rule cannot go on, and its subscription has ended"
    facts: Facts = [
        *rule_facts(subscription, name, Severity.UNKNOWN, AlertStatus.RULE_FAILED),
        ("Reason", clean_line(reason, MESSAGE_LIMIT)),
        ("Detection time", format_instant(detected)),
        ("Meaning", "nothing is watched by this rule any more; correct it and subscribe again"),
    ]
    return Alert(
        id=id,
        episode=id,
        subscription_id=subscription.id,
        status=AlertStatus.RULE_FAILED,
        severity=Severity.UNKNOWN,
        title=clean_line(f"{STATUS_WORDS[AlertStatus.RULE_FAILED]}{_prefix(subscription, name)}{told}", TITLE_LIMIT),
        text=_text(told, facts),
        rule_name=name,
        rule_version=subscription.rule_version,
        pattern="rule",
        detected=detected,
        event_time=detected,
        phenomenon_time=detected,
    )


def observed_value(detection: Detection) -> tuple[Value, str | None]:
    """
    Give the value that a detection tells, with its unit where that is certain.

    A rule may tell the observed value, or one it computed. The unit of the observation holds for the first only; a
    value compared with a threshold was compared in the threshold's unit.
    """
    observation, comparison = detection.observation, detection.comparison
    if detection.value is None:
        return (observation.value, observation.uom) if observation else (None, None)
    if comparison and comparison.uom:
        return detection.value, comparison.uom
    if observation and type(observation.value) is type(detection.value) and observation.value == detection.value:
        return detection.value, observation.uom
    return detection.value, None


def _prefix(subscription: Subscription, name: str) -> str:
    shown = clean_line(subscription.title or name, 80)
    return f"{shown}: " if shown else ""


def _identifier(text: str | None) -> str | None:
    return (clean_identifier(text, IDENTIFIER_LIMIT) or None) if text else None


def _text(told: str, facts: Facts) -> str:
    lines = [told, *(f"{label}: {fact}" for label, fact in facts if fact)]
    return clean_text("\n".join(lines), TEXT_LIMIT)
