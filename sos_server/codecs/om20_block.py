"""
The text blocks of O&M 2.0 observations: all that observations of a series have in common, built and escaped with lxml.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from lxml import etree

from sos_server import model
from sos_server.codecs import gml32_encode, om20_annotations, sampling20, xml
from sos_server.codecs.uom import encode_uom

if TYPE_CHECKING:
    from collections.abc import Mapping

SAMPLING_GEOMETRY = "http://www.opengis.net/def/param-name/OGC-OM/2.0/samplingGeometry"
NAMESPACES = {
    prefix: xml.NAMESPACES[prefix] for prefix in ("sos", "om", "gml", "sam", "sams", "swe", "xlink", "xsi", "xs")
}

NUMBER, IDENTIFIER, BEGIN, END, RESULT_TIME = "number", "identifier", "begin", "end", "result"
VALID_BEGIN, VALID_END, VALUE, NIL_REASON = "valid-begin", "valid-end", "value", "nil"


class Constants(NamedTuple):
    """What all observations of a series share in a document."""

    procedure: str
    observed_property: str
    feature: model.Feature
    observation_type: str
    uom: str | None
    geometry: Mapping[str, Any] | None = None
    annotations: model.Annotations | None = None


class Form(NamedTuple):
    """Which optional parts an observation has; each form of a series has its own text block."""

    identified: bool
    period: bool
    valid: bool
    nil: bool
    inline_feature: bool


USUAL = Form(identified=False, period=False, valid=False, nil=False, inline_feature=False)


class Block(NamedTuple):
    """A text with a `%s` for each varying part, and the names of these parts in order."""

    text: str
    slots: tuple[str, ...]


def build(member: str, constants: Constants, form: Form, feature_number: int) -> Block:
    """Give the text block of a form; `member` is the property that holds each observation. Most are built already."""
    feature = constants.feature
    point = _point(feature.geometry) if form.inline_feature else ()
    if point is None or constants.geometry is not None:
        return _new(member, constants, form, feature_number)
    # part by part, because its shape has no hash, and where it is only named the shape does not matter
    told = (feature.identifier, feature.name, feature.description, feature.feature_type, feature.sampled_feature)
    rest = (constants.procedure, constants.observed_property, constants.observation_type, constants.uom)
    number = feature_number if form.inline_feature else 0
    return _known((member, form, number), rest, constants.annotations, told, point)


def _point(geometry: Mapping[str, Any] | None) -> tuple[float, ...] | None:
    """Give the coordinates of a point; None for other shapes, which may be large."""
    if geometry is None or geometry.keys() != {"type", "coordinates"} or geometry["type"] != "Point":
        return None
    return tuple(geometry["coordinates"])


@lru_cache(maxsize=2000)
def _known(
    kind: tuple[str, Form, int],
    rest: tuple[str, str, str, str | None],
    annotations: model.Annotations | None,
    told: tuple[str, str | None, str | None, str, str | None],
    point: tuple[float, ...],
) -> Block:
    member, form, feature_number = kind
    geometry = {"type": "Point", "coordinates": list(point)} if point else None
    identifier, name, description, feature_type, sampled_feature = told
    feature = model.Feature(identifier, name, description, geometry, feature_type, sampled_feature)
    procedure, observed_property, observation_type, uom = rest
    constants = Constants(procedure, observed_property, feature, observation_type, uom, None, annotations)
    return _new(member, constants, form, feature_number)


def _new(member: str, constants: Constants, form: Form, feature_number: int) -> Block:
    mark = _free_mark(constants)
    root = etree.Element("root", nsmap=NAMESPACES)
    _build(xml.add(root, member), constants, form, mark, feature_number)
    etree.cleanup_namespaces(root, keep_ns_prefixes=list(NAMESPACES))
    return _cut(etree.tostring(root, encoding="unicode"), mark)


def _cut(text: str, mark: str) -> Block:
    """Give the text inside a root element as a block with a `%s` for each mark."""
    inside = text[text.index(">") + 1 : text.rindex("</")].replace("%", "%%")
    pieces = inside.split(mark)
    return Block("%s".join(pieces[::2]) + "\n", tuple(pieces[1::2]))


def _free_mark(constants: Constants) -> str:
    """Give a private character that occurs in none of the constants."""
    feature = constants.feature
    words = (*constants[:2], constants.observation_type, constants.uom, feature.identifier, feature.name)
    used = "".join(filter(None, (*words, feature.description, feature.feature_type, feature.sampled_feature)))
    return next(letter for letter in map(chr, range(0xE000, 0xF8FF)) if letter not in used)


def _build(member: etree._Element, constants: Constants, form: Form, mark: str, feature_number: int) -> None:
    """Build one observation with marks where the varying parts go."""

    def varying(name: str) -> str:
        return f"{mark}{name}{mark}"

    number = varying(NUMBER)
    element = xml.add(member, "om:OM_Observation", **{xml.GML_ID: f"o_{number}"})
    if form.identified:
        xml.add(element, "gml:identifier", varying(IDENTIFIER), codeSpace=sampling20.UNKNOWN)
    if not form.nil or constants.observation_type == model.OM_MEASUREMENT:
        # the rules of the other types know no nil result
        xml.add(element, "om:type", **{xml.XLINK_HREF: constants.observation_type})
    end = varying(END) if form.period else None
    _add_time(xml.add(element, "om:phenomenonTime"), f"pt_{number}", varying(BEGIN), end)
    _add_time(xml.add(element, "om:resultTime"), f"rt_{number}", varying(RESULT_TIME))
    if form.valid:
        _add_time(xml.add(element, "om:validTime"), f"vt_{number}", varying(VALID_BEGIN), varying(VALID_END))
    xml.add(element, "om:procedure", **{xml.XLINK_HREF: constants.procedure})
    if constants.geometry is not None:
        add_sampling_geometry(element, constants.geometry, f"sg_{number}")
    if constants.annotations is not None:
        om20_annotations.add_parameters(element, constants.annotations, f"pg_{number}")
    xml.add(element, "om:observedProperty", **{xml.XLINK_HREF: constants.observed_property})
    add_feature(element, constants.feature, f"ssf_{feature_number}" if form.inline_feature else None)
    if constants.annotations is not None:
        om20_annotations.add_qualities(element, constants.annotations)
    result = xml.add(element, "om:result")
    if form.nil:
        result.set("nilReason", varying(NIL_REASON))
        if constants.observation_type == model.OM_MEASUREMENT:
            result.set("uom", encode_uom(constants.uom or "1"))
            result.text = "NaN"
    else:
        _set_type(result, constants, varying(VALUE))


def _add_time(holder: etree._Element, gml_id: str, begin: str, end: str | None = None) -> None:
    if end is None:
        instant = xml.add(holder, "gml:TimeInstant", **{xml.GML_ID: gml_id})
        xml.add(instant, "gml:timePosition", begin)
        return
    period = xml.add(holder, "gml:TimePeriod", **{xml.GML_ID: gml_id})
    xml.add(period, "gml:beginPosition", begin)
    xml.add(period, "gml:endPosition", end)


def add_sampling_geometry(element: etree._Element, geometry: Mapping[str, Any], gml_id: str) -> None:
    """Say where an observation was made (the spatial filtering profile, OGC 12-006 clause 12)."""
    named = xml.add(xml.add(element, "om:parameter"), "om:NamedValue")
    xml.add(named, "om:name", **{xml.XLINK_HREF: SAMPLING_GEOMETRY})
    value = xml.add(named, "om:value", **{xml.XSI_TYPE: "gml:GeometryPropertyType"})
    value.append(gml32_encode.encode_geometry(geometry, gml_id))


def add_feature(element: etree._Element, feature: model.Feature, gml_id: str | None) -> None:
    """Name the feature of interest; with a `gml_id` it stands inline."""
    holder = xml.add(element, "om:featureOfInterest")
    if gml_id is not None:
        holder.append(sampling20.encode_feature(feature, gml_id))
        return
    holder.set(xml.XLINK_HREF, feature.identifier)
    if feature.name:
        holder.set(xml.XLINK_TITLE, feature.name)


def _set_type(result: etree._Element, constants: Constants, value: str) -> None:
    match constants.observation_type:
        case model.OM_CATEGORY:
            result.set(xml.XSI_TYPE, "gml:ReferenceType")
            result.set(xml.XLINK_HREF, value)
            return
        case model.OM_MEASUREMENT:
            result.set(xml.XSI_TYPE, "gml:MeasureType")
            result.set("uom", encode_uom(constants.uom or "1"))
        case model.OM_GEOMETRY:
            result.set(xml.XSI_TYPE, "gml:GeometryPropertyType")
        case model.OM_COMPLEX:
            result.set(xml.XSI_TYPE, "swe:DataRecordPropertyType")
        case model.OM_COUNT:
            result.set(xml.XSI_TYPE, "xs:integer")
        case model.OM_TRUTH:
            result.set(xml.XSI_TYPE, "xs:boolean")
        case _:
            result.set(xml.XSI_TYPE, "xs:string")
    result.text = value
