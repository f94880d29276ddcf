"""Templates however they are written, and those of real documents."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from tests.weps.feeders.template_texts import BEGIN, END, KVP
from weps.feeders.template import (
    build_latest_request,
    build_request,
    read_kvp,
    read_pox,
    read_selection,
)

if TYPE_CHECKING:
    from weps.model import Source

IDENTIFIERS = st.text(
    st.characters(min_codepoint=33, max_codepoint=0x2FF, exclude_categories=["C", "Z"]), min_size=1, max_size=12
)
SELECTIONS = st.dictionaries(
    st.sampled_from(["offering", "procedure", "observedProperty", "featureOfInterest"]),
    st.lists(IDENTIFIERS, min_size=1, max_size=3, unique=True).map(lambda values: tuple(sorted(values))),
    min_size=1,
)
BLANKS = st.sampled_from(["", " ", "\n", "\r\n   ", "\t", "\u00a0"])


def plainly(selection: dict[str, tuple[str, ...]]) -> Source:
    """The source of a selection whose template has nothing odd."""
    parameters = (
        f"&{name}={','.join(quote(value, safe='') for value in values)}" for name, values in selection.items()
    )
    return read_kvp(KVP + "".join(parameters))


@settings(max_examples=60, deadline=None)
@given(SELECTIONS, st.data())
def test_equal_kvp_templates_are_equal_sources_however_they_are_written(selection, data):
    """
    Order, case of names, white space and encoding do not matter, and what was asked for is found again.
    """
    pairs = [("service", "sos"), ("version", "2.0.0"), ("request", "GETOBSERVATION"), ("temporalFilter", "x,y")]
    for name, values in selection.items():
        shuffled = data.draw(st.permutations(values))
        pairs.append((name, ",".join(data.draw(BLANKS) + quote(value, safe="") for value in shuffled)))
    written = "&".join(
        data.draw(BLANKS) + data.draw(st.sampled_from([str.lower, str.upper, str]))(name) + "=" + value
        for name, value in data.draw(st.permutations(pairs))
    )

    source = read_kvp("http://sos.example/sos?" + written)

    assert read_selection(source) == selection
    assert source == plainly(selection)
    namespaces = "&namespaces=xmlns(om,http://www.opengis.net/om/2.0)"
    assert read_kvp(build_request(source, BEGIN, END).url.replace(namespaces, "")) == source


@settings(max_examples=60, deadline=None)
@given(SELECTIONS, st.data())
def test_equal_pox_templates_are_equal_sources_however_they_are_written(selection, data):
    """
    Prefixes, comments, white space and order do not matter, and what was asked for is found again.
    """
    prefix = data.draw(st.sampled_from([None, "sos", "a"]))
    namespace = "http://www.opengis.net/sos/2.0"
    root = etree.Element(f"{{{namespace}}}GetObservation", nsmap={prefix: namespace}, version="2.0.0", service="SOS")
    items = data.draw(st.permutations([(name, value) for name, values in selection.items() for value in values]))
    for name, value in items:
        root.append(etree.Comment("noise"))
        element = etree.SubElement(root, f"{{{namespace}}}{name}")
        element.text, element.tail = f"{data.draw(BLANKS)}{value}{data.draw(BLANKS)}", data.draw(BLANKS)

    source = read_pox(etree.tostring(root, encoding="unicode"), "http://sos.example/sos")

    assert read_selection(source) == selection
    again = read_pox(source.template, "http://sos.example/sos")
    assert again == source
    assert read_selection(read_pox(build_request(source, BEGIN, END).body.decode(), source.endpoint)) == selection


@settings(max_examples=40, deadline=None)
@given(SELECTIONS, SELECTIONS)
def test_different_selections_are_different_sources(one, other):
    """
    Nothing of what tells two templates apart is lost.
    """
    sources = (plainly(one), plainly(other))

    assert (sources[0] == sources[1]) is (one == other)


@pytest.mark.shared
def test_the_pilots_documents_are_read(shared):
    """
    The templates of the pilot's own Execute documents work unchanged, and the KVP and POX forms ask for the same.
    """
    text = (shared / "eml/imis/GetObservationRequestTemplate.xml").read_text()
    execute = etree.parse(shared / "eml/imis/EventingProcessExampleRequest.xml")
    kvp = execute.xpath("string(//*[@id='kvp-getobservation-template'])")

    sources = (read_pox(text, "http://sensorweb.demo.52north.org/sensorwebtestbed/service"), read_kvp(kvp))

    expected = {"procedure": ("ws2500",), "observedProperty": ("AirTemperature",), "featureOfInterest": ("ELV-WS2500",)}
    assert read_selection(sources[0]) == expected
    assert read_selection(sources[1]) == {**expected, "offering": ("ws2500",)}
    assert sources[0].endpoint == sources[1].endpoint


@pytest.mark.shared
def test_the_listing_of_the_pilots_report_is_read_as_it_is_printed(shared):
    """
    The URL of Listing 1 with its line breaks and blanks is a template.
    """
    execute = etree.parse(shared / "wps-examples/1.0/execute-um-event-detection-listing1.xml")
    text = execute.findall(".//{http://www.opengis.net/wps/1.0.0}LiteralData")[0].text

    source = read_kvp(text)

    assert source.endpoint == "http://iddss-sensor.cdmps.org.au:8080/52n-sos-webapp/service"
    assert read_selection(source) == {
        "offering": ("PedestrianCounting1",),
        "procedure": ("PedestrianCounting1",),
        "observedProperty": ("PeopleCount",),
    }


@pytest.mark.shared
@pytest.mark.parametrize("build", [lambda source: build_request(source, BEGIN, END), build_latest_request])
def test_pox_requests_are_valid(shared, validate, build):
    """
    What is sent follows the schemas, also with extensions and a place.
    """
    text = (shared / "sos-documents/52north-arctic-sea/exi_GetObservation.xml").read_text()

    request = build(read_pox(text, "http://h/sos"))

    assert validate(request.body) == []
