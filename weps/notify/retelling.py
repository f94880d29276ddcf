"""Episodes told again, or closed by hand: alerts that are made of the alert before, and not of an observation."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from weps.model import Reminder
from weps.notify.languages import PHRASES
from weps.notify.message import TEXT_LIMIT, TITLE_LIMIT
from weps.notify.text import clean_line, clean_text, format_time

if TYPE_CHECKING:
    from datetime import datetime

    from weps.flapping import Flaps
    from weps.model import Alert, AlertStatus


def compose_reminder(alert: Alert, reminder: Reminder, *, id: str, detected: datetime) -> Alert:
    """Tell again what an alert told: in the same state, with the reason in front."""
    why = PHRASES[alert.language].reminders[reminder]
    return replace(
        alert,
        id=id,
        title=clean_line(f"{why}{alert.title}", TITLE_LIMIT),
        text=clean_text(f"{why}{alert.text}", TEXT_LIMIT),
        detected=detected,
        reminder=reminder,
        silenced=None,
        sequence=0,
    )


def compose_flapping(alert: Alert, flaps: Flaps, reminder: Reminder, *, id: str, detected: datetime) -> Alert:
    """Tell that something flaps, or how often it changed until it was calm; the state is that of its newest alert."""
    say = PHRASES[alert.language]
    phrase = say.flapping if reminder is Reminder.FLAPPING else say.flapping_over
    told = phrase.format(flaps.count, format_time(flaps.since or alert.event_time, say))
    made = compose_reminder(alert, reminder, id=id, detected=detected)
    return replace(made, text=clean_text(f"{say.reminders[reminder]}{told}\n{alert.text}", TEXT_LIMIT))


def compose_closing(
    alert: Alert, status: AlertStatus, *, id: str, detected: datetime, by: str | None = None, reason: str | None = None
) -> Alert:
    """Tell that the episode of its newest alert is over although nothing was observed that ends it."""
    say = PHRASES[alert.language]
    told = say.expired if by is None else say.cancelled.format(by)
    why = f"{say.labels.reason}{say.colon}{reason}" if reason else ""
    was = f"{say.labels.status}{say.colon}{say.statuses[alert.status]}"
    now = f"{say.labels.status}{say.colon}{say.statuses[status]}"
    before = [now if line == was else line for line in alert.text.split("\n")]
    title = alert.title.removeprefix(say.prefixes[alert.status])
    return replace(
        alert,
        id=id,
        status=status,
        event=status.value,
        title=clean_line(f"{say.prefixes[status]}{title}", TITLE_LIMIT),
        text=clean_text("\n".join(line for line in (told, why, *before) if line), TEXT_LIMIT),
        detected=detected,
        event_time=detected,
        late=False,
        reminder=None,
        silenced=None,
        sequence=0,
    )
