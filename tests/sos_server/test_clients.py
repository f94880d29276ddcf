"""What clients need of the service: measured with OWSLib, read from sos4R, pyoos, the QGIS plugin and SOS.js."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

import pytest
from starlette.applications import Starlette

from sos_server.app import create_app, mount
from sos_server.codecs.sos20.encode import encode_request
from sos_server.model import OM_COUNT, OM_MEASUREMENT, SAMPLING_POINT, Feature
from sos_server.requests import GetObservation
from sos_server.settings import Settings
from tests.sos_server.asgi import Client
from tests.sos_server.make import insertion, minute, observation, sensor

if TYPE_CHECKING:
    from pathlib import Path

    from tests.sos_server.asgi import Answer

NAMES = {
    "gml": "http://www.opengis.net/gml/3.2",
    "om": "http://www.opengis.net/om/2.0",
    "ows": "http://www.opengis.net/ows/1.1",
    "sos": "http://www.opengis.net/sos/2.0",
    "swes": "http://www.opengis.net/swes/2.0",
}
HREF = "{http://www.w3.org/1999/xlink}href"
OBSERVE = {"service": "SOS", "version": "2.0.0", "request": "GetObservation"}


@pytest.fixture
def station(client: Client) -> Client:
    """A thermometer that measured at minutes 0 to 4 and counted at minute 5, and a barometer on a hill."""
    made = [observation(at, float(at)) for at in range(5)]
    counted = observation(5, 7, observed_property="Gusts", uom="1", observation_type=OM_COUNT)
    hill = Feature("hill", geometry={"type": "Point", "coordinates": [8.0, 50.0]}, feature_type=SAMPLING_POINT)
    high = observation(
        2, 990.0, procedure="barometer", observed_property="AirPressure", uom="hPa", feature_of_interest="hill"
    )
    for request in (
        sensor(properties=("AirTemperature", "Gusts"), types=(OM_MEASUREMENT, OM_COUNT)),
        sensor("barometer", ("AirPressure",)),
        insertion(*made, counted),
        insertion(high._replace(feature=hill), offerings=("barometer-offering",)),
    ):
        assert 200 == client.post(encode_request(request)).status
    return client


def _values(answer: Answer) -> list[str | None]:
    assert 200 == answer.status, answer.body
    return [each.text for each in answer.root.iterfind(".//om:result", NAMES)]


@pytest.mark.parametrize("name", ["acceptversions", "AcceptVersions", "ACCEPTVERSIONS", "acceptVersions"])
def test_the_versions_accepted_are_read_in_any_case(station: Client, name: str) -> None:
    """
    OWSLib and sos4R write the parameter differently.
    """
    answer = station.get({"service": "SOS", "request": "GetCapabilities", name: "2.0.0"})

    assert (200, "2.0.0") == (answer.status, answer.root.get("version"))


def test_unknown_parameters_are_passed_over(station: Client) -> None:
    """
    Clients add some of their own, such as a key or a number against caches.
    """
    answer = station.get(OBSERVE | {"procedure": "barometer", "_": "1467", "returnHumanReadableIdentifier": "true"})

    assert ["990"] == _values(answer)


def test_capabilities_have_what_clients_look_for(station: Client) -> None:
    """
    OWSLib fails without identification and provider; all look for a GetObservation by GET, and for times and places.
    """
    root = station.get({"service": "SOS", "request": "GetCapabilities"}).root

    assert root.find("ows:ServiceIdentification/ows:Title", NAMES) is not None
    assert root.find("ows:ServiceProvider/ows:ProviderName", NAMES) is not None
    get = root.find(".//ows:Operation[@name='GetObservation']//ows:Get", NAMES)
    assert "http://sos.example:8080/sos?" == get.get(HREF)
    first, second = root.iterfind(".//sos:ObservationOffering", NAMES)
    assert ["thermometer"] == [each.text for each in first.iterfind("swes:procedure", NAMES)]
    assert ["AirTemperature", "Gusts"] == [each.text for each in first.iterfind("swes:observableProperty", NAMES)]
    assert "2016-01-01T00:05:00Z" == first.findtext("sos:phenomenonTime/gml:TimePeriod/gml:endPosition", "", NAMES)
    assert "50 8" == second.findtext("sos:observedArea/gml:Envelope/gml:lowerCorner", "", NAMES)


@pytest.mark.parametrize(
    ("query", "values"),
    [
        pytest.param("observedProperty=AirPressure,Gusts", ["7", "990"], id="joined with a comma"),
        pytest.param("observedProperty=AirPressure%2CGusts", ["7", "990"], id="the comma encoded"),
        pytest.param("observedProperty=AirPressure%2C%20Gusts", ["7", "990"], id="with a blank"),
        pytest.param("observedproperty=AirPressure", ["990"], id="another case"),
        pytest.param("featureOfInterest=hill", ["990"], id="feature"),
    ],
)
def test_lists_are_read_as_clients_write_them(station: Client, query: str, values: list[str]) -> None:
    """
    Values are joined with commas and encoded, or not.
    """
    assert values == _values(station.get(f"{urlencode(OBSERVE)}&{query}"))


NAMESPACES = "namespaces=xmlns(om,http%3A%2F%2Fwww.opengis.net%2Fom%2F2.0)&"


@pytest.mark.parametrize(
    ("query", "values"),
    [
        pytest.param("om:phenomenonTime,2016-01-01T00:01:00Z/2016-01-01T00:02:00Z", ["1", "2"], id="period"),
        pytest.param("om%3AphenomenonTime%2C2016-01-01T00%3A01%3A00Z", ["1"], id="instant, encoded"),
        pytest.param("phenomenonTime,2016-01-01T00:01:00Z", ["1"], id="no prefix"),
        pytest.param("o:phenomenonTime,2016-01-01T00:01:00Z", ["1"], id="another prefix"),
        pytest.param("om:phenomenonTime,2016-01-01T00:01:00", ["1"], id="no zone"),
        pytest.param("om:phenomenonTime,2016-01-01T01:01:00+01:00", ["1"], id="a plus that arrives as a blank"),
        pytest.param("om:phenomenonTime,2016-01-01T01:01:00%2B01:00", ["1"], id="a plus"),
        pytest.param(
            "om:phenomenonTime,2016-01-01T01:01:00+01:00/2016-01-01T01:02:00+01:00", ["1", "2"], id="two blanks"
        ),
        pytest.param("om:phenomenonTime,latest", ["4"], id="latest"),
        pytest.param("om:phenomenonTime,first", ["0"], id="first"),
        pytest.param("om:resultTime,2016-01-01T00:03:00Z", ["3"], id="result time"),
    ],
)
@pytest.mark.parametrize("namespaces", ["", NAMESPACES], ids=["plain", "with namespaces"])
def test_times_are_read_as_clients_write_them(station: Client, namespaces: str, query: str, values: list[str]) -> None:
    """
    Any prefix, with or without the parameter that declares it; without zone UTC is meant.
    """
    answer = station.get(f"{urlencode(OBSERVE)}&observedProperty=AirTemperature&{namespaces}temporalFilter={query}")

    assert values == _values(answer)


def test_the_children_of_a_document_may_stand_in_any_order(station: Client) -> None:
    """
    sos4R writes them in another order than the schema has it.
    """
    document = encode_request(GetObservation(("thermometer-offering",), ("thermometer",), ("Gusts",), ("station",)))
    offering, end = b"<sos:offering>thermometer-offering</sos:offering>", b"</sos:GetObservation>"
    assert offering in document

    answer = station.post(document.replace(offering, b"").replace(end, offering + end))

    assert ["7"] == _values(answer)


@pytest.mark.parametrize("content_type", [None, "application/x-www-form-urlencoded", "text/plain"])
def test_the_parameters_may_stand_in_the_address_of_a_post(station: Client, content_type: str | None) -> None:
    """
    With a version that is shortened; so does the QGIS plugin.
    """
    query = urlencode(OBSERVE | {"version": "2.0", "procedure": "barometer"})
    headers = {} if content_type is None else {"content-type": content_type}

    assert ["990"] == _values(station.send("POST", query=query, headers=headers))


def test_a_form_needs_no_content_type(station: Client) -> None:
    """
    SOS.js sends none.
    """
    assert ["990"] == _values(station.post(urlencode(OBSERVE | {"procedure": "barometer"}).encode(), None))


def test_all_results_of_an_answer_have_one_type(station: Client) -> None:
    """
    sos4R makes one table column of them; counts are measures of unit 1.
    """
    results = list(station.get(OBSERVE).root.iterfind(".//om:result", NAMES))

    types = {each.get("{http://www.w3.org/2001/XMLSchema-instance}type") for each in results}
    assert (7, {"gml:MeasureType"}) == (len(results), types)
    assert {"Cel", "1", "hPa"} == {each.get("uom") for each in results}


def test_counts_may_go_out_as_integers(tmp_path: Path) -> None:
    """
    Where the operator sets so, because all clients of the service read them.
    """
    app = create_app(Settings(data=tmp_path, counts_as_measures=False))
    client = Client(Starlette(routes=[mount("/sos", app)]))
    counted = observation(5, 7, observed_property="Gusts", uom=None, observation_type=OM_COUNT)
    for request in (sensor(properties=("Gusts",), types=(OM_COUNT,)), insertion(counted)):
        assert 200 == client.post(encode_request(request)).status

    answers = [client.get(OBSERVE), client.post(encode_request(GetObservation()))]
    app.state.storage.close()

    results = [answer.root.find(".//om:result", NAMES) for answer in answers]
    assert [("xs:integer", None, "7")] * 2 == [
        (each.get("{http://www.w3.org/2001/XMLSchema-instance}type"), each.get("uom"), each.text) for each in results
    ]


def test_procedure_property_and_feature_are_references(station: Client) -> None:
    """
    Clients read `xlink:href`; only the first observation of a feature has it inline. Result times are inline.
    """
    root = station.get(OBSERVE | {"observedProperty": "AirTemperature"}).root

    for name, value in (("procedure", "thermometer"), ("observedProperty", "AirTemperature")):
        assert [value] * 5 == [each.get(HREF) for each in root.iterfind(f".//om:{name}", NAMES)]
    assert ["station"] * 4 == [each.get(HREF) for each in root.iterfind(".//om:featureOfInterest", NAMES)][1:]
    times = root.iterfind(".//om:resultTime/gml:TimeInstant/gml:timePosition", NAMES)
    assert ["2016-01-01T00:00:00Z", "2016-01-01T00:01:00Z"] == [each.text for each in times][:2]


def test_a_feature_that_is_asked_for_comes_alone(station: Client) -> None:
    """
    With its identifier and its place, latitude first.
    """
    root = station.get(OBSERVE | {"request": "GetFeatureOfInterest", "featureOfInterest": "hill"}).root

    (member,) = root.iterfind("sos:featureMember", NAMES)
    assert ("hill", "50 8") == (
        member.findtext(".//gml:identifier", "", NAMES),
        member.findtext(".//gml:pos", "", NAMES),
    )


def test_an_exception_report_is_a_bad_request_without_a_charset(station: Client) -> None:
    """
    Some clients compare the whole content type.
    """
    answer = station.get(OBSERVE | {"offering": "nothing"})

    assert (400, "application/xml") == (answer.status, answer.headers["content-type"])


def test_a_time_without_anything_gives_an_empty_answer(station: Client) -> None:
    """
    Not an exception.
    """
    at = minute(60).isoformat()

    assert [] == _values(station.get(OBSERVE | {"temporalFilter": f"om:phenomenonTime,{at}"}))
