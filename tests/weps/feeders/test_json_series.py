"""Series in JSON: of istSOS and of the time series API of 52°North."""

from __future__ import annotations

import pytest

from tests.weps.feeders.json_answers import ELEVEN, TEN, UNKNOWN, istsos, shown
from weps.feeders.json_documents import decode_json


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


def test_a_quality_of_istsos_is_that_of_its_own_property():
    """
    Also where another property begins with the name of this one, and stands before it.
    """
    fields = [
        {"name": "Time", "definition": "urn:time:iso8601"},
        *({"name": name, "definition": f"urn:water{name}", "uom": "m"} for name in ("level:qualityIndex", "level", "")),
        {"name": "quality", "definition": "urn:water:qualityIndex"},
    ]
    array = {"field": fields, "values": [["2016-01-11T10:00:00Z", "100", "1.5", "2.5", "200"]]}

    found = list(decode_json({"data": [{"procedure": "p", "result": {"DataArray": array}}]}))

    assert [(one.observed_property, one.value, one.quality) for one in found] == [
        ("urn:waterlevel", 1.5, "100"),
        ("urn:water", 2.5, "200"),
    ]


def test_a_place_of_istsos_in_another_system_is_not_told():
    """
    Swiss coordinates are no degrees.
    """
    geom = "<gml:Point srsName='EPSG:21781'><gml:coordinates>8.9,46.1</gml:coordinates>"

    (found,) = decode_json({"data": [istsos(["2016-01-11T10:00:00Z", "1", "100"], geom=geom)]})

    assert found.geometry is None


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
