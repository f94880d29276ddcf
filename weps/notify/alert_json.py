"""Alerts and posted items as JSON: one object each, for programs."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sos_server.time import format_instant
from weps.notify.rss_elements import CAUSES_LIMIT, TEXT_LIMIT
from weps.notify.text import clean_identifier

if TYPE_CHECKING:
    from weps.model import Alert, RuleVersion, StoredItem


def alert_to_json(alert: Alert, rule: RuleVersion | None = None) -> dict[str, Any]:
    """
    Give an alert as JSON: instants as ISO 8601 in UTC, what is not known left out.

    `rule` is the version of the rule that gave it.
    """
    members = {name: _to_json(value) for name, value in asdict(alert).items()}
    if rule is not None:
        members["rule"] = asdict(rule.rule) | {"version": rule.version, "since": format_instant(rule.since)}
    return {name: value for name, value in members.items() if value is not None and value != []}


def alert_members(alert: Alert) -> dict[str, Any]:
    """Give what an alert knows beside id, title and text, bounded as in the other formats of feeds."""
    causes = tuple(clean_identifier(cause, 200) for cause in alert.causes[:CAUSES_LIMIT])
    members = alert_to_json(replace(alert, title="", text="", causes=causes))
    for name in ("id", "title", "text"):
        del members[name]
    return {
        name: clean_identifier(value, TEXT_LIMIT) if isinstance(value, str) else value
        for name, value in members.items()
    }


def item_to_json(item: StoredItem) -> dict[str, Any]:
    """Give what a posted item can be found by as JSON, in the same way; its text is the document that was posted."""
    members = {name: _to_json(value) for name, value in asdict(item).items()}
    return {
        name: value
        for name, value in members.items()
        if name not in ("document", "sequence", "is_own") and value is not None and value != []
    }


def _to_json(value: Any) -> Any:
    if isinstance(value, datetime):
        return format_instant(value)
    if isinstance(value, dict):
        return {name: _to_json(member) for name, member in value.items() if member is not None}
    return [_to_json(member) for member in value] if isinstance(value, tuple) else value
