"""Questions about real series with their exact answers, and each question as a rule."""

from __future__ import annotations

import hashlib
import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

from tests.conftest import SHARED
from weps.rules.threshold.members import read_duration

Question = dict[str, Any]
DEPTH = {"type": "threshold", "observedProperty": "HypocenterDepth", "condition": "lessThan", "threshold": 10}


def questions() -> list[Question]:
    """Give all questions."""
    files = sorted((SHARED / "data" / "answers").glob("*.json"))
    return [question for path in files for question in json.loads(path.read_text())["questions"]]


def file_of(question: Question) -> Path:
    """Give the file that a question is about."""
    series = question["series"]
    name = (series if isinstance(series, dict) else series[0])["file"].removesuffix("[.gz]")
    (path,) = (SHARED / "data").glob(name + "*")
    return path


def is_asked_about(question: Question, row: dict[str, str]) -> bool:
    """Tell whether a row of the file is of a series of a question, and a value that counts."""
    asked = question["series"] if isinstance(question["series"], list) else [question["series"]]
    return any(
        row["procedure"] == series.get("procedure", row["procedure"])
        and row["observed_property"] == series.get("observed_property", row["observed_property"])
        and float(row["value"]) not in (series.get("excluded_values") or ())
        for series in asked
    )


def fingerprint(times: list[str]) -> tuple[int, str]:
    """Give what is compared: how many events there are, and a digest of all their times."""
    return len(times), hashlib.sha256("\n".join(times).encode()).hexdigest()


def answer_to(question: Question) -> tuple[int, str]:
    """Give the fingerprint of the right events."""
    return question["count"], question["sha256_of_times"]


def silence_of(question: Question) -> timedelta | None:
    """Give how long no data must have come, where a question is about that."""
    words = question["parameters"].get("D")
    return None if words is None else read_duration(_iso(words))


def rule_text(question: Question) -> str:
    """Give the question as a rule; an overshoot is one of EML, with the series and the threshold of the question."""
    if "overshoot" not in question["id"]:
        return json.dumps(rule_of(question))
    text = (SHARED / "eml" / "examples" / "overshoot_undershoot.xml").read_text()
    names = {
        ">460<": f">{question['parameters']['T']}<",
        ">WaterLevel<": f">{question['series']['observed_property']}<",
        ">gauge-1<": f">{question['series']['procedure']}<",
    }
    for old, new in names.items():
        text = text.replace(old, new)
    return text


def rule_of(question: Question) -> dict[str, Any]:
    """Give the question in the threshold language."""
    asked, series = question["parameters"], question["series"]
    if (rule := _rule_of_several(question)) is not None:
        return rule
    if "D" in asked:
        return {"type": "noData", **_selectors(series), "after": _iso(asked["D"])}
    if "high" in asked:
        return _single(series, "greaterThan", asked["high"], reset=asked["low"])
    if "within" in asked:
        of = {"function": "change", "window": _iso(asked["within"])}
        return _single(series, "greaterThanOrEqual", asked["x"], of=of, trigger="every")
    if "W" in asked:
        return _rule_of_window(question)
    if "T_lt" in asked:
        return _single(series, "lessThan", asked["T_lt"])
    members: dict[str, Any] = {}
    if "n" in asked:
        members["consecutive"] = asked["n"]
    if "duration" in asked:
        members["for"] = _iso(asked["duration"])
    if "Every observation" in question["semantics"]:
        members["trigger"] = "every"
    if "bbox_lon_lat" in asked:
        members["area"] = {"bbox": asked["bbox_lon_lat"]}
    if "radius_km" in asked:
        members["area"] = {"center": [121.60, 23.98], "radius": asked["radius_km"]}
    return _single(series, "greaterThan", asked["T"], **members)


def _rule_of_several(question: Question) -> dict[str, Any] | None:
    """The rule for a question about more than one series."""
    series = question["series"]
    if question["id"] == "nox_and_calm":
        rules = [_single(series[0], "greaterThan", 300), _single(series[1], "lessThan", 3)]
        return {"type": "and", "rules": rules}
    if question["id"] == "nox_then_pm10":
        rules = [_single(series[0], "greaterThan", 400), _single(series[1], "greaterThan", 80)]
        return {"type": "sequence", "within": "PT6H", "rules": rules}
    if question["id"] == "shallow":
        rules = [_single(series, "greaterThan", 3), DEPTH]
        return {"type": "and", "correlate": "featureOfInterest", "rules": rules}
    return None


def _rule_of_window(question: Question) -> dict[str, Any]:
    """The rule for a question about a window."""
    asked, series = question["parameters"], question["series"]
    if "Tumbling" in question["semantics"]:
        function = question["semantics"].rstrip(".").split()[-1]
        of = {"function": function, "window": _iso(asked["W"]), "kind": "tumbling"}
        if function == "count":
            series = {**series, "observed_property": "EarthquakeMagnitude"}
            return _single(series, "greaterThan", asked["x"], of=of, trigger="every", correlate="rule")
        return _single(series, "greaterThan", asked["x"], of=of, trigger="every")
    function = "sum" if "sum of" in question["semantics"] else "mean"
    of = {"function": function, "window": _iso(asked["W"]), "minCount": asked["min_count"]}
    return _single(series, "lessThan" if asked.get("relation") == "lt" else "greaterThan", asked["x"], of=of)


def _single(series: dict[str, Any], condition: str, bound: float, **members: Any) -> dict[str, Any]:
    return {"type": "threshold", **_selectors(series), "condition": condition, "threshold": bound, **members}


def _selectors(series: dict[str, Any]) -> dict[str, Any]:
    members = {"procedure": "procedure", "observed_property": "observedProperty", "excluded_values": "exclude"}
    return {member: series[name] for name, member in members.items() if series.get(name)}


def _iso(words: str) -> str:
    """A duration such as 3h, 15min or 1 day, in ISO 8601."""
    amount, unit = re.fullmatch(r"(\d+)\s*(\w+)", words).groups()
    return {"h": f"PT{amount}H", "min": f"PT{amount}M", "D": f"P{amount}D", "day": f"P{amount}D"}[unit]
