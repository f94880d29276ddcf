"""What is read from the capabilities of many servers."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from sos_server.codecs import xml
from tests.misbehaving_sos import MisbehavingSos, answer
from weps.contents import Contents, Offering
from weps.errors import SourceException, SourceGarbled
from weps.feeders.contents import ContentsReader, decode_contents, service_address
from weps.feeders.http import Fetcher
from weps.feeders.sources import sta_source
from weps.feeders.template import read_kvp, read_pox
from weps.model import Source

OLD = b"""<sos:Capabilities xmlns:sos="http://www.opengis.net/sos/1.0" xmlns:gml="http://www.opengis.net/gml"
    xmlns:xlink="http://www.w3.org/1999/xlink" xmlns:ows="http://www.opengis.net/ows/1.1">
  <ows:ServiceIdentification><ows:Title>Gauges</ows:Title></ows:ServiceIdentification>
  <sos:Contents><sos:ObservationOfferingList>
    <sos:ObservationOffering gml:id="rivers">
      <gml:name>urn:rivers</gml:name>
      <sos:time><gml:TimePeriod><gml:beginPosition>2010-01-01T00:00:00Z</gml:beginPosition>
        <gml:endPosition indeterminatePosition="now"/></gml:TimePeriod></sos:time>
      <sos:procedure xlink:href="urn:p1"/><sos:procedure xlink:href="urn:p2"/><sos:procedure xlink:href="urn:p1"/>
      <sos:observedProperty xlink:href="urn:level"/>
    </sos:ObservationOffering>
    <sos:ObservationOffering/>
  </sos:ObservationOfferingList></sos:Contents>
</sos:Capabilities>"""
NEW = b"""<sos:Capabilities xmlns:sos="http://www.opengis.net/sos/2.0" xmlns:swes="http://www.opengis.net/swes/2.0"
    xmlns:gml="http://www.opengis.net/gml/3.2">
  <sos:contents><sos:Contents>
    <swes:observableProperty>urn:temperature</swes:observableProperty>
    <swes:offering><sos:ObservationOffering>
      <swes:identifier>air</swes:identifier>
      <swes:procedure>urn:station</swes:procedure>
      <sos:phenomenonTime><gml:TimePeriod gml:id="t"><gml:beginPosition>2016-01-01T01:00:00+01:00</gml:beginPosition>
        <gml:endPosition>2016-02-01T00:00:00Z</gml:endPosition></gml:TimePeriod></sos:phenomenonTime>
    </sos:ObservationOffering></swes:offering>
  </sos:Contents></sos:contents>
</sos:Capabilities>"""
EXCEPTION = b"""<ows:ExceptionReport xmlns:ows="http://www.opengis.net/ows/1.1" version="1.0.0">
  <ows:Exception exceptionCode="NoApplicableCode"><ows:ExceptionText>not now</ows:ExceptionText></ows:Exception>
