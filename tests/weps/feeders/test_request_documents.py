"""The example requests of other programs as templates: each is read, or refused with the right reason."""

from __future__ import annotations

import csv
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.conftest import SHARED
from weps.errors import TemplateError
from weps.feeders.forms import read_asked
from weps.feeders.template import build_request, read_template

pytestmark = pytest.mark.shared

DOCUMENTS = SHARED / "sos-documents"
BEGIN, END = datetime(2016, 1, 11, tzinfo=UTC), datetime(2016, 1, 12, tzinfo=UTC)
OPERATIONS = ("GetObservation", "GetResult", "GetObservationById")

# The others are read. For each of these the reason is what its reader has to know.
REFUSED = {
    "52north-arctic-sea/exi_GetObservationById.xml": "GetObservationById; a GetObservation of",
    "52north-sos-examples/sos_v100__requests_soap__GetObservationById.xml": "GetObservationById; a GetObservation of",
    "52north-sos-examples/sos_v100__requests_xml__GetObservationById.xml": "GetObservationById; a GetObservation of",
    # a service of its own for the air quality directive, with the elements of SOS
    "52north-sos-examples/aqd_v10__requests_soap__GetObservation.xml": 'the attribute service="SOS"',
    "52north-sos-examples/aqd_v10__requests_xml__GetObservation.xml": 'the attribute service="SOS"',
    # an extension of istSOS that no schema has
    "istsos2/difettati__getObservationQualityIndex.xml": "qualityIndex is not of a GetObservation 1.0.0",
    # written for people: '#' is not encoded, and two requests stand in the first one
    "ogc-sos20-examples/core__GetObservationKVP.txt": "write %23",
    "ogc-sos20-examples/resultHandling__GetResultKVP.txt": "write %23",
}


def requests() -> dict[str, dict[str, str]]:
    """The requests for observations in the index, by their files."""
    index = DOCUMENTS / "INDEX.csv"
    rows = csv.DictReader(index.open(encoding="utf-8")) if index.is_file() else []
    wanted = (row for row in rows if row["operation"] in OPERATIONS and row["direction"].startswith("request"))
    return {row["file"]: row for row in wanted}


REQUESTS = requests()


@pytest.mark.parametrize("file", REQUESTS)
def test_a_request_of_others_is_read_or_refused_with_the_reason(file):
    """
    Version and operation are those that the index tells, and a span can be asked for.
    """
    row = REQUESTS[file]
    text = Path(DOCUMENTS / file).read_text(encoding="utf-8")

    try:
        refused, source = None, read_template(text, "http://h/sos")
    except TemplateError as error:
        refused, source = error.message, None

    assert (source is None) == (file in REFUSED), refused
    if source is None:
        assert REFUSED[file] in refused
        return
    asked = read_asked(source)
    assert (asked.version, asked.operation) == (row["service_version"], row["operation"])
    assert source.binding == ("soap" if "SOAP" in row["direction"] else "json" if file.endswith("json") else "pox")
    assert b"2016-01-11T00:00:00Z" in build_request(source, BEGIN, END).body


@pytest.mark.parametrize(("line", "message"), [(0, "write %23"), (1, None)])
def test_the_key_value_examples_of_ogc_are_read_line_by_line(line, message):
    """
    The second is read, though it asks for a format of SOS 1.0.0.
    """
    text = (DOCUMENTS / "ogc-sos20-examples/core__GetObservationKVP.txt").read_text().splitlines()[line]

    try:
        refused, source = None, read_template(text, "http://h/sos")
    except TemplateError as error:
        refused, source = error.message, None

    assert (refused is None) == (message is None)
    assert source is None or source.template.endswith("responseFormat=http://www.opengis.net/om/2.0")
