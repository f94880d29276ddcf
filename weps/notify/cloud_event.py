"""Alerts as CloudEvents 1.0 in JSON: how webhooks and brokers get them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sos_server.time import format_instant
from weps.groups import PATTERN
from weps.notify.alert_json import alert_members
from weps.notify.links import permalink
from weps.notify.rss_elements import TEXT_LIMIT
from weps.notify.text import clean_line, clean_text

if TYPE_CHECKING:
    from weps.model import Alert

MEDIA_TYPE = "application/cloudevents+json"
TYPE = "org.weps.alert"
TEST_PATTERN = "test"
"""The pattern of the message that says that a target can be reached: it tells of nothing that was observed."""

TITLE_LIMIT = 300


def alert_to_cloud_event(alert: Alert, alerts_url: str) -> dict[str, Any]:
    """
    Give an alert as an event: its `id` is the alert's, so that doubles can be dropped.

    `source` is the subscription, `subject` the episode, or the group of alerts that it tells; `severity` and
    `sequence` are extension attributes.
    """
    kind = alert.pattern if alert.pattern in (TEST_PATTERN, PATTERN) else alert.status.value
    event = {
        "specversion": "1.0",
        "id": alert.id,
        "source": f"urn:uuid:{alert.subscription_id}",
        "type": f"{TYPE}.{kind}",
        "subject": alert.episode,
        "time": format_instant(alert.detected),
        "datacontenttype": "application/json",
        "severity": alert.severity.value,
        "data": alert_data(alert, alerts_url),
    }
    if alert.sequence:
        event["sequence"] = f"{alert.sequence:020d}"
    return event


def alert_data(alert: Alert, alerts_url: str) -> dict[str, Any]:
    """Give an alert for programs, bounded in every member; `url` is where it stays."""
    data = {
        "id": alert.id,
        "title": clean_line(alert.title, TITLE_LIMIT),
        "text": clean_text(alert.text, TEXT_LIMIT),
        **alert_members(alert),
    }
    if alert.pattern != TEST_PATTERN:
        data["url"] = permalink(alert, alerts_url)
    return data


def write_cloud_event(alert: Alert, alerts_url: str) -> bytes:
    """Write an alert as an event."""
    return json.dumps(alert_to_cloud_event(alert, alerts_url), ensure_ascii=False, allow_nan=False).encode()
