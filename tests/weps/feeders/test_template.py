"""Templates as KVP and POX: what is read, what is refused, and the requests that they become."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
from lxml import etree

from tests.weps.feeders.template_texts import BEGIN, END, KVP
from weps.errors import TemplateError
from weps.feeders.template import (
    build_availability_request,
    build_capabilities_request,
    build_latest_request,
    build_request,
    evidence_url,
    read_kvp,
    read_pox,
)
from weps.model import Source

CANONICAL = "service=SOS&version=2.0.0&request=GetObservation"
OM = "&responseFormat=http://www.opengis.net/om/2.0"
POX = """<sos:GetObservation xmlns:sos="http://www.opengis.net/sos/2.0" service="SOS" version="2.0.0">
    <sos:procedure>ws2500</sos:procedure>
    <sos:observedProperty>AirTemperature</sos:observedProperty>
</sos:GetObservation>"""
PRINTED = """
        http://sensors.example:8080/
                   52n-sos-webapp/service?service=SOS
                   &version=2.0.0
                   &request=GetObservation
                   &offering=PedestrianCounting1
                   &observedProperty=PeopleCount
                   &procedure= PedestrianCounting1
"""


def test_a_url_as_it_was_printed_is_read():
    """
    Line breaks, the indents that follow them and blanks around values are survived.
    """
    source = read_kvp(PRINTED)

    assert source == Source(
        "kvp",
        "http://sensors.example:8080/52n-sos-webapp/service",
        f"{CANONICAL}&offering=PedestrianCounting1&procedure=PedestrianCounting1&observedProperty=PeopleCount{OM}",
    )


@pytest.mark.parametrize(
    "text",
    [
        " ".join(PRINTED.split()),
        PRINTED.replace("\n", "\r\n"),
        PRINTED.replace(" ", "\u00a0"),
        PRINTED.replace("service=SOS", "SERVICE=sos").replace("request=", "ReQuest="),
        PRINTED.strip() + "&temporalFilter=om:phenomenonTime,2016-01-01/2016-02-01",
        PRINTED.strip() + "&responseFormat=http://www.opengis.net/om/1.0&featureOfInterest=",
        PRINTED.strip().replace("sensors.example", "SENSORS.Example"),
        PRINTED.strip() + "&",
    ],
    ids=[
        "line breaks turned into blanks",
        "carriage returns",
        "no-break spaces",
        "names in other cases",
        "with a time filter",
        "with another format and an empty parameter",
        "host in capitals",
        "dangling separator",
    ],
)
def test_other_writings_of_the_same_template_are_the_same_source(text):
    """
    What asks for the same is the same source, so that it is polled once.
    """
    expected = read_kvp(PRINTED)

    source = read_kvp(text)

    assert source == expected


@pytest.mark.parametrize(
    ("text", "endpoint", "expected"),
    [
        (KVP + "&offering=a", "http://other.example/sos", ("http://other.example/sos", "&offering=a")),
        (KVP + "&offering=a", " https://other.example:443 ", ("https://other.example/", "&offering=a")),
        (KVP + "&offering=a", "http://other.example/sos?", ("http://other.example/sos", "&offering=a")),
        (CANONICAL + "&offering=a", "http://other.example/sos", ("http://other.example/sos", "&offering=a")),
        (KVP + "&offering=a", "http://o.example/m?map=x&service=SOS", ("http://o.example/m", "&offering=a", "&map=x")),
        (KVP + "&offering=a", None, ("http://sos.example/sos", "&offering=a")),
        (KVP + "&offering=a", "  ", ("http://sos.example/sos", "&offering=a")),
    ],
    ids=["both", "default port and blanks", "question mark", "parameters only", "own parameters", "none", "blank"],
)
def test_an_endpoint_wins_over_the_address_but_never_over_the_parameters(text, endpoint, expected):
    """
    The template's parameters are kept whatever the endpoint says.
    """
    address, selection, *others = expected

    source = read_kvp(text, endpoint)

    assert source == Source("kvp", address, CANONICAL + selection + OM + "".join(others))


@pytest.mark.parametrize(
    ("text", "where", "message"),
    [
        ("http://h/sos?version=2.0.0&request=GetObservation", "service", "add service=SOS"),
        ("http://h/sos?service=SOS&request=GetObservation", "version", "add version=2.0.0"),
        ("http://h/sos?service=SOS&version=2.0.0", "request", "add request=GetObservation"),
        (KVP.replace("SOS", "WFS"), "service", "service=WFS"),
        (KVP.replace("2.0.0", "1.0.0"), "offering", "GetObservation of SOS 1.0.0 needs offering"),
        (KVP.replace("2.0.0", "1.1.0") + "&offering=a", "version", "only version=2.0.0 or version=1.0.0"),
        (KVP.replace("2.0.0", "3.0.0"), "version", "version=3.0.0"),
        (KVP.replace("GetObservation", "GetCapabilities"), "request", "request=GetCapabilities"),
        (KVP + "&offering=a&OFFERING=b", "offering", "twice with different values"),
        (KVP.replace("http:", "ftp:"), "ftp://sos.example/sos", "only http:// and https://"),
        (KVP.replace("http://sos", "http://me@sos"), "sos.example", "user name"),
        (KVP + "&procedure=a#b", None, "write %23"),
        (KVP.replace("&", "&amp;"), None, "escaped twice"),
        pytest.param(" " * 1_000_000 + "x", None, "names no SOS", id="very many blanks"),
        (CANONICAL, None, "names no SOS"),
        ("", None, "names no SOS"),
        ("?", None, "names no SOS"),
    ],
)
def test_what_is_no_template_is_refused_with_what_to_do(text, where, message):
    """
    The error names the parameter and says what is wrong with it.
    """
    with pytest.raises(TemplateError) as refused:
        read_kvp(text)

    assert refused.value.where == where
    assert message in refused.value.message


def test_the_request_of_a_span_adds_the_time_filter_and_its_prefix():
    """
    Everything else is as the template has it; a vendor's own parameter stays.
    """
    source = read_kvp(KVP + "&offering=b,a&procedure=x%2Cy&key=secret")

    request = build_request(source, BEGIN, END)

    assert (request.method, request.body) == ("GET", None)
    assert request.url == (
        "http://sos.example/sos?service=SOS&version=2.0.0&request=GetObservation&offering=a,b&procedure=x%2Cy"
        "&temporalFilter=om:phenomenonTime,2016-01-11T03:00:00Z/2016-01-11T04:00:00.500Z"
        "&namespaces=xmlns(om,http://www.opengis.net/om/2.0)&responseFormat=http://www.opengis.net/om/2.0&key=secret"
    )


def test_declared_prefixes_are_kept_and_om_is_declared_once():
    """
    A template's own namespaces are completed, not replaced.
    """
    sams, om = "xmlns(sams,http://www.opengis.net/samplingSpatial/2.0)", "xmlns(om,http://www.opengis.net/om/2.0)"

    asked = [
        parse_qs(urlsplit(build_request(read_kvp(f"{KVP}&namespaces={declared}"), BEGIN, END).url).query)["namespaces"]
        for declared in (sams, om, f"{sams},{om}")
    ]

    assert asked == [[f"{sams},{om}"], [om], [f"{sams},{om}"]]


def test_the_other_requests_of_a_kvp_template_go_to_the_same_service():
    """
    The newest observation, availability and capabilities keep what finds the service, and the selection.
    """
    source = read_kvp(KVP + "&offering=a&featureOfInterest=f&map=m")

    urls = [
        build(source).url for build in (build_latest_request, build_availability_request, build_capabilities_request)
    ]

    assert urls == [
        "http://sos.example/sos?service=SOS&version=2.0.0&request=GetObservation&offering=a&featureOfInterest=f"
        "&temporalFilter=om:phenomenonTime,latest&namespaces=xmlns(om,http://www.opengis.net/om/2.0)"
        "&responseFormat=http://www.opengis.net/om/2.0&map=m",
        "http://sos.example/sos?service=SOS&version=2.0.0&request=GetDataAvailability&offering=a"
        "&featureOfInterest=f&map=m",
        "http://sos.example/sos?service=SOS&request=GetCapabilities&AcceptVersions=2.0.0&map=m",
    ]


def test_a_pox_template_loses_its_time_filter_and_gets_the_format():
    """
    The canonical document has nothing that the writer chose freely.
    """
    text = POX.replace(
        "</sos:GetObservation>",
        "<sos:temporalFilter/><sos:responseFormat>http://dd.eionet.europa.eu/schemaset/id2011850eu-1.0</sos:responseFormat>"
        "</sos:GetObservation>",
    )

    source = read_pox(text, "HTTP://SOS.example:80/sos/pox")

    assert (source.binding, source.endpoint) == ("pox", "http://sos.example/sos/pox")
    assert source == read_pox(POX, "http://sos.example/sos/pox")
    root = etree.fromstring(source.template)
    assert [(etree.QName(element).localname, element.text) for element in root] == [
        ("procedure", "ws2500"),
        ("observedProperty", "AirTemperature"),
        ("responseFormat", "http://www.opengis.net/om/2.0"),
    ]


def test_the_pox_request_of_a_span_has_a_during_filter():
    """
    The filter stands where the schema wants it.
    """
    source = read_pox(POX.replace("</sos:G", "<sos:featureOfInterest>f</sos:featureOfInterest></sos:G"), "http://h/sos")

    request = build_request(source, BEGIN, END)

    root = etree.fromstring(request.body)
    assert (request.method, request.url) == ("POST", "http://h/sos")
    assert request.headers["Content-Type"] == "application/xml; charset=UTF-8"
    assert [etree.QName(element).localname for element in root] == [
        "procedure",
        "observedProperty",
        "temporalFilter",
        "featureOfInterest",
        "responseFormat",
    ]
    assert [element.text for element in root[2].iter() if element.text] == [
        "phenomenonTime",
        "2016-01-11T03:00:00Z",
        "2016-01-11T04:00:00.500Z",
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "cannot be read"),
        ("<sos:GetObservation", "cannot be read"),
        ('<!DOCTYPE a [<!ENTITY b "c">]>' + POX, "DOCTYPE"),
        ("<GetObservation/>", "a GetObservation of http://www.opengis.net/sos/2.0 is needed"),
        (POX.replace("GetObservation", "GetObservationById"), "is needed"),
        (POX.replace("GetObservation", "GetResult"), "procedure is not of a GetResult"),
        (POX.replace("sos/2.0", "sos/1.0"), 'version="1.0.0"'),
        (POX.replace('version="2.0.0"', 'version="1.0.0"'), 'version="2.0.0"'),
        (POX.replace('version="2.0.0"', ""), 'version="2.0.0"'),
        (POX.replace('service="SOS"', 'service="WFS"'), 'service="SOS"'),
        (POX.replace("sos:procedure", "sos:sensor"), "sensor is not of a GetObservation"),
        (POX.replace("ws2500", " "), "procedure is empty"),
    ],
)
def test_a_document_that_is_no_template_is_refused(text, message):
    """
    The error says what the document is and what is needed.
    """
    with pytest.raises(TemplateError) as refused:
        read_pox(text, "http://h/sos")

    assert message in refused.value.message


def test_a_pox_endpoint_loses_the_request_it_was_copied_with():
    """
    What is no part of SOS stays: it may find the service.
    """
    source = read_pox(POX, "http://h/sos?map=m&service=SOS&REQUEST=GetCapabilities")

    assert source.endpoint == "http://h/sos?map=m"


@pytest.mark.parametrize("endpoint", ["", "  ", None, "sos", "file:///tmp/sos", "http://"])
def test_a_pox_template_needs_an_address_that_can_be_asked(endpoint):
    """
    A document alone does not say where to send it.
    """
    with pytest.raises(TemplateError) as refused:
        read_pox(POX, endpoint)

    assert "SOS" in refused.value.message


def test_prefixes_that_a_filter_refers_to_in_its_text_are_kept():
    """
    A value reference is a path whose prefixes mean nothing without their declaration.
    """
    text = POX.replace(
        "</sos:G",
        '<sos:spatialFilter><f:BBOX xmlns:f="http://www.opengis.net/fes/2.0" xmlns:p="http://www.opengis.net/om/2.0">'
        "<f:ValueReference> p:featureOfInterest/*/s:shape </f:ValueReference></f:BBOX></sos:spatialFilter></sos:G",
    ).replace("<sos:GetObservation ", '<sos:GetObservation xmlns:s="http://www.opengis.net/samplingSpatial/2.0" ', 1)

    source = read_pox(text, "http://h/sos")

    reference = etree.fromstring(source.template).find(".//{http://www.opengis.net/fes/2.0}ValueReference")
    assert reference.text == "p:featureOfInterest/*/s:shape"
    assert reference.nsmap["p"] == "http://www.opengis.net/om/2.0"
    assert reference.nsmap["s"] == "http://www.opengis.net/samplingSpatial/2.0"


def test_the_evidence_of_a_pox_template_is_a_kvp_url():
    """
    People can open it: procedure, property and feature are translated, `/pox` becomes `/kvp`, keys are left out.
    """
    source = read_pox(POX, "http://h/sos/pox?map=m&token=secret")

    url = evidence_url(source, BEGIN, END)

    assert url == (
        "http://h/sos/kvp?service=SOS&version=2.0.0&request=GetObservation&procedure=ws2500"
        "&observedProperty=AirTemperature"
        "&temporalFilter=om:phenomenonTime,2016-01-11T03:00:00Z/2016-01-11T04:00:00.500Z"
        "&namespaces=xmlns(om,http://www.opengis.net/om/2.0)&responseFormat=http://www.opengis.net/om/2.0&map=m"
    )


def test_the_evidence_does_not_publish_a_key():
    """
    Alerts are read by more people than the one who has the key; what finds the service stays.
    """
    source = read_kvp(KVP + "&offering=a&map=m&API-Key=1&apikey=2&token=3&access_token=4&Password=5&key=6")

    url = evidence_url(source, BEGIN, END)

    assert parse_qs(urlsplit(url).query).keys() - {"temporalFilter", "namespaces", "responseFormat"} == {
        "service",
        "version",
        "request",
        "offering",
        "map",
    }
    assert "key=6" in build_request(source, BEGIN, END).url


def test_there_is_no_evidence_url_for_a_template_that_asks_by_place():
    """
    A URL that fetches something else is worse than none.
    """
    text = POX.replace("</sos:G", "<sos:spatialFilter><a/></sos:spatialFilter></sos:G")

    url = evidence_url(read_pox(text, "http://h/sos"), BEGIN, END)

    assert url is None
