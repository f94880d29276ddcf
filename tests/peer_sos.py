"""
Services of other makers on loopback: each answers in its own dialect, with what was published to it.

    with PeerSos("xml10") as peer:
        peer.publish((BEGIN, 1.5))
        fetcher.send(HttpRequest("GET", peer.url + "?service=SOS&…"))

They filter by time as they are told to: with the borders of a span or without them, and by whole seconds only.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

from tests import misbehaving_sos as misbehaving
from tests.misbehaving_sos import Exchange, MisbehavingSos

PROCEDURE, PROPERTY, FEATURE, OFFERING = "urn:gauge", "urn:level", "urn:river", "all"
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z")
_SOS_10 = 'xmlns:sos="http://www.opengis.net/sos/1.0" xmlns:om="http://www.opengis.net/om/1.0"'
_OLD = f'{_SOS_10} xmlns:gml="http://www.opengis.net/gml" xmlns:swe="http://www.opengis.net/swe/1.0.1"'
_XLINK = 'xmlns:xlink="http://www.w3.org/1999/xlink" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'


class PeerSos:
    """A service; `dialect` is one of `DIALECTS`. `closed` tells whether a span holds its own borders."""

    def __init__(self, dialect: str, *, closed: bool = True) -> None:
        self.dialect = dialect
        self.closed = closed
        self.refuses: str | None = None  # a text that no request may have
        self.needs: str | None = None  # a text that each request for a span must have
        self.rows: list[tuple[datetime, float | None]] = []
        self._server = MisbehavingSos()
        self._server.behaviours["/sos"] = self._answer

    def __enter__(self) -> PeerSos:
        self._server.__enter__()
        return self

    def __exit__(self, *details: object) -> None:
        self._server.__exit__(*details)

    @property
    def url(self) -> str:
        """Its address."""
        return self._server.url("/sos")

    @property
    def host(self) -> str:
        """Its host and port."""
        return self._server.host

    @property
    def asked(self) -> list[str]:
        """Everything that it was asked: the query, and what was posted."""
        return [f"{one.target.partition('?')[2]}{one.body.decode()}" for one in self._server.requests]

    def publish(self, *rows: tuple[datetime, float | None]) -> None:
        """Give it observations."""
        self.rows += rows

    def _answer(self, exchange: Exchange) -> None:
        asked = f"{exchange.target.partition('?')[2]}{exchange.body.decode()}"
        if self.refuses is not None and self.refuses in asked:
            misbehaving.answer(refusal("InvalidParameterValue", "namespaces"), 400)(exchange)
        elif "GetCapabilities" in asked:
            misbehaving.answer(CAPABILITIES.encode())(exchange)
        elif "GetObservation" not in asked:
            misbehaving.answer(refusal("OperationNotSupported", "request"), 400)(exchange)
        elif self.needs is not None and self.needs not in asked:
            misbehaving.answer(refusal("MissingParameterValue", "namespaces"), 400)(exchange)
        else:
            body, kind = DIALECTS[self.dialect](self._selected(exchange, asked))
            misbehaving.answer(body.encode(), content_type=kind)(exchange)

    def _selected(self, exchange: Exchange, asked: str) -> list[tuple[datetime, float | None]]:
        query = parse_qs(urlsplit(exchange.target).query)
        if "latest" in asked:
            return self.rows[-1:]
        times = _INSTANT.findall(" ".join([asked, *query.get("eventTime", []), *query.get("temporalFilter", [])]))
        if not times:
            raise AssertionError(f"no time filter: {asked}")
        begin, end = (datetime.fromisoformat(one).replace(microsecond=0) for one in times[:2])
        if self.closed:
            return [row for row in self.rows if begin <= row[0] <= end]
        return [row for row in self.rows if begin < row[0] < end]


def refusal(code: str, locator: str) -> bytes:
    """An exception report."""
    return (
        '<ows:ExceptionReport xmlns:ows="http://www.opengis.net/ows/1.1" version="1.0.0">'
        f'<ows:Exception exceptionCode="{code}" locator="{locator}"><ows:ExceptionText>No.</ows:ExceptionText>'
        "</ows:Exception></ows:ExceptionReport>"
    ).encode()


CAPABILITIES = f"""<?xml version="1.0"?><sos:Capabilities {_OLD} {_XLINK} version="1.0.0"><sos:Contents>
<sos:ObservationOfferingList><sos:ObservationOffering gml:id="{OFFERING}"><gml:name>Everything</gml:name>
<sos:procedure xlink:href="{PROCEDURE}"/><sos:observedProperty xlink:href="{PROPERTY}"/>
<sos:featureOfInterest xlink:href="{FEATURE}"/></sos:ObservationOffering></sos:ObservationOfferingList>
</sos:Contents></sos:Capabilities>"""


def _iso(time: datetime) -> str:
    return time.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _xml_10_measurements(rows: list[tuple[datetime, float | None]]) -> tuple[str, str]:
    """O&M 1.0 with a Measurement for each value, as 52°North answers."""
    members = "".join(
        f"""<om:member><om:Measurement><om:samplingTime><gml:TimeInstant><gml:timePosition>{_iso(time)}</gml:timePosition>
        </gml:TimeInstant></om:samplingTime><om:procedure xlink:href="{PROCEDURE}"/>
        <om:observedProperty xlink:href="{PROPERTY}"/><om:featureOfInterest xlink:href="{FEATURE}"/>
        <om:result uom="m">{value}</om:result></om:Measurement></om:member>"""
        for time, value in rows
    )
    nothing = '<om:member xlink:href="urn:ogc:def:nil:OGC:inapplicable"/>'
    return f"<om:ObservationCollection {_OLD} {_XLINK}>{members or nothing}</om:ObservationCollection>", "text/xml"


def _xml_10(rows: list[tuple[datetime, float | None]]) -> tuple[str, str]:
    """O&M 1.0 with a SWE Common 1.0.1 DataArray, as istSOS and 52°North answer."""
    if not rows:
        return _xml_10_measurements([])
    values = "@@".join(f"{_iso(time)},{value}" for time, value in rows)
    return (
        f"""<om:ObservationCollection {_OLD} {_XLINK}><om:member><om:Observation><om:samplingTime><gml:TimePeriod>
        <gml:beginPosition>{_iso(rows[0][0])}</gml:beginPosition><gml:endPosition>{_iso(rows[-1][0])}</gml:endPosition>
        </gml:TimePeriod></om:samplingTime><om:procedure xlink:href="{PROCEDURE}"/>
        <om:observedProperty><swe:CompositePhenomenon dimension="2" gml:id="c"><gml:name>series</gml:name>
        <swe:component xlink:href="urn:ogc:data:time:iso8601"/><swe:component xlink:href="{PROPERTY}"/>
        </swe:CompositePhenomenon></om:observedProperty><om:featureOfInterest xlink:href="{FEATURE}"/>
        <om:result><swe:DataArray><swe:elementCount><swe:Count><swe:value>{len(rows)}</swe:value></swe:Count>
        </swe:elementCount><swe:elementType name="row"><swe:DataRecord>
        <swe:field name="Time"><swe:Time definition="urn:ogc:data:time:iso8601"/></swe:field>
        <swe:field name="level"><swe:Quantity definition="{PROPERTY}"><swe:uom code="m"/></swe:Quantity></swe:field>
        </swe:DataRecord></swe:elementType><swe:encoding><swe:TextBlock decimalSeparator="." tokenSeparator=","
        blockSeparator="@@"/></swe:encoding><swe:values>{values}</swe:values></swe:DataArray></om:result>
        </om:Observation></om:member></om:ObservationCollection>""",
        "text/xml;subtype=om/1.0.0",
    )


def _in_soap(rows: list[tuple[datetime, float | None]]) -> tuple[str, str]:
    content = _xml_10_measurements(rows)[0]
    return (
        f'<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body>{content}</s:Body></s:Envelope>',
        "application/soap+xml",
    )


def _json(rows: list[tuple[datetime, float | None]]) -> tuple[str, str]:
    """52°North's JSON binding."""
    observations = [
        {
            "type": "http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_Measurement",
            "procedure": PROCEDURE,
            "offering": OFFERING,
            "observableProperty": PROPERTY,
            "featureOfInterest": {"identifier": {"codespace": "c", "value": FEATURE}},
            "phenomenonTime": _iso(time),
            "resultTime": _iso(time),
            "result": {"uom": "m", "value": value},
        }
        for time, value in rows
    ]
    fixed = {"request": "GetObservation", "version": "2.0.0", "service": "SOS"}
    return json.dumps({**fixed, "observations": observations}), "application/json"


