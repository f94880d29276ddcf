"""Templates, and texts that stand in them, in every form."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from lxml import etree

BEGIN = datetime(2016, 1, 11, 3, 0, tzinfo=UTC)
END = datetime(2016, 1, 11, 4, 0, tzinfo=UTC)
ENDPOINT = "http://h/sos"
KVP_10 = (
    f"{ENDPOINT}?service=SOS&version=1.0.0&request=GetObservation&offering=o&observedProperty=p&procedure=b,a"
    "&eventTime=2010-01-01T00:00:00Z/2010-01-02T00:00:00Z&responseMode=inline"
)
POX_10 = """<GetObservation xmlns="http://www.opengis.net/sos/1.0" xmlns:ogc="http://www.opengis.net/ogc"
    xmlns:gml="http://www.opengis.net/gml" service="SOS" version="1.0.0" srsName="urn:ogc:def:crs:EPSG::4326">
  <offering>o</offering>
  <eventTime><ogc:TM_During><ogc:PropertyName>om:samplingTime</ogc:PropertyName><gml:TimePeriod>
    <gml:beginPosition>2010-01-01</gml:beginPosition><gml:endPosition>2010-01-02</gml:endPosition></gml:TimePeriod>
  </ogc:TM_During></eventTime>
  <procedure>b</procedure><procedure>a</procedure>
  <observedProperty>p</observedProperty>
  <featureOfInterest><ObjectID>f</ObjectID></featureOfInterest>
  <responseFormat>text/xml;subtype="om/1.0.0"</responseFormat>
  <resultModel xmlns:ns="http://www.opengis.net/om/1.0">ns:Observation</resultModel>
  <responseMode>inline</responseMode>
</GetObservation>"""
POX_20 = """<sos:GetObservation xmlns:sos="http://www.opengis.net/sos/2.0" service="SOS" version="2.0.0">
  <sos:offering>o</sos:offering><sos:observedProperty>p</sos:observedProperty></sos:GetObservation>"""
RESULT_20 = POX_20.replace("GetObservation", "GetResult")
RESULT_KVP = f"{ENDPOINT}?service=SOS&version=2.0.0&request=GetResult&offering=o&observedProperty=p"
JSON_20 = json.dumps(
    {"request": "GetObservation", "service": "SOS", "version": "2.0.0", "offering": "o", "observedProperty": ["p"]}
)
BY_RESULT_TIME = """<sos:temporalFilter><fes:During xmlns:fes="http://www.opengis.net/fes/2.0">
  <fes:ValueReference>om:resultTime</fes:ValueReference></fes:During></sos:temporalFilter>"""


def in_soap(document: str, version: str = "2003/05/soap-envelope", header: str = "") -> str:
    """A request in an envelope."""
    namespace = f"http://www.w3.org/{version}" if "soap-e" in version else f"http://schemas.xmlsoap.org/{version}"
    return f'<e:Envelope xmlns:e="{namespace}"><e:Header>{header}</e:Header><e:Body>{document}</e:Body></e:Envelope>'


def texts(document: bytes) -> list[tuple[str, str]]:
    """The elements with text of a document, by their local names."""
    return [
        (etree.QName(element).localname, element.text.strip())
        for element in etree.fromstring(document).iter("*")
        if (element.text or "").strip()
    ]
