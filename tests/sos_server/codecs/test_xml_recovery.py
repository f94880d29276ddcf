"""XML that is not well-formed but leaves no doubt: what is mended, what is refused."""

from __future__ import annotations

import pytest

from sos_server.codecs.xml_recovery import recover
from sos_server.errors import InvalidRequest, RequestTooLarge

SOS = 'xmlns:sos="http://www.opengis.net/sos/2.0"'
OLD = 'xmlns:sos="http://www.opengis.net/sos/1.0"'
XLINK = "the prefix xlink is not declared: taken as http://www.w3.org/1999/xlink"
LATIN = "it says UTF-8 and is not: read as ISO-8859-1 where it is no UTF-8"


@pytest.mark.parametrize(
    ("document", "text", "notes"),
    [
        (b"<a>\xc2\xb0C</a>", "°C", ()),
        (b"\n <?xml version='1.0'?><a>x</a>", "x", ()),
        (b"\xef\xbb\xbf\n<?xml version='1.0'?><a>x</a>", "x", ("a byte order mark before the document was left out",)),
        (b'<?xml version="1.0" encoding="UTF-8"?><a>\xb0C</a>', "°C", (LATIN,)),
        (b"<a>\xb0C and \xc2\xb0C</a>", "°C and °C", (LATIN,)),
        (b'<?xml version="1.0" encoding="ISO-8859-1"?><a>\xb0C</a>', "°C", ()),
        (b'<a xlink:href="b">x</a>', "x", (XLINK,)),
        (f'<a {SOS} xlink:href="b"><om:c/>x</a>'.encode(), "x", (XLINK, "taken as http://www.opengis.net/om/2.0")),
        (f"<!-- <b> --><a {OLD}><om:c/>x</a>".encode(), "x", ("taken as http://www.opengis.net/om/1.0",)),
        (f"<a {OLD}><swe:c/>x</a>".encode(), "x", ("taken as http://www.opengis.net/swe/1.0.1",)),
        ("<a>ä</a>".encode("utf-16"), "ä", ()),
    ],
    ids=[
        "as it should be",
        "blank line",
        "mark before a blank line",
        "Latin-1 that says UTF-8",
        "both in one document",
        "Latin-1 that says so",
        "a prefix with one meaning",
        "a prefix of the new generation",
        "a prefix of the old generation",
        "SWE of the old generation",
        "UTF-16",
    ],
)
def test_what_leaves_no_doubt_is_read_and_told(document, text, notes):
    """
    The text is that which was meant, and each thing that was mended is told.
    """
    root, told = recover(document)

    assert "".join(root.itertext()) == text
    assert len(told) == len(notes)
    assert all(note in one for note, one in zip(notes, told, strict=True))


@pytest.mark.parametrize(
    ("document", "message"),
    [
        (b"<a><om:b/></a>", "prefix om on b is not defined, line 1, column 9. Its meaning cannot be told"),
        (f'<a {SOS} xmlns:o="http://www.opengis.net/om/1.0"><gml:b/></a>'.encode(), "Its meaning cannot be told"),
        (f"<a {SOS}><gml1:b/></a>".encode(), "prefix gml1 on b"),
        (b"<a>\xb0C", "not well-formed"),
        (b'<a xlink:href="b"><c>', "not well-formed"),
        (b"", "not well-formed"),
        (b'<!DOCTYPE a [<!ENTITY b "c">]><a>\xb0</a>', "DOCTYPE"),
        (b'<!DOCTYPE a [<!ENTITY b "c">]><a xlink:href="d"/>', "DOCTYPE"),
    ],
    ids=[
        "no generation",
        "both generations",
        "a prefix of nobody",
        "Latin-1 cut off",
        "a prefix, cut off",
        "nothing",
        "DOCTYPE with Latin-1",
        "DOCTYPE with a prefix",
    ],
)
def test_what_leaves_doubt_is_refused(document, message):
    """
    Nothing is guessed, and what was cut off never becomes whole.
    """
    with pytest.raises(InvalidRequest) as refused:
        recover(document)

    assert message in refused.value.message


def test_mending_does_not_lift_the_limit():
    """
    A document that is too large is refused as it is.
    """
    with pytest.raises(RequestTooLarge):
        recover(b"<a>\xb0</a>", limit=7)


@pytest.mark.shared
@pytest.mark.parametrize("cut", [1, 40, 5000, 66_000, 131_000])
def test_a_real_document_that_was_cut_off_is_refused(shared, cut):
    """
    52°North's answer in Latin-1 that says UTF-8 is read whole, and not a part of it.
    """
    data = (shared / "sos-documents/sos4r-52north/GetObservationResponse_measure_results.xml").read_bytes()

    root, told = recover(data)

    assert len(list(root.iter("{http://www.opengis.net/om/2.0}OM_Observation"))) == 120
    assert told == (LATIN,)
    with pytest.raises(InvalidRequest):
        recover(data[: len(data.rstrip()) - cut])


@pytest.mark.shared
@pytest.mark.parametrize(
    ("file", "message"),
    [
        ("istsos3/xml__mobileTimeSeriesObservation__insertSensorResponse.xml", None),
        ("istsos2/getfeatureOfinterestId.xml", None),
        ("ncsos/DescribeSensor-Grid-sensorML1.0.1.xml", None),
        ("ncsos/DescribeSensor-Trajectory-sensorML1.0.1.xml", None),
        ("52north-sos-examples/sos_v20__requests_xml__Transactional__InsertSensor.xml", "gml1"),
        ("52north-sos-examples/sos_v20__requests_soap__Transactional__InsertSensor.xml", "gml1"),
    ],
)
def test_real_documents_with_faults_are_read_or_refused_with_the_reason(shared, file, message):
    """
    Undeclared prefixes that can mean one thing only, and blanks before the declaration, are survived.
    """
    data = (shared / "sos-documents" / file).read_bytes()

    try:
        refused, root = None, recover(data)[0]
    except InvalidRequest as error:
        refused, root = error.message, None

    assert (root is None) == (message is not None)
    assert message is None or message in refused