def _istsos(rows: list[tuple[datetime, float | None]]) -> tuple[str, str]:
    """istSOS with responseFormat=application/json."""
    fields = [
        {"name": "Time", "definition": "urn:ogc:def:parameter:x-istsos:1.0:time:iso8601"},
        {"name": "level", "definition": PROPERTY, "uom": "m"},
        {"name": "quality", "definition": f"{PROPERTY}:qualityIndex", "uom": "-"},
    ]
    values = [[_iso(time), str(value), "200"] for time, value in rows]
    member = {
        "procedure": PROCEDURE,
        "featureOfInterest": {"name": FEATURE, "geom": ""},
        "result": {"DataArray": {"elementCount": str(len(rows)), "field": fields, "values": values}},
    }
    return json.dumps({"ObservationCollection": {"member": [member]}}), "application/json"


def _csv(rows: list[tuple[datetime, float | None]]) -> tuple[str, str]:
    """NOAA NDBC with responseFormat=text/csv."""
    lines = [f'station_id,sensor_id,"latitude (degree)","longitude (degree)",date_time,"{PROPERTY} (m)"']
    lines += [f"{FEATURE},{PROCEDURE},51.5,7.5,{_iso(time)},{value}" for time, value in rows]
    return "\n".join(lines) + "\n", "text/csv"


