"""
What an alert says: the sentence that tells what happened, and the facts behind it, one a line.

A fact is a label and what is known; what is not known (None) is left out of the text. `say` has the words of the
subscription's language.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from weps.model import AlertStatus
from weps.notify.languages import PHRASES
from weps.notify.languages.english import ENGLISH
from weps.notify.text import clean_identifier, clean_line, format_time, format_value, short_name, with_unit

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from weps.model import Comparison, Detection, Observation, Severity, SourceChange, Subscription, Value
    from weps.notify.phrases import Phrases

Facts = list[tuple[str, str | None]]

IDENTIFIER_LIMIT = 1_000
MESSAGE_LIMIT = 2_000
CAUSES_SHOWN = 20

NO_DATA = "noData"
"""The condition of rules that wait for observations: its bound is a duration in seconds."""


def phrases_of(subscription: Subscription) -> Phrases:
    """Give the words of a subscription's language."""
    return PHRASES[subscription.language]


def headline(detection: Detection, status: AlertStatus, value: Value, uom: str | None, say: Phrases = ENGLISH) -> str:
    """Say in one sentence what happened: the rule's own message, else value against condition, else the event."""
    if detection.message:
        return clean_line(detection.message, MESSAGE_LIMIT)
    subject = subject_of(detection.observation, say)
    comparison = detection.comparison
    if status is AlertStatus.NO_DATA or (comparison and comparison.condition == NO_DATA):
        return _silence_headline(comparison, status, subject, say)
    if comparison is not None and value is not None:
        holds = say.holds_no_longer if status is AlertStatus.RESOLVED else say.holds
        told = f"{subject} {with_unit(value, uom, say)}".strip()
        return holds.format(told, describe_comparison(comparison, say))
    event = clean_line(detection.event or detection.output or detection.pattern, 100)
    if value is None:
        return f"{event} ({subject})" if subject else event
    return f"{event}{say.colon}{subject} {with_unit(value, uom, say)}".replace(f"{say.colon} ", say.colon)


def describe_comparison(comparison: Comparison, say: Phrases = ENGLISH) -> str:
    """Say what was compared with: `greater than 500`, `between 10 and 20 °C`."""
    if comparison.condition == NO_DATA:
        return say.silence.format(_silence(comparison, say))
    words = say.conditions.get(comparison.condition, clean_line(comparison.condition, 100))
    return f"{words} {bounds_of(comparison, say)}".strip()


def bounds_of(comparison: Comparison, say: Phrases) -> str:
    """Write what was compared with: one bound or two, with their unit."""
    *first, last = comparison.bounds or ("",)
    bounds = [*(format_value(bound, say) for bound in first), with_unit(last, comparison.uom, say)]
    return say.both.format(*bounds) if len(bounds) == 2 else bounds[-1]


def subject_of(observation: Observation | None, say: Phrases) -> str:
    """Name what was observed and where, shortly; the text has the whole names."""
    if observation is None:
        return ""
    both = (short_name(observation.observed_property), short_name(observation.feature_of_interest))
    names = [name for name in both if name]
    return say.at.format(*names) if len(names) == 2 else "".join(names)


def rule_facts(
    subscription: Subscription, name: str, severity: Severity, status: AlertStatus, say: Phrases = ENGLISH
) -> Facts:
    """Tell which rule of whose subscription spoke, and how bad it is."""
    title = f" ({clean_line(subscription.title, 200)})" if subscription.title else ""
    return [
        (say.labels.rule, say.version.format(name or say.unnamed, subscription.rule_version)),
        (say.labels.subscription, f"{subscription.id}{title}"),
        (say.labels.severity, say.severities[severity]),
        (say.labels.status, say.statuses[status]),
    ]


def detection_facts(detection: Detection, value: Value, uom: str | None, say: Phrases = ENGLISH) -> Facts:
    """Tell what was detected: value, condition, pattern."""
    comparison, labels = detection.comparison, say.labels
    return [
        (labels.value, with_unit(value, uom, say) if value is not None else None),
        (labels.last_observed, _last_observed(detection, value, uom, say)),
        (labels.condition, describe_comparison(comparison, say) if comparison else None),
        (labels.pattern, clean_line(detection.pattern, 200)),
        (labels.event, clean_line(detection.event, 200) if detection.event else None),
    ]


