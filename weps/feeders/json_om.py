"""
Observations and Measurements in JSON: 52°North's binding for SOS 2.0, istSOS 3, and OM-JSON (OGC 15-100r1).

They differ in how a member is written and agree on what it is called, so one reader takes them all: a GetObservation
answer, an InsertObservation request, a list, or a single observation.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from sos_server.codecs.sampling20 import UNKNOWN
from weps.errors import InputError
from weps.feeders.json_parts import Members, Result, Time, geometry_of, name_of, quality_of, result_of, time_of, unit_of
from weps.model import Observation

_HOLDERS = ("observations", "observation", "member", "members", "data")
_PROPERTY = ("observedProperty", "observableProperty")
_TIME_TYPES = ("time", "timerange")
_SCALARS = ("quantity", "count", "boolean", "category", "text")


def matches(document: Any) -> bool:
    """Tell whether a JSON document is one that is read here; an answer without observations is one too."""
    if isinstance(document, Mapping) and document.get("service") == "SOS" and "observations" in document:
        return True
    first = next(_members(document), None)
    return first is not None and _is_observation(first)


def decode(document: Any) -> Iterator[Observation]:
    """Read all observations; raises `InputError` with the place of what cannot be read."""
    for number, members in enumerate(_members(document), start=1):
        if not _is_observation(members):
            raise InputError("it has no result with a procedure or an observed property", f"observation {number}")
        yield from _observation(members, f"observation {number}")


def _members(document: Any) -> Iterator[Members]:
    if isinstance(document, list):
        for one in document:
            yield from _members(one)
    elif isinstance(document, Mapping):
        holder = next((document[name] for name in _HOLDERS if isinstance(document.get(name), list | dict)), None)
        if holder is None or "result" in document:
            yield document
        else:
            yield from _members(holder)


def _is_observation(members: Members) -> bool:
    return "result" in members and any(name in members for name in ("procedure", *_PROPERTY))


def _observation(members: Members, where: str) -> Iterator[Observation]:
    feature = members.get("featureOfInterest")
    held = members.get(next((name for name in _PROPERTY if name in members), ""))
    uom = unit_of(held.get("uom")) if isinstance(held, Mapping) else None
    time, known = time_of(members.get("phenomenonTime"), where), time_of(members.get("resultTime"), where)
    common = _Common(members, held, feature)
    for result, observed_property, own_time in _results(members["result"], uom, where):
        found = own_time or time
        if found is None:
            raise InputError("it has no phenomenonTime", where)
        yield Observation(
            phenomenon_time=found.begin,
            procedure=common.procedure,
            observed_property=observed_property or common.observed_property,
            feature_of_interest=common.feature,
            value=result.value,
            uom=result.uom,
            phenomenon_time_end=found.end,
            # The result time and the identifier of an array are not those of its rows.
            result_time=known.begin if known is not None and own_time is None else None,
            offering=common.offering,
            nil_reason=result.nil_reason if result.value is None else None,
            geometry=common.geometry,
            identifier=name_of(members.get("identifier")) if own_time is None else None,
            quality=quality_of(members.get("resultQuality", members.get("quality"))),
        )


class _Common:
    """What all values of one observation share."""

    def __init__(self, members: Members, observed_property: Any, feature: Any) -> None:
        self.procedure = name_of(members.get("procedure")) or UNKNOWN
        self.observed_property = name_of(observed_property) or UNKNOWN
        self.feature = name_of(feature) or UNKNOWN
        self.offering = name_of(members.get("offering"))
        place = _sampling_geometry(members.get("parameter"))
        if place is None and isinstance(feature, Mapping):
            place = geometry_of(feature.get("geometry") or feature.get("shape") or feature.get("feature"))
        self.geometry = place


def _sampling_geometry(parameters: Any) -> dict[str, Any] | None:
    for one in parameters if isinstance(parameters, list) else ():
        named = one.get("NamedValue", one) if isinstance(one, Mapping) else {}
        name = name_of(named.get("name")) if isinstance(named, Mapping) else None
        if name is not None and name.endswith("samplingGeometry"):
            return geometry_of(named.get("value"))
    return None


def _results(value: Any, uom: str | None, where: str) -> Iterator[tuple[Result, str | None, Time | None]]:
    """Give each value of a result with the property and time that it names itself."""
    if isinstance(value, Mapping) and isinstance(value.get("fields"), list):
        yield from _rows(value, where)
    elif isinstance(value, Mapping) and isinstance(value.get("points"), list):
        yield from _points(value, uom, where)
    elif isinstance(value, list):
        yield from _record(value, where)
    elif isinstance(value, Mapping) and ("coordinates" in value or "geometries" in value):
        # A place is a result, but no value; nor is it nil.
        return
    else:
        yield result_of(value, uom, where), None, None


def _record(components: list[Any], where: str) -> Iterator[tuple[Result, str | None, Time | None]]:
    named = [one for one in components if isinstance(one, Mapping)]
    if len(named) != len(components):
        raise InputError(f"the result {json.dumps(components)[:80]} is no record of named fields", where)
    time = next((time_of(one.get("value"), where) for one in named if _kind(one) in _TIME_TYPES), None)
    values = [one for one in named if _kind(one) not in _TIME_TYPES]
    for one in values:
        yield result_of(one, None, where), _property(one) if len(values) > 1 else None, time


def _rows(array: Members, where: str) -> Iterator[tuple[Result, str | None, Time | None]]:
    fields = [one if isinstance(one, Mapping) else {} for one in array["fields"]]
    rows = array.get("values") or []
    time = _time_column(fields)
    values = [
        index for index, one in enumerate(fields) if _kind(one) not in _TIME_TYPES and _kind(one) in (*_SCALARS, "")
    ]
    for number, row in enumerate(rows, start=1):
        place = f"{where}, row {number}"
        if not isinstance(row, list) or len(row) != len(fields):
            raise InputError(f"the row does not have the {len(fields)} fields that are declared", place)
        when = None if time is None else time_of(row[time], place)
        for index in values:
            field = fields[index]
            found = result_of(row[index], unit_of(field.get("uom")), place)
            yield found, _property(field) if len(values) > 1 else None, when


def _time_column(fields: list[Members]) -> int | None:
    times = [index for index, one in enumerate(fields) if _kind(one) in _TIME_TYPES]
    told = [index for index in times if "resulttime" not in (name_of(fields[index].get("definition")) or "").lower()]
    return next(iter(told or times), None)


def _points(series: Members, uom: str | None, where: str) -> Iterator[tuple[Result, str | None, Time | None]]:
    default = series.get("defaultPointMetadata")
    uom = unit_of(default.get("uom")) if isinstance(default, Mapping) else uom
    for number, point in enumerate(series["points"], start=1):
        place = f"{where}, point {number}"
        when = time_of(point.get("time"), place) if isinstance(point, Mapping) else None
        if when is None:
            raise InputError("the point has no time", place)
        yield result_of(point.get("value"), uom, place), None, when


def _kind(field: Members) -> str:
    return str(field.get("type", "")).lower()


def _property(field: Members) -> str | None:
    return name_of(field.get("definition")) or name_of(field.get("name"))
