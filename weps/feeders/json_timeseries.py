"""
Observations of 52°North's REST interface for time series (also called Helgoland) in JSON.

`getData` of one time series (`values`), of several (by their identifiers), and the metadata of time series, which hold
their first and last values. Times are milliseconds since 1970. What `getData` does not tell is unknown here; where the
metadata stand beside the values they are used.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sos_server.codecs.sampling20 import UNKNOWN
from weps.errors import InputError
from weps.feeders.json_parts import Members, geometry_of, name_of, result_of, time_of, unit_of
from weps.model import Observation

_PARTS = ("parameters", "seriesParameters", "datasetParameters")


def matches(document: Any) -> bool:
    """Tell whether a JSON document is one that is read here."""
    if isinstance(document, list):
        return bool(document) and all(isinstance(one, Mapping) and _is_metadata(one) for one in document)
    if not isinstance(document, Mapping):
        return False
    if _is_data(document) or _is_metadata(document):
        return True
    return bool(document) and all(isinstance(one, Mapping) and _is_data(one) for one in document.values())


def decode(document: Any) -> Iterator[Observation]:
    """Read all values of all time series, each once; raises `InputError` with the place of what cannot be read."""
    if isinstance(document, list):
        for one in document:
            yield from _series(one, name_of(one.get("id")) or UNKNOWN)
    elif _is_data(document) or _is_metadata(document):
        yield from _series(document, name_of(document.get("id")) or UNKNOWN)
    else:
        for identifier, one in document.items():
            yield from _series(one, str(identifier))


def _is_data(members: Members) -> bool:
    values = members.get("values")
    return isinstance(values, list) and (not values or (isinstance(values[0], Mapping | list)))


def _is_metadata(members: Members) -> bool:
    return "lastValue" in members and "id" in members


def _series(members: Members, identifier: str) -> Iterator[Observation]:
    parts: Members = next((members[name] for name in _PARTS if isinstance(members.get(name), Mapping)), {})
    station = members.get("station", members.get("feature", parts.get("platform")))
    station = station if isinstance(station, Mapping) else {}
    properties = station.get("properties")
    label = name_of(properties.get("label")) if isinstance(properties, Mapping) else name_of(station.get("label"))
    uom = unit_of(members.get("uom"))
    for number, (time, value) in enumerate(_values(members), start=1):
        where = f"{identifier} value {number}"
        found = time_of(time, where)
        if found is None:
            raise InputError("the value has no timestamp", where)
        result = result_of(value, uom, where)
        yield Observation(
            phenomenon_time=found.begin,
            procedure=_label(parts.get("procedure")) or identifier,
            observed_property=_label(parts.get("phenomenon")) or identifier,
            feature_of_interest=_label(parts.get("feature")) or label or identifier,
            value=result.value,
            uom=result.uom,
            phenomenon_time_end=found.end,
            offering=_label(parts.get("offering")),
            nil_reason=result.nil_reason,
            geometry=geometry_of(station.get("geometry")),
        )


def _label(value: Any) -> str | None:
    return (name_of(value.get("label")) if isinstance(value, Mapping) else None) or name_of(value)


def _values(members: Members) -> Iterator[tuple[Any, Any]]:
    points = members.get("values")
    if points is None:
        # The first and the last value may be the same one.
        held = [members.get(name) for name in ("firstValue", "lastValue")]
        points = [one for number, one in enumerate(held) if one and one not in held[:number]]
    for point in points:
        if isinstance(point, Mapping):
            time = point.get("timestamp", point.get("time"))
            begin = point.get("timestart")
            yield (time if begin is None else [begin, point.get("timeend", time)]), point.get("value")
        elif isinstance(point, list) and len(point) == 2:
            yield point[0], point[1]
        else:
            raise InputError("a value is neither an object nor a pair of time and value")
