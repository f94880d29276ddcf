"""The query of a URL read into values."""

from __future__ import annotations

from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weps.processes.base import Document, Reference, Text
from weps.processes.faults import NOT_IN_XML
from weps.processes.wps10_kvp import decode_kvp
from weps.processes.wps10_requests import Execute
from weps.processes.wps_requests import WantedOutput

EXECUTE = "service=WPS&version=1.0.0&request=Execute&identifier=p"
TEXTS = st.text(max_size=60).filter(lambda text: not NOT_IN_XML.search(text))


@settings(max_examples=80)
@given(TEXTS, st.sampled_from([lambda text: quote(text, safe=""), lambda text: quote_plus(text, safe="")]))
def test_any_encoded_text_is_read_as_it_was(text, encode):
    """
    Whatever separators, percent signs and blanks it has.
    """
    request = decode_kvp(f"{EXECUTE}&DataInputs=first=1;title={encode(text)}@uom=m;last=2")

    assert isinstance(request, Execute)
    assert request.inputs == {"first": [Text("1")], "title": [Text(text, "m")], "last": [Text("2")]}


@pytest.mark.parametrize(
    ("inputs", "expected"),
    [
        pytest.param("a=1;a=2", {"a": [Text("1"), Text("2")]}, id="repeated"),
        pytest.param("[a=1;b=2]", {"a": [Text("1")], "b": [Text("2")]}, id="in brackets"),
        pytest.param("a%3D1%3Bb%3D2", {"a": [Text("1")], "b": [Text("2")]}, id="encoded as a whole"),
        pytest.param("a=5@uom=min@datatype=integer", {"a": [Text("5", "min")]}, id="attributes"),
        pytest.param("a=me@home.example", {"a": [Text("me@home.example")]}, id="an at sign in the value"),
        pytest.param("a=b=c", {"a": [Text("b=c")]}, id="an equal sign in the value"),
        pytest.param("a=%7B%7D@mimeType=application/json", {"a": [Document("{}", "application/json")]}, id="complex"),
        pytest.param(
            "a=@xlink:href=http%3A%2F%2Fh%2Fr.xml%3Fb%3Dc@mimeType=text/xml",
            {"a": [Reference("http://h/r.xml?b=c", "text/xml")]},
            id="reference",
        ),
        pytest.param("", {}, id="none"),
    ],
)
def test_inputs_are_taken_apart(inputs, expected):
    """
    By the separators of the standard, with the attributes that it knows.
    """
    request = decode_kvp(f"{EXECUTE}&DATAINPUTS={inputs}")

    assert isinstance(request, Execute)
    assert request.inputs == expected


@pytest.mark.parametrize(
    ("query", "outputs", "raw"),
    [
        ("ResponseDocument=a;b", (WantedOutput("a"), WantedOutput("b")), None),
        (
            "responsedocument=a@asReference=true@mimeType=text/xml",
            (WantedOutput("a", "text/xml", as_reference=True),),
            None,
        ),
        ("RawDataOutput=a@mimeType=application%2Fjson", (), WantedOutput("a", "application/json")),
        ("", (), None),
    ],
)
def test_the_form_of_the_answer_is_read(query, outputs, raw):
    """
    Documents with some outputs, or one output alone.
    """
    request = decode_kvp(f"{EXECUTE}&{query}")

    assert isinstance(request, Execute)
    assert (request.outputs, request.raw) == (outputs, raw)
