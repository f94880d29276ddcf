"""
Reading the properties of events.

A reader is bound once, when a rule is compiled. What is missing reads as None: absent, nil, or no finite number.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from operator import attrgetter
from typing import TYPE_CHECKING, Any, TypeAlias

from weps.rules.operators.event import Facts, span_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from weps.rules.operators.event import Event, Number, Span

Read: TypeAlias = "Callable[[Event], Any]"

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
TIMES = frozenset({"validTime", "phenomenonTime", "startTime", "endTime", "resultTime"})
KNOWN = frozenset({
    *TIMES, "sensorID", "procedure", "observedProperty", "featureOfInterest", "foiID", "value", "doubleValue",
    "stringValue", "uom", "geometry",
})  # fmt: skip
"""The names that every observation event has."""

SERIES = {"procedure": 0, "sensorID": 0, "observedProperty": 1, "featureOfInterest": 2, "foiID": 2}
"""The properties that a series has, with their place in it."""

read_value: Read = attrgetter("value")
read_number: Callable[[Event], Number | None] = attrgetter("number")


def text_of(value: Any) -> str | None:
    """Give a value as text: whole numbers without a fraction, times in ISO 8601, geometries as GeoJSON."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e16:
        return str(int(value))
    if isinstance(value, tuple):
        return "/".join(instant.isoformat() for instant in value)
    return json.dumps(value) if isinstance(value, dict) else str(value)


def milliseconds(instant: datetime) -> int:
    """Give an instant as milliseconds since 1970 UTC."""
    return (instant - _EPOCH) // _MILLISECOND


def _result_time(event: Event) -> datetime | None:
    if isinstance(event.body, Facts):
        return None
    return event.body.result_time or event.body.end


def _result_milliseconds(event: Event) -> int | None:
    instant = _result_time(event)
    return None if instant is None else milliseconds(instant)


def _of_observation(name: str, member: str) -> Read:
    get = attrgetter(member)

    def read(event: Event) -> Any:
        body = event.body
        if isinstance(body, Facts):
            return event.value if body.name == name else None
        return get(body)

    return read


_READERS: dict[str, Read] = {
    "value": read_value,
    "doubleValue": read_number,
    "stringValue": lambda event: text_of(event.value),
    "startTime": lambda event: milliseconds(span_of(event)[0]),
    "endTime": lambda event: milliseconds(span_of(event)[1]),
    "resultTime": _result_milliseconds,
    "phenomenonTime": span_of,
    "validTime": span_of,
    "procedure": _of_observation("procedure", "procedure"),
    "sensorID": _of_observation("sensorID", "procedure"),
    "observedProperty": _of_observation("observedProperty", "observed_property"),
    "featureOfInterest": _of_observation("featureOfInterest", "feature_of_interest"),
    "foiID": _of_observation("foiID", "feature_of_interest"),
    "uom": _of_observation("uom", "uom"),
    "geometry": _of_observation("geometry", "geometry"),
}


def is_value(event: Event, name: str) -> bool:
    """Tell whether a property is the event's value, under one of its names."""
    body = event.body
    return name in _VALUE_NAMES or name == (body.name if isinstance(body, Facts) else body.observed_property)


_VALUE_NAMES = frozenset({"value", "doubleValue", "stringValue"})


def property_reader(name: str) -> Read:
    """Give a reader of a property by its name; a name that is not a fixed one may be that of the value."""

    def read_named(event: Event) -> Any:
        return event.value if is_value(event, name) else None

    return _READERS.get(name, read_named)


def uom_of(event: Event) -> str | None:
    """Give the unit of the event's value; derived values have none."""
    return None if isinstance(event.body, Facts) else event.body.uom


def period_reader(name: str) -> Callable[[Event], Span | None]:
    """Give a reader of a property as a period; an instant has equal ends."""

    def read_result_time(event: Event) -> Span | None:
        instant = _result_time(event)
        return None if instant is None else (instant, instant)

    def read_edge(event: Event) -> Span:
        instant = span_of(event)[0 if name == "startTime" else 1]
        return instant, instant

    if name in ("startTime", "endTime"):
        return read_edge
    if name == "resultTime":
        return read_result_time
    return span_of


def geometry_reader() -> Callable[[Event], Mapping[str, Any] | None]:
    """Give a reader of the geometry of the observation."""
    return _READERS["geometry"]
