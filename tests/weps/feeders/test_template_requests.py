"""What is sent for a template: the span in every form, the other operations, and the address of the evidence."""

from __future__ import annotations

import json
from urllib.parse import parse_qs, urlsplit

import pytest
from lxml import etree

from tests.weps.feeders.forms import (
    BEGIN,
    BY_RESULT_TIME,
    END,
    ENDPOINT,
    JSON_20,
    KVP_10,
    POX_10,
    POX_20,
    RESULT_20,
    RESULT_KVP,
    in_soap,
    texts,
)
from weps.feeders.forms import read_asked
from weps.feeders.template import (
    build_availability_request,
    build_capabilities_request,
    build_latest_request,
    build_request,
    build_result_template_request,
    evidence_url,
    read_template,
)

SPAN = "2016-01-11T03:00:00Z/2016-01-11T04:00:00Z"


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
