"""What a server said: content told by itself, and every way to report an exception."""

from __future__ import annotations

import json

import pytest

from tests.weps.feeders.sos_answers import observation, response
from weps.errors import SourceException, SourceGarbled, SourceUnreachable
from weps.feeders.answers import read_content, read_document
from weps.feeders.http import Answer

OWS = '<{0}ExceptionReport xmlns{1}="{2}"><{0}Exception exceptionCode="{3}" locator="procedure"><{0}ExceptionText>{4}</{0}ExceptionText></{0}Exception></{0}ExceptionReport>'  # noqa: E501
REPORT = OWS.format("ows:", ":ows", "http://www.opengis.net/ows/1.1", "InvalidParameterValue", "Unknown.")


def answer(body: bytes | str, status: int = 200, content_type: str = "application/xml") -> Answer:
    """An answer of a server."""
    return Answer(status, content_type, body.encode() if isinstance(body, str) else body, "http://h/sos")


def envelope(content: str, namespace: str = "http://www.w3.org/2003/05/soap-envelope") -> str:
    """Content in a SOAP envelope."""
    return f'<?xml version="1.0"?><s:Envelope xmlns:s="{namespace}"><s:Header/><s:Body>{content}</s:Body></s:Envelope>'


FAULT_12 = envelope(
    '<s:Fault><s:Code><s:Value>s:Sender</s:Value></s:Code><s:Reason><s:Text xml:lang="en">No.</s:Text></s:Reason>'
    f"<s:Detail>{REPORT}</s:Detail></s:Fault>"
)
FAULT_11 = envelope(
    f"<s:Fault><faultcode>s:Client</faultcode><faultstring>No.</faultstring><detail>{REPORT}</detail></s:Fault>",
    "http://schemas.xmlsoap.org/soap/envelope/",
)
OLD = (
    '<ServiceExceptionReport xmlns="http://www.opengis.net/ogc" version="1.2.0">'
    '<ServiceException code="InvalidParameterValue" locator="procedure">Unknown.</ServiceException>'
    "</ServiceExceptionReport>"
)
JSON_REPORT = json.dumps(
    {
        "version": "2.0.0",
        "exceptions": [{"code": "InvalidParameterValue", "locator": "procedure", "text": "Unknown."}],
    }
)
IN_THE_MIDDLE = response(observation("2016-01-11T03:00:00Z"), REPORT).decode()


@pytest.mark.parametrize("status", [200, 400, 500])
@pytest.mark.parametrize(
    "body",
    [
        OWS.format("", "", "http://www.opengis.net/ows/1.0", "InvalidParameterValue", "Unknown."),
        REPORT,
        OWS.format("ows:", ":ows", "http://www.opengis.net/ows/2.0", "InvalidParameterValue", "Unknown."),
        OWS.format("ows:", ":ows", "http://www.opengeospatial.net/ows", "InvalidParameterValue", "Unknown."),
        REPORT.replace(' xmlns:ows="http://www.opengis.net/ows/1.1"', ""),
        OWS.format("", ":x", "y", "InvalidParameterValue", "Unknown."),
        envelope(REPORT),
        FAULT_12,
        FAULT_11,
        OLD,
        JSON_REPORT,
        "\ufeff\n" + JSON_REPORT,
        IN_THE_MIDDLE,
    ],
    ids=[
        "OWS 1.0",
        "OWS 1.1",
        "OWS 2.0",
        "OWS of 2005",
        "prefix not declared",
        "no namespace",
        "in SOAP",
        "SOAP 1.2 fault",
        "SOAP 1.1 fault",
        "service exceptions of old",
        "52°North JSON",
        "JSON behind a mark",
        "in the middle of an answer",
    ],
)
def test_an_exception_is_told_in_every_dialect(body, status):
    """
    Code, locator and text reach the operator whatever the status, namespace or envelope is.
    """
    with pytest.raises(SourceException) as raised:
        read_content(answer(body, status))

    assert (raised.value.code, raised.value.locator) == ("InvalidParameterValue", "procedure")
    assert raised.value.message == "the server refused with InvalidParameterValue at procedure: Unknown."


