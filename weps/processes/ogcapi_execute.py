"""Execute of OGC API - Processes: requests to values, outputs to results (OGC 18-062r2 clause 7.11)."""

from __future__ import annotations

import base64
import binascii
import json
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from weps.errors import InputError
from weps.json_faults import json_fault
from weps.processes.base import (
    JSON,
    BoundingBox,
    Box,
    Complex,
    Document,
    InputSpec,
    Kind,
    Literal,
    Reference,
    Text,
)
from weps.processes.faults import UnknownFormat, UnknownInput, UnknownOutput

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from weps.model import Json
    from weps.processes.base import Given, Output, Outputs, OutputSpec, ProcessSpec

TEXT = "text/plain"
_MEMBERS = frozenset({"inputs", "outputs", "response", "subscriber"})
_BOX_NUMBERS = (4, 6)


@dataclass(frozen=True, slots=True)
class Form:
    """How a client wants the result: which outputs, each in a media type, and as a document or `raw`."""

    outputs: tuple[tuple[str, str], ...]
    raw: bool

    def to_json(self) -> dict[str, Any]:
        """Give the form as it is kept with a job."""
        return {"response": "raw" if self.raw else "document", "wanted": [list(one) for one in self.outputs]}

    @classmethod
    def from_json(cls, stored: Json, spec: ProcessSpec) -> Form:
        """Give the form back; a job that another binding made has a form that is not known here: the default."""
        if not isinstance(stored, dict) or "wanted" not in stored:
            return cls(tuple((one.identifier, _default_form(one)) for one in spec.outputs), raw=False)
        return cls(tuple((one[0], one[1]) for one in stored["wanted"]), stored["response"] == "raw")


@dataclass(frozen=True, slots=True)
class Subscriber:
    """Where a client wants to be told how its job goes."""

    success: str
    in_progress: str | None = None
    failed: str | None = None


@dataclass(frozen=True, slots=True)
class Execute:
    """A request to run a process."""

    inputs: Mapping[str, list[Given]]
    form: Form
    subscriber: Subscriber | None


@dataclass(frozen=True, slots=True)
class Result:
    """What an execution gave, ready to be sent."""

    body: bytes
    media_type: str


