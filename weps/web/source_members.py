"""Sources, what they serve and what they have changed, as members of JSON."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sos_server.time import format_instant
from weps.feeders.forms import FORMS, read_asked
from weps.feeders.template import read_selection
from weps.health import Health, percentile
from weps.notify.text import without_keys, without_secrets

if TYPE_CHECKING:
    from weps.contents import Contents, Offering
    from weps.health import Asked
    from weps.model import Correction, Series, SourceChange
    from weps.store.sources import SeriesState, WatchedSource

Members = dict[str, Any]


def asked_members(source: WatchedSource) -> Members:
    """Give where a source is and what it is asked for; its template may hold keys, and is not shown."""
    asked = source.feed.source
    members: Members = {"binding": asked.binding, "endpoint": without_secrets(asked.endpoint)}
    if asked.binding in FORMS:
        told = read_asked(asked)
        members |= {"version": told.version, "operation": told.operation}
        members["selection"] = {name: list(values) for name, values in read_selection(asked).items()}
    return members


def arrival_members(source: WatchedSource) -> Members:
    """Give what came otherwise than it should, since the source was watched, and what had no result at last."""
    counters, last = source.health.counters, _last_answer(source.health)
    return known_members(
        late=counters.late,
        dropped=counters.dropped,
        tooLate=counters.overdue,
        repeated=counters.repeated,
        corrected=source.corrected,
        lost=counters.lost,
        nil=None if last is None else last.nils,
        elsewhere=None if last is None else last.elsewhere,
    )


def notices(health: Health) -> list[str]:
    """Give what whoever runs the service should know of the last answer."""
    last = _last_answer(health)
    if last is None or not last.elsewhere:
        return []
    return [f"{last.elsewhere} results of the last answer stand outside of it, behind a reference, and are not read"]


def _last_answer(health: Health) -> Asked | None:
    return next((asked for asked in reversed(health.requests) if asked.octets is not None), None)


def error_rates(health: Health, moment: datetime) -> Members:
    """Give the shares of polls that failed."""
    rates = {"lastHour": timedelta(hours=1), "lastDay": timedelta(days=1)}
    return {name: health.error_rate(moment, span) for name, span in rates.items()}


def answer_times(health: Health) -> Members | None:
    """Give how long a source takes to answer; None before it did."""
    times = health.answer_times()
    if not times:
        return None
    mean = sum(times) / len(times)
    found = {"last": times[-1], "mean": mean, "p95": percentile(times, 0.95)}
    return {name: round(seconds, 4) for name, seconds in found.items()} | {"requests": len(times)}


def summary(contents: Contents) -> Members:
    """Give what a service announces in short."""
    begins = [offering.begin for offering in contents.offerings if offering.begin]
    ends = [offering.end for offering in contents.offerings if offering.end]
    return known_members(
        title=contents.title or None,
        offerings=len(contents.offerings),
        procedures=len(contents.procedures),
        properties=len(contents.properties),
        begin=instant(min(begins, default=None)),
        end=instant(max(ends, default=None)),
    )


def offering_members(offering: Offering) -> Members:
    """Give an offering."""
    return known_members(
        id=offering.id,
        procedures=list(offering.procedures),
        properties=list(offering.properties),
        begin=instant(offering.begin),
        end=instant(offering.end),
    )


def correction_members(correction: Correction) -> Members:
    """Give a value that a source has changed."""
    return {
        **named_series(correction.series),
        "phenomenonTime": format_instant(correction.phenomenon_time),
        "before": correction.before,
        "after": correction.after,
        "recorded": format_instant(correction.recorded),
        "times": correction.times,
    }


def series_members(state: SeriesState, world: datetime) -> Members:
    """Give a series with its newest observation; the lag is counted in the time of the world."""
    return known_members(
        **named_series(state.series),
        newestObservation=instant(state.newest),
        lag=(world - state.newest).total_seconds(),
        value=state.observation.value,
        uom=state.observation.uom,
        usualDistance=seconds(state.hearing.usual_distance()) if state.hearing else None,
        silent=True if state.hearing and state.hearing.silent_at else None,
    )


def named_series(series: Series) -> Members:
    """Give what a series is of."""
    return {
        "procedure": series.procedure,
        "observedProperty": series.observed_property,
        "featureOfInterest": series.feature_of_interest,
    }


def change_members(change: SourceChange) -> Members:
    """Give what a service does not announce any more."""
    return known_members(
        time=instant(change.recorded),
        kind=change.kind,
        change="renamed" if change.after else "gone",
        before=change.before,
        after=change.after,
        offering=change.offering,
    )


def shown_error(text: str | None) -> str | None:
    """Give an error without the keys of the addresses in it."""
    return None if text is None else without_keys(text)


def known_members(**members: Any) -> Members:
    """Leave out what is not known."""
    return {name: value for name, value in members.items() if value is not None}


def instant(time: datetime | None) -> str | None:
    """Give an instant as JSON has it."""
    return None if time is None else format_instant(time)


def seconds(duration: timedelta | None) -> float | None:
    """Give a duration in seconds."""
    return None if duration is None else duration.total_seconds()
