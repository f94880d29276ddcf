"""The forms of templates: how they are read, what they ask for, and the requests that they become."""

from __future__ import annotations

import json

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
from weps.errors import TemplateError
from weps.feeders.forms import Asked, read_asked
from weps.feeders.template import (
    build_request,
    read_selection,
    read_template,
)
from weps.model import Source

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