</ows:ExceptionReport>"""
NO_CONTENTS = b'<sos:Capabilities xmlns:sos="http://www.opengis.net/sos/2.0" version="2.0.0"/>'


def test_capabilities_of_the_old_version_are_read():
    """
    Names by reference, once each; an open end; what has no name cannot be asked for and is left out.
    """
    begin = datetime(2010, 1, 1, tzinfo=UTC)
    rivers = Offering("urn:rivers", ("urn:rivers", "rivers"), ("urn:p1", "urn:p2"), ("urn:level",), begin, None)

    assert decode_contents(xml.parse(OLD)) == Contents("Gauges", (rivers,))


def test_properties_that_stand_once_for_all_offerings_are_those_of_each():
    """
    SOS 2.0 lets offerings inherit what stands above them; times are in UTC.
    """
    times = datetime(2016, 1, 1, tzinfo=UTC), datetime(2016, 2, 1, tzinfo=UTC)
    air = Offering("air", ("air",), ("urn:station",), ("urn:temperature",), *times)

    assert decode_contents(xml.parse(NEW)) == Contents("", (air,))


TEMPLATE = "{}?service=SOS&version=2.0.0&request=GetObservation&procedure=p"


@pytest.mark.parametrize(
    ("body", "error", "message"),
    [
        (EXCEPTION, SourceException, "not now"),
        (b"<html><body>welcome</body></html>", SourceGarbled, "the server answered a web page"),
        (NO_CONTENTS, SourceGarbled, "the capabilities have no contents"),
    ],
    ids=["exception", "page", "no contents"],
)
def test_what_is_no_list_of_offerings_is_never_taken_for_an_empty_one(body, error, message):
    """
    Else all sensors would be told as gone when a server has a bad moment.
    """
    with MisbehavingSos() as server:
        server.behaviours["/sos"] = answer(body)
        reader = ContentsReader(Fetcher(frozenset({"127.0.0.1"}), timeout=5, limit=2**20))
        with pytest.raises(error, match=message):
            reader.read(read_kvp(TEMPLATE.format(server.url("/sos"))))


def test_sources_of_one_service_have_one_address():
    """
    Whatever they ask for and however they are sent; another version or a key of their own is another service.
    """
    document = (
        '<GetObservation xmlns="http://www.opengis.net/sos/2.0" service="SOS" version="2.0.0">'
        "<procedure>p</procedure></GetObservation>"
    )
    kvp = read_kvp(TEMPLATE.format("https://sos.example.org/sos"))
    other = read_kvp(TEMPLATE.format("https://sos.example.org/sos") + "2")
    pox = read_pox(document, "https://sos.example.org/sos")
    keyed = read_kvp(TEMPLATE.format("https://sos.example.org/sos") + "&key=1")

    addresses = [service_address(source) for source in (kvp, other, pox, keyed)]

    assert addresses[0] == addresses[1] == addresses[2]
    assert addresses[3] != addresses[0]


@pytest.mark.parametrize(
    "source",
    [
        sta_source("https://sta.example.org/v1.1/Datastreams(1)"),
        Source("mqtt", "mqtt://b.example.org", '{"topic":"t"}'),
    ],
    ids=["SensorThings", "MQTT"],
)
def test_what_has_no_capabilities_has_no_address_for_them(source):
    """
    Other sources than SOS are not asked.
    """
    assert service_address(source) is None


DOCUMENTS = {
    "52north-sos-ioos/sos_52n_getcapabilities.xml": (15, 15, 11, "2013-08-19 17:00:00+00:00"),
    "gns-ngmp-52north/sos_ngmp.xml": (10, 10, 10, None),
    "ncsos/sos_ncSOS_getcapabilities.xml": (2, 2, 4, None),
    "noaa-nodc-ncsos/Nodc-GetCapabilities-AomlTsg.xml": (2, 2, 22, "2008-06-15 00:00:19+00:00"),
    "niwa-52north/hydro-sos.niwa.co.nz.xml": (75, 2, 3, "1904-01-09 11:00:00+00:00"),
    "sos4r-52north/Capabilities_100_Example.xml": (5, 218, 13, "2005-12-02 23:00:00+00:00"),
    "sos4r-52north/Capabilities_200_Example.xml": (8, 8, 12, "1974-01-01 00:00:00+00:00"),
    "mapserver/Capabilities_Mapserver.xml": (1, 3, 5, "2000-10-30 18:24:39+00:00"),
}


@pytest.mark.shared
@pytest.mark.parametrize(("file", "expected"), DOCUMENTS.items(), ids=DOCUMENTS)
def test_capabilities_of_real_servers_are_read(shared: Path, file: str, expected: tuple[int, int, int, str | None]):
    """
    Offerings, procedures, properties, and since when they have been observed.
    """
    contents = decode_contents(xml.parse((shared / "sos-documents" / file).read_bytes()))

    begin = expected[3] and str(min(one.begin for one in contents.offerings if one.begin))
    found = len(contents.offerings), len(contents.procedures), len(contents.properties), begin
    assert found == expected
