"""
The faults of PyWPS 4.8, mended in one place, without changing PyWPS for others in the same process.

PyWPS keeps what it does well: the model of processes, inputs and outputs, and the documents of WPS 1.0.0 made from
it. Each mend has a test that fails on PyWPS as it is (`tests/weps/processes/test_pywps_mends.py`). What PyWPS does
wrong around its documents is not mended but not used: reading requests (`wps10_kvp.py`, `wps10_xml.py`), running
(copies, forks, temporary directories, a request log that grows in memory), fetching and storing (`execute.py`,
`jobs.py`).
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jinja2 import BaseLoader, Environment, PackageLoader, Template
from markupsafe import Markup, escape
from pywps import LiteralInput, LiteralOutput, Process
from pywps.app.WPSRequest import WPSRequest
from pywps.inout.literaltypes import AnyValue
from pywps.inout.outputs import BoundingBoxOutput, ComplexOutput
from pywps.response import RelEnvironment
from pywps.response.capabilities import CapabilitiesResponse
from pywps.response.describe import DescribeResponse
from pywps.response.execute import ExecuteResponse
from pywps.response.status import WPS_STATUS
from pywps.translations import get_translation

from weps.processes.base import BoundingBox

_CAPABILITIES = "1.0.0/capabilities/main.xml"
_COMPLEX = "1.0.0/describe/complex.xml"
_DESCRIBE = "1.0.0/describe/main.xml"
_EXECUTE = "1.0.0/execute/main.xml"
_SCHEMAS = "http://schemas.opengis.net/wps/1.0.0/"


@dataclass(frozen=True, slots=True)
class TemplateMend:
    """A piece of a template of PyWPS that makes a wrong document, and what is right."""

    template: str
    wrong: str
    right: str
    why: str


TEMPLATE_MENDS = (
    TemplateMend(
        _CAPABILITIES,
        "        <ows:ServiceTypeVersion>2.0.0</ows:ServiceTypeVersion>\n",
        "",
        "the highest version listed must be the one of the document (wps10 A.4.2.4)",
    ),
    TemplateMend(
        _CAPABILITIES, "{% if process.keywords %}", "{% if false %}", "the schema has no keywords in wps:Process"
    ),
    TemplateMend(
        _COMPLEX,
        "{% if put.data_format.schema %}\n                            <Schema>{{ format.schema }}",
        "{% if format.schema %}\n                            <Schema>{{ format.schema }}",
        "each format has a schema or has none; the default format does not decide for the others",
    ),
    TemplateMend(
        _EXECUTE,
        ' statusLocation="{{ status_location }}"',
        '{% if status_location %} statusLocation="{{ status_location }}"{% endif %}',
        "what is not stored has no location",
    ),
    TemplateMend(
        _EXECUTE, "<wps:ExceptionReport>", '<ows:ExceptionReport version="1.0.0">', "the report is an element of OWS"
    ),
    TemplateMend(_EXECUTE, "</wps:ExceptionReport>", "</ows:ExceptionReport>", "the report is an element of OWS"),
    TemplateMend(
        _EXECUTE,
        'exceptionCode="NoApplicableCode" locator="None"',
        'exceptionCode="{{ status.code }}"{% if status.locator %} locator="{{ status.locator }}"{% endif %}',
        "clients are told the code and the locator",
    ),
    TemplateMend(
        _EXECUTE,
        ' encoding="{{ input.encoding }}" schema="{{ input.schema }}"',
        '{% if input.schema %} schema="{{ input.schema }}"{% endif %}',
        "an empty schema is no schema",
    ),
    TemplateMend(
        _EXECUTE,
        ' encoding="{{ output.encoding }}" schema="{{ output.schema }}"',
        '{% if output.schema %} schema="{{ output.schema }}"{% endif %}',
        "an empty schema is no schema",
    ),
    *(
        TemplateMend(
            template,
            f"wps/1.0.0 ../{schema}",
            f"wps/1.0.0 {_SCHEMAS}{schema}",
            "clients find schemas by whole addresses",
        )
        for template, schema in (
            (_CAPABILITIES, "wpsGetCapabilities_response.xsd"),
            (_DESCRIBE, "wpsDescribeProcess_response.xsd"),
            (_EXECUTE, "wpsExecute_response.xsd"),
        )
    ),
)


class MendedLoader(BaseLoader):
    """Loads the templates of PyWPS with the mends applied; a mend that no longer fits stops the start."""

    def __init__(self) -> None:
        self._stock = PackageLoader("pywps", "templates")

    def get_source(self, environment: Environment, template: str) -> tuple[str, str | None, Callable[[], bool] | None]:
        """Give the mended text of a template."""
        source, filename, fresh = self._stock.get_source(environment, template)
        for mend in TEMPLATE_MENDS:
            if mend.template != template:
                continue
            if mend.wrong not in source:
                raise RuntimeError(f"the mend of {template} does not fit this version of PyWPS: {mend.why}")
            source = source.replace(mend.wrong, mend.right)
        return source, filename, fresh


@functools.cache
def template(name: str) -> Template:
    """Give a mended template; PyWPS compiles its templates anew for each answer."""
    return _environment().get_template(name)


@functools.cache
def _environment() -> Environment:
    environment: Environment = RelEnvironment(
        loader=MendedLoader(), trim_blocks=True, lstrip_blocks=True, autoescape=True
    )
    environment.globals.update(get_translation=get_translation)
    return environment


class MendedProcess(Process):  # type: ignore[misc]
    """A process that is described once: PyWPS builds the same description anew for each answer."""

    @functools.cached_property
    def json(self) -> dict[str, Any]:
        """The description as the templates want it."""
        description: dict[str, Any] = super().json
        return description


def literal_input(data_type: str, allowed: Sequence[str], default: str | None, **members: Any) -> LiteralInput:
    """Make a literal input; without allowed values it says that any value is, which the schema demands."""
    made = LiteralInput(allowed_values=list(allowed) or [AnyValue()], default=default, **members)
    # PyWPS knows a few data types only, and refuses the others when it is asked to make an input of them.
    made.data_type = data_type
    return made


class MendedLiteralOutput(LiteralOutput):  # type: ignore[misc]
    """A literal that is printed as it is: PyWPS prints a URL as the tuple of its parts, and an empty text as `None`."""

    def __init__(self, data_type: str, text: str | None, **members: Any) -> None:
        super().__init__(**members)
        self.data_type = data_type
        self.text = text

    @property
    def json(self) -> dict[str, Any]:
        """The output as the templates want it."""
        return {**super().json, "data": self.text}


class MendedComplexOutput(ComplexOutput):  # type: ignore[misc]
    """
    Complex data that is written without a file: PyWPS writes XML to a temporary one and reads it back.

    Text that is no XML is escaped; PyWPS puts it between the tags as it stands.
    """

    def __init__(self, text: str | None = None, is_xml: bool = True, **members: Any) -> None:
        super().__init__(**members)
        self.text = text
        self.is_xml = is_xml

    def _json_data(self, data: dict[str, Any]) -> dict[str, Any]:
        # The text comes from our own codecs, so XML is well-formed here.
        content = Markup(self.text or "") if self.is_xml else escape(self.text or "")  # noqa: S704
        return {**data, "type": "complex", "data": content, "asreference": "false"}


class MendedBoxOutput(BoundingBoxOutput):  # type: ignore[misc]
    """A bounding box that is written as it came: PyWPS makes floating-point numbers of it."""

    def __init__(self, box: BoundingBox | None, crs: Sequence[str], **members: Any) -> None:
        super().__init__(crss=list(crs), **members)
        self.box = box

    @property
    def json(self) -> dict[str, Any]:
        """The output as the templates want it."""
        data: dict[str, Any] = super().json
        if self.box is not None:
            lower, upper = self.box.lower_corner.split(), self.box.upper_corner.split()
            data |= {"crs": self.box.crs, "dimensions": len(lower), "ll": lower, "ur": upper}
        return data


class ReferenceOutput(MendedComplexOutput):
    """An output that was stored; PyWPS stores it by itself in a folder that it does not serve."""

    def __init__(self, href: str, **members: Any) -> None:
        super().__init__(**members)
        self.href = href

    def _json_data(self, data: dict[str, Any]) -> dict[str, Any]:
        return {**data, "type": "reference", "href": self.href, "asreference": "true"}


def _request(language: str) -> WPSRequest:
    request = WPSRequest()
    request.language = language
    return request


class MendedCapabilities(CapabilitiesResponse):  # type: ignore[misc]
    """Capabilities with the address that this service really has."""

    def __init__(self, processes: Mapping[str, Process], language: str, url: str) -> None:
        self.wps_request, self.processes, self.version = _request(language), processes, "1.0.0"
        self.url = url

    def render(self) -> str:
        """Give the document."""
        return template(_CAPABILITIES).render(**{**self.json, "serviceurl": self.url})


class MendedDescription(DescribeResponse):  # type: ignore[misc]
    """Descriptions of processes that are known to exist."""

    def __init__(self, processes: Mapping[str, Process], identifiers: Sequence[str], language: str) -> None:
        self.wps_request, self.processes, self.identifiers = _request(language), processes, identifiers

    def render(self, megabytes: int) -> str:
        """Give the document; `megabytes` is the largest input that is taken."""
        return template(_DESCRIBE).render(max_size=megabytes, **self.json)


class MendedExecution(ExecuteResponse):  # type: ignore[misc]
    """
    The answer to an Execute that has run: with the outputs that were asked for, and only those.

    `inputs` are the inputs for the lineage as the template wants them, None when no lineage is wanted.
    """

    def __init__(
        self,
        process: Process,
        outputs: Sequence[LiteralOutput | ComplexOutput],
        language: str,
        url: str,
        *,
        status_location: str | None = None,
        inputs: Sequence[Mapping[str, Any]] | None = None,
        failure: tuple[str, str | None, str] | None = None,
    ) -> None:
        self.wps_request, self.process, self.url = _request(language), process, url
        self.outputs = {output.identifier: output for output in outputs}
        self.inputs, self.status_location, self.failure = inputs, status_location, failure
        self.store_status_file, self.status_percentage = False, 100
        self.status = WPS_STATUS.SUCCEEDED if failure is None else WPS_STATUS.FAILED
        self.message = f"{process.title}: done" if failure is None else failure[2]

    @property
    def json(self) -> dict[str, Any]:
        """The answer as the template wants it."""
        data: dict[str, Any] = {**super().json, "status_location": self.status_location}
        if self.inputs is not None:
            definitions = [output.json for output in self.outputs.values()]
            data |= {"lineage": True, "input_definitions": self.inputs, "output_definitions": definitions}
        return data

    def _process_accepted(self) -> dict[str, Any]:
        # PyWPS writes local time and calls it UTC.
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        return {**super()._process_accepted(), "time": now}

    def _process_failed(self) -> dict[str, Any]:
        code, locator, _ = self.failure or ("NoApplicableCode", None, "")
        return {**super()._process_failed(), "code": code, "locator": locator}

    def _get_serviceinstance(self) -> str:
        # PyWPS escapes the address, and then the template does it again.
        return f"{self.url}?service=WPS&request=GetCapabilities"

    def render(self) -> str:
        """Give the document."""
        return template(_EXECUTE).render(**self.json)