@pytest.mark.parametrize(
    ("body", "status", "message"),
    [
        ({"code": 404, "type": "error", "message": "Nothing found."}, 404, "with error: Nothing found."),
        ({"success": False, "message": "No such procedure"}, 200, "with an exception: No such procedure"),
        (
            {"reason": "Not Found", "userMessage": "Unknown time series.", "statusCode": 404},
            404,
            "with an exception: Unknown time series.; Not Found",
        ),
        ({"exceptions": []}, 200, "with an exception: it gives no reason"),
    ],
    ids=["SensorThings", "istSOS", "52°North REST", "no reason"],
)
def test_what_rest_interfaces_report_is_an_exception(body, status, message):
    """
    They have no codes of OWS.
    """
    with pytest.raises(SourceException) as raised:
        read_content(answer(json.dumps(body), status, "application/json"))

    assert raised.value.message == f"the server refused {message}"


@pytest.mark.parametrize(
    ("body", "kind", "message"),
    [
        (b"", "application/xml", "the server answered nothing"),
        (b"\xef\xbb\xbf \r\n", "text/xml", "the server answered nothing"),
        ("<!DOCTYPE html><title>Sign in</title>", "application/xml", "a web page ('Sign in')"),
        ('<?xml version="1.0"?>\n<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0"><html/>', "text/xml", "a web page"),
        ("Internal error", "application/xml", "answered application/xml instead of XML: 'Internal error'"),
        (response(observation("2016-01-11T03:00:00Z"))[:-30], "application/xml", "cannot be read: "),
        ('{"observations": [{"result"', "application/json", "cannot be read: not JSON: "),
        (response().replace(b"<sos", b"<x:y/><sos", 1), "application/xml", "cannot be read: "),
        (b"<a>\xb0", "application/xml", "cannot be read: "),
    ],
    ids=[
        "empty",
        "a mark alone",
        "HTML that says XML",
        "XHTML",
        "text",
        "XML cut off",
        "JSON cut off",
        "two roots",
        "Latin-1 cut off",
    ],
)
def test_what_is_no_answer_is_garbled(body, kind, message):
    """
    Nothing that was cut off or is something else is taken for an answer without observations.
    """
    with pytest.raises(SourceGarbled) as raised:
        read_content(answer(body, 200, kind))

    assert message in raised.value.message
    assert raised.value.where == "http://h/sos"


@pytest.mark.parametrize("status", [429, 500, 503])
@pytest.mark.parametrize("body", ["[]", '{"message": "busy"}', "<a/>", "busy"])
def test_a_server_that_is_overloaded_may_be_asked_again(body, status):
    """
    A failure of the server is none of the request.
    """
    with pytest.raises(SourceUnreachable):
        read_content(answer(body, status))


def test_a_mended_document_is_told_in_the_log(caplog):
    """
    Who runs a source is to know that it is not quite right.
    """
    caplog.set_level("INFO", "weps")
    body = b'<?xml version="1.0" encoding="UTF-8"?><a xlink:href="b">\xb0C</a>'

    root = read_document(answer(body))

    assert root.text == "°C"
    assert [record.getMessage() for record in caplog.records] == [
        "answer mended source=http://h/sos what=it says UTF-8 and is not: read as ISO-8859-1 where it is no UTF-8",
        "answer mended source=http://h/sos what=the prefix xlink is not declared: taken as http://www.w3.org/1999/xlink",
    ]


def test_an_array_that_is_too_long_is_to_be_asked_for_in_smaller_steps():
    """
    As if the server had said itself that its answer is too large.
    """
    with pytest.raises(SourceException, match="longer than ten million bytes") as refused:
        read_content(answer(b"<a>" + b"1.5," * 2_600_000 + b"</a>"))

    assert refused.value.code == "ResponseExceedsSizeLimit"


def test_json_where_a_document_is_needed_is_garbled():
    """
    Capabilities are XML.
    """
    with pytest.raises(SourceGarbled) as raised:
        read_document(answer('{"a": 1}', 200, "application/json"))

    assert raised.value.message == "the server answered application/json instead of XML: '{\"a\": 1}'"


@pytest.mark.shared
def test_a_real_report_without_namespace_is_told(shared):
    """
    The answer of ncSOS to a request without a format, with status 200.
    """
    data = (shared / "sos-documents/ncsos/GetObservation-Grid-om1.0.0.xml").read_bytes()

    with pytest.raises(SourceException) as raised:
        read_content(answer(data))

    assert "Required parameter 'responseFormat' not found" in raised.value.message
