"""Observations in the JSON of O&M and of 52°North."""

from __future__ import annotations

import pytest

from tests.weps.feeders.json_answers import ELEVEN, TEN, UNKNOWN, om, shown
from weps.feeders.json_documents import decode_json


@pytest.mark.parametrize(
    "document",
    [
        {"request": "GetObservation", "version": "2.0.0", "service": "SOS", "observations": [om()]},
        {"request": "InsertObservation", "service": "SOS", "offering": "o", "observation": om()},
        [om()],
        om(),
        om(observedProperty={"def": "Level", "uom": "m"}, result=1.5),
        om(phenomenonTime={"timeInstant": {"instant": "2016-01-11T10:00:00.000+00:00"}}),
        om(phenomenonTime={"instant": "2016-01-11T11:00:00+01:00"}, procedure={"href": "gauge"}),
        om(procedure={"identifier": {"codespace": "c", "value": "gauge"}}, featureOfInterest={"identifier": "river"}),
        {"member": [om(result={"value": 1.5, "uom": {"code": "m"}})]},
        {"data": [om()]},
    ],
    ids=[
        "answer",
        "insertion",
        "list",
        "one",
        "unit at the property",
        "istSOS 3",
        "OM-JSON",
        "identifiers with codespace",
        "collection",
        "data",
    ],
)
def test_observations_and_measurements_are_read_however_they_are_written(document):
    """
    Names, times, results and units in each of their forms.
    """
    assert shown(document) == [("gauge", "Level", "river", TEN, 1.5, "m")]


def test_what_an_answer_of_52north_tells_is_kept():
    """
    Offering, identifier, result time, quality, period and place.
    """
    feature = {"identifier": {"value": "river"}, "geometry": {"type": "Point", "coordinates": [7.5, 52.9]}}
    document = {
        "service": "SOS",
        "observations": [
            om(
                featureOfInterest=feature,
                offering=["o"],
                identifier={"codespace": "c", "value": "1"},
                phenomenonTime=["2016-01-11T10:00:00Z", "2016-01-11T11:00:00Z"],
                resultTime="2016-01-11T11:00:00Z",
                resultQuality="good",
            )
        ],
    }

    (found,) = decode_json(document)

    assert (found.phenomenon_time, found.phenomenon_time_end, found.result_time) == (TEN, ELEVEN, ELEVEN)
    assert (found.offering, found.identifier, found.quality) == ("o", "1", "good")
    assert found.position == (7.5, 52.9)


@pytest.mark.parametrize(
    ("geometry", "expected"),
    [
        ({"type": "Point", "coordinates": [7.5, 52.9]}, (7.5, 52.9)),
        ({"type": "Point", "coordinates": [52.9, 7.5], "crs": "4326"}, (7.5, 52.9)),
        ({"type": "Point", "coordinates": [7.5, 52.9], "crs": "CRS84"}, (7.5, 52.9)),
        ({"type": "Point", "coordinates": [717900, 98520], "crs": "21781"}, None),
        ({"type": "Point", "coordinates": [717900, 98520]}, None),
        ({"type": "Feature", "geometry": {"type": "Point", "coordinates": [7.5, 52.9]}}, (7.5, 52.9)),
        ({"type": "Point", "coordinates": []}, None),
    ],
    ids=["GeoJSON", "EPSG 4326", "CRS84", "another system", "not on earth", "feature", "no coordinates"],
)
def test_a_place_is_longitude_first_or_none(geometry, expected):
    """
    A system that declares its axes is believed; one that cannot be placed gives no place.
    """
    if "crs" in geometry:
        geometry = {**geometry, "crs": {"type": "name", "properties": {"name": f"EPSG:{geometry['crs']}"}}}

    (found,) = decode_json(om(featureOfInterest={"identifier": "river", "geometry": geometry}))

    assert found.position == expected


@pytest.mark.parametrize(
    ("result", "value", "reason"),
    [
        (True, True, None),
        (3, 3, None),
        ("text", "text", None),
        ({"codespace": "c", "value": "high"}, "high", None),
        ({"uom": "m", "value": "1.5"}, 1.5, None),
        ({"uom": "m", "value": None}, None, UNKNOWN),
        ({"uom": "m", "value": "NaN"}, None, UNKNOWN),
        ({"uom": "m", "value": ""}, None, UNKNOWN),
        ({"uom": "m", "nilReason": "withheld"}, None, "withheld"),
        (None, None, UNKNOWN),
    ],
)
def test_every_kind_of_result_is_read_and_nil_is_never_a_number(result, value, reason):
    """
    Truth, count, text, category, quantity; what is missing has its reason.
    """
    (found,) = decode_json(om(result=result))

    assert (found.value, found.nil_reason) == (value, reason)
    assert type(found.value) is type(value)


def test_an_array_is_as_many_observations_as_it_has_values():
    """
    Its rows have times of their own; identifier and result time are those of the array and not of its rows.
    """
    fields = [
        {"type": "time", "name": "t", "definition": "http://www.opengis.net/def/property/OGC/0/PhenomenonTime"},
        {"type": "quantity", "name": "level", "definition": "urn:level", "uom": "m"},
        {"type": "category", "name": "flag", "definition": "urn:flag"},
    ]
    values = [["2016-01-11T10:00:00Z", 1.5, "ok"], ["2016-01-11T11:00:00Z", None, "bad"]]

    found = list(decode_json(om(result={"fields": fields, "values": values}, resultTime="2016-01-11T11:00:00Z")))

    assert [(one.observed_property, one.phenomenon_time, one.value, one.uom) for one in found] == [
        ("urn:level", TEN, 1.5, "m"),
        ("urn:flag", TEN, "ok", None),
        ("urn:level", ELEVEN, None, "m"),
        ("urn:flag", ELEVEN, "bad", None),
    ]
    assert {one.result_time for one in found} == {None}


def test_a_place_as_result_is_no_observation_of_a_value():
    """
    Nor is it nil.
    """
    assert shown(om(result={"type": "Point", "coordinates": [7, 52]})) == []


def test_an_answer_without_observations_is_empty():
    """
    Of every service, and it is no error.
    """
    empty = (
        {"service": "SOS", "observations": []},
        {"value": []},
        {"values": []},
        {"ObservationCollection": {"member": []}},
    )

    assert [shown(document) for document in empty] == [[], [], [], []]