def decode_execute(body: bytes, spec: ProcessSpec) -> Execute:
    """Read a request; raises `InputError`."""
    try:
        request = json.loads(body, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise InputError(f"The request is no JSON: {json_fault(error)}.") from error
    if not isinstance(request, dict):
        raise InputError("The request is no JSON object with inputs.")
    for name in request.keys() - _MEMBERS:
        raise InputError(f"The request has no member {name}; it has {', '.join(sorted(_MEMBERS))}.", name)
    inputs = _object(request, "inputs")
    return Execute(
        {name: _decode_input(spec, name, value) for name, value in inputs.items()},
        _decode_form(request, spec),
        _decode_subscriber(request),
    )


def prefers_async(headers: Sequence[str]) -> bool:
    """Tell whether a client asks for a job: `respond-async` is among its preferences (RFC 7240)."""
    preferences = (one.partition(";")[0] for header in headers for one in header.split(","))
    return any(one.strip().lower() == "respond-async" for one in preferences)


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no number of JSON")


def _object(holder: Mapping[str, Any], name: str) -> dict[str, Any]:
    found = holder.get(name, {})
    if not isinstance(found, dict):
        raise InputError(f"{name} is not an object.", name)
    return found


def _decode_input(process: ProcessSpec, identifier: str, value: Any) -> list[Given]:
    spec = process.input(identifier)
    if spec is None:
        known = ", ".join(one.identifier for one in process.inputs) or "none"
        raise UnknownInput(f"{process.identifier} has no input {identifier}; it has {known}.", identifier)
    return [_decode_value(spec, one) for one in (value if isinstance(value, list) else [value])]


def _decode_value(spec: InputSpec, value: Any) -> Given:
    media_type = None
    if isinstance(value, dict) and isinstance(value.get("href"), str):
        return Reference(value["href"], value.get("type"))
    if isinstance(value, dict) and "value" in value:
        media_type, encoding = value.get("mediaType"), value.get("encoding")
        value = _decoded(spec.identifier, value["value"], encoding)
        if media_type is not None and not isinstance(media_type, str):
            raise InputError("mediaType is not a text.", spec.identifier)
    if isinstance(spec.data, Box):
        return _decode_box(spec.identifier, value)
    if isinstance(spec.data, Complex):
        return (
            Document(value, media_type) if isinstance(value, str) else Document(json.dumps(value), media_type or JSON)
        )
    return _decode_literal(spec.identifier, value)


def _decoded(identifier: str, value: Any, encoding: Any) -> Any:
    if encoding in {None, "utf-8", "UTF-8"}:
        return value
    if encoding != "base64" or not isinstance(value, str):
        raise InputError(f"The encoding {encoding} is not supported; use base64, or none.", identifier)
    try:
        return base64.b64decode(value, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError) as error:
        raise InputError("The value is no UTF-8 text in base64.", identifier) from error


def _decode_literal(identifier: str, value: Any) -> Text:
    if isinstance(value, dict) and value.keys() >= {"measurement", "uom"}:
        return Text(_plain(identifier, value["measurement"]), str(value["uom"]))
    return Text(_plain(identifier, value))


def _plain(identifier: str, value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, str):
        return value
    raise InputError("A text, a number or a truth is wanted here, or an object with value.", identifier)


def _decode_box(identifier: str, value: Any) -> BoundingBox:
    corners = value.get("bbox") if isinstance(value, dict) else None
    if not isinstance(corners, list) or len(corners) not in _BOX_NUMBERS:
        raise InputError("Give a bounding box as an object with bbox, an array of four or six numbers.", identifier)
    texts = [_plain(identifier, one) for one in corners]
    half = len(texts) // 2
    crs = value.get("crs")
    return BoundingBox(" ".join(texts[:half]), " ".join(texts[half:]), None if crs is None else str(crs))


def _decode_form(request: Mapping[str, Any], spec: ProcessSpec) -> Form:
    response = request.get("response", "raw")
    if response not in ("raw", "document"):
        raise InputError("response is neither raw nor document.", "response")
    wanted = _object(request, "outputs")
    outputs = []
    for identifier in wanted or [one.identifier for one in spec.outputs]:
        output = spec.output(identifier)
        if output is None:
            known = ", ".join(one.identifier for one in spec.outputs)
            raise UnknownOutput(f"{spec.identifier} has no output {identifier}; it has {known}.", identifier)
        outputs.append((identifier, _decode_wanted(output, wanted.get(identifier))))
    return Form(tuple(outputs), response == "raw")


def _decode_wanted(output: OutputSpec, wanted: Any) -> str:
    if wanted is None:
        return _default_form(output)
    if not isinstance(wanted, dict):
        raise InputError("What is wanted of an output is not an object.", output.identifier)
    if wanted.get("transmissionMode", "value") != "value":
        raise InputError("Outputs are given by value only.", output.identifier)
    asked = _object(wanted, "format").get("mediaType")
    if asked is None or not isinstance(output.data, Complex):
        return _default_form(output)
    known = [one.mime_type for one in output.data.formats]
    if asked not in known:
        raise UnknownFormat(f'"{asked}" is not one of the formats {", ".join(known)}.', output.identifier)
    return str(asked)


def _default_form(output: OutputSpec) -> str:
    """Give the media type of an output that is asked for without one: JSON where it comes in it."""
    if isinstance(output.data, Complex):
        known = [one.mime_type for one in output.data.formats]
        return JSON if JSON in known else known[0]
    return TEXT if isinstance(output.data, Literal) else JSON


def _decode_subscriber(request: Mapping[str, Any]) -> Subscriber | None:
    if "subscriber" not in request:
        return None
    given = _object(request, "subscriber")
    uris = [given.get(name) for name in ("successUri", "inProgressUri", "failedUri")]
    if not isinstance(uris[0], str) or not all(one is None or isinstance(one, str) for one in uris):
        raise InputError("A subscriber needs a successUri; inProgressUri and failedUri may be given too.", "subscriber")
    return Subscriber(uris[0], uris[1], uris[2])


def encode_results(spec: ProcessSpec, outputs: Outputs, form: Form) -> Result:
    """Give what a client asked for: one output as it is, several in parts, or all of them in a JSON document."""
    if not form.raw:
        document = {name: _member(spec, name, outputs[name], media_type) for name, media_type in form.outputs}
        return Result(json.dumps(document, ensure_ascii=False).encode(), JSON)
    parts = [(name, *_alone(spec, name, outputs[name], media_type)) for name, media_type in form.outputs]
    if len(parts) == 1:
        return Result(parts[0][1], parts[0][2])
    return _multipart(parts)


def _member(process: ProcessSpec, identifier: str, output: Output, media_type: str) -> Any:
    spec = process.output(identifier)
    if isinstance(output, BoundingBox):
        return _box(output)
    if isinstance(output, str):
        return _typed(output, spec.data if spec is not None and isinstance(spec.data, Literal) else Literal())
    text = output[media_type]
    return {"value": json.loads(text) if media_type.endswith("json") else text, "mediaType": media_type}


def _box(box: BoundingBox) -> dict[str, Any]:
    numbers = [float(one) for one in f"{box.lower_corner} {box.upper_corner}".split()]
    return {"bbox": numbers} | ({"crs": box.crs} if box.crs else {})


def _typed(text: str, literal: Literal) -> str | int | float | bool:
    if literal.published_type == "boolean":
        return text == "true"
    if literal.kind is Kind.COUNT:
        return int(text)
    return float(text) if literal.kind is Kind.NUMBER else text


def _alone(process: ProcessSpec, identifier: str, output: Output, media_type: str) -> tuple[bytes, str]:
    if isinstance(output, BoundingBox):
        return json.dumps(_box(output)).encode(), JSON
    if isinstance(output, str):
        return output.encode(), f"{TEXT}; charset=utf-8"
    return output[media_type].encode(), media_type


def _multipart(parts: list[tuple[str, bytes, str]]) -> Result:
    """Write several outputs as multipart/related (RFC 2387), the identifier of each as its Content-ID."""
    boundary = uuid.uuid4().hex
    body = b"".join(
        f"--{boundary}\r\nContent-ID: <{name}>\r\nContent-Type: {media_type}\r\n\r\n".encode() + content + b"\r\n"
        for name, content, media_type in parts
    )
    root = parts[0][2].partition(";")[0]
    return Result(body + f"--{boundary}--\r\n".encode(), f'multipart/related; type="{root}"; boundary={boundary}')
