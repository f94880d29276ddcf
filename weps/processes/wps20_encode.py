"""What a WPS 2.0 answers about jobs: status, results, exceptions (OGC 14-065r2 clauses 9.6 to 9.10)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sos_server.codecs.xml import parse
from sos_server.time import format_instant
from weps.model import JobStatus
from weps.processes.base import XML, Answer, BoundingBox, Literal
from weps.processes.wps20_names import OWS, OWS_SCHEMA, WPS, XLINK_HREF, add, root, serialize
from weps.processes.wps20_requests import VERSION

if TYPE_CHECKING:
    from datetime import datetime

    from lxml import etree

    from weps.processes.base import Output, OutputSpec
    from weps.processes.faults import Fault
    from weps.processes.job_state import JobState

_STATUSES = {
    JobStatus.ACCEPTED: "Accepted",
    JobStatus.RUNNING: "Running",
    JobStatus.SUCCEEDED: "Succeeded",
    JobStatus.FAILED: "Failed",
    JobStatus.DISMISSED: "Dismissed",
}


def write_status(state: JobState) -> etree._Element:
    """
    Write `wps:StatusInfo`; a subscription that is paused is `Paused`, which the standard leaves room for.

    The completion of a job that is over is when that really was.
    """
    document = root(f"{WPS}StatusInfo")
    add(document, f"{WPS}JobID", state.id)
    add(document, f"{WPS}Status", "Paused" if state.paused else _STATUSES[state.status])
    _add_instant(document, "ExpirationDate", state.expiration)
    _add_instant(document, "EstimatedCompletion", state.completion or state.finished)
    _add_instant(document, "NextPoll", state.next_poll)
    if state.percent is not None:
        add(document, f"{WPS}PercentCompleted", str(state.percent))
    return document


def start_result(state: JobState | None) -> etree._Element:
    """Write the head of `wps:Result`, of a job where it is one."""
    document = root(f"{WPS}Result")
    if state is not None:
        add(document, f"{WPS}JobID", state.id)
        _add_instant(document, "ExpirationDate", state.expiration)
    return document


def add_reference(result: etree._Element, identifier: str, href: str, mime_type: str) -> None:
    """Append an output that the client fetches."""
    output = add(result, f"{WPS}Output", id=identifier)
    add(output, f"{WPS}Reference", mimeType=mime_type).set(XLINK_HREF, href)


def add_output(result: etree._Element, spec: OutputSpec, output: Output, mime_type: str) -> None:
    """Append an output with its data."""
    parent = add(result, f"{WPS}Output", id=spec.identifier)
    if isinstance(output, BoundingBox):
        _add_box(add(parent, f"{WPS}Data"), output)
        return
    if isinstance(spec.data, Literal) and mime_type == XML:
        add(add(parent, f"{WPS}Data"), f"{WPS}LiteralValue", _text_of(output, mime_type))
        return
    data, text = add(parent, f"{WPS}Data", mimeType=mime_type), _text_of(output, mime_type)
    if is_xml(mime_type):
        document = text.encode()
        data.append(parse(document, len(document)))
    else:
        data.text = text


def write_alone(spec: OutputSpec, output: Output, mime_type: str) -> Answer:
    """Give an output as a document of its own."""
    if isinstance(output, BoundingBox):
        document = root(f"{OWS}BoundingBox")
        _fill_box(document, output)
        return Answer(serialize(document))
    if isinstance(spec.data, Literal) and mime_type == XML:
        document = root(f"{WPS}LiteralValue")
        document.text = _text_of(output, mime_type)
        return Answer(serialize(document))
    return Answer(_text_of(output, mime_type).encode(), mime_type)


def is_xml(mime_type: str) -> bool:
    """Tell whether data of a media type is XML."""
    return mime_type in {XML, "application/xml"} or mime_type.endswith("+xml")


def write_exception(fault: Fault) -> etree._Element:
    """Write the OWS 2.0 exception report of a fault."""
    document = root(f"{OWS}ExceptionReport", OWS_SCHEMA, version=VERSION)
    exception = add(document, f"{OWS}Exception", exceptionCode=fault.code)
    if fault.locator:
        exception.set("locator", fault.locator)
    add(exception, f"{OWS}ExceptionText", fault.text)
    return document


def _text_of(output: Output, mime_type: str) -> str:
    if isinstance(output, BoundingBox):
        raise TypeError("a bounding box has no text")
    return output if isinstance(output, str) else output[mime_type]


def _add_instant(parent: etree._Element, name: str, instant: datetime | None) -> None:
    if instant is not None:
        add(parent, f"{WPS}{name}", format_instant(instant))


def _add_box(parent: etree._Element, box: BoundingBox) -> None:
    _fill_box(add(parent, f"{OWS}BoundingBox"), box)


def _fill_box(element: etree._Element, box: BoundingBox) -> None:
    if box.crs:
        element.set("crs", box.crs)
    add(element, f"{OWS}LowerCorner", box.lower_corner)
    add(element, f"{OWS}UpperCorner", box.upper_corner)
