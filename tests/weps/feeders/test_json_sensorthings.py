"""Observations in the JSON of SensorThings."""

from __future__ import annotations

import pytest

from tests.weps.feeders.json_answers import ELEVEN, TEN, shown, sta
from weps.feeders.documents import read_observations
from weps.feeders.json_documents import decode_json
from weps.feeders.json_sensorthings import next_page

STREAM = {
    "@iot.id": 5,
    "@iot.selfLink": "http://h/v1.1/Datastreams(5)",
    "name": "level of the gauge",
    "unitOfMeasurement": {"name": "metre", "symbol": "m", "definition": "ucum:m"},
    "ObservedProperty": {"name": "Level", "definition": "urn:level"},
    "Sensor": {"name": "gauge"},
    "Thing": {
        "name": "station",
        "Locations": [
            {"encodingType": "application/vnd.geo+json", "location": {"type": "Point", "coordinates": [7, 52]}}
        ],
    },
}
FEATURE = {
    "@iot.id": 9,
    "name": "river",
    "encodingType": "application/geo+json",
    "feature": {"type": "Point", "coordinates": [7.5, 52.9]},
}


@pytest.mark.parametrize(
    "document",
    [
        {"value": [sta(Datastream=STREAM, FeatureOfInterest=FEATURE)], "@iot.count": 1},
        sta(Datastream=STREAM, FeatureOfInterest=FEATURE),
        {"value": [{**STREAM, "Observations": [sta(FeatureOfInterest=FEATURE)]}]},
        {**STREAM, "Observations": [sta(FeatureOfInterest=FEATURE)]},
        {"name": "station", "Datastreams": [{**STREAM, "Observations": [sta(FeatureOfInterest=FEATURE)]}]},
        {**FEATURE, "Observations": [sta(Datastream=STREAM)]},
        [
            {
                "Datastream": STREAM,
                "components": ["phenomenonTime", "result", "FeatureOfInterest/name"],
                "dataArray@iot.count": 1,
                "dataArray": [["2016-01-11T10:00:00Z", 1.5, "river"]],
            }
        ],
    ],
    ids=[
        "page",
        "one",
        "in Datastreams",
        "in a Datastream",
        "in a Thing",
        "in a feature",
        "data array",
    ],
)
def test_sensorthings_are_read_wherever_the_observations_stand(document):
    """
    Sensor, property and feature come from the entities around an Observation.
    """
    found = list(decode_json(document))

    names = {"FeaturesOfInterest(river)", "river"}
    assert [(one.procedure, one.observed_property, one.value, one.uom) for one in found] == [
        ("gauge", "urn:level", 1.5, "m")
    ]
    assert found[0].phenomenon_time == TEN
    assert found[0].feature_of_interest in names


def test_sensorthings_tell_quality_period_and_place():
    """
    A quality that is an object is kept as JSON; the place is that of the feature, else that of the Thing.
    """
    first = sta(
        phenomenonTime="2016-01-11T10:00:00Z/2016-01-11T11:00:00Z",
        resultTime="2016-01-11T11:00:00Z",
        resultQuality={"code": "good"},
        Datastream=STREAM,
        FeatureOfInterest=FEATURE,
    )
    second = sta(resultQuality="High", Datastream=STREAM)

    one, other = decode_json({"value": [first, second]})

    assert (one.phenomenon_time, one.phenomenon_time_end, one.result_time) == (TEN, ELEVEN, ELEVEN)
    assert (one.quality, one.position) == ('{"code": "good"}', (7.5, 52.9))
    assert (other.quality, other.position, other.feature_of_interest) == ("High", (7.0, 52.0), "station")


def test_what_sensorthings_only_link_to_is_named_by_its_link():
    """
    Without `$expand` the series is told by the number of the Datastream, where a link has it.
    """
    document = {
        "@iot.context": "http://h/v1.1/Datastreams(5)/Observations",
        "value": [sta(**{"Datastream@iot.navigationLink": "http://h/v1.1/Observations(1)/Datastream"})],
    }

    (found,) = decode_json({**document, "@iot.selfLink": "http://h/v1.1/Datastreams(5)/Observations"})

    assert found.series == ("Datastreams(5)", "Datastreams(5)", "Datastreams(5)")


def test_a_multi_datastream_gives_an_observation_for_each_property():
    """
    Units and properties stand in lists, in the order of the results.
    """
    stream = {
        "name": "weather",
        "unitOfMeasurements": [{"symbol": "Cel"}, {"symbol": "%"}],
        "ObservedProperties": [{"definition": "urn:t"}, {"definition": "urn:h"}],
        "Sensor": {"name": "s"},
    }

    found = shown(sta(result=[20.5, None], MultiDatastream=stream, FeatureOfInterest=FEATURE))

    assert found == [("s", "urn:t", "river", TEN, 20.5, "Cel"), ("s", "urn:h", "river", TEN, None, "%")]


def test_create_observations_are_read():
    """
    The body of CreateObservations: entities by number, times as some services write them.
    """
    document = [
        {
            "Datastream": {"@iot.id": 1},
            "components": ["phenomenonTime", "result", "FeatureOfInterest/id"],
            "dataArray@iot.count": 2,
            "dataArray": [["2016-01-11T03:00:00-0700Z", 20, 1], ["2016-01-11T04:00:00-07:00", 30, 1]],
        },
        {
            "Datastream": {"@iot.id": 2},
            "components": ["phenomenonTime", "result"],
            "dataArray": [["2016-01-11T10:00:00Z", 65]],
        },
    ]

    found = [(one.procedure, one.feature_of_interest, one.phenomenon_time, one.value) for one in decode_json(document)]

    assert found == [
        ("Datastreams(1)", "FeaturesOfInterest(1)", TEN, 20),
        ("Datastreams(1)", "FeaturesOfInterest(1)", ELEVEN, 30),
        ("Datastreams(2)", "Datastreams(2)", TEN, 65),
    ]


def test_a_page_tells_where_the_next_one_is():
    """
    So that one page is never taken for all.
    """
    assert next_page({"value": [], "@iot.nextLink": "http://h/next"}) == "http://h/next"
    assert next_page({"value": []}) is None


@pytest.mark.shared
@pytest.mark.parametrize("name", ["dataArray", "10", "linkedDataStream", "intervalPhenomenonTime"])
def test_real_sensorthings_bodies_are_read_when_their_blanks_are_filled(shared, name):
    """
    The test suite of OGC has marks where the numbers of entities go.
    """
    text = (shared / f"sos-documents/sensorthings-ogc-ets/observations__{name}.json").read_text()
    for mark in ("$DATASTREAM-ID", "$DATASTREAM_ID", "$FOI-ID", "$FOI_ID"):
        text = text.replace(mark, "3")

    found = read_observations(text.encode())

    assert {one.procedure for one in found} == {"Datastreams(3)"}
    assert [one.value for one in found] == {"dataArray": [65, 60], "10": [8], "linkedDataStream": [55.0]}.get(
        name, [92122]
    )
