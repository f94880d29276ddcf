"""A process that answers with what it got, as ours and as PyWPS as it is has it."""

from __future__ import annotations

import pywps

from weps.errors import InputError
from weps.processes.base import XML, Complex, Format, InputSpec, Kind, Literal, OutputSpec, ProcessSpec

URL = "http://host/wps"
FAULT = "line 3: the pattern \"a\" is not known;\nline 5: give a <Guard> & 'more'"


def _handle(inputs, context):
    if inputs.text("name") == "fail":
        raise InputError(FAULT, "name")
    return {"text": inputs.text("name"), "address": "http://host/a?b=c&d=e", "doc": {XML: "<a><b/></a>"}}


SPEC = ProcessSpec(
    "test:Echo",
    "Echo",
    "Gives back what it got.",
    "1.0.0",
    inputs=(
        InputSpec("name", "A text", Literal(default="nobody", may_be_empty=True)),
        InputSpec("length", "A length", Literal(Kind.NUMBER, uoms=("m", "km"))),
        InputSpec("doc", "A document", Complex((Format(XML),))),
    ),
    outputs=(
        OutputSpec("text", "The text", Literal()),
        OutputSpec("address", "An address", Literal(Kind.URL)),
        OutputSpec("doc", "A document", Complex((Format(XML),))),
    ),
    handler=_handle,
)


def _stock_handler(request, response):
    name = request.inputs["name"][0].data if "name" in request.inputs else ""
    if name == "fail":
        raise pywps.app.exceptions.ProcessError(FAULT)
    if name == "break":
        raise RuntimeError("a secret")
    response.outputs["text"].data = name
    response.outputs["address"].data = "http://host/a?b=c&d=e"
    response.outputs["doc"].data = "<a><b/></a>"
    return response


class StockEcho(pywps.Process):
    """The same process as PyWPS has it."""

    def __init__(self) -> None:
        super().__init__(
            _stock_handler,
            "test:Echo",
            "Echo",
            abstract="Gives back what it got.",
            version="1.0.0",
            keywords=["echo"],
            inputs=[
                pywps.LiteralInput("name", "A text", min_occurs=0, abstract="a"),
                pywps.LiteralInput("length", "A length", data_type="float", uoms=["m", "km"], min_occurs=0),
                pywps.ComplexInput("doc", "A document", [pywps.Format(XML)], min_occurs=0),
            ],
            outputs=[
                pywps.LiteralOutput("text", "The text"),
                pywps.LiteralOutput("address", "An address", data_type="anyURI"),
                pywps.ComplexOutput("doc", "A document", [pywps.Format(XML)]),
            ],
            store_supported=True,
            status_supported=True,
        )


def execute(inputs: str = "", outputs: str = "", form: str = "", name: str = "test:Echo") -> bytes:
    """An Execute document."""
    wanted = "".join(f"<wps:Output><ows:Identifier>{one}</ows:Identifier></wps:Output>" for one in outputs.split())
    response = f"<wps:ResponseForm><wps:ResponseDocument {form}>{wanted}</wps:ResponseDocument></wps:ResponseForm>"
    return (
        '<wps:Execute service="WPS" version="1.0.0" xmlns:wps="http://www.opengis.net/wps/1.0.0" '
        f'xmlns:ows="http://www.opengis.net/ows/1.1"><ows:Identifier>{name}</ows:Identifier>'
        f"<wps:DataInputs>{inputs}</wps:DataInputs>{response if wanted or form else ''}</wps:Execute>"
    ).encode()


def literal(identifier: str, text: str, attributes: str = "") -> str:
    return (
        f"<wps:Input><ows:Identifier>{identifier}</ows:Identifier><wps:Data><wps:LiteralData {attributes}>{text}"
        "</wps:LiteralData></wps:Data></wps:Input>"
    )
