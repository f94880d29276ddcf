"""Every O&M 2.0 document of other services is read as its expected result says."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime

import pytest

from sos_server.codecs import om20, xml
from sos_server.errors import InvalidRequest
from sos_server.model import OM_TEXT
from tests.others import DOCUMENTS, listed

# documents that are read otherwise than expected, and why
OTHERWISE = {
    "istsos3/xml__OM_ComplexObservation__insertObservation.xml": "its fields have no names and hide one another there",
    "sos4r-52north/GetObservationResponse_measure_results.xml": "is not well-formed: Latin-1 that says it is UTF-8",
    "52north-sos-geoviqua/sos_52n_getobservation_wml2_response.xml": "the result is WaterML 2.0",
    "niwa-52north/GetObservationResponse_200_WML_200.xml": "the result is WaterML 2.0",
    "usgs-nwis/WaterML2Example.xml": "the result is WaterML 2.0",
}


def _names() -> list[str]:
    return [row["file"] for row in listed(lambda row: "O&M 2.0" in row["format"] and row["observations"])]


def _read(name: str) -> bytes:
    data = (DOCUMENTS / name).read_bytes()
    return gzip.decompress(data) if name.endswith(".gz") else data


def _expected(name: str) -> list[dict]:
    path = DOCUMENTS / "expected" / f"{name.removesuffix('.gz').replace('/', '__')}.json"
    data = path.read_bytes() if path.exists() else gzip.decompress(path.with_suffix(".json.gz").read_bytes())
    return json.loads(data)["observations"]


def _instant(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text).astimezone(UTC)


def _time(member: dict | None) -> datetime | None:
    if not member:
        return None
    return _instant((member.get("begin") or member).get("utc"))


def _expected_values(member: dict) -> list[tuple]:
    """Give (time, property or None for that of the observation, value, unit) of each value, as far as it is told."""
    result, time = member["result"], _time(member["phenomenon_time"])
    match result["kind"]:
        case "array":
            fields = {key: field for key, field in result["fields"].items() if field["type"] not in ("Time", "Text")}
            return [
                (_instant(row["time"]) or time, fields[key]["definition"], row["values"][key], fields[key]["uom"])
                for row in result["rows"]
                for key in fields
            ]
        case "record":
            return [
                (time, field["definition"], field["value"], field["uom"])
                for field in result["fields"].values()
                if field["type"] != "Time"
            ]
        case "geometry":
            return [(time, None, None, None)]
        case _:
            return [(time, None, result["value"], result.get("uom"))]


@pytest.mark.shared
@pytest.mark.parametrize("name", [name for name in _names() if name not in OTHERWISE])
def test_a_document_is_read_as_expected(name):
    """
    Times, values, units, procedure, feature, property and result time of all observations are equal.
    """
    expected = [(member, value) for member in _expected(name) for value in _expected_values(member)]

    found = list(om20.decode_observations(xml.parse(_read(name))))

    assert [(value[0], value[2], value[3]) for _, value in expected] == [
        (observation.phenomenon_time, observation.value, observation.uom) for observation in found
    ]
    assert [(member["procedure"], _time(member.get("result_time"))) for member, _ in expected] == [
        (observation.procedure, observation.result_time) for observation in found
    ]
    for (member, value), observation in zip(expected, found, strict=True):
        assert observation.observed_property in (member["observed_property"], value[1])
        inline = observation.feature is not None
        assert inline or observation.feature_of_interest == member["feature_of_interest"]


@pytest.mark.shared
def test_unnamed_fields_of_a_record_are_all_read():
    """
    Four fields without a name are four values; the expected result keeps the last one only.
    """
    name = "istsos3/xml__OM_ComplexObservation__insertObservation.xml"

    found = list(om20.decode_observations(xml.parse(_read(name))))

    assert [observation.value for observation in found] == [7.9, 1.2, 372.0, 3.79, 7.6, 1.3, 368.0, 3.15]
    assert all(observation.observation_type != OM_TEXT for observation in found)


@pytest.mark.shared
@pytest.mark.parametrize("name", [name for name in OTHERWISE if not name.startswith("istsos3")])
def test_what_is_not_read_yet_is_refused_with_its_line(name):
    """
    WaterML results and documents that are not well-formed are refused clearly.
    """
    with pytest.raises(InvalidRequest, match="line "):
        list(om20.decode_observations(xml.parse(_read(name))))


@pytest.mark.shared
@pytest.mark.parametrize("name", [name for name in _names() if name not in OTHERWISE])
def test_runs_and_the_general_way_agree_on_a_document(name):
    """
    Reading by runs gives the same observations as reading one by one.
    """
    root = xml.parse(_read(name))

    assert list(om20.decode_observations(root)) == list(om20.decode_one_by_one(root))