DIALECTS = {
    "O&M 1.0 array": _xml_10,
    "O&M 1.0 measurements": _xml_10_measurements,
    "O&M 1.0 in SOAP": _in_soap,
    "52°North JSON": _json,
    "istSOS JSON": _istsos,
    "CSV": _csv,
}
_KVP_10 = "?service=SOS&version=1.0.0&request=GetObservation"
_ASKED = f"&offering={OFFERING}&procedure={PROCEDURE}&observedProperty={PROPERTY}"
_POX_10 = f"""<sos:GetObservation xmlns:sos="http://www.opengis.net/sos/1.0" service="SOS" version="1.0.0">
<sos:offering>{OFFERING}</sos:offering><sos:procedure>{PROCEDURE}</sos:procedure>
<sos:observedProperty>{PROPERTY}</sos:observedProperty>
<sos:responseFormat>text/xml;subtype="om/1.0.0"</sos:responseFormat></sos:GetObservation>"""
_SOAP_10 = f'<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body>{_POX_10}</s:Body></s:Envelope>'
_JSON_20 = json.dumps(
    {
        "request": "GetObservation",
        "service": "SOS",
        "version": "2.0.0",
        "offering": OFFERING,
        "procedure": PROCEDURE,
        "observedProperty": PROPERTY,
    }
)
TEMPLATES = {
    "O&M 1.0 array": f"{_KVP_10}{_ASKED}",
    "O&M 1.0 measurements": _POX_10,
    "O&M 1.0 in SOAP": _SOAP_10,
    "52°North JSON": _JSON_20,
    "istSOS JSON": f"{_KVP_10}{_ASKED}&responseFormat=application/json",
    "CSV": f"{_KVP_10}{_ASKED}&responseFormat=text/csv",
}
"""What a client of each dialect writes; those that begin with `?` go behind the address."""
