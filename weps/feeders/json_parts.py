"""What the JSON encodings of observations share: names, times, places and results, each in its ways of writing."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, TypeAlias

from sos_server.codecs.sampling20 import UNKNOWN
from sos_server.time import parse_instant
from weps.errors import InputError
from weps.model import Value

Members: TypeAlias = Mapping[str, Any]

_NAME_MEMBERS = ("identifier", "id", "@iot.id", "href", "def", "definition", "value", "name", "title")
_TIME_MEMBERS = ("instant", "timeInstant", "TimeInstant", "timePosition", "timePeriod", "TimePeriod", "value")
_BEGINS = ("begin", "beginPosition", "start")
_ENDS = ("end", "endPosition")
_NO_NUMBERS = frozenset({"nan", "inf", "-inf", "infinity", "-infinity"})
_NIL_NAMES = ("nilReason", "nilreason")


class Time(NamedTuple):
    """An instant, or a period with its end."""

    begin: datetime
    end: datetime | None = None


class Result(NamedTuple):
    """A value with its unit; None is nil, perhaps with a reason."""

    value: Value
    uom: str | None = None
    nil_reason: str | None = None


def name_of(value: Any) -> str | None:
    """Give the identifier that a member names: text, a number, or the first member of an object that identifies it."""
    if isinstance(value, str):
        return value.strip() or None
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    if isinstance(value, list):
        return name_of(value[0]) if len(value) == 1 else None
    if isinstance(value, Mapping):
        return next((name for member in _NAME_MEMBERS if (name := name_of(value.get(member)))), None)
    return None


def time_of(value: Any, where: str) -> Time | None:
    """Read a time: text, a list of both ends, milliseconds since 1970, or an object; None where there is none."""
    if isinstance(value, str) and value.strip():
        begin, slash, end = value.partition("/")
        return _time(_instant(begin, where), _instant(end, where) if slash else None, where)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return Time(_since_1970(value, where))
    if isinstance(value, list) and len(value) in (1, 2):
        parts = [time_of(part, where) for part in value]
        first, last = parts[0], parts[-1]
        if first is None or last is None:
            return None
        return _time(first.begin, last.begin if len(value) == 2 else None, where)
    if isinstance(value, Mapping):
        return _time_of_object(value, where)
    return None


def _time_of_object(value: Members, where: str) -> Time | None:
    begin = next((value[name] for name in _BEGINS if name in value), None)
    end = next((value[name] for name in _ENDS if name in value), None)
    if begin is not None and end is not None:
        return time_of([begin, end], where)
    inner = next((value[name] for name in _TIME_MEMBERS if name in value), None)
    return time_of(inner, where)


def _time(begin: datetime, end: datetime | None, where: str) -> Time:
    if end is not None and end < begin:
        raise InputError("the period ends before it begins", where)
    return Time(begin, None if end == begin else end)


def _instant(text: str, where: str) -> datetime:
    cleaned = text.strip()
    # An offset and the letter for UTC both: the offset is what the clock stood at.
    if len(cleaned) > 6 and cleaned[-1] in "Zz" and (cleaned[-6] in "+-" or cleaned[-7] in "+-") and "T" in cleaned:
        cleaned = cleaned[:-1]
    try:
        return parse_instant(cleaned)
    except ValueError as error:
        raise InputError(str(error), where) from error


def _since_1970(milliseconds: float, where: str) -> datetime:
    try:
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=milliseconds)
    except OverflowError as error:
        raise InputError(f"{milliseconds} ms since 1970 is no time", where) from error


def result_of(value: Any, uom: str | None, where: str) -> Result:
    """Read a scalar result: a value, or an object with `value` and `uom`; what is not finite is nil."""
    if isinstance(value, Mapping):
        reason = next((name_of(value[name]) for name in _NIL_NAMES if name in value), None)
        inner = result_of(value.get("value"), unit_of(value.get("uom") or value.get("unit")) or uom, where)
        return inner._replace(nil_reason=reason or inner.nil_reason)
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return Result(None, uom, UNKNOWN)
    if isinstance(value, str):
        return _result_of_text(value, uom)
    if isinstance(value, bool | int | float):
        return Result(value, uom)
    raise InputError(f"the result {json.dumps(value)[:80]} is no single value", where)


def _result_of_text(text: str, uom: str | None) -> Result:
    if text.strip().lower() in _NO_NUMBERS or (uom is not None and not text.strip()):
        return Result(None, uom, UNKNOWN)
    if uom is not None:
        try:
            return Result(float(text) if "_" not in text else text, uom)
        except ValueError:
            return Result(text, uom)
    return Result(text)


def unit_of(value: Any) -> str | None:
    """Give a unit: text, or an object with a symbol, a code, a definition or a name; `-` is none."""
    if isinstance(value, Mapping):
        members = ("symbol", "code", "uom", "definition", "href", "name", "title")
        return next((unit for member in members if (unit := unit_of(value.get(member)))), None)
    text = value.strip() if isinstance(value, str) else ""
    return None if text in ("", "-", "null") else text


def quality_of(value: Any) -> str | None:
    """Give the quality of a result as it stands there; objects as JSON."""
    if value is None or value in ("", [], {}):
        return None
    if isinstance(value, list) and len(value) == 1:
        return quality_of(value[0])
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)


def geometry_of(value: Any) -> dict[str, Any] | None:
    """
    Give a GeoJSON geometry, longitude first; of a GeoJSON feature its geometry.

    A geometry that declares EPSG:4326 has the order of its axes, latitude first; another system cannot be placed here.
    """
    if not isinstance(value, Mapping):
        return None
    if value.get("type") == "Feature":
        return geometry_of(value.get("geometry"))
    coordinates = value.get("coordinates")
    if not isinstance(value.get("type"), str) or not isinstance(coordinates, list):
        return None
    crs = _crs(value.get("crs"))
    if crs is not None and not crs.endswith(("4326", "CRS84", "4979")):
        return None
    if crs is not None and not crs.endswith("CRS84"):
        coordinates = _swapped(coordinates)
    return {"type": value["type"], "coordinates": coordinates} if _is_on_earth(coordinates) else None


def _crs(value: Any) -> str | None:
    properties = value.get("properties") if isinstance(value, Mapping) else None
    name = properties.get("name") if isinstance(properties, Mapping) else None
    return name if isinstance(name, str) else None


def _swapped(coordinates: list[Any]) -> list[Any]:
    if coordinates and not isinstance(coordinates[0], list):
        return [coordinates[1], coordinates[0], *coordinates[2:]] if len(coordinates) > 1 else coordinates
    return [_swapped(part) if isinstance(part, list) else part for part in coordinates]


def _is_on_earth(coordinates: list[Any]) -> bool:
    if coordinates and not isinstance(coordinates[0], list):
        numbers = coordinates[:2]
        if len(numbers) < 2 or not all(isinstance(one, int | float) and not isinstance(one, bool) for one in numbers):
            return False
        return bool(abs(numbers[0]) <= 360 and abs(numbers[1]) <= 90)
    return bool(coordinates) and all(isinstance(part, list) and _is_on_earth(part) for part in coordinates)
