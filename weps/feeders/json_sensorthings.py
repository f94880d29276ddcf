"""
Observations of the SensorThings API (OGC 18-088 and 15-078r6) in JSON.

A page of Observations, one Observation, a data array, the body of CreateObservations, and Observations that stand
inside Datastreams, MultiDatastreams, Things or FeaturesOfInterest by `$expand`. What an Observation does not hold
itself comes from the entities around it; a name that is nowhere comes from its links. The series is made of names that
stay: sensor (its name), property (its definition), feature (its name or number).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from sos_server.codecs.sampling20 import UNKNOWN
from weps.errors import InputError
from weps.feeders.json_parts import Members, Result, geometry_of, name_of, quality_of, result_of, time_of, unit_of
from weps.model import Observation

_NEXT = "@iot.nextLink"
_STREAMS = ("Datastream", "MultiDatastream")
_ENTITY = re.compile(r"/(?P<kind>Datastreams|MultiDatastreams|FeaturesOfInterest|Sensors)\((?P<id>[^()]+)\)", re.I)
_INSIDE = ("Observations", "Datastreams", "MultiDatastreams", "Things", "value")
_MARKS = ("@iot.id", "@iot.selfLink", "Datastream", "MultiDatastream", "Datastream@iot.navigationLink", "resultQuality")


class _Around(NamedTuple):
    """The entities that an Observation stands in, and those that it names; later ones go before earlier ones."""

    stream: Members
    feature: Members
    thing: Members
    links: str


def matches(document: Any) -> bool:
    """Tell whether a JSON document is one that is read here."""
    if isinstance(document, list):
        return bool(document) and isinstance(document[0], Mapping) and matches(document[0])
    if not isinstance(document, Mapping):
        return False
    if "dataArray" in document or _is_observation(document):
        return True
    if isinstance(document.get("value"), list):
        held = document["value"]
        return not held or matches(held[0])
    return any(isinstance(document.get(name), list) for name in _INSIDE)


def next_page(document: Any) -> str | None:
    """Give the address of the page that follows, None after the last one."""
    link = document.get(_NEXT) if isinstance(document, Mapping) else None
    return link if isinstance(link, str) and link else None


def decode(document: Any) -> Iterator[Observation]:
    """Read all observations of one page; raises `InputError` with the place of what cannot be read."""
    yield from _walk(document, _Around({}, {}, {}, ""), "")


def _is_observation(members: Members) -> bool:
    has_time = "phenomenonTime" in members or "resultTime" in members
    return "result" in members and (has_time or any(name in members for name in _MARKS))


def _walk(value: Any, around: _Around, where: str) -> Iterator[Observation]:
    if isinstance(value, list):
        for number, one in enumerate(value, start=1):
            yield from _walk(one, around, f"{where} {number}".strip())
    elif isinstance(value, Mapping):
        around = _inside(value, around)
        if "dataArray" in value:
            yield from _data_array(value, around, where)
        elif _is_observation(value):
            yield from _observation(value, around, where or "the observation")
        else:
            for name in _INSIDE:
                if name in value:
                    yield from _walk(value[name], around, f"{where} {name}".strip())


def _inside(value: Members, around: _Around) -> _Around:
    """Give what is around the entities that stand in an entity."""
    stream = next((value[name] for name in _STREAMS if isinstance(value.get(name), Mapping)), None)
    if stream is None and ("unitOfMeasurement" in value or "unitOfMeasurements" in value):
        stream = value
    feature = value.get("FeatureOfInterest")
    if not isinstance(feature, Mapping):
        feature = value if "encodingType" in value and "feature" in value else None
    thing = value.get("Thing", value if "Datastreams" in value or "MultiDatastreams" in value else None)
    if stream is not None and isinstance(stream.get("Thing"), Mapping):
        thing = stream["Thing"]
    links = " ".join(str(text) for name, text in value.items() if name.endswith(("Link", ".id", "context")))
    return _Around(
        {**around.stream, **(stream or {})},
        {**around.feature, **(feature or {})},
        thing if isinstance(thing, Mapping) else around.thing,
        f"{links} {around.links}",
    )


def _data_array(group: Members, around: _Around, where: str) -> Iterator[Observation]:
    components, rows = group.get("components"), group["dataArray"]
    if not isinstance(components, list) or not isinstance(rows, list):
        raise InputError("the data array has no list of components", where or "dataArray")
    for number, row in enumerate(rows, start=1):
        place = f"{where} row {number}".strip()
        if not isinstance(row, list) or len(row) != len(components):
            raise InputError(f"the row does not have the {len(components)} components that are named", place)
        members = dict(zip(map(str, components), row, strict=True))
        feature = next((members[name] for name in members if name.startswith("FeatureOfInterest/")), None)
        inner = around if feature is None else around._replace(feature={"@iot.id": feature})
        if "id" in members:
            members["@iot.id"] = members.pop("id")
        yield from _observation(members, inner, place)


def _observation(members: Members, around: _Around, where: str) -> Iterator[Observation]:
    if "result" not in members:
        raise InputError("the observation has no result", where)
    known = time_of(members.get("resultTime"), where)
    # A service that is not told a phenomenon time takes the time of the result (OGC 18-088 table 12).
    time = time_of(members.get("phenomenonTime"), where) or known
    if time is None:
        raise InputError("the observation has neither phenomenonTime nor resultTime", where)
    feature, place = _feature(around)
    procedure = _procedure(around)
    for result, observed_property in _results(members["result"], around, where):
        yield Observation(
            phenomenon_time=time.begin,
            procedure=procedure,
            observed_property=observed_property,
            feature_of_interest=feature,
            value=result.value,
            uom=result.uom,
            phenomenon_time_end=time.end,
            result_time=None if known is None else known.begin,
            nil_reason=result.nil_reason,
            geometry=place,
            identifier=name_of(members.get("@iot.selfLink")) or name_of(members.get("@iot.id")),
            quality=quality_of(members.get("resultQuality")),
        )


def _results(value: Any, around: _Around, where: str) -> Iterator[tuple[Result, str]]:
    stream = around.stream
    units, properties = stream.get("unitOfMeasurements"), stream.get("ObservedProperties")
    if isinstance(value, list):
        for number, one in enumerate(value):
            unit = units[number] if isinstance(units, list) and number < len(units) else None
            observed = properties[number] if isinstance(properties, list) and number < len(properties) else None
            name = _property_name(observed) or f"{_stream_name(around)}/{number + 1}"
            yield result_of(one, unit_of(unit), f"{where}, value {number + 1}"), name
    elif isinstance(value, Mapping) and "value" not in value:
        for name, one in value.items():
            if not isinstance(one, list | Mapping):
                yield result_of(one, None, where), name
    else:
        yield (
            result_of(value, unit_of(stream.get("unitOfMeasurement")), where),
            _property_name(stream.get("ObservedProperty")) or _stream_name(around),
        )


def _property_name(observed: Any) -> str | None:
    if not isinstance(observed, Mapping):
        return None
    return name_of(observed.get("definition")) or name_of(observed.get("name")) or name_of(observed.get("@iot.id"))


def _stream_name(around: _Around) -> str:
    """Give the name of the Datastream, of which there is one for each property of a sensor at a thing."""
    stream = around.stream
    for member in ("@iot.selfLink", "name", "@iot.id", "id"):
        if name := name_of(stream.get(member)):
            return name if member in ("@iot.selfLink", "name") else f"Datastreams({name})"
    return _linked(around, "datastreams", "multidatastreams") or UNKNOWN


def _procedure(around: _Around) -> str:
    sensor = around.stream.get("Sensor")
    if isinstance(sensor, Mapping) and (name := name_of(sensor.get("name")) or name_of(sensor.get("@iot.id"))):
        return name
    return _stream_name(around)


def _feature(around: _Around) -> tuple[str, dict[str, Any] | None]:
    """Give the feature of interest and its place; else the thing that observes, and where it stands."""
    feature, thing = around.feature, around.thing
    place = geometry_of(feature.get("feature"))
    locations = thing.get("Locations")
    if place is None and isinstance(locations, list) and locations and isinstance(locations[0], Mapping):
        place = geometry_of(locations[0].get("location"))
    number = name_of(feature.get("@iot.id")) or name_of(feature.get("id"))
    name = name_of(feature.get("name")) or (f"FeaturesOfInterest({number})" if number else None)
    return name or _linked(around, "featuresofinterest") or name_of(thing.get("name")) or _stream_name(around), place


def _linked(around: _Around, *kinds: str) -> str | None:
    """Give the name of an entity that only a link tells, as `Datastreams(5)`."""
    for found in _ENTITY.finditer(around.links):
        if found["kind"].lower() in kinds:
            return f"{found['kind']}({found['id']})"
    return None
