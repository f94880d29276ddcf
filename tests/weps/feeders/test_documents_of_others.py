"""Reading the O&M 2.0 documents of other people's servers and clients."""

from __future__ import annotations

import csv
import gzip
import json

import pytest

from tests.conftest import SHARED
from weps.errors import InputError
from weps.feeders.documents import read_observations, to_json_line

# Documents whose observations the expected results count in another way, and why.
RECORD_PROPERTIES = "the fields of a record or array name their own properties; the expected ones are the observation's"
GEOMETRIES = "the expected times and properties include results that are places, which are no values"
EXPLAINED = {
    "52north-sos-examples/sos_v20__requests_soap__Transactional__InsertObservation_ComplexObservation.xml": {
        "properties": RECORD_PROPERTIES
    },
    "52north-sos-examples/sos_v20__requests_xml__Transactional__InsertObservation_ComplexObservation.xml": {
        "properties": RECORD_PROPERTIES
    },
    "52north-sos-examples/sos_v20__requests_soap__Transactional__InsertObservation_Geometry.xml": {
        "times": GEOMETRIES,
        "properties": GEOMETRIES,
    },
    "52north-sos-examples/sos_v20__requests_xml__Transactional__InsertObservation_Geometry.xml": {
        "times": GEOMETRIES,
        "properties": GEOMETRIES,
    },
    "istsos3/xml__OM_ComplexObservation__insertObservation.xml": {
        "counts": "the four fields have no name; the expected result keeps the last one only",
        "values": "the four fields have no name; the expected result keeps the last one only",
        "uoms": "the four fields have no name; the expected result keeps the last one only",
        "properties": RECORD_PROPERTIES,
    },
    "istsos3/xml__insertObservation-3.xml": {"properties": "the observation has no property, its fields have"},
    "istsos3/xml__insertObservation-5.xml": {"properties": "the observation has no property, its fields have"},
    "istsos3/xml__insertObservation-6.xml": {"properties": "the observation has no property, its fields have"},
    "istsos3/xml__mobileTimeSeriesObservation__insertObservation-1.xml": {"properties": GEOMETRIES},
    "opensensorhub/om__sweArrayObservation1.xml": {
        "times": "rows without a time take that of the observation; the expected result leaves them without",
        "properties": RECORD_PROPERTIES,
    },
    "opensensorhub/om__weatherObservation.xml": {"properties": RECORD_PROPERTIES},
}
REFUSED = {
    "52north-sos-geoviqua/sos_52n_getobservation_wml2_response.xml": "A result MeasurementTimeseries is not supported",
    "niwa-52north/GetObservationResponse_200_WML_200.xml": "A result MeasurementTimeseries is not supported",
    "usgs-nwis/WaterML2Example.xml": "A result MeasurementTimeseries is not supported",
    "sos4r-52north/GetObservationResponse_measure_results.xml": "not well-formed XML: Invalid bytes",
}


def _documents() -> list[str]:
    index = SHARED / "sos-documents/INDEX.csv"
    if not index.exists():
        return []
    with index.open() as lines:
        return [
            row["file"]
            for row in csv.DictReader(lines)
            if "O&M 2.0" in row["format"] and _expected(row["file"]) is not None
        ]


def _expected(file: str) -> dict | None:
    path = SHARED / "sos-documents/expected" / f"{file.replace('/', '__')}.json"
    if path.exists():
        return json.loads(path.read_text())
    packed = path.with_name(path.name + ".gz")
    return json.loads(gzip.decompress(packed.read_bytes())) if packed.exists() else None


def _document(file: str) -> bytes:
    path = SHARED / "sos-documents" / file
    return path.read_bytes() if path.exists() else path.with_name(path.name + ".gz").read_bytes()


def _expected_values(expected: dict) -> list:
    found = []
    for observation in expected["observations"]:
        result = observation["result"]
        if result["kind"] == "array":
            found += [value for row in result["rows"] for value in row["values"].values()]
        elif result["kind"] == "record":
            found += [field["value"] for field in result["fields"].values()]
        elif result["kind"] not in ("geometry", "nil", "empty", "missing"):
            found.append(result["value"])
    return found


@pytest.mark.shared
@pytest.mark.parametrize("file", _documents())
def test_documents_of_other_servers_are_read_as_expected(file):
    """
    Numbers of values and nils, times, properties, units and values are those of the expected results.
    """
    if file in REFUSED:
        with pytest.raises(InputError, match=REFUSED[file]):
            read_observations(_document(file))
        return
    expected = _expected(file)
    totals = expected["totals"]

    lines = [to_json_line(observation) for observation in read_observations(_document(file), include_nil=True)]

    json.dumps(lines, allow_nan=False)
    values = [line["value"] for line in lines if line["value"] is not None]
    first = min((line["phenomenon_time"] for line in lines), default=None)
    last = max((line.get("phenomenon_time_end", line["phenomenon_time"]) for line in lines), default=None)
    found = {
        "counts": (len(values), len(lines) - len(values)),
        "times": (first, last),
        "properties": sorted({line["observed_property"] for line in lines}),
        "uoms": sorted({line["uom"] for line in lines if "uom" in line}),
        "values": values,
    }
    wanted = {
        "counts": (totals["values"], totals["nils"]),
        "times": (totals["first_time"], totals["last_time"]),
        "properties": sorted(totals["properties"]),
        "uoms": sorted(totals["uoms"]),
        "values": [value for value in _expected_values(expected) if value is not None],
    }
    different = {name for name in wanted if found[name] != wanted[name]}
    assert different == set(EXPLAINED.get(file, {})), {name: (found[name], wanted[name]) for name in different}
