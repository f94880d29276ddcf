"""Alerts about single series of a source: one that has nothing new while others go on, and one that has again."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from weps.composing import source_alert_id
from weps.hearing import Hearing
from weps.model import Alert, AlertStatus, Series, Target
from weps.notify.message import compose_source_alert
from weps.notify.text import clean_identifier, clean_line, format_time, short_name
from weps.notify.wording import IDENTIFIER_LIMIT
from weps.source_alerts import in_seconds

if TYPE_CHECKING:
    from collections.abc import Iterator

    from weps.health import Health
    from weps.source_alerts import Alarm, Alerts
    from weps.store import BatchTransaction
    from weps.watch import Watch

LOG = logging.getLogger("weps.engine")

MOST_TOLD = 10
"""So many series that fall silent at once are told one by one; the others are shown with their source."""


def note_series(transaction: BatchTransaction, watched: Watch, health: Health, now: datetime, alarm: Alarm) -> bool:
    """Keep which series had something new, and tell which are silent and which speak again; tells whether it did."""
    spoken = watched.take_spoken()
    if not spoken:
        # Without news of any, it is the source that is silent.
        return False
    known = watched.hearings
    changed = {
        series: known[series].with_news(health.active) if series in known else Hearing(health.active)
        for series in spoken
    }
    again = [series for series in spoken if series in known and known[series].told]
    interval, multiple = transaction.feed.interval, alarm.series_stale_after
    overdue = sorted(
        series
        for series, hearing in known.items()
        if series not in changed and hearing.is_overdue(health.active, multiple, interval)
    )
    alerts: Alerts = []
    for series in again:
        alerts += _alerts(watched, series, known[series], AlertStatus.SOURCE_SPEAKS, now)
    for number, series in enumerate(overdue):
        told = number < MOST_TOLD
        changed[series] = known[series].silent(watched.newest(series).end, told=told)
        if told:
            reason = _silence(watched, series, len(overdue))
            alerts += _alerts(watched, series, changed[series], AlertStatus.SOURCE_SILENT, now, reason=reason)
    if overdue:
        LOG.info("series silent feed=%d count=%d", transaction.feed.id, len(overdue))
    transaction.save_hearings(changed)
    known.update(changed)
    transaction.add_alerts(alerts, now)
    return bool(alerts)


def _silence(watched: Watch, series: Series, count: int) -> str:
    newest, usual = watched.newest(series), watched.hearings[series].usual_distance()
    distance = usual and in_seconds(usual)
    reason = f"nothing newer than {format_time(newest.end)}; usually there is something every {distance}"
    if count > MOST_TOLD:
        reason += f"; {count} series of the source fell silent at once, of which {MOST_TOLD} are told"
    return reason


def _alerts(
    watched: Watch, series: Series, silence: Hearing, status: AlertStatus, now: datetime, *, reason: str = ""
) -> Iterator[tuple[Alert, tuple[Target, ...]]]:
    """Give the alerts to those whose rules look at a series; the episode follows from its last observation before."""
    began = silence.silent_at or now
    place = "\0".join((*series, str(silence.silences)))
    for subscription in watched.concerned(series):
        alert = compose_source_alert(
            subscription,
            id=source_alert_id(subscription, status, began, place),
            episode=source_alert_id(subscription, AlertStatus.SOURCE_SILENT, began, place),
            status=status,
            rule_name=subscription.rule.name,
            detected=now,
            last_success=now,
            error=reason or None,
            about=clean_line(" · ".join(short_name(part) for part in series if part), IDENTIFIER_LIMIT),
        )
        yield _of_series(alert, series), subscription.targets


def _of_series(alert: Alert, series: Series) -> Alert:
    procedure, observed_property, feature = (clean_identifier(name, IDENTIFIER_LIMIT) for name in series)
    return replace(alert, procedure=procedure, observed_property=observed_property, feature_of_interest=feature)
