"""Observations in the JSON of 52°North, istSOS, SensorThings and OM-JSON."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from weps.errors import InputError
from weps.feeders.documents import read_observations, to_json_line
from weps.feeders.json_documents import decode_json, is_document
from weps.feeders.json_sensorthings import next_page

UNKNOWN = "http://www.opengis.net/def/nil/OGC/0/unknown"
MEASUREMENT = "http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_Measurement"
TEN = datetime(2016, 1, 11, 10, tzinfo=UTC)
ELEVEN = datetime(2016, 1, 11, 11, tzinfo=UTC)


def shown(document) -> list[tuple]:
    """Series, begin of the time, value and unit of each observation."""
    return [(*one.series, one.phenomenon_time, one.value, one.uom) for one in decode_json(document)]


def om(**members) -> dict:
    """An observation in 52°North's JSON."""
    usual = {"type": MEASUREMENT, "procedure": "gauge", "observedProperty": "Level", "featureOfInterest": "river"}
    return {**usual, "phenomenonTime": "2016-01-11T10:00:00Z", "result": {"uom": "m", "value": 1.5}, **members}


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


def istsos(*rows: list, geom: str = "<gml:Point srsName='EPSG:4326'><gml:coordinates>8.9,46.1,300</gml:coordinates>"):
    """A member of istSOS with a property and its quality."""
    rain = "urn:ogc:def:parameter:x-istsos:1.0:meteo:air:rainfall"
    fields = [
        {"name": "Time", "definition": "urn:ogc:def:parameter:x-istsos:1.0:time:iso8601"},
        {"name": "rain", "definition": rain, "uom": "mm"},
        {"name": "quality", "definition": f"{rain}:qualityIndex", "uom": "-"},
    ]
    array = {"elementCount": "9", "field": fields, "values": list(rows)}
    return {
        "procedure": "urn:ogc:def:procedure:x-istsos:1.0:T",
        "featureOfInterest": {"name": "urn:foi", "geom": f"{geom}</gml:Point>"},
        "result": {"DataArray": array},
    }


@pytest.mark.parametrize("holder", ["sos", "rest", "rest with Observation"])
def test_istsos_is_read(holder):
    """
    Numbers as text, the index of quality at its property, the place; the element count is not believed.
    """
    member = istsos(["2016-01-11T11:00:00+01:00", "0.2", "200"], ["2016-01-11T11:00:00Z", "", "100"])
    document = {
        "sos": {"ObservationCollection": {"member": [member]}},
        "rest": {"success": True, "data": [member]},
        "rest with Observation": {"data": [{"Observation": member}]},
    }[holder]

    found = list(decode_json(document))

    assert [(one.phenomenon_time, one.value, one.uom, one.quality) for one in found] == [
        (TEN, 0.2, "mm", "200"),
        (ELEVEN, None, "mm", "100"),
    ]
    assert {one.series for one in found} == {
        (
            "urn:ogc:def:procedure:x-istsos:1.0:T",
            "urn:ogc:def:parameter:x-istsos:1.0:meteo:air:rainfall",
            "urn:foi",
        )
    }
    assert {one.position for one in found} == {(8.9, 46.1)}


def test_a_place_of_istsos_in_another_system_is_not_told():
    """
    Swiss coordinates are no degrees.
    """
    geom = "<gml:Point srsName='EPSG:21781'><gml:coordinates>8.9,46.1</gml:coordinates>"

    (found,) = decode_json({"data": [istsos(["2016-01-11T10:00:00Z", "1", "100"], geom=geom)]})

    assert found.geometry is None


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


def sta(**members) -> dict:
    """An Observation of SensorThings."""
    usual = {"@iot.id": 1, "phenomenonTime": "2016-01-11T10:00:00.000Z", "resultTime": None, "result": 1.5}
    return {**usual, **members}


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


MILLISECONDS = 1_452_506_400_000  # 2016-01-11T10:00:00Z


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ({"values": [{"timestamp": MILLISECONDS, "value": 1.5}]}, [(UNKNOWN, UNKNOWN, UNKNOWN, TEN, 1.5, None)]),
        ({"ts_1": {"values": [{"timestamp": MILLISECONDS, "value": 1.5}]}}, [("ts_1", "ts_1", "ts_1", TEN, 1.5, None)]),
        ({"ts_1": {"values": [[MILLISECONDS, None]]}}, [("ts_1", "ts_1", "ts_1", TEN, None, None)]),
        (
            [
                {
                    "id": "ts_1",
                    "uom": "m",
                    "station": {
                        "properties": {"label": "river"},
                        "geometry": {"type": "Point", "coordinates": [7, 52]},
                    },
                    "parameters": {"phenomenon": {"id": "1", "label": "Level"}, "procedure": {"label": "gauge"}},
                    "firstValue": {"timestamp": MILLISECONDS, "value": 1.5},
                    "lastValue": {"timestamp": MILLISECONDS, "value": 1.5},
                }
            ],
            [("gauge", "Level", "river", TEN, 1.5, "m")],
        ),
    ],
    ids=["one series", "by identifiers", "pairs", "metadata"],
)
def test_time_series_of_52north_are_read(document, expected):
    """
    What getData does not tell is unknown; metadata give their first and last value, once.
    """
    assert shown(document) == expected


