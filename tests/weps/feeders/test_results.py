"""Results of other services: what their rows mean, whose they are, and what happens when that changes."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest

from tests import misbehaving_sos as misbehaving
from tests.misbehaving_sos import Exchange
from tests.weps.feeders.sos_answers import capabilities, report
from weps.errors import SourceException, SourceGarbled
from weps.feeders.results import ResultReader
from weps.feeders.sos import SosFeeder
from weps.feeders.template import read_template

BEGIN, END = datetime(2016, 1, 11, 3, 0, tzinfo=UTC), datetime(2016, 1, 11, 4, 0, tzinfo=UTC)
SWE = 'xmlns:swe="http://www.opengis.net/swe/2.0" xmlns:xlink="http://www.w3.org/1999/xlink"'
TIME = """<swe:field name="time"><swe:Time definition="http://www.opengis.net/def/property/OGC/0/PhenomenonTime">
  <swe:uom xlink:href="http://www.opengis.net/def/uom/ISO-8601/0/Gregorian"/></swe:Time></swe:field>"""
LEVEL = """<swe:field name="level"><swe:Quantity definition="Level"><swe:uom code="m"/></swe:Quantity></swe:field>"""
FLOW = """<swe:field name="flow"><swe:Quantity definition="Flow"><swe:uom code="m3/s"/></swe:Quantity></swe:field>"""
FEATURE = """<swe:field name="foi"><swe:Text
  definition="http://www.opengis.net/def/property/OGC-OM/2.0/featureOfInterest"/></swe:field>"""
ENCODING = '<swe:TextEncoding tokenSeparator="," blockSeparator="@@"/>'
GDA = """<gda:GetDataAvailabilityResponse xmlns:gda="http://www.opengis.net/sosgda/1.0"
  xmlns:xlink="http://www.w3.org/1999/xlink">{}</gda:GetDataAvailabilityResponse>"""
MEMBER = """<gda:dataAvailabilityMember><gda:procedure xlink:href="gauge"/><gda:observedProperty xlink:href="Level"/>
  <gda:featureOfInterest xlink:href="{}"/></gda:dataAvailabilityMember>"""


def structure(*fields: str, encoding: str = ENCODING) -> bytes:
    """A GetResultTemplateResponse."""
    return f"""<sos:GetResultTemplateResponse xmlns:sos="http://www.opengis.net/sos/2.0" {SWE}>
      <sos:resultStructure><swe:DataRecord>{"".join(fields)}</swe:DataRecord></sos:resultStructure>
      <sos:resultEncoding>{encoding}</sos:resultEncoding></sos:GetResultTemplateResponse>""".encode()


def rows(text: str) -> bytes:
    """A GetResultResponse."""
    return (
        '<sos:GetResultResponse xmlns:sos="http://www.opengis.net/sos/2.0">'
        f"<sos:resultValues>{text}</sos:resultValues></sos:GetResultResponse>"
    ).encode()


class Service:
    """A service of results on loopback; each operation has the answer that is set."""

    def __init__(self, server) -> None:
        self.answers = {
            "GetResultTemplate": structure(TIME, LEVEL),
            "GetDataAvailability": GDA.format(MEMBER.format("river")).encode(),
            "GetCapabilities": capabilities(offering="all", procedure="gauge of capabilities"),
        }
        self.asked: list[str] = []
        server.behaviours["/sos"] = self._answer
        self.source = read_template(
            server.url("/sos") + "?service=SOS&version=2.0.0&request=GetResult&offering=all&observedProperty=Level"
        )

    def _answer(self, exchange: Exchange) -> None:
        (operation,) = parse_qs(urlsplit(exchange.target).query)["request"]
        self.asked.append(operation)
        misbehaving.answer(self.answers[operation])(exchange)


@pytest.fixture
def service(server) -> Service:
    """A service with a gauge at a river."""
    return Service(server)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2016-01-11T03:00:00Z,1.5@@2016-01-11T03:30:00Z,2.5", [1.5, 2.5]),
        ("2@@2016-01-11T03:00:00Z,1.5@@2016-01-11T03:30:00Z,2.5@@", [1.5, 2.5]),
        ("", []),
        ("0", []),
        ("0@@", []),
        ("\n", []),
    ],
    ids=["rows", "with their number", "nothing", "none", "none and a separator", "blank"],
)
def test_rows_are_read(service, feeder, text, expected):
    """
    With their number in front or without it, as services write them.
    """
    service.answers["GetResult"] = rows(text)

    found = feeder.fetch(service.source, BEGIN, END).observations

    assert [(one.value, one.uom, one.offering) for one in found] == [(value, "m", "all") for value in expected]
    assert {one.series for one in found} <= {("gauge", "Level", "river")}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("3@@2016-01-11T03:00:00Z,1.5@@2016-01-11T03:30:00Z,2.5", "say that they are 3 rows, but they are 2"),
        ("2016-01-11T03:00:00Z,1.5@@2016-01-11T03:30:00Z", "Row 2 has 1 tokens"),
        ("2016-01-11T03:00:00Z,much", "'much'"),
    ],
    ids=["fewer than stated", "half a row", "no number"],
)
def test_rows_that_are_not_whole_are_refused(service, feeder, text, message):
    """
    After their template was read once more: it may have been that which changed.
    """
    service.answers["GetResult"] = rows(text)

    with pytest.raises(SourceGarbled) as raised:
        feeder.fetch(service.source, BEGIN, END)

    assert message in raised.value.message


def test_a_template_that_changed_is_read_again(service, feeder):
    """
    The rows have another separator now, and no row is lost.
    """
    service.answers["GetResult"] = rows("2016-01-11T03:00:00Z,1.5")
    before = feeder.fetch(service.source, BEGIN, END).observations
    service.answers["GetResult"] = rows("2016-01-11T03:00:00Z;1.5")
    service.answers["GetResultTemplate"] = structure(TIME, LEVEL, encoding=ENCODING.replace('","', '";"'))

    after = feeder.fetch(service.source, BEGIN, END).observations

    assert after == before
    assert service.asked.count("GetResultTemplate") == 2


def test_rows_of_several_values_are_as_many_observations(service, feeder):
    """
    Each of the property that its field names.
    """
    service.answers["GetResultTemplate"] = structure(TIME, LEVEL, FLOW)
    service.answers["GetResult"] = rows("2016-01-11T03:00:00Z,1.5,30@@2016-01-11T03:30:00Z,2.5,40")

    found = feeder.fetch(service.source, BEGIN, END).observations

    assert [(one.observed_property, one.value, one.uom) for one in found] == [
        ("Level", 1.5, "m"),
        ("Flow", 30.0, "m3/s"),
        ("Level", 2.5, "m"),
        ("Flow", 40.0, "m3/s"),
    ]
    assert {(one.procedure, one.feature_of_interest) for one in found} == {("gauge", "river")}


def test_rows_may_name_their_features(service, feeder):
    """
    Then it does not matter how many the service has.
    """
    service.answers["GetDataAvailability"] = GDA.format(MEMBER.format("river") + MEMBER.format("lake")).encode()
    service.answers["GetResultTemplate"] = structure(TIME, FEATURE, LEVEL)
    service.answers["GetResult"] = rows("2016-01-11T03:00:00Z,lake,1.5@@2016-01-11T03:00:00Z,river,2.5")

    found = feeder.fetch(service.source, BEGIN, END).observations

    assert [(one.feature_of_interest, one.value) for one in found] == [("lake", 1.5), ("river", 2.5)]


def test_rows_of_several_features_that_cannot_be_told_apart_are_refused(service, feeder, server):
    """
    Two series must not become one; a template that names one of them is read.
    """
    service.answers["GetDataAvailability"] = GDA.format(MEMBER.format("river") + MEMBER.format("lake")).encode()
    service.answers["GetResult"] = rows("2016-01-11T03:00:00Z,1.5")
    named = read_template(f"{server.url('/sos')}?{service.source.template}&featureOfInterest=lake")

    with pytest.raises(SourceGarbled) as raised:
        feeder.fetch(service.source, BEGIN, END)
    found = feeder.fetch(named, BEGIN, END).observations

    assert "name one featureOfInterest in the template" in raised.value.message
    assert [one.feature_of_interest for one in found] == ["lake"]


def test_without_availability_the_procedure_is_that_of_the_offering(service, feeder):
    """
    A feature that nobody tells is unknown, and said so.
    """
    service.answers["GetDataAvailability"] = report("OperationNotSupported", "request")
    service.answers["GetResult"] = rows("2016-01-11T03:00:00Z,1.5")

    (found,) = feeder.fetch(service.source, BEGIN, END).observations

    assert found.procedure == "gauge of capabilities"
    assert found.feature_of_interest == "http://www.opengis.net/def/nil/OGC/0/unknown"


@pytest.mark.parametrize(
    ("template", "error", "message"),
    [
        (report("OperationNotSupported", "request"), SourceException, "OperationNotSupported"),
        (capabilities(), SourceGarbled, "Capabilities to GetResultTemplate"),
        (structure(TIME, LEVEL, encoding=""), SourceGarbled, "to GetResultTemplate"),
    ],
    ids=["refused", "another answer", "no encoding"],
)
def test_without_a_template_rows_mean_nothing(service, feeder, template, error, message):
    """
    They are refused, with what came instead.
    """
    service.answers["GetResultTemplate"] = template
    service.answers["GetResult"] = rows("2016-01-11T03:00:00Z,1.5")

    with pytest.raises(error) as raised:
        feeder.fetch(service.source, BEGIN, END)

    assert message in raised.value.message


def test_a_feature_that_came_later_is_not_taken_for_the_one_before(service, fetcher):
    """
    Whose results they are is asked again after a day; the template is read once.
    """
    now = [0.0]
    service.answers["GetResult"] = rows("2016-01-11T03:00:00Z,1.5")
    feeder = SosFeeder(fetcher)
    feeder._results = ResultReader(fetcher.send, lambda: now[0])
    first = feeder.fetch(service.source, BEGIN, END)
    service.answers["GetDataAvailability"] = GDA.format(MEMBER.format("river") + MEMBER.format("lake")).encode()
    now[0] = 23 * 3600
    same_day = feeder.fetch(service.source, BEGIN, END)
    now[0] = 25 * 3600

    with pytest.raises(SourceGarbled, match="the results of 2 features cannot be told apart"):
        feeder.fetch(service.source, BEGIN, END)

    assert first == same_day
    assert service.asked.count("GetResultTemplate") == 1
    assert service.asked.count("GetDataAvailability") == 2
