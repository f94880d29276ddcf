"""
The process `org.n52.javaps.test.EchoProcess`: give back what came.

The test suite of OGC for WPS 2.0 needs a process of this name and with these inputs and outputs. An operator may switch
it off.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from lxml import etree

from sos_server.codecs.xml import parse
from sos_server.errors import SosError
from weps.errors import InputError
from weps.processes.base import (
    XML,
    BoundingBox,
    Box,
    Complex,
    Context,
    Format,
    InputSpec,
    Literal,
    Outputs,
    OutputSpec,
    ProcessSpec,
)

if TYPE_CHECKING:
    from weps.processes.inputs import Inputs

_DATA = Literal(), Complex((Format(XML),)), Box(("http://www.opengis.net/def/crs/OGC/1.3/CRS84", "EPSG:4326"))
_NOWHERE = BoundingBox("-180 -90", "180 90", _DATA[2].crs[0])


def _handle(inputs: Inputs, context: Context) -> Outputs:
    document = inputs.document("complexInput")
    return {
        "literalOutput": inputs.text("literalInput") or "",
        "complexOutput": {XML: "<nothing/>" if document is None else _well_formed(document.text)},
        "boundingboxOutput": inputs.box("boundingboxInput") or _NOWHERE,
    }


def _well_formed(text: str) -> str:
    try:
        return str(etree.tostring(parse(text.encode()), encoding="unicode"))
    except SosError as error:
        raise InputError(error.message, "complexInput") from error


ECHO = ProcessSpec(
    identifier="org.n52.javaps.test.EchoProcess",
    title="Echo",
    abstract="Gives back what it got, for tests of clients and of this service. An output whose input is left out is "
    "empty: no text, an element without content, the whole world.",
    version="1.0.0",
    inputs=(
        InputSpec("literalInput", "A text", replace(_DATA[0], may_be_empty=True)),
        InputSpec("complexInput", "A document", _DATA[1]),
        InputSpec("boundingboxInput", "A bounding box", _DATA[2]),
    ),
    outputs=(
        OutputSpec("literalOutput", "The text", _DATA[0]),
        OutputSpec("complexOutput", "The document", _DATA[1]),
        OutputSpec("boundingboxOutput", "The bounding box", _DATA[2]),
    ),
    handler=_handle,
)