def observation_facts(observation: Observation | None, say: Phrases = ENGLISH) -> Facts:
    """Tell what was observed last: by what, of what, where and when."""
    if observation is None:
        return []
    labels, position = say.labels, observation.position
    degrees = [f"{degree:.7g}".replace(".", say.decimal) for degree in reversed(position)] if position else []
    return [
        (labels.procedure, clean_identifier(observation.procedure, IDENTIFIER_LIMIT)),
        (labels.observed_property, clean_identifier(observation.observed_property, IDENTIFIER_LIMIT)),
        (labels.feature_of_interest, clean_identifier(observation.feature_of_interest, IDENTIFIER_LIMIT)),
        (labels.place, say.place.format(*degrees) if degrees else None),
        (labels.phenomenon_time, _phenomenon_time(observation, say)),
    ]


def change_facts(changes: Sequence[SourceChange], say: Phrases = ENGLISH) -> Facts:
    """Tell what a source does not announce any more: by what kind of thing it is, and its new name where it has one."""
    labels = {"procedure": say.labels.procedure, "offering": say.labels.offering}
    facts: Facts = []
    for change in changes[:CAUSES_SHOWN]:
        before = clean_identifier(change.before, IDENTIFIER_LIMIT)
        after = clean_identifier(change.after, IDENTIFIER_LIMIT) if change.after else None
        told = say.renamed.format(before, after) if after else say.gone.format(before)
        facts.append((labels.get(change.kind, say.labels.observed_property), told))
    return facts


def time_facts(detection: Detection, detected: datetime, late: bool, say: Phrases = ENGLISH) -> Facts:
    """Tell when it was detected, whether that was late, and which observations led there."""
    observation, labels = detection.observation, say.labels
    told_apart = observation is None or detection.time != observation.end
    causes = detection.lineage or detection.causes or ()
    shown = ", ".join(clean_line(cause, 100) for cause in causes[:CAUSES_SHOWN])
    if len(causes) > CAUSES_SHOWN:
        shown = say.more.format(shown, len(causes) - CAUSES_SHOWN)
    return [
        (labels.event_time, format_time(detection.time, say) if told_apart else None),
        (labels.detection_time, format_time(detected, say)),
        (labels.late, say.late if late else None),
        (labels.caused_by, shown if causes else None),
    ]


def _silence_headline(comparison: Comparison | None, status: AlertStatus, subject: str, say: Phrases) -> str:
    of = say.of.format(subject) if subject else ""
    if status is AlertStatus.RESOLVED:
        return say.observed_again.format(of)
    lasted = ""
    if comparison and comparison.condition == NO_DATA:
        lasted = say.lasted.format(_silence(comparison, say))
    return f"{say.no_observation}{of}{lasted}"


def _silence(comparison: Comparison, say: Phrases) -> str:
    """Write the seconds of a rule for silence as a duration: `0:10:00`, `2 days, 0:00:00`."""
    (seconds, *_) = comparison.bounds
    lasted = timedelta(seconds=float(seconds))
    rest = str(lasted - timedelta(days=lasted.days))
    return f"{lasted.days} {say.day if lasted.days == 1 else say.days}{rest}" if lasted.days else rest


def _last_observed(detection: Detection, value: Value, uom: str | None, say: Phrases) -> str | None:
    """Tell the observed value where the rule's is another one: computed, or in another unit."""
    observation = detection.observation
    if observation is None or (observation.value, observation.uom) == (value, uom):
        return None
    return with_unit(observation.value, observation.uom, say)


def _phenomenon_time(observation: Observation, say: Phrases) -> str:
    begin = format_time(observation.phenomenon_time, say)
    end = observation.phenomenon_time_end
    if end is None or end == observation.phenomenon_time:
        return begin
    return say.period.format(begin, format_time(end, say))
