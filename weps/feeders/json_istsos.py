"""
Observations of istSOS 2 in JSON: `ObservationCollection` of its SOS, `data` of its REST interface, and specimens.

Each member has a DataArray whose fields are a time, a value for each property, and behind it the index of its quality.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from sos_server.codecs.sampling20 import UNKNOWN
from weps.errors import InputError
from weps.feeders.json_parts import Members, name_of, quality_of, result_of, time_of, unit_of
from weps.model import Observation

_QUALITY = re.compile(r":?quality_?index\Z", re.IGNORECASE)
_POSITION = re.compile(r"[xyz]-position\Z", re.IGNORECASE)
_COORDINATES = re.compile(r"<(?:\w+:)?(?:coordinates|pos)[^>]*>([^<]+)</", re.IGNORECASE)
_WGS_84 = re.compile(r"""srsName\s*=\s*["'][^"']*\b4326["']""", re.IGNORECASE)


def matches(document: Any) -> bool:
    """Tell whether a JSON document is one that is read here."""
    if not isinstance(document, Mapping):
        return False
    if isinstance(document.get("ObservationCollection"), Mapping):
        return True
    first = next(_members(document), None)
    return first is not None and (_is_specimen(first) or _array(first) is not None)


def decode(document: Any) -> Iterator[Observation]:
    """Read all observations; raises `InputError` with the place of what cannot be read."""
    procedure = name_of(document.get("procedure_id")) or UNKNOWN
    for number, member in enumerate(_members(document), start=1):
        where, array = f"member {number}", _array(member)
        if array is not None:
            yield from _rows(member, array, where)
        elif _is_specimen(member):
            yield from _specimen(member, procedure, where)
        else:
            raise InputError("it has no DataArray as its result", where)


def _members(document: Members) -> Iterator[Members]:
    collection = document.get("ObservationCollection", document)
    held = collection.get("member", collection.get("data", document)) if isinstance(collection, Mapping) else None
    for one in held if isinstance(held, list) else [held]:
        if isinstance(one, Mapping):
            yield one.get("Observation", one)


def _array(member: Members) -> Members | None:
    result = member.get("result")
    array = result.get("DataArray") if isinstance(result, Mapping) else None
    return array if isinstance(array, Mapping) and isinstance(array.get("field"), list) else None


class _Column(NamedTuple):
    """A property of the rows: its field, its unit, and the column of its quality."""

    column: int
    name: str
    uom: str | None
    quality: int | None


def _rows(member: Members, array: Members, where: str) -> Iterator[Observation]:
    fields = [one if isinstance(one, Mapping) else {} for one in array["field"]]
    definitions = [str(name_of(one.get("definition")) or name_of(one.get("name")) or "") for one in fields]
    time = next((index for index, each in enumerate(definitions) if _is_time(each)), None)
    if time is None:
        raise InputError("no field of the DataArray is the time", where)
    columns = tuple(_columns(fields, definitions, time))
    position = {each[-10:-9].lower(): index for index, each in enumerate(definitions) if _POSITION.search(each)}
    feature = member.get("featureOfInterest")
    place = _place(feature.get("geom")) if isinstance(feature, Mapping) else None
    procedure = name_of(member.get("procedure")) or UNKNOWN
    for number, row in enumerate(array.get("values") or [], start=1):
        at = f"{where}, row {number}"
        if not isinstance(row, list) or len(row) != len(fields):
            raise InputError(f"the row does not have the {len(fields)} fields that are declared", at)
        when = time_of(row[time], at)
        if when is None:
            raise InputError("the row has no time", at)
        for column in columns:
            result = result_of(_number(row[column.column]), column.uom, at)
            yield Observation(
                phenomenon_time=when.begin,
                procedure=procedure,
                observed_property=column.name,
                feature_of_interest=_feature_name(feature) or procedure,
                value=result.value,
                uom=result.uom,
                phenomenon_time_end=when.end,
                nil_reason=result.nil_reason,
                geometry=_moving(row, position) or place,
                quality=None if column.quality is None else quality_of(row[column.quality]),
            )


def _columns(fields: Sequence[Members], definitions: Sequence[str], time: int) -> Iterator[_Column]:
    for index, definition in enumerate(definitions):
        if index == time or _QUALITY.search(definition) or _POSITION.search(definition):
            continue
        # That of the property itself: there may be another whose name begins alike.
        quality = [
            other
            for other, each in enumerate(definitions)
            if each.startswith(definition) and _QUALITY.fullmatch(each, len(definition))
        ]
        yield _Column(index, definition or UNKNOWN, unit_of(fields[index].get("uom")), next(iter(quality), None))


def _is_time(definition: str) -> bool:
    lowered = definition.lower()
    return lowered.endswith(("time:iso8601", "samplingtime", "phenomenontime", "/time", ":time")) or lowered == "time"


def _number(value: Any) -> Any:
    """Give the number that istSOS writes as text; what is no number stays as it is."""
    if not isinstance(value, str):
        return value
    try:
        return float(value) if value.strip() and "_" not in value else value.strip() or None
    except ValueError:
        return value


def _feature_name(feature: Any) -> str | None:
    return (name_of(feature.get("name")) or name_of(feature)) if isinstance(feature, Mapping) else name_of(feature)


def _place(geometry: Any) -> dict[str, Any] | None:
    """Read the place, which istSOS writes as a piece of GML without its namespaces, east first."""
    if not isinstance(geometry, str) or _WGS_84.search(geometry) is None:
        return None
    found = _COORDINATES.search(geometry)
    return None if found is None else _point(re.split(r"[\s,]+", found[1].strip()))


def _moving(row: Sequence[Any], position: Mapping[str, int]) -> dict[str, Any] | None:
    return _point([row[position[axis]] for axis in "xy"]) if {"x", "y"} <= position.keys() else None


def _point(texts: Sequence[Any]) -> dict[str, Any] | None:
    try:
        numbers = [float(text) for text in texts]
    except (TypeError, ValueError):
        return None
    is_place = len(numbers) >= 2 and abs(numbers[0]) <= 180 and abs(numbers[1]) <= 90
    return {"type": "Point", "coordinates": numbers} if is_place else None


def _is_specimen(member: Members) -> bool:
    return {"eventTime", "observations", "specimen"} <= member.keys()


def _specimen(member: Members, procedure: str, where: str) -> Iterator[Observation]:
    """Read the observations of one specimen: values by their properties, of what it was taken from, when it was."""
    when, specimen, values = time_of(member["eventTime"], where), member["specimen"], member["observations"]
    if when is None or not isinstance(specimen, Mapping) or not isinstance(values, Mapping):
        raise InputError("the specimen has no eventTime, or its observations are no object", where)
    feature = name_of(specimen.get("sampledFeature")) or name_of(specimen.get("identifier")) or UNKNOWN
    for name, value in values.items():
        result = result_of(value, None, where)
        yield Observation(
            phenomenon_time=when.begin,
            procedure=name_of(member.get("procedure")) or procedure,
            observed_property=name,
            feature_of_interest=feature,
            value=result.value,
            uom=result.uom,
            phenomenon_time_end=when.end,
            nil_reason=result.nil_reason,
            identifier=name_of(specimen.get("identifier")),
        )
