"""
What all values of one observation share, in O&M 1.0 (OGC 07-022r1) and 2.0 (OGC 10-025r1), of any service.

Both versions say the same with other names, and services know many ways to say it: by reference, inline, as members of
a collection, or not at all. What is not told is left open here, since rows may tell it. Our own service reads what is
inserted the strict way, in `om20`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from sos_server.codecs import gml32, gml_any, om20_annotations, xml
from sos_server.codecs.sampling20 import UNKNOWN
from sos_server.codecs.swe_structure import child
from sos_server.errors import InvalidRequest
from sos_server.model import OM_CATEGORY, OM_COUNT, OM_MEASUREMENT, OM_TEXT, OM_TRUTH, Feature

if TYPE_CHECKING:
    from datetime import datetime

    from lxml import etree

Elements: TypeAlias = "dict[str, etree._Element]"

# the observations of O&M 1.0 and what their names say of the result
OBSERVATIONS_10 = {
    "Observation": None,
    "Measurement": OM_MEASUREMENT,
    "CategoryObservation": OM_CATEGORY,
    "CountObservation": OM_COUNT,
    "TruthObservation": OM_TRUTH,
    "TextObservation": OM_TEXT,
    "GeometryObservation": None,
    "TemporalObservation": None,
    "ComplexObservation": None,
    "DiscreteCoverageObservation": None,
    "PointCoverageObservation": None,
    "TimeSeriesObservation": None,
}


@dataclass(frozen=True, slots=True)
class Members:
    """
    What is told of an observation; None or empty where it is not.

    `features` are those of the collection that the observation is of, by their identifiers and names.
    """

    element: etree._Element
    times: gml_any.Times
    time_holder: etree._Element | None
    result: etree._Element | None
    procedures: tuple[str, ...]
    properties: tuple[str, ...]
    feature_of_interest: str | None
    feature: Feature | None
    features: Mapping[str, Feature]
    result_time: datetime | None
    valid_time: tuple[datetime, datetime] | None
    observation_type: str | None
    offering: str | None
    identifier: str | None
    name: str | None
    quality: str | None
    geometry: Mapping[str, Any] | None

    @property
    def procedure(self) -> str | None:
        """Give the only procedure; None where there are several, of which rows may tell which."""
        return self.procedures[0] if len(self.procedures) == 1 else None

    @property
    def any_name(self) -> str:
        """Give what stands for a procedure or a feature that nothing is told of: the name of the observation."""
        return self.name or UNKNOWN

    def phenomenon_time(self) -> gml32.Time:
        """Read the time of the observation itself; raises `InvalidRequest` where there is none."""
        time = self.times.read(self.time_holder)
        if time is None:
            raise InvalidRequest(f"The observation at {xml.where(self.element)} has no phenomenon time.")
        return time

    def property_of(self, definition: str | None, name: str | None, *, single: bool) -> str:
        """Give the observed property of a value: that of its field, but the observation's own where there is one."""
        if single and len(self.properties) == 1:
            return self.properties[0]
        found = definition or name or (self.properties[0] if self.properties else None)
        if found is None:
            raise InvalidRequest(f"The observation at {xml.where(self.element)} has no observed property.")
        return found


def read_members(element: etree._Element, times: gml_any.Times, known: gml_any.Features) -> Members:
    """Read what an observation tells besides the values of its result."""
    children: Elements = {}
    for each in element.iterchildren("*"):
        children.setdefault(xml.local_name(each), each)
    feature, features, reference = _features(children.get("featureOfInterest"), known)
    offering, geometry = _parameters(element)
    valid = times.try_read(children.get("validTime"))
    result_time = times.try_read(children.get("resultTime"))
    named = child(element, "name")
    return Members(
        element=element,
        times=times,
        time_holder=children.get("phenomenonTime", children.get("samplingTime")),
        result=children.get("result"),
        procedures=_references(children.get("procedure")),
        properties=_properties(element),
        feature_of_interest=reference,
        feature=feature,
        features=features,
        result_time=None if result_time is None else result_time.begin,
        valid_time=None if valid is None else (valid.begin, valid.end or valid.begin),
        observation_type=xml.href(children.get("type")) or OBSERVATIONS_10.get(xml.local_name(element)),
        offering=offering,
        identifier=xml.text_of(child(element, "identifier")),
        name=xml.text_of(named),
        quality=om20_annotations.decode_annotations(element, strict=False)[0] or _quality(children.get("quality")),
        geometry=geometry,
    )


def _references(holder: etree._Element | None) -> tuple[str, ...]:
    """Give what a property refers to, one or several: by href, as the members of a collection, inline, or as text."""
    if holder is None:
        return ()
    if (reference := xml.href(holder)) is not None:
        return (reference,)
    inner = xml.first_element(holder)
    if inner is None:
        text = xml.text_of(holder) or holder.get(xml.XLINK_TITLE)
        return (text,) if text else ()
    members = tuple(found for each in inner.iter("{*}member", "{*}component") if (found := xml.href(each)))
    return members or tuple(name for name in (gml_any.name_of(inner),) if name)


def _properties(element: etree._Element) -> tuple[str, ...]:
    """Give the observed properties; the time, which istSOS and 52°North list among them, is none."""
    found = tuple(name for holder in element.iterchildren("{*}observedProperty") for name in _references(holder))
    return found if len(found) == 1 else tuple(name for name in found if not _is_time(name))


def _is_time(name: str) -> bool:
    lowered = name.lower()
    return lowered.endswith(("samplingtime", "phenomenontime", "resulttime")) or "time:iso8601" in lowered


def _features(
    holder: etree._Element | None, known: gml_any.Features
) -> tuple[Feature | None, Mapping[str, Feature], str | None]:
    """Read the feature of interest, the features of a collection, and the identifier."""
    if holder is None:
        return None, {}, None
    inner = xml.first_element(holder)
    if inner is None:
        reference = xml.href(holder) or holder.get(xml.XLINK_TITLE) or xml.text_of(holder)
        if holder.get("nilReason") or holder.get(xml.XSI_NIL) in ("true", "1"):
            reference = None
        feature = known.find(reference) if reference else None
        return feature, {}, feature.identifier if feature is not None else reference
    found = list(gml_any.read_features(inner))
    features = {name: each for each in found for name in (each.name, each.identifier) if name}
    for each in found:
        known.add(each, gml_any.id_of(inner) if len(found) == 1 else None)
    # istSOS names the feature by reference, and shows its place inside
    named = xml.href(holder)
    if len(found) != 1:
        return None, features, named
    return found[0], features, found[0].identifier if found[0].identifier != UNKNOWN else named


def _parameters(element: etree._Element) -> tuple[str | None, Mapping[str, Any] | None]:
    """Read the named values that mean something here: 52°North's offering and the sampling geometry."""
    offering, geometry = None, None
    for holder in element.iterchildren("{*}parameter"):
        for named in holder.iterchildren("{*}NamedValue"):
            name, value = xml.href(child(named, "name")), child(named, "value")
            if name == "offering":
                offering = xml.text_of(value)
            elif name is not None and name.lower().endswith("samplinggeometry"):
                shape = xml.first_element(value)
                geometry = gml_any.try_geometry(shape) if shape is not None else None
    return offering, geometry


def _quality(holder: etree._Element | None) -> str | None:
    """Give the code of a quality as O&M 1.0 has it: what it refers to, else the first text in it, else its title."""
    if holder is None:
        return None
    texts: Iterator[str] = (stripped for text in holder.itertext() if (stripped := text.strip()))
    return xml.href(holder) or next(texts, None) or holder.get(xml.XLINK_TITLE)