@pytest.mark.parametrize(
    ("document", "message", "where"),
    [
        ({"a": 1}, "holds no observations", None),
        ([], "holds no observations", None),
        (om(phenomenonTime="yesterday"), "'yesterday' is not an ISO 8601 time", "observation 1"),
        (om(phenomenonTime=None), "it has no phenomenonTime", "observation 1"),
        ([om(), {"result": 1}], "no result with a procedure", "observation 2"),
        (
            om(result={"fields": [{"type": "time"}], "values": [[1, 2]]}),
            "does not have the 1 fields",
            "observation 1, row 1",
        ),
        ({"data": [istsos(["2016-01-11T10:00:00Z", "1"])]}, "does not have the 3 fields", "member 1, row 1"),
        ({"value": [sta(phenomenonTime=None)]}, "neither phenomenonTime nor resultTime", "value 1"),
        ([{"components": ["result"], "dataArray": [[1, 2]]}], "does not have the 1 components", "1 row 1"),
        ({"values": [{"value": 1}]}, "has no timestamp", f"{UNKNOWN} value 1"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_place(document, message, where):
    """
    No observation is made up for one that is not whole.
    """
    with pytest.raises(InputError) as refused:
        list(decode_json(document))

    assert message in refused.value.message
    assert refused.value.where == where


LINE = '{"phenomenon_time": "2016-01-11T10:00:00Z", "procedure": "p", "observed_property": "o", "feature_of_interest": "f", "value": 1}'  # noqa: E501


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        (LINE, False),
        (f"{LINE}\n{LINE}", False),
        (json.dumps(om()), True),
        (json.dumps(om(), indent=1), True),
        ("{\n", True),
        ('{"a": 1}', False),
        ('{"a": 1', False),
    ],
    ids=["a line", "lines", "on one line", "indented", "cut off", "something else", "half a line"],
)
def test_json_lines_are_told_from_documents(text, is_one):
    """
    Both can stand in a file.
    """
    assert is_document(text.encode()) == is_one


@pytest.mark.shared
@pytest.mark.parametrize(
    ("file", "expected"),
    [
        ("52north-json-binding/category-observation.json", ["Some Value"]),
        ("52north-json-binding/count-observation.json", [1]),
        ("52north-json-binding/geometry-observation.json", []),
        ("52north-json-binding/measurement-geometry-inline.json", [123123]),
        ("52north-json-binding/truth-observation.json", [True]),
        ("52north-json-binding/sos__InsertObservationRequest-complex.json", [None] * 5),
        (
            "52north-json-binding/sos__InsertObservationRequest-multiple-observations.json",
            ["Some Value", "Some Value2"],
        ),
        ("istsos3/json__OM_Measurement.json", [0.164]),
        ("istsos2-docs/specimens_1.json", [7.35, 3.1]),
        ("istsos2-docs/specimens_2.json", [2.3, 7.48]),
        ("sensorthings-ogc-ets/observations__1.json", [92122]),
        ("sensorthings-ogc-ets/observations__observationWithoutPTime.json", [92122]),
        ("sensorthings-ogc-ets/datastreams__embeddedEntitiesAddObservations.json", [92122]),
    ],
)
def test_real_json_documents_are_read(shared, file, expected):
    """
    The values of each in their order, nil included, and each can be printed.
    """
    found = read_observations((shared / "sos-documents" / file).read_bytes(), include_nil=True)

    assert [one.value for one in found] == expected
    assert [to_json_line(one)["value"] for one in found] == expected


@pytest.mark.shared
def test_a_real_array_in_json_is_read(shared):
    """
    Six rows of two values, each over a minute.
    """
    found = read_observations((shared / "sos-documents/52north-json-binding/swearray-observation.json").read_bytes())

    assert [one.value for one in found[:4]] == [123.123, "cat1", 123.123, "cat2"]
    assert len(found) == 12
    assert {(one.phenomenon_time_end - one.phenomenon_time).total_seconds() for one in found} == {60.0}


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
