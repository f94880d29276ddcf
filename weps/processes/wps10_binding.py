"""
WPS 1.0.0 on PyWPS: requests to values, values to the documents that PyWPS writes.

Execute runs at once and inside the request, also when it is asked for as asynchronous: then the finished answer is
stored, and the same document is given back with its address.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from lxml import etree

from weps.errors import FeedError, InputError
from weps.processes.base import XML, Answer
from weps.processes.execute import execute
from weps.processes.faults import Fault, UnknownOutput, fault_of
from weps.processes.pywps_mends import MendedCapabilities, MendedDescription, MendedExecution
from weps.processes.wps10_model import build_outputs, build_process, describe_inputs, media_type, text_of_output
from weps.processes.wps10_requests import Execute, Request
from weps.processes.wps_requests import LANGUAGE, DescribeProcess, GetCapabilities, WantedOutput

if TYPE_CHECKING:
    from collections.abc import Mapping

    from weps.processes.base import Context, Outputs, ProcessSpec
    from weps.processes.jobs import StoredDocuments

_OWS = "http://www.opengis.net/ows/1.1"
_XSI = "http://www.w3.org/2001/XMLSchema-instance"
_MEGABYTE = 1024 * 1024


class Wps10:
    """The binding: one operation a method. `url` is the address of the service, `limit` its largest request."""

    def __init__(
        self,
        processes: Mapping[str, ProcessSpec],
        context: Context,
        documents: StoredDocuments,
        url: str,
        limit: int,
    ) -> None:
        self._specs, self._context, self._documents = processes, context, documents
        self._url, self._limit = url, limit
        self._described = {identifier: build_process(spec) for identifier, spec in processes.items()}

    def answer(self, request: Request) -> Answer:
        """Carry out a request; raises the errors of `weps.errors`."""
        if isinstance(request, GetCapabilities):
            return Answer(MendedCapabilities(self._described, LANGUAGE, self._url).render().encode())
        if isinstance(request, DescribeProcess):
            return self._describe(request)
        return self._execute(request)

    def _describe(self, request: DescribeProcess) -> Answer:
        identifiers = request.identifiers
        if not identifiers or any(identifier.lower() == "all" for identifier in identifiers):
            identifiers = tuple(self._specs)
        for identifier in identifiers:
            self._spec(identifier)
        description = MendedDescription(self._described, identifiers, LANGUAGE)
        return Answer(description.render(max(1, self._limit // _MEGABYTE)).encode())

    def _execute(self, request: Execute) -> Answer:
        spec = self._spec(request.identifier)
        _check_form(spec, request)
        name = str(uuid.uuid4())
        try:
            outputs = execute(spec, request.inputs, self._context)
        except FeedError as error:
            if not (request.store and request.status):
                raise
            return self._answer_document(spec, request, name, {}, fault_of(error))
        if request.raw is not None:
            form = media_type(spec, request.raw)
            return Answer(text_of_output(outputs[request.raw.identifier], form).encode(), form)
        return self._answer_document(spec, request, name, outputs, None)

    def _answer_document(
        self, spec: ProcessSpec, request: Execute, name: str, outputs: Outputs, fault: Fault | None
    ) -> Answer:
        wanted = request.outputs or tuple(WantedOutput(output.identifier) for output in spec.outputs)
        references = {} if fault else self._store_references(spec, wanted, name, outputs)
        execution = MendedExecution(
            self._described[spec.identifier],
            [] if fault else build_outputs(spec, wanted, outputs, references),
            LANGUAGE,
            self._url,
            status_location=self._documents.address(name, XML) if request.store else None,
            inputs=describe_inputs(spec, request.inputs) if request.lineage else None,
            failure=None if fault is None else (fault.code, fault.locator, fault.text),
        )
        document = execution.render().encode()
        if request.store:
            self._documents.save(name, XML, document)
        return Answer(document)

    def _store_references(
        self, spec: ProcessSpec, wanted: tuple[WantedOutput, ...], name: str, outputs: Outputs
    ) -> dict[str, str]:
        references = {}
        for output in wanted:
            if output.as_reference:
                form = media_type(spec, output)
                text = text_of_output(outputs[output.identifier], form)
                references[output.identifier] = self._documents.save(f"{name}-{output.identifier}", form, text.encode())
        return references

    def _spec(self, identifier: str) -> ProcessSpec:
        spec = self._specs.get(identifier)
        if spec is None:
            raise InputError(
                f'There is no process "{identifier}"; GetCapabilities lists those that exist.', "Identifier"
            )
        return spec


def _check_form(spec: ProcessSpec, request: Execute) -> None:
    """Refuse a form of answer that cannot be given, before anything is done."""
    if request.raw is not None and request.outputs:
        raise InputError("Ask for a response document or for raw output, not for both.", "RawDataOutput")
    if request.status and not request.store and request.raw is None:
        raise InputError("status needs storeExecuteResponse to be true as well.", "status")
    for wanted in (*request.outputs, *((request.raw,) if request.raw else ())):
        if spec.output(wanted.identifier) is None:
            known = ", ".join(output.identifier for output in spec.outputs)
            raise UnknownOutput(
                f"{spec.identifier} has no output {wanted.identifier}; it has {known}.", wanted.identifier
            )
        media_type(spec, wanted)


def write_exception(error: Exception) -> Answer:
    """Write the OWS exception report of an error."""
    fault = fault_of(error)
    root = etree.Element(f"{{{_OWS}}}ExceptionReport", nsmap={"ows": _OWS, "xsi": _XSI})
    root.set(f"{{{_XSI}}}schemaLocation", f"{_OWS} http://schemas.opengis.net/ows/1.1.0/owsExceptionReport.xsd")
    root.set("version", "1.0.0")
    exception = etree.SubElement(root, f"{{{_OWS}}}Exception", exceptionCode=fault.code)
    if fault.locator:
        exception.set("locator", fault.locator)
    etree.SubElement(exception, f"{{{_OWS}}}ExceptionText").text = fault.text
    return Answer(etree.tostring(root, xml_declaration=True, encoding="UTF-8"), XML, fault.status)
