"""Documents in JSON: what none of the formats is refused, and real ones are read."""

from __future__ import annotations

import json

import pytest

from tests.weps.feeders.json_answers import UNKNOWN, istsos, om, sta
from weps.errors import InputError
from weps.feeders.documents import read_observations, to_json_line
from weps.feeders.json_documents import decode_json, is_document


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
