"""WPS 2.0: requests to values, values to documents (OGC 14-065r2)."""

from __future__ import annotations

import copy
import functools
import uuid
from typing import TYPE_CHECKING

from pywps import configuration

from weps.model import JobStatus
from weps.processes.base import XML, Answer, Box, Literal
from weps.processes.faults import Fault, TooManyOutputs, UnknownFormat, UnknownOutput, WpsError
from weps.processes.wps20_describe import LITERAL_FORMATS, Identification, write_capabilities, write_offering
from weps.processes.wps20_encode import (
    add_output,
    add_reference,
    start_result,
    write_alone,
    write_exception,
    write_status,
)
from weps.processes.wps20_faults import fault_20_of, told_as_execution
from weps.processes.wps20_names import WPS, root, serialize
from weps.processes.wps20_requests import Dismiss, Execute, Form, GetStatus, Mode, Request
from weps.processes.wps_requests import DescribeProcess, GetCapabilities, WantedOutput

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lxml import etree

    from weps.processes.base import Outputs, OutputSpec, ProcessSpec
    from weps.processes.job_control import JobControl
    from weps.processes.job_state import JobState
    from weps.processes.jobs import StoredDocuments

_MEGABYTE = 1024 * 1024


class Wps20:
    """The binding: one operation a method. `url` is the address of the service, `limit` its largest request."""

    def __init__(
        self,
        processes: Mapping[str, ProcessSpec],
        control: JobControl,
        documents: StoredDocuments,
        url: str,
        limit: int,
    ) -> None:
        self._specs, self._control, self._documents = processes, control, documents
        self._url, self._megabytes = url, max(1, limit // _MEGABYTE)

    def answer(self, request: Request) -> Answer:
        """Carry out a request; raises the errors of `weps.errors`."""
        if isinstance(request, GetCapabilities):
            return Answer(self._capabilities)
        if isinstance(request, DescribeProcess):
            return self._describe(request)
        if isinstance(request, Execute):
            return self._execute(request)
        if isinstance(request, GetStatus):
            return Answer(serialize(write_status(self._control.state(request.job))))
        if isinstance(request, Dismiss):
            state = self._control.dismiss(request.job)
            self._documents.discard(request.job)
            return Answer(serialize(write_status(state)))
        return self._result(request.job)

    @functools.cached_property
    def _capabilities(self) -> bytes:
        def told(name: str) -> str:
            return str(configuration.get_config_value("metadata:main", name))

        identification = Identification(
            told("identification_title"),
            told("identification_abstract"),
            tuple(word.strip() for word in told("identification_keywords").split(",")),
            told("provider_name"),
            told("provider_url"),
        )
        return serialize(write_capabilities(identification, self._specs.values(), self._url))

    @functools.cached_property
    def _offerings(self) -> Mapping[str, etree._Element]:
        return {identifier: write_offering(spec, self._megabytes) for identifier, spec in self._specs.items()}

    def _describe(self, request: DescribeProcess) -> Answer:
        identifiers = request.identifiers
        if any(identifier.upper() == "ALL" for identifier in identifiers):
            identifiers = tuple(self._specs)
        document = root(f"{WPS}ProcessOfferings")
        for identifier in dict.fromkeys(identifiers):
            self._spec(identifier)
            document.append(copy.deepcopy(self._offerings[identifier]))
        return Answer(serialize(document))

    def _execute(self, request: Execute) -> Answer:
        spec = self._spec(request.identifier)
        _check_form(spec, request.form)
        with told_as_execution():
            # A subscription is made at once, and so a client that leaves the choice to us need not ask again for it.
            if request.mode is Mode.SYNC or (request.mode is Mode.AUTO and spec.outcome is not None):
                outputs = self._control.run(spec, request.inputs)
                return self._answer_outputs(spec, request.form, outputs, None)
            state = self._control.start(spec, request.inputs, request.form.to_json())
        if request.mode is Mode.AUTO and state.status in {JobStatus.SUCCEEDED, JobStatus.FAILED}:
            return self._result(state.id)
        return Answer(serialize(write_status(state)))

    def _result(self, job: str) -> Answer:
        state, outputs = self._control.result(job)
        return self._answer_outputs(self._spec(state.process), Form.from_json(state.form), outputs, state)

    def _answer_outputs(self, spec: ProcessSpec, form: Form, outputs: Outputs, state: JobState | None) -> Answer:
        wanted = form.outputs or tuple(WantedOutput(output.identifier) for output in spec.outputs)
        name = str(uuid.uuid4()) if state is None else state.id
        if form.raw and not wanted[0].as_reference:
            output = _output(spec, wanted[0])
            return write_alone(output, outputs[output.identifier], media_type(output, wanted[0]))
        document = start_result(state)
        for one in wanted:
            output, form_of = _output(spec, one), media_type(_output(spec, one), one)
            if one.as_reference:
                alone = write_alone(output, outputs[one.identifier], form_of)
                href = self._documents.save(f"{name}-{one.identifier}", alone.media_type, alone.body)
                add_reference(document, one.identifier, href, alone.media_type)
            else:
                add_output(document, output, outputs[one.identifier], form_of)
        return Answer(serialize(document))

    def _spec(self, identifier: str) -> ProcessSpec:
        spec = self._specs.get(identifier)
        if spec is None:
            raise WpsError(
                "NoSuchProcess",
                f'There is no process "{identifier}"; GetCapabilities lists those that exist.',
                identifier,
            )
        return spec


def media_type(output: OutputSpec, wanted: WantedOutput) -> str:
    """
    Give the media type in which an output is sent; raises `UnknownFormat` for one that it cannot have.

    A literal is sent as `wps:LiteralValue` unless it is asked for as plain text, and referred to as plain text.
    """
    if isinstance(output.data, Literal):
        known: tuple[str, ...] = LITERAL_FORMATS if wanted.as_reference else LITERAL_FORMATS[::-1]
    elif isinstance(output.data, Box):
        known = (XML,)
    else:
        known = tuple(one.mime_type for one in output.data.formats)
    asked = (wanted.mime_type or known[0]).partition(";")[0].strip().lower()
    if asked == "application/xml" and asked not in known:
        asked = XML
    if asked not in known:
        raise UnknownFormat(
            f'"{wanted.mime_type}" is not one of the formats {", ".join(dict.fromkeys(known))}.', wanted.identifier
        )
    return asked


def _output(spec: ProcessSpec, wanted: WantedOutput) -> OutputSpec:
    output = spec.output(wanted.identifier)
    if output is None:
        known = ", ".join(one.identifier for one in spec.outputs)
        raise UnknownOutput(f"{spec.identifier} has no output {wanted.identifier}; it has {known}.", wanted.identifier)
    return output


def _check_form(spec: ProcessSpec, form: Form) -> None:
    """Refuse a form of answer that cannot be given, before anything is done."""
    for wanted in form.outputs:
        media_type(_output(spec, wanted), wanted)
    names = [wanted.identifier for wanted in form.outputs]
    twice = [name for name in dict.fromkeys(names) if names.count(name) > 1]
    if twice:
        raise TooManyOutputs(f"{twice[0]} is asked for more than once.", twice[0])
    if form.raw and len(names or spec.outputs) != 1:
        known = names or [output.identifier for output in spec.outputs]
        raise TooManyOutputs(f"A raw response holds one output; ask for one of {', '.join(known)}.", ",".join(known))


def write_fault(error: Exception) -> Answer:
    """Write the exception report of an error."""
    fault: Fault = fault_20_of(error)
    return Answer(serialize(write_exception(fault)), XML, fault.status)
