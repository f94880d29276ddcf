"""What a service says that it has: GetDataAvailability, and the offerings of its capabilities in both versions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sos_server.codecs import om_documents, xml
from sos_server.time import parse_instant
from weps.errors import InputError
from weps.feeders.base import Counted
from weps.feeders.json_documents import decode_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime
    from typing import Any

    from lxml import etree

    from weps.feeders.answers import Content

_MEMBERS = ("dataAvailability", "dataAvailabilities", "dataAvailabilityMember")
_SERIES = ("procedure", "observedProperty", "featureOfInterest")
_POSITIONS = ("{*}beginPosition", "{*}endPosition", "{*}timePosition")
# SOS 2.0 names things by text, 1.0.0 by reference.
_PROPERTIES = ("observableProperty", "observedProperty")


def is_availability(content: Content) -> bool:
    """Tell whether an answer is one to GetDataAvailability."""
    if content.root is not None:
        return xml.local_name(content.root) == "GetDataAvailabilityResponse"
    return isinstance(content.json, dict) and any(name in content.json for name in _MEMBERS)


def has_data(content: Content) -> bool:
    """Tell whether an answer to GetDataAvailability has anything in it."""
    if content.root is not None:
        return next(content.root.iter("{*}dataAvailabilityMember"), None) is not None
    return any(content.json.get(name) for name in _MEMBERS)


def read_counts(content: Content) -> tuple[Counted, ...] | None:
    """
    Give how many observations an answer to GetDataAvailability tells of each series; None where it does not count.

    A series that is told several times, once for each of its offerings, is one.
    """
    found: dict[tuple[str | None, ...], Counted] = {}
    members = _xml_members(content.root) if content.root is not None else _json_members(content.json)
    for series, counted in members:
        if counted is None:
            return None
        found[series] = max(found.get(series, counted), counted, key=lambda one: one.number)
    return tuple(found.values())


def _xml_members(root: etree._Element) -> Iterator[tuple[tuple[str | None, ...], Counted | None]]:
    periods = {period.get(xml.GML_ID): period for period in root.iter("{*}TimePeriod", "{*}TimeInstant")}
    for member in root.iter("{*}dataAvailabilityMember"):
        parts = {name: member.find(f"{{*}}{name}") for name in (*_SERIES, "phenomenonTime", "count")}
        series = tuple(xml.href(parts[name]) or xml.text_of(parts[name]) for name in _SERIES)
        holder = parts["phenomenonTime"]
        told = periods.get((xml.href(holder) or "").removeprefix("#"), holder)
        texts = [] if told is None else [xml.text_of(each) for each in told.iter(*_POSITIONS)]
        yield series, _counted(xml.text_of(parts["count"]), texts)


def _json_members(document: Any) -> Iterator[tuple[tuple[str | None, ...], Counted | None]]:
    for member in next((document[name] for name in _MEMBERS if isinstance(document.get(name), list)), []):
        if isinstance(member, dict):
            time = member.get("phenomenonTime")
            texts = time if isinstance(time, list) else [time]
            series = tuple(str(member.get(name)) for name in _SERIES)
            yield series, _counted(member.get("count"), texts)


def _counted(count: Any, texts: list[Any]) -> Counted | None:
    if not str(count).strip().isdecimal():
        return None
    instants = [_instant(text) for text in texts]
    return Counted(int(count), *((instants[0], instants[-1]) if instants else ()))


def _instant(text: Any) -> datetime | None:
    try:
        return parse_instant(text) if isinstance(text, str) else None
    except ValueError:
        return None


def has_observation(content: Content) -> bool:
    """Tell whether an answer holds at least one observation."""
    if content.root is not None:
        return next(content.root.iter(*om_documents.OBSERVATIONS), None) is not None
    try:
        return content.json is not None and next(iter(decode_json(content.json)), None) is not None
    except InputError:
        return False


def is_announced(capabilities: etree._Element, wanted: Mapping[str, tuple[str, ...]]) -> bool:
    """Tell whether one offering has all that is wanted; what is not named may be anything."""
    return any(
        _meets(_identifiers(offering), wanted.get("offering"))
        and _meets(_named(offering, "procedure"), wanted.get("procedure"))
        and _meets(_named(offering, *_PROPERTIES), wanted.get("observedProperty"))
        for offering in capabilities.iter("{*}ObservationOffering")
    )


def named_in(offering: etree._Element, *names: str) -> tuple[str, ...]:
    """Give what an offering names, each once."""
    return tuple(dict.fromkeys(name for name in _named(offering, *names) if name))


def _meets(names: Iterator[str | None], wanted: tuple[str, ...] | None) -> bool:
    return wanted is None or any(name in wanted for name in names)


def _identifiers(offering: etree._Element) -> Iterator[str | None]:
    """Give the names of an offering: SOS 2.0 has an identifier, 1.0.0 a gml:id and often names."""
    yield from (value for name, value in offering.attrib.items() if str(name).endswith("}id"))
    yield from (xml.text_of(element) for element in offering.iterchildren("{*}identifier", "{*}name"))


def _named(offering: etree._Element, *names: str) -> Iterator[str | None]:
    """Give what an offering names; its properties may stand once for all offerings, above it."""
    for holder in (offering, *offering.iterancestors("{*}Contents")):
        for element in holder.iterchildren(*(f"{{*}}{name}" for name in names)):
            yield xml.text_of(element)
            yield xml.href(element)
            # a composite of properties, inline
            yield from (xml.href(part) for part in element.iter("{*}component"))
            yield from (xml.text_of(part) for part in element.iter("{*}name"))
