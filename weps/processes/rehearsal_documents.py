"""What a rehearsal found, as JSON, CSV and GeoRSS."""

from __future__ import annotations

import csv
import io
import json
import uuid
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from sos_server.time import format_instant
from weps.model import Subscription, SubscriptionStatus
from weps.notify.message import compose_alert, observed_value
from weps.notify.rss import build_feed
from weps.processes.base import JSON, Complex, Format
from weps.processes.inputs import format_duration
from weps.rules.backtest import to_members

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime, timedelta

    from weps.model import Alert, NewSubscription
    from weps.processes.rehearsal import Match, Rehearsal

CSV = "text/csv"
GEORSS = "application/rss+xml"
DETECTION_FORMATS = Complex((Format(JSON), Format(CSV), Format(GEORSS)))
COLUMNS = (
    *("time", "status", "pattern", "event", "output", "severity", "value", "uom", "message"),
    *("condition", "threshold", "procedure", "observedProperty", "featureOfInterest", "phenomenonTime"),
    *("longitude", "latitude"),
)
MOST_IN_FEED = 1000
"""So many of the first detections are in the feed; readers of feeds take no more, and one item is two kilobytes."""

_DANGEROUS = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """
    What was rehearsed: the subscription that would have been, its rule's name, what came of it, and how long it took.

    `evidence` gives the URL of what was observed between two instants, `base_url` is the address of this service.
    """

    new: NewSubscription
    rule_name: str
    rehearsal: Rehearsal
    took: timedelta
    base_url: str
    evidence: Callable[[datetime, datetime], str | None]


def write_detections(rehearsed: Rehearsed) -> dict[str, str]:
    """Give the detections by MIME type."""
    rows = [_members(match) for match in rehearsed.rehearsal.matches]
    return {JSON: _to_json(rehearsed, rows), CSV: _to_csv(rows), GEORSS: _to_georss(rehearsed)}


def _members(match: Match) -> dict[str, Any]:
    """Give a detection as in a line of `weps backtest`, with what was observed last and what it was compared with."""
    detection, observation = match.detection, match.detection.observation
    members = to_members(detection) | {"status": str(match.status)}
    value, uom = observed_value(detection)
    members |= {"value": value, "uom": uom, "severity": detection.severity}
    if detection.comparison is not None:
        bounds = detection.comparison.bounds
        members |= {"condition": detection.comparison.condition}
        members |= {"threshold": bounds[0] if len(bounds) == 1 else list(bounds)} if bounds else {}
    if observation is not None:
        members |= {
            "procedure": observation.procedure,
            "observedProperty": observation.observed_property,
            "featureOfInterest": observation.feature_of_interest,
            "phenomenonTime": format_instant(observation.phenomenon_time),
        }
        if observation.position is not None:
            members |= dict(zip(("longitude", "latitude"), observation.position, strict=True))
    return {name: member for name, member in members.items() if member is not None}


def _to_json(rehearsed: Rehearsed, rows: list[dict[str, Any]]) -> str:
    rehearsal = rehearsed.rehearsal
    return json.dumps(
        {
            "rule": rehearsed.rule_name,
            "begin": format_instant(rehearsal.begin),
            "end": format_instant(rehearsal.end),
            "observations": rehearsal.observations,
            "count": rehearsal.detections,
            "counts": {str(status): number for status, number in rehearsal.counts.items()},
            "timeInAlert": format_duration(rehearsal.in_alert),
            "duration": format_duration(rehearsed.took),
            "leftOut": rehearsal.detections - len(rows),
            "detections": rows,
        },
        ensure_ascii=False,
    )


def _to_csv(rows: list[dict[str, Any]]) -> str:
    written = io.StringIO()
    writer = csv.DictWriter(written, COLUMNS, extrasaction="ignore", lineterminator="\r\n")
    writer.writeheader()
    writer.writerows({name: _cell(row.get(name)) for name in COLUMNS} for row in rows)
    return written.getvalue()


def _cell(value: Any) -> Any:
    """Give a value as a cell: texts of strangers are no formulas for whoever opens the file in a spreadsheet."""
    if isinstance(value, list):
        return " ".join(map(str, value))
    return f"'{value}" if isinstance(value, str) and value.startswith(_DANGEROUS) else value


def _to_georss(rehearsed: Rehearsed) -> str:
    """Give the feed that the subscription would have had, newest first; neither it nor its alerts are kept."""
    new, rehearsal = rehearsed.new, rehearsed.rehearsal
    name = str(uuid.uuid4())
    subscription = Subscription(
        id=name,
        token=name,
        rule=replace(new.rule, name=rehearsed.rule_name),
        rule_version=1,
        source=new.source,
        feed_id=0,
        sampling_rate=new.sampling_rate,
        created=rehearsal.end,
        activation=rehearsal.begin,
        expires=rehearsal.end,
        start=rehearsal.begin,
        status=SubscriptionStatus.ENDED,
        title=new.title,
        severity=new.severity,
        process="weps:DryRun",
    )
    matches = rehearsal.matches[:MOST_IN_FEED]
    alerts = [_alert(rehearsed, subscription, number, match) for number, match in enumerate(matches)]
    url = f"{rehearsed.base_url}/"
    document = build_feed(subscription, alerts[::-1], self_url=None, alternate_url=url, alerts_url=None)
    return document.decode()


def _alert(rehearsed: Rehearsed, subscription: Subscription, number: int, match: Match) -> Alert:
    identifier = str(uuid.uuid5(uuid.UUID(subscription.id), str(number)))
    seen = match.detection.observation
    begin, end = (match.detection.time,) * 2 if seen is None else (seen.phenomenon_time, seen.end)
    return compose_alert(
        subscription,
        match.detection,
        id=identifier,
        episode=identifier,
        status=match.status,
        rule_name=rehearsed.rule_name,
        detected=match.detection.time,
        late=False,
        evidence=rehearsed.evidence(begin, end),
    )
