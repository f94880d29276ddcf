"""
A client of a WPS, as far as the command line and the demonstration need one.

What is answered at once is asked for in version 1.0.0 (OGC 05-007r7), what takes long as a job in version 2.0.0
(OGC 14-065r2).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from lxml import etree
from lxml.builder import ElementMaker

from sos_server.codecs import xml
from sos_server.errors import SosError
from weps.client_http import IS_IT_WEPS, ask, ask_json, base_of
from weps.errors import InputError, WepsError

if TYPE_CHECKING:
    import requests

__all__ = [
    "ComplexInput",
    "Given",
    "JobProgress",
    "ask_json",
    "decode_response",
    "dismiss_job",
    "encode_execute",
    "execute",
    "job_progress",
    "job_result",
    "start_job",
]

WPS_URI = "http://www.opengis.net/wps/1.0.0"
OWS_URI = "http://www.opengis.net/ows/1.1"
WPS = ElementMaker(namespace=WPS_URI, nsmap={"wps": WPS_URI, "ows": OWS_URI})
OWS = ElementMaker(namespace=OWS_URI)
WPS_20_URI = "http://www.opengis.net/wps/2.0"
OWS_20_URI = "http://www.opengis.net/ows/2.0"
WPS_20 = ElementMaker(namespace=WPS_20_URI, nsmap={"wps": WPS_20_URI, "ows": OWS_20_URI})
OWS_20 = ElementMaker(namespace=OWS_20_URI)
UNFINISHED = frozenset({"Accepted", "Running"})


@dataclass(frozen=True, slots=True)
class ComplexInput:
    """A document as an input, with its MIME type."""

    text: str
    mime_type: str


Given: TypeAlias = str | ComplexInput | tuple[str, ...]
"""What is given for an input: a text, several of them, or a document."""


def execute(
    address: str, process: str, inputs: Mapping[str, Given], outputs: Mapping[str, str | None]
) -> dict[str, str]:
    """
    Run a process and give its outputs by their identifiers.

    `outputs` are those wanted, with the MIME type for complex ones. Raises `InputError` with the server's words when
    it refuses the request, `WepsError` when it cannot be reached or does not answer as a WPS.
    """
    found = decode_response(_ask(address, encode_execute(process, inputs, outputs)).content, address)
    missing = [name for name in outputs if not found.get(name)]
    if missing:
        raise WepsError(f"the answer has no {missing[0]}; {IS_IT_WEPS}", where=address)
    return found


@dataclass(frozen=True, slots=True)
class JobProgress:
    """How far a job has come; `percent` is None where the service does not tell."""

    id: str
    status: str
    percent: int | None = None

    @property
    def is_finished(self) -> bool:
        """Whether there is, or will never be, a result."""
        return self.status not in UNFINISHED


def start_job(address: str, process: str, inputs: Mapping[str, Given], output: str, mime_type: str) -> JobProgress:
    """
    Start a process as a job whose result is one output alone, in a MIME type.

    Raises as `execute` does.
    """
    request = WPS_20.Execute(
        OWS_20.Identifier(process),
        *(WPS_20.Input(_encode_data(given), id=name) for name, given in _each(inputs)),
        WPS_20.Output(id=output, mimeType=mime_type, transmission="value"),
        service="WPS",
        version="2.0.0",
        mode="async",
        response="raw",
    )
    body: bytes = etree.tostring(request, xml_declaration=True, encoding="UTF-8")
    return _decode_status(_ask(address, body).content, address)


def job_progress(address: str, job: str) -> JobProgress:
    """Ask how far a job has come; raises as `execute` does."""
    return _decode_status(_ask(address, None, request="GetStatus", job=job).content, address)


def job_result(address: str, job: str) -> str:
    """Give what a job gave; raises as `execute` does, also with what the job failed with."""
    answer = _ask(address, None, request="GetResult", job=job)
    if not answer.ok:
        _decode(answer.content, address)
    return answer.content.decode()


def dismiss_job(address: str, job: str) -> None:
    """End a job and throw its result away; raises as `execute` does."""
    _decode(_ask(address, None, request="Dismiss", job=job).content, address)


def _ask(address: str, body: bytes | None, request: str = "", job: str = "") -> requests.Response:
    """Post a request, or ask for something about a job."""
    place = f"{base_of(address)}/wps"
    if body is not None:
        return ask("POST", place, data=body, headers={"Content-Type": "text/xml"})
    query = {"service": "WPS", "version": "2.0.0", "request": request, "jobId": job}
    return ask("GET", place, params=query)


def _each(inputs: Mapping[str, Given]) -> Iterator[tuple[str, str | ComplexInput]]:
    for name, given in inputs.items():
        for one in given if isinstance(given, tuple) else (given,):
            yield name, one


def _encode_data(given: str | ComplexInput) -> etree._Element:
    if isinstance(given, str):
        return WPS_20.Data(given)
    return WPS_20.Data(given.text, mimeType=given.mime_type)


def _decode_status(document: bytes, address: str) -> JobProgress:
    root = _decode(document, address)
    found = {etree.QName(element).localname: (element.text or "").strip() for element in root}
    if "JobID" not in found:
        raise WepsError(f"the answer tells of no job; {IS_IT_WEPS}", where=address)
    percent = found.get("PercentCompleted", "")
    return JobProgress(found["JobID"], found.get("Status", ""), int(percent) if percent.isdigit() else None)


def encode_execute(process: str, inputs: Mapping[str, Given], outputs: Mapping[str, str | None]) -> bytes:
    """Write an Execute request that asks for a response document."""
    request = WPS.Execute(
        OWS.Identifier(process),
        WPS.DataInputs(
            *(WPS.Input(OWS.Identifier(name), WPS.Data(_encode_input(given))) for name, given in _each(inputs))
        ),
        WPS.ResponseForm(
            WPS.ResponseDocument(
                *(
                    WPS.Output(OWS.Identifier(name), **({"mimeType": mime_type} if mime_type else {}))
                    for name, mime_type in outputs.items()
                )
            )
        ),
        service="WPS",
        version="1.0.0",
    )
    document: bytes = etree.tostring(request, xml_declaration=True, encoding="UTF-8")
    return document


def decode_response(document: bytes, address: str) -> dict[str, str]:
    """Read the outputs of an ExecuteResponse; an exception report is raised."""
    root = _decode(document, address)
    found = {}
    for output in root.iter(f"{{{WPS_URI}}}Output"):
        identifier = output.findtext(f"{{{OWS_URI}}}Identifier", "").strip()
        data = output.find(f"{{{WPS_URI}}}Data")
        found[identifier] = "" if data is None else _decode_data(data)
    return found


def _decode(document: bytes, address: str) -> etree._Element:
    """Give the root of an answer of either version; an exception report is raised."""
    try:
        root = xml.parse(document)
    except SosError as error:
        raise WepsError(f"the answer is none of a WPS; {IS_IT_WEPS}", where=address) from error
    exception = next(root.iter(f"{{{OWS_URI}}}Exception", f"{{{OWS_20_URI}}}Exception"), None)
    if exception is not None:
        text = " ".join("".join(exception.itertext()).split())
        raise InputError(text or str(exception.get("exceptionCode")), where=exception.get("locator") or None)
    return root


def _encode_input(given: str | ComplexInput) -> etree._Element:
    if isinstance(given, str):
        return WPS.LiteralData(given)
    data = WPS.ComplexData(mimeType=given.mime_type)
    if given.mime_type == "text/xml":
        data.append(xml.parse(given.text.encode()))
    else:
        data.text = given.text
    return data


def _decode_data(data: etree._Element) -> str:
    value = data[0] if len(data) else None
    if value is None:
        return ""
    if len(value):
        document: str = etree.tostring(value[0], encoding="unicode", with_tail=False)
        return document
    return (value.text or "").strip()
