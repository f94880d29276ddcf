"""
What O&M 2.0 observations tell besides their result: named parameters and the quality of the result (OGC 10-025r1).

A parameter has a value like a result. A quality is a reference to a code, or an element of ISO 19139; of anything else
that is inside, its text is taken as the code, and goes out as a reference, since the schema allows nothing else.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from lxml import etree

from sos_server.codecs import gml32_encode, om20_result, xml, xsd
from sos_server.codecs.uom import encode_uom
from sos_server.errors import InvalidParameterValue, InvalidRequest, SosError
from sos_server.model import (
    OM_CATEGORY,
    OM_COUNT,
    OM_GEOMETRY,
    OM_MEASUREMENT,
    OM_TRUTH,
    SCALAR_TYPES,
    Annotations,
    NamedValue,
    Quality,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

OFFERING = "offering"  # 52°North's parameter for the offering of an observation

_ISO_19139 = xml.NAMESPACES["gmd"]
# where an element of ISO 19139 says what it found: the result before the name of the test
_CODES = ("value", "pass", "measureDescription", "nameOfMeasure")
_XSI_TYPES = {
    OM_MEASUREMENT: "gml:MeasureType",
    OM_COUNT: "xs:integer",
    OM_TRUTH: "xs:boolean",
    OM_CATEGORY: "gml:ReferenceType",
    OM_GEOMETRY: "gml:GeometryPropertyType",
}


def decode_annotations(element: etree._Element, *, strict: bool) -> tuple[str | None, Annotations | None]:
    """
    Read the code of the first quality of an observation, and its parameters and qualities where there is more to tell.

    What cannot be kept is left out, but refused with `strict`.
    """
    parameters = tuple(_parameters(element, strict=strict))
    qualities = tuple(_qualities(element, strict=strict))
    code = qualities[0].code if qualities else None
    if not parameters and qualities in ((), (Quality(code or ""),)):
        return code, None
    return code, Annotations(parameters, qualities)


def is_sampling_geometry(name: str) -> bool:
    """Tell whether a parameter is the sampling geometry, which is a member of an observation of its own."""
    return name.endswith("/samplingGeometry")


def _parameters(element: etree._Element, *, strict: bool) -> Iterator[NamedValue]:
    for named in xml.grandchildren(element, "om:parameter", "om:NamedValue"):
        holder, value = xml.child(named, "om:name"), xml.child(named, "om:value")
        name = xml.href(holder) or (None if holder is None else holder.get(xml.XLINK_TITLE))
        if name == OFFERING or (name is not None and is_sampling_geometry(name)):
            continue
        try:
            if name is None or value is None:
                raise InvalidRequest(f"The parameter at {xml.where(named)} has no name or no value.")
            yield _parameter(name, value)
        except SosError as error:
            if strict:
                raise InvalidParameterValue(f"A parameter cannot be kept. {error.message}", "parameter") from error


def _parameter(name: str, holder: etree._Element) -> NamedValue:
    inner = xml.first_element(holder)
    if inner is None:
        found = om20_result.decode_scalar(holder, None)
    else:
        (found,) = om20_result.decode_result(holder, None, whole=True)
    if found.value is None or found.observation_type not in (*SCALAR_TYPES, OM_GEOMETRY):
        raise InvalidRequest(f"Its value is neither a scalar nor a geometry ({xml.where(holder)}).")
    return NamedValue(name, found.value, found.uom, found.observation_type)


def _qualities(element: etree._Element, *, strict: bool) -> Iterator[Quality]:
    for holder in element.iterchildren(xml.tag("om:resultQuality")):
        inner = xml.first_element(holder)
        if inner is None:
            code = xml.href(holder) or xml.text_of(holder) or holder.get(xml.XLINK_TITLE)
            if code:
                title = holder.get(xml.XLINK_TITLE)
                yield Quality(code, title if title != code else None)
        elif xml.namespace(inner) != _ISO_19139:
            code = _first_text(inner) or xml.href(inner)
            if code:
                yield Quality(code)
        elif any(xml.GML_ID in each.attrib for each in inner.iter("*")):
            if strict:
                raise InvalidParameterValue(
                    f"The quality at {xml.where(inner)} holds an object of GML, which is not kept.", "resultQuality"
                )
        else:
            yield Quality(_code(inner), holder.get(xml.XLINK_TITLE), _fragment(inner))


def _code(element: etree._Element) -> str:
    """Give what an element of ISO 19139 says: its result, else the first text, else its name."""
    for name in _CODES:
        for found in element.iter(f"{{{_ISO_19139}}}{name}"):
            text = _first_text(found)
            if text:
                return text
    return _first_text(element) or xml.local_name(element)


def _first_text(element: etree._Element) -> str | None:
    return next((stripped for text in element.itertext() if (stripped := text.strip())), None)


def _fragment(element: etree._Element) -> str:
    """Give an element as text that stands for itself anywhere, and more than once in a document."""
    copied = etree.fromstring(etree.tostring(element, with_tail=False))
    for each in copied.iter("*"):
        each.attrib.pop("id", None)
    return bytes(etree.tostring(copied, method="c14n", exclusive=True)).decode()


def add_parameters(element: etree._Element, annotations: Annotations, gml_id: str) -> None:
    """Write the parameters of an observation."""
    for number, each in enumerate(annotations.parameters, start=1):
        named = xml.add(xml.add(element, "om:parameter"), "om:NamedValue")
        xml.add(named, "om:name", **{xml.XLINK_HREF: each.name})
        holder = xml.add(named, "om:value", **{xml.XSI_TYPE: _XSI_TYPES.get(each.kind, "xs:string")})
        match each.kind:
            case kind if kind == OM_GEOMETRY:
                geometry = json.loads(str(each.value))
                holder.append(gml32_encode.encode_geometry(geometry, f"{gml_id}_{number}"))
            case kind if kind == OM_CATEGORY:
                holder.set(xml.XLINK_HREF, str(each.value))
            case kind if kind == OM_MEASUREMENT:
                holder.set("uom", encode_uom(each.uom or "1"))
                holder.text = xsd.write_double(float(each.value or 0))
            case kind if kind == OM_TRUTH:
                holder.text = xsd.write_boolean(each.value)
            case _:
                holder.text = str(each.value)


def add_qualities(element: etree._Element, annotations: Annotations) -> None:
    """Write the qualities of a result."""
    for each in annotations.qualities:
        holder = xml.add(element, "om:resultQuality")
        if each.title is not None:
            holder.set(xml.XLINK_TITLE, each.title)
        if each.document is None:
            holder.set(xml.XLINK_HREF, each.code)
        else:
            holder.append(xml.parse(each.document.encode()))
