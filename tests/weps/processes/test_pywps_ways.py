"""
Faults of PyWPS around its documents, in reading and running, that ours does not have; both are asked the same.
"""

from __future__ import annotations

import io
import multiprocessing
import os
from urllib.parse import quote

import pytest
import pywps
from pywps import configuration
from werkzeug.test import Client

from tests.weps.processes.conftest import NAMESPACES
from tests.weps.processes.echo import FAULT, StockEcho, execute, literal


def test_an_empty_literal_is_empty(stock, mended):
    """
    PyWPS makes it the text None, as it came and as it goes.
    """
    request = execute(literal("name", ""), "text")

    before = stock(request).output("text")
    [text] = mended(request).root.iterfind(".//wps:Output//wps:LiteralData", NAMESPACES)

    assert before == "None"
    assert text.text is None


def test_an_empty_literal_that_must_say_something_is_missing(stock, mended):
    """
    PyWPS says that it is not valid, and names no input.
    """
    request = execute(literal("length", ""))

    before = stock(request)
    reply = mended(request)

    assert before.texts("//@locator") in ([], [""])
    assert reply.fault == ("MissingParameterValue", "length")


@pytest.mark.parametrize("uom", ["", 'uom="m"', 'uom="km"'])
def test_a_unit_that_is_given_behaves_as_the_one_that_is_not(stock, mended, uom):
    """
    PyWPS forgets all inputs of the lineage where a unit is given.
    """
    request = execute(literal("length", "5", uom), "text", 'lineage="true"')
    path = "/*/wps:DataInputs/wps:Input/ows:Identifier"

    before = stock(request).texts(path)
    identifiers = mended(request).texts(path)

    assert before == ([] if uom else ["length"])
    assert identifiers == ["length"]


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


def test_an_asynchronous_execute_is_finished_and_forks_nothing(stock, mended):
    """
    PyWPS starts a process for it, and stores its answer at an address that nobody can ask.
    """
    forks = []
    os.register_at_fork(before=lambda: forks.append(1))
    request = execute("", "text", 'storeExecuteResponse="true" status="true"')

    before = stock(request)
    forks_before = len(forks)
    for child in multiprocessing.active_children():
        child.join(10)
        child.kill()
    reply = mended(request)

    assert forks_before == 1
    assert before.texts("//wps:ProcessAccepted") != []
    assert before.root.get("statusLocation").startswith("file:///")
    assert len(forks) == forks_before
    assert reply.texts("//wps:ProcessSucceeded") != []
    assert reply.root.get("statusLocation").startswith("http://host/wps/jobs/")


def test_a_request_in_chunks_is_read(stock, wps):
    """
    PyWPS fails on a request that does not state its length.
    """
    body = execute("", "info", name="weps:Subscribe")
    client = Client(pywps.Service([StockEcho()]))

    before = client.post("/wps", input_stream=io.BytesIO(body), headers={"Transfer-Encoding": "chunked"})
    reply = wps.post(iter([body[:50], body[50:]]))

    assert before.status_code == 500
    assert reply.fault == ("MissingParameterValue", "rule")


def test_no_log_level_tells_clients_what_broke(stock, wps, monkeypatch):
    """
    At the level DEBUG PyWPS tells them the method, the line and the text of the error.
    """
    configuration.CONFIG.set("logging", "level", "DEBUG")
    monkeypatch.setattr(wps.engine, "count_subscriptions", lambda _status=None: 1 // 0)

    before = stock(execute(literal("name", "break")))
    reply = wps.post(execute(name="weps:ListSubscriptions"))

    assert "line=" in before.body.decode()
    assert reply.fault == ("NoApplicableCode", None)
    assert "division" not in reply.body.decode()
