"""
Detections and troubles of sources and targets told to people: what makes an alert explain itself.

Everything that is said stands in the subscription, the rule or the observation; what is not known is left out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from weps.model import Alert, AlertStatus, Severity
from weps.notify.place import place_of
from weps.notify.telling import template_fields, text_of, title_of
from weps.notify.text import clean_identifier, clean_line, clean_text, format_time, without_keys, without_secrets
from weps.notify.wording import (
    IDENTIFIER_LIMIT,
    MESSAGE_LIMIT,
    Facts,
    change_facts,
    detection_facts,
    headline,
    observation_facts,
    phrases_of,
    rule_facts,
    time_facts,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from weps.model import Detection, SourceChange, Subscription, Value
    from weps.notify.phrases import Phrases

TITLE_LIMIT, TEXT_LIMIT, URL_LIMIT = 200, 8_000, 4_000


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
    longitude, latitude, geometry = place_of(observation)
    name = clean_line(rule_name or subscription.rule.name, IDENTIFIER_LIMIT)
    title, text = _tell(
        subscription,
        detection,
        name=name,
        severity=severity,
        status=status,
        detected=detected,
        late=late,
        evidence=evidence,
    )
    return Alert(
        id=id,
        episode=episode,
        subscription_id=subscription.id,
        status=status,
        severity=severity,
        title=title,
        text=text,
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
        longitude=longitude,
        latitude=latitude,
        late=late,
        causes=detection.lineage or detection.causes or (),
        evidence=evidence if evidence and len(evidence) <= URL_LIMIT else None,
        geometry=geometry,
        language=subscription.language,
        use=subscription.alert_status,
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
    changes: Sequence[SourceChange] = (),
    about: str | None = None,
) -> Alert:
    """
    Tell people how the source of a subscription fares: one of the statuses `SOURCE_…`.

    `error` is why it is down, or since when it is silent; `changes` are what it does not announce any more; `about`
    is the part of it that this is about.
    """
    say = phrases_of(subscription)
    name = clean_line(rule_name or subscription.rule.name, IDENTIFIER_LIMIT)
    endpoint = clean_line(without_secrets(subscription.source.endpoint), URL_LIMIT)
    told, meaning = _source_words(status, say)
    facts: Facts = [
        *rule_facts(subscription, name, Severity.UNKNOWN, status, say),
        (say.labels.source, endpoint),
        (say.labels.reason, clean_line(without_keys(error), MESSAGE_LIMIT) if error and meaning else None),
        *change_facts(changes, say),
        (say.labels.last_success, format_time(last_success, say) if last_success else None),
        (say.labels.detection_time, format_time(detected, say)),
        (say.labels.meaning, meaning),
    ]
    told = told.format(f"{about} ({endpoint})" if about else endpoint)
    title, text = _title(subscription, name, status, told, say), _text(told, facts, say)
    return Alert(
        id=id,
        episode=episode,
        status=status,
        title=title,
        text=text,
        pattern="source",
        **_about_watching(subscription, name, detected),
    )


def _source_words(status: AlertStatus, say: Phrases) -> tuple[str, str | None]:
    """Give what is said of a source, and what that means; good news mean nothing more."""
    return {
        AlertStatus.SOURCE_DOWN: (say.source_down, say.source_meaning),
        AlertStatus.SOURCE_UP: (say.source_up, None),
        AlertStatus.SOURCE_SILENT: (say.source_silent, say.silence_meaning),
        AlertStatus.SOURCE_SPEAKS: (say.source_speaks, None),
        AlertStatus.SOURCE_CHANGED: (say.source_changed, say.change_meaning),
    }[status]


def compose_failure_alert(
    subscription: Subscription, *, id: str, rule_name: str, detected: datetime, reason: str
) -> Alert:
    """Tell people that the rule of a subscription cannot go on, so that nothing more will come from it."""
    say, status = phrases_of(subscription), AlertStatus.RULE_FAILED
    name = clean_line(rule_name or subscription.rule.name, IDENTIFIER_LIMIT)
    facts: Facts = [
        *rule_facts(subscription, name, Severity.UNKNOWN, status, say),
        (say.labels.reason, clean_line(reason, MESSAGE_LIMIT)),
        (say.labels.detection_time, format_time(detected, say)),
        (say.labels.meaning, say.rule_meaning),
    ]
    title, text = _title(subscription, name, status, say.rule_failed, say), _text(say.rule_failed, facts, say)
    return Alert(
        id=id,
        episode=id,
        status=status,
        title=title,
        text=text,
        pattern="rule",
        **_about_watching(subscription, name, detected),
    )


def compose_target_alert(
    subscription: Subscription,
    *,
    id: str,
    episode: str,
    status: AlertStatus,
    target: str,
    detected: datetime,
    error: str | None,
) -> Alert:
    """Tell people that alerts do not reach a target of a subscription (`TARGET_DOWN`), or do again (`TARGET_UP`)."""
    say, down = phrases_of(subscription), status is AlertStatus.TARGET_DOWN
    name = clean_line(subscription.rule.name, IDENTIFIER_LIMIT)
    shown = clean_line(target, URL_LIMIT)
    told = (say.target_down if down else say.target_up).format(shown)
    facts: Facts = [
        *rule_facts(subscription, name, Severity.UNKNOWN, status, say),
        (say.labels.target, shown),
        (say.labels.reason, clean_line(error, MESSAGE_LIMIT) if error and down else None),
        (say.labels.detection_time, format_time(detected, say)),
        (say.labels.meaning, say.target_meaning if down else None),
    ]
    title, text = _title(subscription, name, status, told, say), _text(told, facts, say)
    return Alert(
        id=id,
        episode=episode,
        status=status,
        title=title,
        text=text,
        pattern="target",
        **_about_watching(subscription, name, detected),
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


def _tell(
    subscription: Subscription,
    detection: Detection,
    *,
    name: str,
    severity: Severity,
    status: AlertStatus,
    detected: datetime,
    late: bool,
    evidence: str | None,
) -> tuple[str, str]:
    """Give title and text: by the subscription's templates where it has such, else as is usual in its language."""
    say = phrases_of(subscription)
    value, uom = observed_value(detection)
    told = headline(detection, status, value, uom, say)
    facts = (
        rule_facts(subscription, name, severity, status, say)
        + detection_facts(detection, value, uom, say)
        + observation_facts(detection.observation, say)
        + time_facts(detection, detected, late, say)
        + [(say.labels.evidence, evidence)]
    )
    title, text = _title(subscription, name, status, told, say), _text(told, facts, say)
    if subscription.title_template or subscription.message_template:
        fields = template_fields(
            subscription,
            detection,
            say,
            value=value,
            uom=uom,
            severity=severity,
            status=status,
            detectionTime=format_time(detected, say),
            evidence=evidence or "",
            facts=_text("", facts, say),
            message=told,
            name=name,
        )
        title = clean_line(title_of(subscription, fields, status, say), TITLE_LIMIT) or title
        text = clean_text(text_of(subscription, fields), TEXT_LIMIT) or text
    return title, text


def _about_watching(subscription: Subscription, name: str, detected: datetime) -> dict[str, Any]:
    """Give the members of an alert that is about the watching itself: it has a time, and nothing that was observed."""
    return {
        "subscription_id": subscription.id,
        "severity": Severity.UNKNOWN,
        "rule_name": name,
        "rule_version": subscription.rule_version,
        "detected": detected,
        "event_time": detected,
        "phenomenon_time": detected,
        "language": subscription.language,
        "use": subscription.alert_status,
    }


def _title(subscription: Subscription, name: str, status: AlertStatus, told: str, say: Phrases) -> str:
    shown = clean_line(subscription.title or name, 80)
    owner = f"{shown}{say.colon}" if shown else ""
    return clean_line(f"{say.prefixes[status]}{owner}{told}", TITLE_LIMIT)


def _text(told: str, facts: Facts, say: Phrases) -> str:
    lines = [told, *(f"{label}{say.colon}{fact}" for label, fact in facts if fact)]
    return clean_text("\n".join(lines), TEXT_LIMIT)


def _identifier(text: str | None) -> str | None:
    return (clean_identifier(text, IDENTIFIER_LIMIT) or None) if text else None
