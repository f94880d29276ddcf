"""Several alerts of a subscription told as one: how many began and ended, the worst of them, and where all are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from weps.episodes import MOMENTARY, OPEN
from weps.groups import PATTERN, GroupAlert, GroupEntry, worst_of
from weps.model import AlertStatus
from weps.notify.languages import PHRASES
from weps.notify.message import TEXT_LIMIT, TITLE_LIMIT
from weps.notify.text import clean_line, clean_text, format_time

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import datetime

    from weps.groups import Standing, Window
    from weps.model import Alert, Subscription
    from weps.notify.phrases import Phrases

ENTRY_LIMIT = 160


def compose_group(
    subscription: Subscription,
    alerts: Sequence[Alert],
    *,
    window: Window,
    beginnings: Collection[int],
    standings: Mapping[str, Standing],
    feed: str,
    detected: datetime,
) -> GroupAlert:
    """
    Tell alerts, oldest first, as one.

    `beginnings` are the alerts that began an episode, `standings` how those stand now whose alerts are listed.
    """
    say, newest = PHRASES[subscription.language], alerts[-1]
    changes = [alert for alert in alerts if alert.reminder is None]
    began = sum(alert.sequence in beginnings for alert in changes)
    ended = sum(alert.status not in OPEN and alert.status not in MOMENTARY for alert in changes)
    worst = worst_of(alerts)
    entries = tuple(_entry(alert, standings[alert.episode]) for alert in worst)
    told = say.group.format(len(alerts), began, ended)
    owner = clean_line(subscription.title or subscription.rule.name, 80)
    lines = [
        told,
        f"{say.labels.severity}{say.colon}{say.severities[worst[0].severity]}",
        say.period.format(format_time(alerts[0].detected, say), format_time(newest.detected, say)),
        *(f"- {_line(entry, say)}" for entry in entries),
        say.group_more.format(len(alerts) - len(worst), feed) if len(alerts) > len(worst) else feed,
    ]
    return GroupAlert(
        id=window.id,
        episode=window.id,
        subscription_id=subscription.id,
        status=AlertStatus.EVENT,
        severity=worst[0].severity,
        title=clean_line(f"{owner}{say.colon}{told}" if owner else told, TITLE_LIMIT),
        text=clean_text("\n".join(lines), TEXT_LIMIT),
        rule_name=newest.rule_name,
        rule_version=newest.rule_version,
        pattern=PATTERN,
        detected=detected,
        event_time=alerts[0].event_time,
        phenomenon_time=newest.phenomenon_time,
        language=subscription.language,
        use=subscription.alert_status,
        sequence=newest.sequence,
        began=began,
        ended=ended,
        alert_count=len(alerts),
        entries=entries,
        feed=feed,
    )


def _entry(alert: Alert, standing: Standing) -> GroupEntry:
    episode = standing.episode
    return GroupEntry(
        id=alert.id,
        episode=alert.episode,
        title=clean_line(alert.title, ENTRY_LIMIT),
        severity=alert.severity,
        status=alert.status,
        event_time=alert.event_time,
        state=episode.state,
        reminder=alert.reminder,
        acknowledged_by=episode.acknowledged_by,
        silenced=standing.silenced,
    )


def _line(entry: GroupEntry, say: Phrases) -> str:
    """Write an alert in one line: what it told, how bad it was, and what has become of it since."""
    facts = [say.severities[entry.severity]]
    if entry.state is not entry.status:
        facts.append(say.group_now.format(say.statuses[entry.state]))
    if entry.acknowledged_by:
        facts.append(say.group_acknowledged.format(clean_line(entry.acknowledged_by, 40)))
    if entry.silenced:
        facts.append(say.group_silenced)
    return f"{entry.title} ({', '.join(facts)})"
