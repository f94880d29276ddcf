"""Mappings of JSON and CSV: where the parts of an observation stand."""

from __future__ import annotations

import contextlib
import json
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weps.errors import InputError
from weps.feeders.mapped import decode_csv, decode_json
from weps.feeders.mapping import canonical_mapping, read_mapping

SIMPLE = {"time": "/t", "value": "/v", "procedure": "/p", "observedProperty": {"constant": "Level"}}
NOON = datetime(2024, 3, 1, 12, tzinfo=UTC)


def mapping(**changes):
    return read_mapping(json.dumps(canonical_mapping(json.dumps({**SIMPLE, **changes}))))


def read(document, topic="", **changes):
    return decode_json(mapping(**changes), json.dumps(document).encode(), topic)


def test_every_part_of_an_observation_can_be_mapped():
    """
    Pointers and simple paths, constants, a level of the topic and what stands once beside the items.
    """
    document = {
        "station": {"place": [7.59, 51.97]},
        "data": [{"t": "2024-03-01T12:00:00Z", "u": "2024-03-01T13:00:00Z", "v": 1.5, "q": "good", "n": 7}],
    }

    (found,) = read(
        document,
        "plants/east/air",
        items="/data",
        end="u",
        procedure={"topic": 2},
        featureOfInterest={"constant": "river"},
        uom={"constant": "Cel"},
        longitude={"document": "/station/place/0"},
        latitude={"document": "station.place.1"},
        quality="/q",
        identifier="/n",
    )

    assert ("east", "Level", "river") == found.series
    assert (NOON, NOON.replace(hour=13), 1.5, "Cel") == (
        found.phenomenon_time,
        found.phenomenon_time_end,
        found.value,
        found.uom,
    )
    assert ("good", "7", (7.59, 51.97)) == (found.quality, found.identifier, found.position)
    assert "east|Level|river|2024-03-01T12:00:00Z/2024-03-01T13:00:00Z|7" == found.id


def test_an_item_may_hold_several_observations_and_not_all_of_them():
    """
    What is not there is no observation, what is nil is one without a value.
    """
    several = [
        {"value": "/temp", "observedProperty": {"constant": "T"}, "uom": {"constant": "Cel"}},
        {"value": "/wet", "observedProperty": {"constant": "H"}},
    ]
    document = [{"t": "2024-03-01T12:00Z", "p": "A", "temp": 20}, {"t": "2024-03-01T12:01Z", "p": "A", "wet": -999}]

    found = read(document, value=None, observations=several, nil=[-999])

    assert [("T", 20, "Cel"), ("H", None, None)] == [(one.observed_property, one.value, one.uom) for one in found]


@pytest.mark.parametrize(
    ("form", "zone", "text"),
    [
        ("iso8601", None, "2024-03-01T12:00:00Z"),
        ("iso8601", "+01:00", "2024-03-01T13:00:00"),
        ("iso8601", "+01:00", "2024-03-01T12:00:00Z"),
        ("s", None, 1709294400),
        ("ms", None, "1709294400000"),
        ("%d.%m.%Y %H:%M", "-02:30", "01.03.2024 09:30"),
        ("%d.%m.%Y %H:%M %z", "-02:30", "01.03.2024 13:00 +0100"),
    ],
    ids=["iso", "iso-without-zone", "own-zone-wins", "seconds", "milliseconds", "pattern", "pattern-with-zone"],
)
def test_times_are_read_as_the_mapping_says(form, zone, text):
    """
    All of these are the same instant.
    """
    (found,) = read({"t": text, "v": 1, "p": "A"}, timeFormat=form, **({"timeZone": zone} if zone else {}))

    assert NOON == found.phenomenon_time


