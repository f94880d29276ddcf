"""Episodes, what people did with them, silences and inhibitions as JSON: what is not known is left out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sos_server.time import format_instant
from weps.notify.alert_json import alert_to_json
from weps.silences import WEEKDAYS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from weps.episodes import Episode, Note
    from weps.inhibitions import Inhibition
    from weps.matching import Matcher
    from weps.model import Alert
    from weps.silences import Silence


def episode_to_json(episode: Episode, newest: Alert | None) -> dict[str, Any]:
    """Give an episode as a list shows it; `newest` is the alert that changed it last, as long as it is kept."""
    members = {
        "id": episode.id,
        "subscription": episode.subscription_id,
        "title": newest.title if newest else None,
        "state": episode.state.value,
        "severity": episode.severity.value,
        "isOpen": episode.is_open,
        "opened": format_instant(episode.opened),
        "closed": _instant(episode.closed),
        "procedure": newest.procedure if newest else None,
        "observedProperty": newest.observed_property if newest else None,
        "featureOfInterest": newest.feature_of_interest if newest else None,
        "alertCount": episode.alert_count,
        "acknowledgedBy": episode.acknowledged_by,
        "acknowledged": _instant(episode.acknowledged),
        "acknowledgedUntil": _instant(episode.acknowledged_until),
        "assignee": episode.assignee,
        "escalated": episode.escalated,
        "silenced": episode.muted,
        "continuedBy": episode.continued_by,
    }
    return _known(members)


def whole_episode_to_json(
    episode: Episode, newest: Alert | None, alerts: Sequence[Alert], notes: Sequence[Note]
) -> dict[str, Any]:
    """
    Give an episode with its latest alerts and what people did with it, oldest first.

    `newest` is as in a list: it need not be among `alerts`, which may all have told again what it told.
    """
    return episode_to_json(episode, newest) | {
        "alerts": [alert_to_json(alert) for alert in alerts],
        "notes": [
            _known(
                {"time": format_instant(note.noted), "by": note.author, "action": note.action.value, "text": note.text}
            )
            for note in notes
        ],
    }


def silence_to_json(silence: Silence, now: datetime) -> dict[str, Any]:
    """Give a silence; `holds` is whether it is in force now."""
    weekly = silence.weekly
    members: dict[str, Any] = {
        "id": silence.id,
        "author": silence.author,
        "reason": silence.reason,
        "created": format_instant(silence.created),
        "begins": format_instant(silence.begins),
        "ends": _instant(silence.ends),
        "holds": silence.holds(now),
        **_meant(silence.matcher),
    }
    if weekly is not None:
        members["weekly"] = {
            "days": [WEEKDAYS[day] for day in weekly.days],
            "from": weekly.since.isoformat("minutes"),
            "until": weekly.until.isoformat("minutes"),
            "timeZone": weekly.zone,
        }
    return _known(members)


def inhibition_to_json(inhibition: Inhibition, now: datetime) -> dict[str, Any]:
    """Give an inhibition; `holds` is whether it is in force now."""
    members = {
        "id": inhibition.id,
        "author": inhibition.author,
        "reason": inhibition.reason,
        "created": format_instant(inhibition.created),
        "ends": _instant(inhibition.ends),
        "holds": inhibition.holds(now),
        "source": _meant(inhibition.source),
        "target": _meant(inhibition.target),
        "equal": list(inhibition.equal),
    }
    return _known(members)


def _meant(matcher: Matcher) -> dict[str, Any]:
    """Give which alerts are meant."""
    box = matcher.box
    members = {
        "subscription": list(matcher.subscriptions),
        "procedure": list(matcher.procedures),
        "observedProperty": list(matcher.observed_properties),
        "featureOfInterest": list(matcher.features_of_interest),
        "severity": [severity.value for severity in matcher.severities],
        "status": [status.value for status in matcher.statuses],
        "bbox": [box.west, box.south, box.east, box.north] if box else None,
    }
    return _known(members)


def _instant(instant: datetime | None) -> str | None:
    return None if instant is None else format_instant(instant)


def _known(members: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value not in (None, "", [])}
