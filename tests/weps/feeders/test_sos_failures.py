"""The feeder against servers that refuse, fail or talk of something else."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime

import pytest

from tests import misbehaving_sos as misbehaving
from tests.misbehaving_sos import Behaviour
from tests.weps.feeders.json_answers import om
from tests.weps.feeders.sos_answers import FAULT, at, observation, report, response
from weps.errors import SourceException, SourceGarbled, SourceUnreachable

BEGIN = datetime(2016, 1, 11, 3, 0, tzinfo=UTC)
END = datetime(2016, 1, 11, 4, 0, tzinfo=UTC)

GARBLED = {
    "HTML": (misbehaving.answer(b"<!DOCTYPE html><title>Sign in</title>"), "a web page ('Sign in')"),
    "XHTML": (misbehaving.answer(b"<html xmlns='http://www.w3.org/1999/xhtml'/>"), "a web page; check"),
    "HTML after comments": (misbehaving.answer(b"<!-- a --> <!-- b --><HTML><p>"), "a web page; check"),
    "very many comments": (misbehaving.answer(b"<!--a-->" * 50_000 + b"<a/>"), "answered a, not a GetObservation"),
    "titles without end": (misbehaving.answer(b"<html>" + b"<title>" * 100_000), "a web page; check"),
    "empty": (misbehaving.answer(b""), "answered nothing"),
    "blank": (misbehaving.answer(b" \r\n"), "answered nothing"),
    "half a document": (misbehaving.answer(response(at(BEGIN))[:-40]), "cannot be read: "),
    "half sent": (misbehaving.too_long(response(at(BEGIN)), 300), "cannot be read: "),
    "JSON": (misbehaving.answer(b'{"a": 1}', content_type="application/json"), "the JSON holds no observations"),
    "nested": (misbehaving.answer(b'{"data":' * 20_000 + b"1" + b"}" * 20_000), "cannot be read: "),
    "nested less": (misbehaving.answer(b'{"data":' * 700 + b"1" + b"}" * 700), "cannot be read: "),
    "DOCTYPE": (misbehaving.answer(b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'), "DOCTYPE"),
    "other XML": (misbehaving.answer(b"<Capabilities/>"), "answered Capabilities, not a GetObservationResponse"),
    "not O&M 2.0": (
        misbehaving.answer(response("<sos:observationData><a/></sos:observationData>")),
        "else than observations",
    ),
    "by reference": (misbehaving.answer(response('<sos:observationData xlink:href="a"/>')), "else than observations"),
    "no time": (misbehaving.answer(response(observation("yesterday"))), "yesterday"),
    "no text": (misbehaving.answer(json.dumps([om(result="half of a pair: \ud83d")]).encode()), "that are no text"),
    "no number": (misbehaving.answer(json.dumps([om(result=10**400)]).encode()), "of more than 300 digits"),
    "not found": (misbehaving.answer(b"gone", 404), "answered 404 (Not Found)"),
    "not allowed": (misbehaving.answer(b"<html>sign in</html>", 401), "answered 401 (Unauthorized)"),
    "damaged gzip": (misbehaving.damaged_gzip, "compression is damaged"),
}
UNREACHABLE = {
    "never": (misbehaving.hang, "no answer for 0.4 s"),
    "trickles": (misbehaving.trickle_body, "no complete answer within 0.8 s"),
    "hangs up": (misbehaving.hang_up, "broke off"),
    "less than stated": (misbehaving.too_short(response()), "broke off"),
    "failed": (misbehaving.answer(b"<html>Oops</html>", 500), "answered 500 (Internal Server Error)"),
    "failed without a word": (misbehaving.answer(b"", 502), "answered 502 (Bad Gateway)"),
    "failed with observations": (misbehaving.answer(response(at(BEGIN)), 500), "answered 500"),
    "loops": (misbehaving.redirect("/sos"), "more than 5 redirects"),
}
DOWN = report("NoApplicableCode", text="The database is   down.")
EXCEPTIONS = {
    "with 200": (misbehaving.answer(DOWN), "NoApplicableCode", "with NoApplicableCode: The database is down."),
    "with 400": (misbehaving.answer(DOWN, 400), "NoApplicableCode", "The database is down."),
    "with 500": (misbehaving.answer(DOWN, 500), "NoApplicableCode", "The database is down."),
    "locator": (
        misbehaving.answer(report("InvalidParameterValue", "procedure", "No."), 400),
        "InvalidParameterValue",
        "with InvalidParameterValue at procedure: No.",
    ),
    "no namespace": (
        misbehaving.answer(
            b"<ExceptionReport><Exception><ExceptionText>No.</ExceptionText></Exception></ExceptionReport>"
        ),
        None,
        "with an exception: No.",
    ),
    "OGC of old": (
        misbehaving.answer(
            b'<ServiceExceptionReport><ServiceException code="X">No.</ServiceException></ServiceExceptionReport>'
        ),
        "X",
        "with X: No.",
    ),
    "SOAP fault": (misbehaving.answer(FAULT.encode(), 500), "ResponseExceedsSizeLimit", "Too much."),
    "no reason": (misbehaving.answer(b"<ExceptionReport/>"), None, "with an exception: it gives no reason"),
    "too much for us": (misbehaving.gzip_bomb, "ResponseExceedsSizeLimit", "larger than 1048576 octets"),
    "endless": (misbehaving.endless, "ResponseExceedsSizeLimit", "larger than 1048576 octets"),
}


def _fails(feeder, server, source, behaviour: Behaviour, error: type[Exception]) -> Exception:
    server.behaviours["/sos"] = behaviour
    begun = time.monotonic()
    with pytest.raises(error) as raised:
        feeder.fetch(source, BEGIN, END)
    assert isinstance(raised.value, error)
    assert raised.value.where.startswith(server.url("/sos"))
    assert time.monotonic() - begun < 3.0
    return raised.value


@pytest.mark.parametrize(("behaviour", "message"), GARBLED.values(), ids=GARBLED)
def test_an_answer_that_is_no_observations_is_garbled(server, feeder, source, behaviour, message):
    """
    The error tells an operator what came instead.
    """
    error = _fails(feeder, server, source, behaviour, SourceGarbled)

    assert message in error.message


@pytest.mark.parametrize(("behaviour", "message"), UNREACHABLE.values(), ids=UNREACHABLE)
def test_a_server_that_does_not_answer_whole_and_in_time_is_unreachable(server, feeder, source, behaviour, message):
    """
    The error tells an operator what happened; what came with a failure is not used.
    """
    error = _fails(feeder, server, source, behaviour, SourceUnreachable)

    assert message in error.message


@pytest.mark.parametrize(("behaviour", "code", "message"), EXCEPTIONS.values(), ids=EXCEPTIONS)
def test_an_exception_report_is_told_whatever_it_comes_with(server, feeder, source, behaviour, code, message):
    """
    Status, namespace and envelope do not matter; the code is kept for who can react to it.
    """
    error = _fails(feeder, server, source, behaviour, SourceException)

    assert error.code == code
    assert message in error.message


def test_a_server_that_is_asked_too_often_says_when_to_come_back(server, feeder, source):
    """
    Retry-After reaches the engine.
    """
    error = _fails(feeder, server, source, misbehaving.answer(b"slow", 429, Retry_After=120), SourceUnreachable)

    assert error.retry_after == 120.0


@pytest.mark.shared
def test_a_real_soap_fault_is_told(shared, server, feeder, source):
    """
    OGC's own example of an answer that would be too large.
    """
    file = shared / "sos-documents/ogc-sos20-examples/core__Exception_ResponseExceedsSizeLimit.xml"

    error = _fails(feeder, server, source, misbehaving.answer(file.read_bytes(), 500), SourceException)

    assert error.code == "ResponseExceedsSizeLimit"
    assert "exceeds the response size limit" in error.message
