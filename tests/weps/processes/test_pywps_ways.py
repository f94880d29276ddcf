"""
Faults of PyWPS around its documents, in reading and running, that ours does not have; both are asked the same.
"""

from __future__ import annotations

import os
from urllib.parse import quote

import pytest

from tests.weps.processes.echo import FAULT, execute, literal


def test_an_empty_literal_is_refused_as_missing(stock, mended):
    """
    PyWPS makes it the text None.
    """
    request = execute(literal("name", ""), "text")

    before = stock(request).output("text")
    reply = mended(request)

    assert before == "None"
    assert reply.fault == ("MissingParameterValue", "name")


def test_identifiers_are_trimmed(stock, mended):
    """
    White space around the identifiers of process, input and output is not part of them.
    """
    request = execute(literal("\n  name ", "Ada"), "text", name="\n test:Echo ")

    before = stock(request)
    reply = mended(request)

    assert before.fault[0] == "InvalidParameterValue"
    assert reply.output("text") == "Ada"


def test_an_unknown_input_is_refused(stock, mended):
    """
    PyWPS leaves it out.
    """
    request = execute(literal("nane", "Ada"))

    before = stock(request)
    reply = mended(request)

    assert before.status == 200
    assert (reply.status, *reply.fault) == (400, "InvalidParameterValue", "nane")


def test_an_unknown_output_is_refused(stock, mended):
    """
    PyWPS fails inside, or gives other outputs.
    """
    request = execute("", "texts")

    before = stock(request)
    reply = mended(request)

    assert b"InvalidParameterValue" not in before.body
    assert (reply.status, *reply.fault) == (400, "InvalidParameterValue", "texts")


def test_too_many_occurrences_are_refused(stock, mended):
    """
    PyWPS keeps the last ones.
    """
    request = execute(literal("name", "Ada") + literal("name", "Grace"), "text")

    before = stock(request)
    reply = mended(request)

    assert before.output("text") == "Grace"
    assert (reply.status, *reply.fault) == (400, "InvalidParameterValue", "name")


@pytest.mark.parametrize(
    "encode",
    [
        pytest.param(lambda address: f"name={quote(address, safe='')}", id="value encoded"),
        pytest.param(lambda address: quote(f"name={address}", safe=""), id="whole encoded"),
        pytest.param(lambda address: quote(f"[name={address}]", safe=""), id="whole encoded, in brackets"),
    ],
)
def test_an_address_inside_a_kvp_input_survives(stock, mended, encode):
    """
    It is decoded once, and its own equal and plus signs are no separators.
    """
    address = "http://h/sos?service=SOS&procedure=a%2Bb%26c"
    request = (
        f"service=WPS&version=1.0.0&request=Execute&identifier=test:Echo&DataInputs={encode(address)}"
        "&ResponseDocument=text"
    )

    before = stock(request)
    reply = mended(request)

    assert address not in [text.strip() for text in before.texts("//wps:LiteralData")]
    assert reply.output("text") == address


def test_a_client_does_not_change_the_type_of_an_input(stock, mended):
    """
    PyWPS believes the client's attribute and refuses what is no integer.
    """
    request = execute(literal("name", "Ada", 'datatype="integer"'), "text")

    before = stock(request)
    reply = mended(request)

    assert before.status >= 400
    assert reply.output("text") == "Ada"


def test_a_wrong_value_is_told_with_its_input(stock, mended):
    """
    The locator names the input, the text says what is wrong with the value.
    """
    request = execute(literal("length", "long"))

    before = stock(request)
    reply = mended(request)

    assert before.fault[1] != "length"
    assert reply.fault == ("InvalidParameterValue", "length")
    assert reply.texts("//ows:ExceptionText") == ['"long" is not a number such as 30.6.']


def test_the_text_of_an_error_reaches_the_client_whole(stock, mended):
    """
    With quotes, angle brackets and line breaks, the code and the locator.
    """
    request = execute(literal("name", "fail"))

    before = stock(request)
    reply = mended(request)

    assert FAULT not in "".join(before.texts("//ows:ExceptionText"))
    assert reply.texts("//ows:ExceptionText") == [FAULT]
    assert (reply.status, *reply.fault) == (400, "InvalidParameterValue", "name")


def test_a_refused_request_leaves_no_folder_behind(stock, mended, folder):
    """
    PyWPS makes a folder before it looks at the inputs.
    """
    data = '<wps:Data><wps:ComplexData mimeType="a/b">x</wps:ComplexData></wps:Data>'
    request = execute(f"<wps:Input><ows:Identifier>doc</ows:Identifier>{data}</wps:Input>")

    stock(request)
    before = [path.name for path in folder.glob("pywps_process_*")]
    for path in folder.glob("pywps_process_*"):
        path.rmdir()
    mended(request)

    assert len(before) == 1
    assert list(folder.iterdir()) == []


def test_an_asynchronous_execute_forks_nothing(mended, monkeypatch):
    """
    The answer is finished when it comes; PyWPS starts a process for it.
    """
    forks = []
    os.register_at_fork(before=lambda: forks.append(1))

    reply = mended(execute("", "text", 'storeExecuteResponse="true" status="true"'))

    assert forks == []
    assert reply.texts("//wps:ProcessSucceeded") != []
