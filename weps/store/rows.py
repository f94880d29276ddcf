"""Values of the model from rows of the tables, and back."""

from __future__ import annotations

from dataclasses import fields
from datetime import datetime
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from sos_server.time import from_microseconds, to_microseconds
from weps.episodes import Episode
from weps.model import (
    Alert,
    AlertStatus,
    AlertUse,
    Attention,
    Comparison,
    Corrections,
    Feed,
    Flapping,
    Language,
    LatePolicy,
    Observation,
    Ordering,
    Reminder,
    RuleText,
    Severity,
    Source,
    StoredItem,
    Subscription,
    SubscriptionStatus,
    Target,
)

if TYPE_CHECKING:
    from sqlalchemy import RowMapping

    from weps.model import Json

ALERT_COLUMNS = tuple(field.name for field in fields(Alert) if field.name not in ("sequence", "key"))
_COMPARISON = ALERT_COLUMNS.index("comparison")
_alert_values = attrgetter(*ALERT_COLUMNS)
ATTENTION_COLUMNS = (
    "repeat_interval",
    "escalate_after",
    "escalate_to",
    "flap_count",
    "flap_window",
    "group_window",
    "group_up_to",
)
EPISODE_COLUMNS = tuple(field.name for field in fields(Episode))
ITEM_COLUMNS = tuple(field.name for field in fields(StoredItem) if field.name != "sequence")
_PLAIN = ("value", "uom", "offering", "nil_reason", "geometry", "identifier", "id", "quality")
_INSTANTS = ("phenomenon_time", "phenomenon_time_end", "result_time")


def observation_to_json(observation: Observation) -> dict[str, Any]:
    """Give an observation as JSON, without its series; instants as microseconds since 1970 UTC."""
    stored: dict[str, Any] = {name: getattr(observation, name) for name in _PLAIN}
    for name in _INSTANTS:
        instant: datetime | None = getattr(observation, name)
        stored[name] = None if instant is None else to_microseconds(instant)
    return {name: value for name, value in stored.items() if value is not None}


def observation_from_json(series: tuple[str, str, str], stored: dict[str, Any]) -> Observation:
    """Give the observation back."""
    members = dict(stored)
    for name in _INSTANTS:
        if name in members:
            members[name] = from_microseconds(members[name])
    procedure, observed_property, feature = series
    return Observation(
        procedure=procedure,
        observed_property=observed_property,
        feature_of_interest=feature,
        value=members.pop("value", None),
        **members,
    )


def read_feed(row: RowMapping) -> Feed:
    """Give the feed of a row."""
    source = Source(row["binding"], row["endpoint"], row["template"])
    names = [field.name for field in fields(Feed) if field.name != "source"]
    return Feed(source=source, **{name: row[name] for name in names})


def read_subscription(row: RowMapping) -> Subscription:
    """Give the subscription of a row that is joined with its feed."""
    names = ("id", "token", "rule_version", "feed_id", "sampling_rate")
    instants = ("created", "activation", "expires", "start", "ended")
    texts = ("title", "process", "owner", "title_template", "message_template")
    return Subscription(
        rule=RuleText(row["rule_language"], row["rule_text"], row["rule_name"]),
        source=Source(row["binding"], row["endpoint"], row["template"]),
        status=SubscriptionStatus(row["status"]),
        targets=tuple(Target(*target) for target in row["targets"]),
        severity=Severity(row["severity"]),
        language=Language(row["language"]),
        alert_status=AlertUse(row["alert_status"]),
        next_poll=row["next_poll"] if row["status"] == SubscriptionStatus.ACTIVE else None,
        attention=read_attention(row),
        ordering=Ordering(LatePolicy(row["late_policy"]), row["late_bound"], Corrections(row["corrections"])),
        **{name: row[name] for name in (*names, *instants, *texts, "alert_count", "revision", "dropped", "corrected")},
    )


def read_attention(row: RowMapping) -> Attention:
    """Give how people are kept at the episodes of a subscription by its columns, `ATTENTION_COLUMNS`."""
    count, window = row["flap_count"], row["flap_window"]
    return Attention(
        repeat=row["repeat_interval"],
        escalate_after=row["escalate_after"],
        escalate_to=tuple(Target(*target) for target in row["escalate_to"]),
        flapping=None if count is None or window is None else Flapping(count, window),
        group=row["group_window"],
        group_up_to=Severity(row["group_up_to"]),
    )


def read_episode(row: RowMapping) -> Episode:
    """Give the episode of a row."""
    members = {name: row[name] for name in EPISODE_COLUMNS}
    return Episode(**members | {"state": AlertStatus(row["state"]), "severity": Severity(row["severity"])})


def alert_values(alert: Alert) -> tuple[Any, ...]:
    """Give the values of `ALERT_COLUMNS`."""
    values = list(_alert_values(alert))
    if alert.comparison is not None:
        comparison = alert.comparison
        shown = {"condition": comparison.condition, "bounds": comparison.bounds, "uom": comparison.uom}
        values[_COMPARISON] = shown
    return tuple(values)


def read_alert(row: RowMapping) -> Alert:
    """Give the alert of a row."""
    members = {name: row[name] for name in (*ALERT_COLUMNS, "sequence")}
    members["status"] = AlertStatus(members["status"])
    members["severity"] = Severity(members["severity"])
    members["language"] = Language(members["language"])
    members["use"] = AlertUse(members["use"])
    members["causes"] = tuple(members["causes"])
    members["reminder"] = Reminder(members["reminder"]) if members["reminder"] else None
    if members["comparison"] is not None:
        comparison = members["comparison"]
        members["comparison"] = Comparison(comparison["condition"], tuple(comparison["bounds"]), comparison["uom"])
    return Alert(**members)


def item_columns(item: StoredItem) -> dict[str, Json]:
    """Give the columns of a posted item."""
    return {name: getattr(item, name) for name in ITEM_COLUMNS} | {"categories": list(item.categories)}


def read_item(row: RowMapping) -> StoredItem:
    """Give the posted item of a row."""
    members = {name: row[name] for name in (*ITEM_COLUMNS, "sequence")}
    return StoredItem(**members | {"categories": tuple(members["categories"])})
