"""The exact answers to questions about real series, each asked as a rule and answered by a backtest."""

from __future__ import annotations

import csv
import gzip
import hashlib
import json
import re
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest

from sos_server.time import parse_instant
from tests.conftest import SHARED
from weps.model import Observation
from weps.rules.backtest import backtest
from weps.rules.base import Rule
from weps.rules.eml import compile_eml
from weps.rules.threshold import compile_threshold

pytestmark = pytest.mark.shared

FILES = sorted((SHARED / "data" / "answers").glob("*.json"))
DEPTH = {"type": "threshold", "observedProperty": "HypocenterDepth", "condition": "lessThan", "threshold": 10}


@lru_cache(maxsize=1)
def read_series(path: Path) -> tuple[Observation, ...]:
    """The rows of a file, in its order."""
    reader = gzip.open if path.suffix == ".gz" else open
    with reader(path, "rt") as lines:
        return tuple(read_row(number, row) for number, row in enumerate(csv.DictReader(lines)))


def read_row(number: int, row: dict[str, str]) -> Observation:
    place = {"type": "Point", "coordinates": [float(row["lon"]), float(row["lat"])]} if row.get("lon") else None
    series = row["procedure"], row["observed_property"], row["feature_of_interest"]
    return Observation(
        parse_instant(row["time"]), *series, float(row["value"]), row["uom"], geometry=place, id=str(number)
    )


def iso(words: str) -> str:
    """A duration such as 3h, 15min or 1 day, in ISO 8601."""
    amount, unit = re.fullmatch(r"(\d+)\s*(\w+)", words).groups()
    return {"h": f"PT{amount}H", "min": f"PT{amount}M", "D": f"P{amount}D", "day": f"P{amount}D"}[unit]


def selectors(series: dict[str, Any]) -> dict[str, Any]:
    members = {"procedure": "procedure", "observed_property": "observedProperty", "excluded_values": "exclude"}
    return {member: series[name] for name, member in members.items() if series.get(name)}


def single(series: dict[str, Any], condition: str, bound: float, **members: Any) -> dict[str, Any]:
    return {"type": "threshold", **selectors(series), "condition": condition, "threshold": bound, **members}


def rule_of_several(question: dict[str, Any]) -> dict[str, Any] | None:
    """The rule for a question about more than one series."""
    series = question["series"]
    if question["id"] == "nox_and_calm":
        rules = [single(series[0], "greaterThan", 300), single(series[1], "lessThan", 3)]
        return {"type": "and", "rules": rules}
    if question["id"] == "nox_then_pm10":
        rules = [single(series[0], "greaterThan", 400), single(series[1], "greaterThan", 80)]
        return {"type": "sequence", "within": "PT6H", "rules": rules}
    if question["id"] == "shallow":
        rules = [single(series, "greaterThan", 3), DEPTH]
        return {"type": "and", "correlate": "featureOfInterest", "rules": rules}
    return None


def rule_of_window(question: dict[str, Any]) -> dict[str, Any]:
    """The rule for a question about a window."""
    asked, series = question["parameters"], question["series"]
    if "Tumbling" in question["semantics"]:
        function = question["semantics"].rstrip(".").split()[-1]
        of = {"function": function, "window": iso(asked["W"]), "kind": "tumbling"}
        if function == "count":
            series = {**series, "observed_property": "EarthquakeMagnitude"}
            return single(series, "greaterThan", asked["x"], of=of, trigger="every", correlate="rule")
        return single(series, "greaterThan", asked["x"], of=of, trigger="every")
    function = "sum" if "sum of" in question["semantics"] else "mean"
    of = {"function": function, "window": iso(asked["W"]), "minCount": asked["min_count"]}
    return single(series, "lessThan" if asked.get("relation") == "lt" else "greaterThan", asked["x"], of=of)


def rule_of(question: dict[str, Any]) -> dict[str, Any]:
    """The question in the threshold language."""
    asked, series = question["parameters"], question["series"]
    if (rule := rule_of_several(question)) is not None:
        return rule
    if "D" in asked:
        return {"type": "noData", **selectors(series), "after": iso(asked["D"])}
    if "high" in asked:
        return single(series, "greaterThan", asked["high"], reset=asked["low"])
    if "within" in asked:
        of = {"function": "change", "window": iso(asked["within"])}
        return single(series, "greaterThanOrEqual", asked["x"], of=of, trigger="every")
    if "W" in asked:
        return rule_of_window(question)
    if "T_lt" in asked:
        return single(series, "lessThan", asked["T_lt"])
    members: dict[str, Any] = {}
    if "n" in asked:
        members["consecutive"] = asked["n"]
    if "duration" in asked:
        members["for"] = iso(asked["duration"])
    if "Every observation" in question["semantics"]:
        members["trigger"] = "every"
    if "bbox_lon_lat" in asked:
        members["area"] = {"bbox": asked["bbox_lon_lat"]}
    if "radius_km" in asked:
        members["area"] = {"center": [121.60, 23.98], "radius": asked["radius_km"]}
    return single(series, "greaterThan", asked["T"], **members)


def compile_question(question: dict[str, Any], shared: Path) -> Rule:
    """The question as a rule; an overshoot is one of EML, with the series and the threshold of the question."""
    if "overshoot" not in question["id"]:
        return compile_threshold(json.dumps(rule_of(question)))
    text = (shared / "eml" / "examples" / "overshoot_undershoot.xml").read_text()
    names = {
        ">460<": f">{question['parameters']['T']}<",
        ">WaterLevel<": f">{question['series']['observed_property']}<",
        ">gauge-1<": f">{question['series']['procedure']}<",
    }
    for old, new in names.items():
        text = text.replace(old, new)
    return compile_eml(text)


def questions() -> list[Any]:
    found = [question for path in FILES for question in json.loads(path.read_text())["questions"]]
    return [pytest.param(question, id=question["id"]) for question in found]


@pytest.mark.parametrize("question", questions())
def test_rule_gives_the_exact_answer(shared, question):
    """
    All times of all events, as they are stated.
    """
    series = question["series"]
    name = (series if isinstance(series, dict) else series[0])["file"].removesuffix("[.gz]")
    (path,) = (shared / "data").glob(name + "*")
    rule = compile_question(question, shared)

    lines = backtest(rule, read_series(path))
    times = [line["time"] for line in lines if line["event"] == "firing" or line.get("output") == "enter"]

    assert (question["count"], question["first"], question["last"]) == (
        len(times),
        *((times[0], times[-1]) if times else (None, None)),
    )
    assert question["sha256_of_times"] == hashlib.sha256("\n".join(times).encode()).hexdigest()
