"""Every document of other makers that holds observations, read by the real reader, against what is expected of it."""

from __future__ import annotations

import gzip
import json
from typing import Any, NamedTuple

import pytest

from sos_server.time import format_instant, parse_instant
from tests.conftest import SHARED
from weps.feeders.documents import read_observations, to_json_line

DOCUMENTS = SHARED / "sos-documents"

NAMELESS = "the four fields of each record have no name, of which the expected result keeps the last one only"

# What of a document differs from the expected result, and why that is right.
EXPLAINED: dict[str, dict[str, str]] = {
    **{
        f"52north-ses/{name}.xml": {"features": "the expected name is that of the sampled feature, not of the feature"}
        for name in ("InitialMatch_Notify1", "Notification1", "Overshoot_Notify1", "Overshoot_Notify2")
    },
    "istsos3/xml__OM_ComplexObservation__insertObservation.xml": {
        "counts": NAMELESS,
        "values": NAMELESS,
        "times": NAMELESS,
        "uoms": NAMELESS,
        "properties": NAMELESS,
        "procedures": NAMELESS,
        "features": NAMELESS,
    },
}


class Point(NamedTuple):
    """What is expected of one value; the sets are what may stand there."""

    time: str | None
    value: Any
    uom: str | None
    properties: frozenset[str]
    procedures: frozenset[str]
    features: frozenset[str]


def names() -> list[str]:
    folder = DOCUMENTS / "expected"
    return sorted(load(path.name)["file"] for path in folder.iterdir()) if folder.is_dir() else []


def load(name: str) -> dict[str, Any]:
    content = (DOCUMENTS / "expected" / name).read_bytes()
    return json.loads(gzip.decompress(content) if name.endswith(".gz") else content)


def expected(file: str) -> dict[str, Any]:
    name = f"{file.removesuffix('.gz').replace('/', '__')}.json"
    return load(name if (DOCUMENTS / "expected" / name).exists() else f"{name}.gz")


def content(file: str) -> bytes:
    path = DOCUMENTS / file
    return path.read_bytes() if path.exists() else path.with_name(f"{path.name}.gz").read_bytes()


def named(told: Any) -> frozenset[str]:
    """What is told, but for references into the document: they are followed when it is read."""
    return frozenset(name for name in ([told] if isinstance(told, str) else told or []) if not name.startswith("#"))


def points(observation: dict[str, Any]) -> list[Point]:
    """All values of an observation that the totals count, one after the other, nil ones too."""
    result = observation["result"]
    shared_time = instant(observation["phenomenon_time"])
    series = named(observation["procedure"]), named(observation["feature_of_interest"])
    own = named(observation["observed_property"])
    match result["kind"]:
        case "geometry":
            return []
        case "array":
            fields = counted(result["fields"])
            return [
                Point(row["time"] or shared_time, row["values"][name], field["uom"], own | naming(name, field), *series)
                for row in result["rows"]
                for name, field in fields.items()
            ]
        case "record":
            return [
                Point(shared_time, field["value"], field["uom"], own | naming(name, field), *series)
                for name, field in result["fields"].items()
                if field["type"] != "Time"
            ]
        case "timeseries":
            return [
                Point(point["time"] or shared_time, point["value"], result["uom"], own, *series)
                for point in result["points"]
            ]
        case _:
            return [Point(shared_time, result["value"], result.get("uom"), own, *series)]


def counted(fields: dict[str, Any]) -> dict[str, Any]:
    """The fields whose values the totals count."""
    kinds = ("Quantity", "Count", "Boolean", "Category")
    return {name: field for name, field in fields.items() if field["type"] in kinds and not field["in_vector"]}


def naming(name: str, field: dict[str, Any]) -> frozenset[str]:
    return frozenset({field["definition"] or name})


def instant(time: dict[str, Any] | None) -> str | None:
    if time is None or time["kind"] == "nil":
        return None
    return time["begin"]["utc"] if time["kind"] == "period" else time["utc"]


def same_instant(text: str | None) -> str | None:
    return None if text is None else format_instant(parse_instant(text))


def differences(lines: list[dict[str, Any]], wanted: list[Point]) -> dict[str, Any]:
    """Each aspect in which the lines are not what is wanted, with the first place where."""
    found = [
        Point(
            line["phenomenon_time"],
            line["value"],
            line.get("uom"),
            *(frozenset([line[name]]) for name in ("observed_property", "procedure", "feature_of_interest")),
        )
        for line in lines
    ]
    pairs = list(zip(found, wanted, strict=False))
    aspects = {
        "values": [(one.value, other.value) for one, other in pairs if one.value != other.value],
        "times": [(one.time, other.time) for one, other in pairs if one.time != same_instant(other.time)],
        "uoms": [(one.uom, other.uom) for one, other in pairs if one.uom != other.uom],
        "properties": [(one[3], other[3]) for one, other in pairs if other[3] and not one[3] <= other[3]],
        "procedures": [(one[4], other[4]) for one, other in pairs if other[4] and not one[4] <= other[4]],
        "features": [(one[5], other[5]) for one, other in pairs if other[5] and not one[5] <= other[5]],
    }
    different: dict[str, Any] = {name: each[0] for name, each in aspects.items() if each}
    if len(found) != len(wanted):
        different["counts"] = (len(found), len(wanted))
    return different


@pytest.mark.shared
@pytest.mark.parametrize("file", [pytest.param(name, id=name) for name in names()])
def test_documents_of_others_are_read_as_expected(file: str):
    """
    Values, nils, times, units, properties, procedures and features are those of the expected results, in their order.
    """
    known = expected(file)
    wanted = [point for observation in known["observations"] for point in points(observation)]

    lines = [to_json_line(one) for one in read_observations(content(file), include_nil=True)]

    json.dumps(lines, allow_nan=False)
    different = differences(lines, wanted)
    assert set(different) <= set(EXPLAINED.get(file, {})), different
    if "counts" not in EXPLAINED.get(file, {}):
        totals = known["totals"]
        nils = sum(line["value"] is None for line in lines)
        assert (totals["values"], totals["nils"]) == (len(lines) - nils, nils)


@pytest.mark.shared
def test_all_documents_with_observations_are_tried():
    """
    There is an expected result for 79 documents, and every explained one is among them.
    """
    tried = set(names())

    assert len(tried) == 79
    assert set(EXPLAINED) <= tried