@pytest.mark.parametrize(
    ("document", "changes", "why"),
    [
        ({"v": 1, "p": "A"}, {}, "has no time"),
        ({"t": 5, "v": 1, "p": "A"}, {}, "timeFormat s or ms"),
        ({"t": "soon", "v": 1, "p": "A"}, {}, "not an ISO 8601 time"),
        ({"t": "inf", "v": 1, "p": "A"}, {"timeFormat": "s"}, "infinity"),
        ({"t": True, "v": 1, "p": "A"}, {"timeFormat": "s"}, "True is no time"),
        ({"t": "2024-03-01", "v": 1}, {}, "has no procedure"),
        ({"t": "2024-03-01", "x": 1, "p": "A"}, {}, "nothing stands where the mapping has the value"),
        ({"t": "2024-03-01", "v": "wet", "p": "A"}, {"uom": {"constant": "m"}}, "no number, but has a unit"),
        ({"t": "2024-03-01", "v": [1], "p": "A"}, {}, "no single value"),
        ({"t": "2024-03-01", "v": 1, "p": {"a": 1}}, {}, "not a text"),
        ({"t": "2024-03-01", "v": 1, "p": "A"}, {"items": "/data"}, "has no list at /data"),
        ({"t": "2024-03-02", "e": "2024-03-01", "v": 1, "p": "A"}, {"end": "e"}, "ends before it begins"),
        ({"t": "2024-03-02", "x": 7, "y": 99, "v": 1, "p": "A"}, {"longitude": "x", "latitude": "y"}, "no place"),
    ],
    ids=[
        "time",
        "number",
        "instant",
        "for-ever",
        "truth",
        "series",
        "value",
        "text",
        "list",
        "object",
        "items",
        "period",
        "place",
    ],
)
def test_what_does_not_fit_the_mapping_is_refused(document, changes, why):
    """
    Nothing is guessed; the reason is told.
    """
    with pytest.raises(InputError, match=why):
        read(document, **changes)


def test_csv_is_mapped_by_its_header():
    """
    Numbers are numbers where the value stands and texts elsewhere; blank lines are left out.
    """
    mapped = mapping(time="when", value="level", procedure="station", separator=";", timeFormat="%d.%m.%Y %H:%M")

    found = decode_csv(mapped, b"when;station;level;state\n\n01.03.2024 12:00;007;1.50;ok\n01.03.2024 12:00;8;;ok\n")

    assert [("007", 1.5), ("8", None)] == [(one.procedure, one.value) for one in found]


def test_a_line_with_too_few_fields_is_refused():
    """
    With its line.
    """
    mapped = mapping(time="t", value="v", procedure="p")

    with pytest.raises(InputError, match="line 3: 2 fields where the header names 3"):
        decode_csv(mapped, b"t,p,v\n2024-03-01,A,1\n2024-03-02,A\n")


def test_a_column_that_is_not_there_is_told():
    """
    By its name, with the line of the header.
    """
    with pytest.raises(InputError, match=r"line 1: the header has no column /p, /t, /v"):
        decode_csv(mapping(), b"a,b\n1,2\n")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[]", "wrong at its begin"),
        ("{", "wrong at its begin"),
        ('{"time": "t"}', "does not say where value stands"),
        (json.dumps({**SIMPLE, "zeit": "t"}), "wrong at zeit"),
        (json.dumps({**SIMPLE, "value": 5}), "wrong at value"),
        (json.dumps({**SIMPLE, "uom": {"constant": ""}}), "wrong at uom"),
        (json.dumps({**SIMPLE, "timeFormat": "sometimes"}), "wrong at timeFormat"),
        (json.dumps({**SIMPLE, "timeFormat": "%H:%M"}), "%H:%M has no year"),
        (json.dumps({**SIMPLE, "value": None, "observations": [{"uom": "/u"}]}), "value of observation 1"),
    ],
    ids=["list", "no-json", "incomplete", "unknown", "number", "empty", "time", "no-year", "inner"],
)
def test_a_mapping_that_is_wrong_is_refused_with_the_member(text, why):
    """
    As a fault of the input that it came in.
    """
    with pytest.raises(InputError, match=why) as refused:
        canonical_mapping(text)

    assert "mapping" == refused.value.where


def test_equal_mappings_are_equal_whatever_their_order():
    """
    Defaults that are written out are none of their own.
    """
    one = canonical_mapping(json.dumps({**SIMPLE, "separator": ",", "timeFormat": "iso8601"}))
    other = canonical_mapping(json.dumps(dict(reversed(SIMPLE.items()))))

    assert one == other


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["t", "v", "p", "x"]), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(document=JSON_VALUES, form=st.sampled_from(["iso8601", "s", "ms", "%Y"]))
@settings(max_examples=150, deadline=None)
def test_whatever_comes_is_read_or_refused(document, form):
    """
    No document makes anything else than observations with a series and a value, or the error for bad input.
    """
    with contextlib.suppress(InputError):
        for found in read(document, timeFormat=form, longitude="x", latitude="/v", end="x"):
            assert found.procedure
            assert found.value is None or isinstance(found.value, str | int | float)
