"""What is said in an alert, as phrases that each language fills in: braces hold what is put there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from weps.model import AlertStatus, Reminder, Severity


@dataclass(frozen=True, slots=True)
class Labels:
    """What stands before each fact of an alert."""

    rule: str
    subscription: str
    severity: str
    status: str
    value: str
    last_observed: str
    condition: str
    pattern: str
    event: str
    procedure: str
    observed_property: str
    feature_of_interest: str
    place: str
    phenomenon_time: str
    event_time: str
    detection_time: str
    late: str
    caused_by: str
    evidence: str
    source: str
    offering: str
    target: str
    reason: str
    last_success: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Phrases:
    """
    One language.

    `prefixes` and `reminders` begin a title, `statuses` and `severities` are the words for people; `time` is for
    `strftime`, and what stands behind it is the fraction of a second and the zone. `day` and `days` are the words
    behind a number of days.
    """

    prefixes: Mapping[AlertStatus, str]
    reminders: Mapping[Reminder, str]
    statuses: Mapping[AlertStatus, str]
    severities: Mapping[Severity, str]
    conditions: Mapping[str, str]
    labels: Labels
    time: str
    zone: str
    decimal: str
    true: str
    false: str
    nil: str
    colon: str
    both: str
    at: str
    holds: str
    holds_no_longer: str
    no_observation: str
    observed_again: str
    of: str
    lasted: str
    silence: str
    day: str
    days: str
    version: str
    unnamed: str
    place: str
    period: str
    late: str
    more: str
    source_down: str
    source_up: str
    source_meaning: str
    source_silent: str
    source_speaks: str
    silence_meaning: str
    source_changed: str
    change_meaning: str
    gone: str
    renamed: str
    rule_failed: str
    rule_meaning: str
    target_down: str
    target_up: str
    target_meaning: str
    flapping: str
    flapping_over: str
    cancelled: str
    group: str
    group_more: str
    group_now: str
    group_acknowledged: str
    group_silenced: str
    expired: str
    test: str
    test_meaning: str
    digest: str
