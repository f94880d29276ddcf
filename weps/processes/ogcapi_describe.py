"""Processes as OGC API - Processes describes them (OGC 18-062r2, "OGC process description")."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from weps.processes.base import JSON, Complex, Kind, Literal

if TYPE_CHECKING:
    from weps.processes.base import Box, InputSpec, OutputSpec, ProcessSpec

RELATIONS = "http://www.opengis.net/def/rel/ogc/1.0/"
_LITERALS: dict[str, dict[str, Any]] = {
    Kind.NUMBER: {"type": "number"},
    Kind.COUNT: {"type": "integer", "minimum": 0},
    Kind.INSTANT: {"type": "string", "format": "date-time"},
    Kind.DURATION: {"type": "string", "format": "duration"},
    Kind.URL: {"type": "string", "format": "uri"},
    "anyURI": {"type": "string", "format": "uri"},
    "boolean": {"type": "boolean"},
    "long": {"type": "integer"},
}


def link(href: str, relation: str, title: str, media_type: str = JSON) -> dict[str, str]:
    """Give a link."""
    return {"href": href, "rel": relation, "type": media_type, "title": title}


def summarise(spec: ProcessSpec, base: str) -> dict[str, Any]:
    """Give the summary of a process."""
    url = f"{base}/processes/{spec.identifier}"
    return {
        "id": spec.identifier,
        "title": spec.title,
        "description": spec.abstract,
        "version": spec.version,
        "metadata": [{"title": one.title, "href": _absolute(one.href, base)} for one in spec.metadata],
        "jobControlOptions": ["sync-execute", "async-execute", "dismiss"],
        "outputTransmission": ["value"],
        "links": [
            link(url, "self", "The description of the process"),
            link(f"{url}/execution", f"{RELATIONS}execute", "Where to execute the process"),
        ],
    }


def describe(spec: ProcessSpec, base: str) -> dict[str, Any]:
    """Give the description of a process."""
    return summarise(spec, base) | {
        "inputs": {one.identifier: _describe_input(one) for one in spec.inputs},
        "outputs": {one.identifier: _describe_data(one) for one in spec.outputs},
    }


def _absolute(href: str, base: str) -> str:
    return href if "://" in href else f"{base}/{href}"


def _describe_input(spec: InputSpec) -> dict[str, Any]:
    return _describe_data(spec) | {"minOccurs": spec.min_occurs, "maxOccurs": spec.max_occurs}


def _describe_data(spec: InputSpec | OutputSpec) -> dict[str, Any]:
    members = {"title": spec.title, "schema": _schema(spec.data)}
    return members | ({"description": spec.abstract} if spec.abstract else {})


def _schema(data: Literal | Complex | Box) -> dict[str, Any]:
    if isinstance(data, Literal):
        return _literal_schema(data)
    if isinstance(data, Complex):
        choices = [_format_schema(one.mime_type, one.schema) for one in data.formats]
        return choices[0] if len(choices) == 1 else {"oneOf": choices}
    return {
        "type": "object",
        "format": "ogc-bbox",
        "required": ["bbox"],
        "properties": {
            "bbox": {"type": "array", "items": {"type": "number"}, "minItems": 4, "maxItems": 6},
            "crs": {"type": "string", "format": "uri", "enum": list(data.crs), "default": data.crs[0]},
        },
    }


def _literal_schema(data: Literal) -> dict[str, Any]:
    name = data.published_type or data.kind
    schema = dict(_LITERALS.get(name, {"type": "string"}))
    if data.allowed:
        schema["enum"] = list(data.allowed)
    if data.default is not None:
        schema["default"] = data.default
    if not data.uoms:
        return schema
    measure = {
        "type": "object",
        "required": ["measurement", "uom"],
        "properties": {
            "measurement": {"type": "number"},
            "uom": {"type": "string", "enum": list(data.uoms), "default": data.uoms[0]},
        },
    }
    return {"oneOf": [schema, {"type": "number"}, measure]}


def _format_schema(mime_type: str, schema: str | None) -> dict[str, Any]:
    if mime_type.endswith("json"):
        return {"type": "object", "contentMediaType": mime_type}
    members = {"type": "string", "contentMediaType": mime_type}
    return members | ({"contentSchema": schema} if schema else {})
