"""
The records of complex observations as one value: a `swe:DataRecord` (OGC 08-094r1 clause 7.3) as the text of JSON.

A component is an object with `kind` (its name in SWE Common) and, where it has them, `name`, `definition`, `label`,
`uom`, `code_space`, `nil` (reasons by the values that stand for none); a record or vector has `fields`, all others have
`value`: number, truth, text, or null with the `text` that stood there. Equal records give equal texts.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, TypeAlias

from sos_server.codecs import swe20, xml, xsd
from sos_server.codecs.uom import add_swe_uom
from sos_server.errors import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lxml import etree

    from sos_server.model import Value

Node: TypeAlias = "dict[str, Any]"

_PARTS = {"DataRecord": "swe:field", "Vector": "swe:coordinate"}
_ATTRIBUTES = {"definition": "definition", "referenceFrame": "reference_frame", "axisID": "axis"}
_READ = frozenset({"label", "description", "uom", "codeSpace", "nilValues", "value", "field", "coordinate"})
_DEEPEST = 20


def decode_record(element: etree._Element) -> str:
    """Read a record; raises `InvalidRequest` for a component that cannot be kept, or whose value cannot be read."""
    return to_text(_decode(element, 0))


def encode_record(value: str) -> etree._Element:
    """Write a record."""
    return _encode(json.loads(value))


def to_text(record: Node) -> str:
    """Give a record as the text that it is kept as."""
    return json.dumps(record, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def leaves(node: Node) -> Iterator[Node]:
    """Give the scalar components of a record in their order, also those of records inside."""
    if "fields" not in node:
        yield node
    for each in node.get("fields", ()):
        yield from leaves(each)


def text_of(leaf: Node) -> str | None:
    """Give the text of a scalar component's value; None where nothing stands there."""
    text: str | None = _text(leaf["value"]) if leaf["value"] is not None else leaf.get("text")
    return text


def _decode(element: etree._Element, depth: int) -> Node:
    kind = xml.local_name(element)
    for each in element.iterchildren("*"):
        if xml.local_name(each) not in _READ:
            raise InvalidRequest(
                f"A {xml.local_name(each)} inside a {kind} of a result is not kept ({xml.where(each)}); leave it out.",
                "result",
            )
    node: Node = {"kind": kind}
    for attribute, name in _ATTRIBUTES.items():
        if element.get(attribute):
            node[name] = element.get(attribute)
    for name in ("label", "description"):
        text = xml.text_of(xml.child(element, f"swe:{name}"))
        if text is not None:
            node[name] = text
    if kind in _PARTS:
        node["fields"] = _fields(element, _PARTS[kind], depth)
    else:
        node |= _scalar(element)
    return node


def _fields(element: etree._Element, part: str, depth: int) -> list[Node]:
    if depth > _DEEPEST:
        raise InvalidRequest(f"The record at {xml.where(element)} lies too deep inside others.", "result")
    fields = []
    for index, holder in enumerate(element.iterchildren(xml.tag(part))):
        inner = xml.first_element(holder)
        if inner is None:
            raise InvalidRequest(f"The {part} at {xml.where(holder)} is empty; define it inline.", "result")
        fields.append(_decode(inner, depth + 1) | {"name": holder.get("name") or f"field{index}"})
    return fields


def _scalar(element: etree._Element) -> Node:
    (component,) = swe20.decode_components(element)
    uom, code_space = xml.child(element, "swe:uom"), xml.child(element, "swe:codeSpace")
    text = component.value or ""
    value, nil_reason = swe20.decode_value(component, text, xml.where(element))
    node: Node = {"value": value}
    if uom is not None and component.uom:
        is_reference = not uom.get("code") and xml.href(uom) == component.uom
        node["uom"] = {"href" if is_reference else "code": component.uom}
    if xml.href(code_space):
        node["code_space"] = xml.href(code_space)
    if component.nil_values:
        node["nil"] = dict(component.nil_values)
    if nil_reason is not None and text:
        node["text"] = text
    return node


def _encode(node: Node) -> etree._Element:
    kind = str(node["kind"])
    element = xml.new(f"swe:{kind}")
    for attribute, name in _ATTRIBUTES.items():
        if name in node:
            element.set(attribute, node[name])
    for name in ("description", "label"):
        if name in node:
            xml.add(element, f"swe:{name}", node[name])
    if kind in _PARTS:
        for each in node["fields"]:
            xml.add(element, _PARTS[kind], name=each["name"]).append(_encode(each))
        return element
    _add_scalar(element, node)
    return element


def _add_scalar(element: etree._Element, node: Node) -> None:
    """Write what only a scalar component has, in the order of the schema."""
    if "nil" in node:
        nils = xml.add(xml.add(element, "swe:nilValues"), "swe:NilValues")
        for value, reason in node["nil"].items():
            xml.add(nils, "swe:nilValue", value, reason=reason)
    if "code_space" in node:
        xml.add(element, "swe:codeSpace", **{xml.XLINK_HREF: node["code_space"]})
    if "uom" in node:
        uom = node["uom"]
        if "code" in uom:
            add_swe_uom(element, uom["code"])
        else:
            xml.add(element, "swe:uom", **{xml.XLINK_HREF: uom["href"]})
    text = text_of(node)
    if text is not None:
        xml.add(element, "swe:value", text)


def _text(value: Value) -> str:
    if isinstance(value, bool):
        return xsd.write_boolean(value)
    return xsd.write_double(value) if isinstance(value, float) else str(value)
