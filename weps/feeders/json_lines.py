"""
Observations as JSON, one object a line: what `weps read` writes, with `id` and `geometry` (GeoJSON) where known.

Members that are not known here are left alone.
"""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any, NoReturn

from sos_server.time import parse_instant
from weps.errors import InputError
from weps.json_faults import json_fault
from weps.model import Observation

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

_NEEDED = ("phenomenon_time", "procedure", "observed_property", "feature_of_interest", "value")


def read_json_lines(lines: Iterable[bytes]) -> Iterator[Observation]:
    """Read the observations of a file of JSON lines; raises `InputError` with the line."""
    for number, line in enumerate(lines, start=1):
        text = line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line
        if text.strip():
            yield _read_line(text, f"line {number}")


def _read_line(line: bytes, where: str) -> Observation:
    try:
        members = json.loads(line, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise InputError(f"not one JSON object on one line: {json_fault(error)}", where) from error
    if not isinstance(members, dict):
        raise InputError("not a JSON object; an observation is an object with its members", where)
    missing = [name for name in _NEEDED if name not in members]
    if missing:
        raise InputError(f"the observation has no {', '.join(missing)}", where)
    time = _instant(members, "phenomenon_time", where)
    if time is None:
        raise InputError("phenomenon_time is null; an observation needs a time", where)
    end = _instant(members, "phenomenon_time_end", where)
    if end is not None and end < time:
        raise InputError("the period ends before it begins", where)
    return Observation(
        phenomenon_time=time,
        procedure=_name(members, "procedure", where),
        observed_property=_name(members, "observed_property", where),
        feature_of_interest=_name(members, "feature_of_interest", where),
        value=_value(members["value"], where),
        uom=_text(members, "uom", where),
        phenomenon_time_end=end,
        result_time=_instant(members, "result_time", where),
        offering=_text(members, "offering", where),
        nil_reason=_text(members, "nil_reason", where),
        geometry=_geometry(members, where),
        id=_identity(members.get("id"), where),
        quality=_text(members, "quality", where),
    )


def _refuse_constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is no JSON number")


def _text(members: dict[str, Any], name: str, where: str) -> str | None:
    value = members.get(name)
    if value is not None and not isinstance(value, str):
        raise InputError(f"{name} is {value!r}; text is needed", where)
    return value


def _name(members: dict[str, Any], name: str, where: str) -> str:
    value = _text(members, name, where)
    if not value:
        raise InputError(f"{name} is empty", where)
    return value


def _instant(members: dict[str, Any], name: str, where: str) -> datetime | None:
    text = _text(members, name, where)
    if text is None:
        return None
    try:
        return parse_instant(text)
    except ValueError as error:
        raise InputError(f"{name}: {error}", where) from error


def _value(value: Any, where: str) -> float | int | bool | str | None:
    if isinstance(value, list | dict) or (isinstance(value, float) and not math.isfinite(value)):
        raise InputError(f"the value {value!r} is neither a number, text, true, false nor null", where)
    result: float | int | bool | str | None = value
    return result


def _identity(value: Any, where: str) -> str:
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise InputError(f"the id {value!r} is neither text nor a whole number", where)
    return str(value)


def _geometry(members: dict[str, Any], where: str) -> dict[str, Any] | None:
    geometry = members.get("geometry")
    if geometry is not None:
        if (
            not isinstance(geometry, dict)
            or not isinstance(geometry.get("coordinates"), list)
            or not geometry.get("type")
        ):
            raise InputError("geometry is no GeoJSON geometry; type and coordinates are needed", where)
        return geometry
    place = [members.get("longitude"), members.get("latitude")]
    if place == [None, None]:
        return None
    if not all(isinstance(degrees, int | float) and not isinstance(degrees, bool) for degrees in place):
        raise InputError("longitude and latitude are needed together, as degrees", where)
    return {"type": "Point", "coordinates": place}
