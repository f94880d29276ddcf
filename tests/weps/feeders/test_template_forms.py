"""Templates in every form: SOS 1.0.0, GetResult, SOAP, JSON, and filters over the result time."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest
from lxml import etree

from weps.errors import TemplateError
from weps.feeders.forms import Asked, read_asked
from weps.feeders.template import (
    build_availability_request,
    build_capabilities_request,
    build_latest_request,
    build_request,
    build_result_template_request,
    evidence_url,
    read_selection,
    read_template,
)
from weps.model import Source

BEGIN = datetime(2016, 1, 11, 3, 0, tzinfo=UTC)
END = datetime(2016, 1, 11, 4, 0, tzinfo=UTC)
SPAN = "2016-01-11T03:00:00Z/2016-01-11T04:00:00Z"
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


FORMS = {
    "KVP 1.0.0": (KVP_10, "kvp", "1.0.0", "GetObservation"),
    "POX 1.0.0": (POX_10, "pox", "1.0.0", "GetObservation"),
    "SOAP 1.2 of 1.0.0": (in_soap(POX_10), "soap", "1.0.0", "GetObservation"),
    "SOAP 1.1 of 1.0.0": (in_soap(POX_10, "soap/envelope/"), "soap11", "1.0.0", "GetObservation"),
    "POX 2.0": (POX_20, "pox", "2.0.0", "GetObservation"),
    "SOAP 1.2 of 2.0": (in_soap(POX_20), "soap", "2.0.0", "GetObservation"),
    "SOAP 1.1 of 2.0": (in_soap(POX_20, "soap/envelope/"), "soap11", "2.0.0", "GetObservation"),
    "GetResult as KVP": (RESULT_KVP, "kvp", "2.0.0", "GetResult"),
    "GetResult as POX": (RESULT_20, "pox", "2.0.0", "GetResult"),
    "GetResult in SOAP": (in_soap(RESULT_20), "soap", "2.0.0", "GetResult"),
    "JSON": (JSON_20, "json", "2.0.0", "GetObservation"),
}


def texts(document: bytes) -> list[tuple[str, str]]:
    """The elements with text of a document, by their local names."""
    return [
        (etree.QName(element).localname, element.text.strip())
        for element in etree.fromstring(document).iter("*")
        if (element.text or "").strip()
    ]


@pytest.mark.parametrize(("text", "binding", "version", "operation"), FORMS.values(), ids=FORMS)
def test_every_form_is_read_and_tells_what_it_asks(text, binding, version, operation):
    """
    The binding is how it is sent; version, operation and selection are told by the template.
    """
    source = read_template(text, ENDPOINT)

    assert (source.binding, source.endpoint) == (binding, ENDPOINT)
    assert read_asked(source) == Asked(version, operation, "phenomenonTime")
    assert (read_selection(source)["offering"], read_selection(source)["observedProperty"]) == (("o",), ("p",))
    assert "2010" not in source.template


@pytest.mark.parametrize(("text", "binding", "version", "operation"), FORMS.values(), ids=FORMS)
def test_the_one_form_of_a_template_is_its_own_one_form(text, binding, version, operation):
    """
    What is stored can be read again; an envelope is no part of it.
    """
    source = read_template(text, ENDPOINT)

    again = read_template(source.template, ENDPOINT)

    assert again.template == source.template


def test_a_span_of_sos_10_as_kvp_is_an_event_time():
    """
    Without prefixes, the format is asked for, and procedures are in order.
    """
    request = build_request(read_template(KVP_10), BEGIN, END)

    assert request.url == (
        "http://h/sos?service=SOS&version=1.0.0&request=GetObservation&offering=o&procedure=a,b&observedProperty=p"
        f"&responseFormat=text/xml%3Bsubtype%3D%22om/1.0.0%22&eventTime={SPAN}"
    )


def test_a_span_of_sos_10_as_xml_is_a_filter_of_the_sampling_time():
    """
    The elements stand in the order of the schema.
    """
    request = build_request(read_template(POX_10, ENDPOINT), BEGIN, END)

    assert texts(request.body) == [
        ("offering", "o"),
        ("PropertyName", "om:samplingTime"),
        ("beginPosition", "2016-01-11T03:00:00Z"),
        ("endPosition", "2016-01-11T04:00:00Z"),
        ("procedure", "a"),
        ("procedure", "b"),
        ("observedProperty", "p"),
        ("ObjectID", "f"),
        ("responseFormat", 'text/xml;subtype="om/1.0.0"'),
        ("resultModel", "om:Observation"),
    ]
    assert etree.fromstring(request.body).get("srsName") == "urn:ogc:def:crs:EPSG::4326"
    assert (request.method, request.headers["Content-Type"]) == ("POST", "application/xml; charset=UTF-8")


def test_the_elements_of_sos_10_have_no_prefix():
    """
    istSOS looks for them as they are written; those of GML have theirs.
    """
    request = build_request(
        read_template(
            POX_10.replace("<GetO", "<s:GetO", 1)
            .replace("</GetO", "</s:GetO")
            .replace("xmlns=", 'xmlns:s="http://www.opengis.net/sos/1.0" xmlns=', 1),
            ENDPOINT,
        ),
        BEGIN,
        END,
    )

    text = request.body.decode()
    assert all(f"<{name}>" in text for name in ("offering", "eventTime", "procedure", "observedProperty", "ObjectID"))
    assert all(f"<{name}>" in text for name in ("gml:TimePeriod", "gml:beginPosition", "gml:endPosition"))


@pytest.mark.shared
@pytest.mark.parametrize("text", [POX_10, RESULT_20, POX_20], ids=["1.0.0", "GetResult", "2.0"])
def test_the_requests_of_a_span_are_valid(validate, text):
    """
    By the schemas of OGC.
    """
    request = build_request(read_template(text, ENDPOINT), BEGIN, END)

    assert validate(request.body) == []


@pytest.mark.parametrize(
    ("version", "binding", "kind"),
    [("2003/05/soap-envelope", "soap", "application/soap+xml"), ("soap/envelope/", "soap11", "text/xml")],
)
def test_a_template_in_soap_is_sent_in_soap(version, binding, kind):
    """
    In the version that it came in, with its content type; SOAP 1.1 has its action, which may be empty.
    """
    request = build_request(read_template(in_soap(POX_20, version), ENDPOINT), BEGIN, END)

    root = etree.fromstring(request.body)
    assert etree.QName(root).namespace.endswith(version)
    assert [etree.QName(each).localname for each in root[-1]] == ["GetObservation"]
    assert request.headers["Content-Type"] == f"{kind}; charset=UTF-8"
    assert ("SOAPAction" in request.headers) == (binding == "soap11")


def test_a_span_in_json_is_a_filter_of_52north():
    """
    The time as 52°North's binding names it.
    """
    request = build_request(read_template(JSON_20, ENDPOINT), BEGIN, END)

    members = json.loads(request.body)
    assert members.pop("temporalFilter") == {"during": {"ref": "om:phenomenonTime", "value": SPAN.split("/")}}
    assert members == {
        "request": "GetObservation",
        "service": "SOS",
        "version": "2.0.0",
        "offering": ["o"],
        "observedProperty": ["p"],
    }
    assert request.headers["Content-Type"] == "application/json; charset=UTF-8"


@pytest.mark.parametrize(
    "text",
    [
        RESULT_KVP + "&temporalFilter=om:resultTime,2010-01-01/2010-01-02",
        RESULT_20.replace("</sos:GetR", f"{BY_RESULT_TIME}</sos:GetR"),
        POX_20.replace("</sos:GetO", f"{BY_RESULT_TIME}</sos:GetO"),
        in_soap(POX_20.replace("</sos:GetO", f"{BY_RESULT_TIME}</sos:GetO")),
        JSON_20.replace("{", '{"temporalFilter": {"during": {"ref": "om:resultTime", "value": ["a", "b"]}},', 1),
    ],
    ids=["KVP", "GetResult", "POX", "SOAP", "JSON"],
)
def test_a_template_with_a_filter_of_the_result_time_is_asked_by_it(text):
    """
    The polls filter the result time too, evidence always the phenomenon time, as an alert tells it.
    """
    source = read_template(text, ENDPOINT)

    request = build_request(source, BEGIN, END)

    asked = request.url if request.body is None else request.body.decode()
    assert read_asked(source).time_reference == "resultTime"
    assert ("resultTime" in asked, "phenomenonTime" in asked) == (True, False)
    assert "2016-01-11T03:00:00Z" in asked
    assert "om:phenomenonTime" in evidence_url(source, BEGIN, END)
    assert "resultTime" not in evidence_url(source, BEGIN, END)
    assert read_template(source.template, ENDPOINT).template == source.template


def test_a_template_that_filters_both_times_is_asked_by_the_phenomenon_time():
    """
    That is the one that is replaced at each poll.
    """
    both = BY_RESULT_TIME + BY_RESULT_TIME.replace("resultTime", "phenomenonTime")

    source = read_template(POX_20.replace("</sos:GetO", f"{both}</sos:GetO"), ENDPOINT)

    assert source == read_template(POX_20, ENDPOINT)


def test_other_writings_of_a_template_of_sos_10_are_the_same_source():
    """
    Prefixes, the order of procedures, times, quotes around the version and elements without namespace do not matter.
    """
    other = POX_10.replace(
        "<procedure>b</procedure><procedure>a</procedure>", "<procedure> a </procedure><procedure>b</procedure>"
    )
    other = other.replace(' srsName="urn:ogc:def:crs:EPSG::4326"', "").replace(
        "<responseFormat>", "<srsName>urn:ogc:def:crs:EPSG::4326</srsName><responseFormat>"
    )
    unqualified = etree.fromstring(other)
    for element in unqualified.iter("{http://www.opengis.net/sos/1.0}*"):
        if element is not unqualified:
            element.tag = etree.QName(element).localname

    sources = {
        read_template(text, ENDPOINT) for text in (POX_10, other, etree.tostring(unqualified, encoding="unicode"))
    }

    assert len(sources) == 1


def test_other_writings_in_json_are_the_same_source():
    """
    Text or list, order and white space do not matter.
    """
    other = {
        "version": "2.0.0",
        "service": "sos",
        "request": "GetObservation",
        "observedProperty": "p",
        "offering": ["o"],
    }

    assert read_template(json.dumps(other, indent=3), ENDPOINT) == read_template(JSON_20, ENDPOINT)


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (None, 'text/xml;subtype="om/1.0.0"'),
        ("text/xml;subtype='om/1.0.0'", "text/xml;subtype='om/1.0.0'"),
        ("text/xml;subtype='sensorML/1.0.0'", "text/xml;subtype='om/1.0.0'"),
        ("text/csv", "text/csv"),
        ('text/xml;subtype="om/1.0.0/profiles/ioos_sos/1.0"', 'text/xml;subtype="om/1.0.0/profiles/ioos_sos/1.0"'),
    ],
    ids=["none", "istSOS", "that of sensors", "CSV", "IOOS"],
)
def test_the_format_of_sos_10_is_that_of_the_template(asked, expected):
    """
    Servers name them as they like; that of sensors is none of observations.
    """
    element = f"<responseFormat>{asked}</responseFormat>" if asked else ""
    start, end = POX_10.index("<responseFormat>"), POX_10.index("<resultModel")

    request = build_request(read_template(POX_10[:start] + element + POX_10[end:], ENDPOINT), BEGIN, END)

    assert ("responseFormat", expected) in texts(request.body)


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("http://www.opengis.net/waterml/2.0", "http://www.opengis.net/waterml/2.0"),
        ("http://www.opengis.net/waterml-dr/2.0", "http://www.opengis.net/waterml-dr/2.0"),
        ("http://dd.eionet.europa.eu/schemaset/id2011850eu-1.0", "http://www.opengis.net/om/2.0"),
    ],
)
def test_the_format_of_sos_20_is_one_that_can_be_read(asked, expected):
    """
    WaterML stays: some services have nothing else.
    """
    source = read_template(f"{ENDPOINT}?service=SOS&version=2.0.0&request=GetObservation&responseFormat={asked}")

    assert source.template.endswith(f"&responseFormat={expected}")


def test_the_other_requests_of_sos_10():
    """
    There is neither a newest observation nor an availability; capabilities are asked for in its version.
    """
    for text in (KVP_10, POX_10, in_soap(POX_10)):
        source = read_template(text, ENDPOINT)

        assert build_latest_request(source) is None
        assert build_availability_request(source) is None
        assert build_capabilities_request(source).url.endswith("request=GetCapabilities&AcceptVersions=1.0.0")


@pytest.mark.parametrize(
    ("text", "method"),
    [(RESULT_KVP, "GET"), (RESULT_20, "POST"), (in_soap(RESULT_20), "POST")],
    ids=["KVP", "POX", "SOAP"],
)
def test_the_template_of_results_is_asked_for_the_same_way(text, method):
    """
    GetResultTemplate with the offering and the property.
    """
    request = build_result_template_request(read_template(text, ENDPOINT))

    asked = request.url if request.body is None else request.body.decode()
    assert request.method == method
    assert all(part in asked for part in ("GetResultTemplate", "o", "p"))


EVIDENCE = {
    "KVP 1.0.0": (KVP_10, ENDPOINT, "1.0.0", "eventTime", SPAN),
    "POX 1.0.0": (POX_10, ENDPOINT, "1.0.0", "eventTime", SPAN),
    "SOAP": (in_soap(POX_20), "http://h/sos/kvp", "2.0.0", "temporalFilter", f"om:phenomenonTime,{SPAN}"),
    "GetResult": (RESULT_KVP, ENDPOINT, "2.0.0", "temporalFilter", f"om:phenomenonTime,{SPAN}"),
    "JSON": (JSON_20, "http://h/sos/kvp", "2.0.0", "temporalFilter", f"om:phenomenonTime,{SPAN}"),
}


@pytest.mark.parametrize(("text", "address", "version", "name", "time"), EVIDENCE.values(), ids=EVIDENCE)
def test_the_evidence_is_a_url_in_the_version_of_the_template(text, address, version, name, time):
    """
    A GetObservation that a browser can open; the address for one binding becomes that for KVP.
    """
    ending = {"soap": "/soap", "json": "/json"}.get(read_template(text, ENDPOINT).binding, "")

    url = evidence_url(read_template(text, ENDPOINT + ending), BEGIN, END)

    query = parse_qs(urlsplit(url).query)
    assert url.startswith(f"{address}?service=SOS")
    assert (query["version"], query["request"], query[name]) == ([version], ["GetObservation"], [time])
    assert (query["offering"], query["observedProperty"]) == (["o"], ["p"])


@pytest.mark.parametrize(
    "text",
    [
        POX_10.replace("<ObjectID>f</ObjectID>", '<ogc:BBOX xmlns:ogc="http://www.opengis.net/ogc"/>'),
        POX_10.replace("<responseFormat>", "<result><a/></result><responseFormat>"),
        JSON_20.replace("{", '{"spatialFilter": {"bbox": 1},', 1),
        JSON_20.replace("{", '{"extensions": [1],', 1),
    ],
    ids=["place of 1.0.0", "result of 1.0.0", "place in JSON", "extension in JSON"],
)
def test_there_is_no_evidence_for_what_a_url_cannot_say(text):
    """
    A URL that fetches something else is worse than none.
    """
    assert evidence_url(read_template(text, ENDPOINT), BEGIN, END) is None


SECURITY = '<w:Security xmlns:w="http://docs.oasis-open.org/wss"/>'
REFUSED = {
    "no offering": (POX_10.replace("<offering>o</offering>", ""), "offering", "needs offering; add one"),
    "no property": (
        KVP_10.replace("&observedProperty=p", ""),
        "observedProperty",
        "GetObservation of SOS 1.0.0 needs observedProperty",
    ),
    "two offerings": (
        POX_10.replace("<procedure>b", "<offering>x</offering><procedure>b"),
        "line 7",
        "takes one offering",
    ),
    "unknown element": (
        POX_10.replace("<responseMode>", "<qualityIndex>1</qualityIndex><responseMode>"),
        "line 12",
        "leave",
    ),
    "empty": (POX_10.replace(">b<", "> <"), "line 7", "procedure is empty"),
    "out of band": (POX_10.replace(">inline<", ">out-of-band<"), "line 12", "use inline"),
    "out of band as KVP": (KVP_10.replace("inline", "attached"), "responseMode", "use inline"),
    "version": (POX_10.replace('version="1.0.0"', 'version="2.0.0"'), "line 2", 'version="1.0.0"'),
    "GetResult of 1.0.0": (KVP_10.replace("GetObservation", "GetResult"), "request", "only request=GetObservation"),
    "two properties": (RESULT_KVP.replace("=p", "=p,q"), "observedProperty", "takes one observedProperty"),
    "by identifier": (POX_20.replace("GetObservation", "GetObservationById"), "line 1", "a GetObservation of"),
    "valid time": (
        POX_20.replace("</sos:GetO", f"{BY_RESULT_TIME.replace('result', 'valid')}</sos:GetO"),
        None,
        "valid time",
    ),
    "empty envelope": (in_soap(""), None, "0 documents"),
    "security": (in_soap(POX_20, header=SECURITY), "line 1", "Security is not sent; leave it out"),
    "JSON list": ('{"a": ', None, "not JSON"),
    "JSON request": (JSON_20.replace("GetObservation", "GetCapabilities"), "request", '"request": "GetObservation"'),
    "JSON version": (JSON_20.replace("2.0.0", "1.0.0"), "version", '"version": "2.0.0"'),
    "JSON member": (JSON_20.replace("{", '{"sensor": 1,', 1), "sensor", "the member sensor"),
    "JSON identifier": (JSON_20.replace('"o"', '""'), "offering", "offering is empty"),
}


@pytest.mark.parametrize(("text", "where", "message"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_polled_is_refused_with_the_place_and_what_to_do(text, where, message):
    """
    The line of a document, the name of a parameter or member.
    """
    with pytest.raises(TemplateError) as refused:
        read_template(text, ENDPOINT)

    assert refused.value.where == where
    assert message in refused.value.message


@pytest.mark.parametrize(
    "beginning", ["\n\n", '<?xml version="1.0"\nencoding="ISO-8859-1"?>\n', "\n<?xml version='1.0'?>\n"]
)
def test_the_line_is_that_of_the_text_as_it_was_sent(beginning):
    """
    Blank lines and the declaration before a document are counted.
    """
    with pytest.raises(TemplateError) as refused:
        read_template(beginning + "<a>\n</a>", ENDPOINT)

    assert refused.value.where == "line 3"


def test_a_document_needs_an_endpoint():
    """
    It does not say where to send it.
    """
    for text in (POX_10, in_soap(POX_20), JSON_20):
        with pytest.raises(TemplateError) as refused:
            read_template(text)

        assert "give the SOS endpoint too" in refused.value.message


def test_sources_that_were_stored_before_there_were_other_forms_are_as_they_were():
    """
    Their rows have these two texts: they are asked as ever, and new subscriptions share their feeds.
    """
    kvp = "service=SOS&version=2.0.0&request=GetObservation&offering=o&responseFormat=http://www.opengis.net/om/2.0"
    pox = (
        '<sos:GetObservation xmlns:fes="http://www.opengis.net/fes/2.0" xmlns:gml="http://www.opengis.net/gml/3.2"'
        ' xmlns:sos="http://www.opengis.net/sos/2.0" xmlns:swes="http://www.opengis.net/swes/2.0" service="SOS"'
        ' version="2.0.0"><sos:offering>o</sos:offering>'
        "<sos:responseFormat>http://www.opengis.net/om/2.0</sos:responseFormat></sos:GetObservation>"
    )
    stored = [Source("kvp", ENDPOINT, kvp), Source("pox", ENDPOINT, pox)]

    assert [read_template(one.template, ENDPOINT) for one in stored] == stored
    assert {read_asked(one) for one in stored} == {Asked("2.0.0", "GetObservation", "phenomenonTime")}


@pytest.mark.parametrize(
    "query",
    [
        "service=SOS&version=2.0.0&request=GetObservation&procedure=http://m.example/sensors/th1,http://m.example/sensors/th2",
        "service=SOS&version=2.0.0&request=GetObservation&featureOfInterest=http://wfs.example?request=getFeature%26featureid=b",
    ],
    ids=["addresses", "a question mark"],
)
def test_parameters_alone_may_hold_addresses(query):
    """
    As in the examples of OGC: what begins with a parameter is no address.
    """
    source = read_template(query, ENDPOINT)

    assert source.endpoint == ENDPOINT
    (values,) = read_selection(source).values()
    assert values[0].startswith("http://")
