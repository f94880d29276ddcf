"""Our descriptions and values as PyWPS's model of processes, inputs and outputs, from which it writes documents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lxml import etree
from markupsafe import Markup, escape
from pywps import BoundingBoxInput, ComplexInput, Format
from pywps.app.Common import Metadata

from weps.processes.base import XML, BoundingBox, Box, Complex, Document, Literal, Reference, Text
from weps.processes.faults import UnknownFormat
from weps.processes.pywps_mends import (
    MendedBoxOutput,
    MendedComplexOutput,
    MendedLiteralOutput,
    MendedProcess,
    ReferenceOutput,
    literal_input,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from weps.processes.base import Given, InputSpec, Output, Outputs, OutputSpec, ProcessSpec
    from weps.processes.wps_requests import WantedOutput

TEXT = "text/plain"
_OWS = "http://www.opengis.net/ows/1.1"


def build_process(spec: ProcessSpec) -> MendedProcess:
    """Build the description of a process."""
    return MendedProcess(
        lambda request, response: response,
        spec.identifier,
        spec.title,
        abstract=spec.abstract,
        version=spec.version,
        inputs=[_build_input(one) for one in spec.inputs],
        outputs=[_build_output(one) for one in spec.outputs],
        store_supported=True,
        status_supported=True,
        metadata=[Metadata(link.title, link.href) for link in spec.metadata],
    )


def _build_input(spec: InputSpec) -> Any:
    common = _common(spec) | {"min_occurs": spec.min_occurs, "max_occurs": spec.max_occurs}
    if isinstance(spec.data, Complex):
        return ComplexInput(supported_formats=_formats(spec.data), **common)
    if isinstance(spec.data, Box):
        return BoundingBoxInput(crss=list(spec.data.crs), **common)
    return literal_input(
        _data_type(spec.data), spec.data.allowed, spec.data.default, uoms=list(spec.data.uoms) or None, **common
    )


def _build_output(spec: OutputSpec, output: Output | None = None, form: str = XML) -> Any:
    data = spec.data
    if isinstance(data, Box):
        return MendedBoxOutput(output if isinstance(output, BoundingBox) else None, data.crs, **_common(spec))
    text = None if output is None else text_of_output(output, form)
    if isinstance(data, Literal):
        return MendedLiteralOutput(_data_type(data), text, **_common(spec))
    chosen = Complex(tuple(sorted(data.formats, key=lambda one: one.mime_type != form)))
    return MendedComplexOutput(text, form == XML, supported_formats=_formats(chosen), **_common(spec))


def _common(spec: InputSpec | OutputSpec) -> dict[str, Any]:
    return {"identifier": spec.identifier, "title": spec.title, "abstract": spec.abstract}


def _formats(data: Complex) -> list[Format]:
    return [Format(one.mime_type, schema=one.schema) for one in data.formats]


def _data_type(literal: Literal) -> str:
    return literal.published_type or str(literal.kind)


def media_type(spec: ProcessSpec, wanted: WantedOutput) -> str:
    """Give the media type in which an output is sent; raises `UnknownFormat` for one that it cannot have."""
    output = spec.output(wanted.identifier)
    if output is None or isinstance(output.data, Literal):
        return TEXT
    if isinstance(output.data, Box):
        return XML
    known = tuple(one.mime_type for one in output.data.formats)
    asked = (wanted.mime_type or known[0]).partition(";")[0].strip().lower().replace("application/xml", XML)
    if asked not in known:
        raise UnknownFormat(f'"{wanted.mime_type}" is not one of the formats {", ".join(known)}.', wanted.identifier)
    return asked


def text_of_output(output: Output, form: str) -> str:
    """Give the text of an output in a media type."""
    if isinstance(output, BoundingBox):
        return _text_of_box(output)
    return output if isinstance(output, str) else output[form]


def _text_of_box(box: BoundingBox) -> str:
    root = etree.Element(f"{{{_OWS}}}BoundingBox", {"crs": box.crs} if box.crs else {}, {"ows": _OWS})
    for name, corner in (("LowerCorner", box.lower_corner), ("UpperCorner", box.upper_corner)):
        etree.SubElement(root, f"{{{_OWS}}}{name}").text = corner
    return str(etree.tostring(root, encoding="unicode"))


def build_outputs(
    spec: ProcessSpec, wanted: Sequence[WantedOutput], outputs: Outputs, references: Mapping[str, str]
) -> list[Any]:
    """Build the outputs that were asked for; those with a reference show its address instead of the data."""
    built = []
    for one in wanted:
        form, output = media_type(spec, one), spec.output(one.identifier)
        if output is None:
            continue
        if one.identifier in references:
            formats = [Format(form)]
            built.append(ReferenceOutput(references[one.identifier], supported_formats=formats, **_common(output)))
        else:
            built.append(_build_output(output, outputs[one.identifier], form))
    return built


def describe_inputs(spec: ProcessSpec, given: Mapping[str, Sequence[Given]]) -> list[dict[str, Any]]:
    """Describe the inputs as they came, for the lineage."""
    described = []
    for identifier, values in given.items():
        one = spec.input(identifier)
        if one is not None:
            common = _common(one)
            described += [common | _describe(one, value) for value in values]
    return described


def _describe(spec: InputSpec, value: Given) -> dict[str, Any]:
    if isinstance(value, Reference):
        method = "GET" if value.body is None else "POST"
        return {"type": "reference", "href": value.href, "method": method, "mimetype": value.mime_type or XML}
    if isinstance(value, Document) and isinstance(spec.data, Complex):
        mime_type = value.mime_type or spec.data.formats[0].mime_type
        return {"type": "complex", "mimetype": mime_type, "schema": value.schema, "data": _content(value)}
    if isinstance(value, BoundingBox):
        lower, upper = value.lower_corner.split(), value.upper_corner.split()
        return {"type": "bbox", "crs": value.crs or "", "dimensions": len(lower), "ll": lower, "ur": upper}
    uom = value.uom if isinstance(value, Text) else None
    return {"type": "literal", "data": value.text, "uom": {"reference": uom} if uom else None}


def _content(document: Document) -> str:
    """Give the text of complex data as it stands between tags: an element as markup, anything else escaped."""
    return Markup(document.text) if document.is_element else escape(document.text)  # noqa: S704
