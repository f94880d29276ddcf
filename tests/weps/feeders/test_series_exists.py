"""Whether a source knows the series of its template."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest

from tests import misbehaving_sos as misbehaving
from tests.misbehaving_sos import Exchange
from tests.weps.feeders.sos_answers import at, capabilities, report, response
from weps.errors import SourceException, SourceGarbled, SourceUnreachable
from weps.feeders.template import read_kvp

GDA = '<gda:GetDataAvailabilityResponse xmlns:gda="http://www.opengis.net/sosgda/1.0">{}</gda:GetDataAvailabilityResponse>'
AVAILABLE = misbehaving.answer(GDA.format("<gda:dataAvailabilityMember/>").encode())
UNAVAILABLE = misbehaving.answer(GDA.format("").encode())
NO_GDA = misbehaving.answer(report("OperationNotSupported", "request"), 400)
NO_LATEST = misbehaving.answer(report("InvalidRequest", "temporalFilter"), 400)
UNKNOWN = misbehaving.answer(report("InvalidParameterValue", "procedure"), 400)
NOTHING = misbehaving.answer(response())
SOMETHING = misbehaving.answer(response(at(datetime(2016, 1, 11, tzinfo=UTC))))


@pytest.mark.parametrize(
    ("answers", "expected", "asked"),
    [
        ((AVAILABLE,), True, 1),
        ((UNKNOWN,), False, 1),
        ((UNAVAILABLE, None, misbehaving.answer(capabilities())), True, 2),
        ((UNAVAILABLE, None, misbehaving.answer(capabilities(procedure="other"))), False, 2),
        ((UNAVAILABLE, None, misbehaving.answer(capabilities(observed_property="other"))), False, 2),
        ((NO_GDA, SOMETHING), True, 2),
        ((NO_GDA, UNKNOWN), False, 2),
        ((NO_GDA, NOTHING, misbehaving.answer(capabilities())), True, 3),
        ((NO_GDA, NOTHING, misbehaving.answer(capabilities(procedure="other"))), False, 3),
        ((NO_GDA, NO_LATEST, misbehaving.answer(capabilities())), True, 3),
        ((misbehaving.answer(b"<html>what?</html>", 404), SOMETHING), True, 2),
        ((misbehaving.answer(capabilities()), SOMETHING), True, 2),
    ],
    ids=[
        "available",
        "unknown procedure",
        "without data, announced",
        "without data, other sensor",
        "without data, other property",
        "no availability, observed",
        "no availability, unknown",
        "no availability, announced",
        "no availability, other sensor",
        "no availability, no latest, announced",
        "no availability but a web page",
        "another answer instead of availability",
    ],
)
def test_a_series_exists_when_it_has_observations_or_is_announced(server, feeder, source, answers, expected, asked):
    """
    GetDataAvailability decides, else the newest observation; a sensor that waits for its first is in the capabilities.
    """
    operations = dict(zip(("GetDataAvailability", "GetObservation", "GetCapabilities"), answers, strict=False))

    def behave(exchange: Exchange) -> None:
        operations[parse_qs(urlsplit(exchange.target).query)["request"][0]](exchange)

    server.behaviours["/sos"] = behave

    found = feeder.series_exists(source)

    assert (found, len(server.requests)) == (expected, asked)


@pytest.mark.parametrize(
    ("behaviour", "error"),
    [
        (misbehaving.hang, SourceUnreachable),
        (misbehaving.answer(b"<!doctype html><p>Welcome"), SourceGarbled),
        (misbehaving.answer(b"down", 503), SourceUnreachable),
        (misbehaving.answer(report("NoApplicableCode"), 500), SourceException),
    ],
    ids=["never", "web page", "down", "exception"],
)
def test_whether_a_series_exists_cannot_be_said_when_nothing_answers(server, feeder, source, behaviour, error):
    """
    A server that cannot be asked is an error, neither yes nor no.
    """
    server.behaviours["/sos"] = behaviour

    with pytest.raises(error):
        feeder.series_exists(source)


@pytest.mark.shared
@pytest.mark.parametrize(
    "file", ["sos4r-52north/GetDataAvailability_100_Example.com.xml", "52north-arctic-sea/GDAResponseV2.xml"]
)
def test_availability_of_both_versions_is_understood(shared, server, feeder, source, file):
    """
    The answers of real servers, in either namespace.
    """
    server.behaviours["/sos"] = misbehaving.answer((shared / "sos-documents" / file).read_bytes())

    found = feeder.series_exists(source)

    assert (found, len(server.requests)) == (True, 1)


@pytest.mark.shared
def test_real_capabilities_tell_what_is_announced(shared, server, feeder):
    """
    A sensor of 52°North's own service is found, one that it does not have is not.
    """
    document = (shared / "sos-documents/sos4r-52north/Capabilities_200_Example.com.xml").read_bytes()

    def behave(exchange: Exchange) -> None:
        answer = misbehaving.answer(document) if "GetCapabilities" in exchange.target else NO_GDA
        answer(exchange)

    server.behaviours["/sos"] = behave
    address = server.url("/sos")
    template = "?service=SOS&version=2.0.0&request=GetObservation&procedure={}&observedProperty=AirTemperature"

    found = [feeder.series_exists(read_kvp(address + template.format(name))) for name in ("ws2500", "ws2600")]

    assert found == [True, False]
