"""Real series, published, polled and backtested: the alerts are exactly those that were computed elsewhere."""

from __future__ import annotations

import csv
import gzip
import hashlib
import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.flows.conftest import Running, wait_for

pytestmark = [pytest.mark.shared, pytest.mark.timeout(300)]

PEDESTRIANS = "melbourne_pedestrian_2015_2016.csv.gz", "PedestrianCounting1", "PeopleCount"
AIR = "london_marylebone_air_2003.csv.gz", "MaryleboneRoad", "NO2"
QUESTIONS = {
    "rising edge": (PEDESTRIANS, "melbourne_pedestrian", "PedestrianCounting1.rising500", {"threshold": 500}),
    "hysteresis": (PEDESTRIANS, "melbourne_pedestrian", "PedestrianCounting1.hyst", {"threshold": 1000, "reset": 300}),
    "every": (
        PEDESTRIANS,
        "melbourne_pedestrian",
        "PedestrianCounting1.every500",
        {"threshold": 500, "trigger": "every"},
    ),
    "run": (PEDESTRIANS, "melbourne_pedestrian", "PedestrianCounting1.run5", {"threshold": 1000, "consecutive": 5}),
    "held for": (AIR, "london_air", "no2.sustained6h80", {"threshold": 80, "for": "PT6H"}),
    "mean": (
        PEDESTRIANS,
        "melbourne_pedestrian",
        "PedestrianCounting1.mean3h1500",
        {"threshold": 1500, "of": {"function": "mean", "window": "PT3H", "kind": "sliding"}},
    ),
    "daily sum": (
        PEDESTRIANS,
        "melbourne_pedestrian",
        "PedestrianCounting1.daysum40000",
        {"threshold": 40000, "of": {"function": "sum", "window": "P1D", "kind": "tumbling"}, "trigger": "every"},
    ),
}
SERVED = {
    "pedestrians": (PEDESTRIANS, ["rising edge", "hysteresis", "run", "mean"]),
    "air": (AIR, ["held for"]),
}


def rule(question: str) -> str:
    (_, procedure, observed_property), _, _, members = QUESTIONS[question]
    selected = {"procedure": procedure, "observedProperty": observed_property}
    return json.dumps({"type": "threshold", "condition": "greaterThan"} | selected | members)


def expected(shared: Path, question: str) -> dict[str, Any]:
    _, file, identifier, _ = QUESTIONS[question]
    answers = json.loads((shared / "data" / "answers" / f"{file}.json").read_text())
    return next(answer for answer in answers["questions"] if answer["id"] == identifier)


def fingerprint(times: list[str]) -> tuple[int, str]:
    return len(times), hashlib.sha256("\n".join(times).encode()).hexdigest()


def rows_of(shared: Path, series: tuple[str, str, str], folder: Path) -> Path:
    """The rows of one series as a CSV file of its own."""
    file, procedure, observed_property = series
    target = folder / "series.csv"
    with gzip.open(shared / "data" / file, "rt", newline="") as source, target.open("w", newline="") as kept:
        reader = csv.DictReader(source)
        writer = csv.DictWriter(kept, reader.fieldnames)
        writer.writeheader()
        writer.writerows(
            row for row in reader if (row["procedure"], row["observed_property"]) == (procedure, observed_property)
        )
    return target


@pytest.mark.parametrize("question", QUESTIONS)
def test_backtest_answers_exactly(shared: Path, tmp_path: Path, question: str):
    """
    `weps backtest` over the file finds exactly the events of the answer.
    """
    rows = rows_of(shared, QUESTIONS[question][0], tmp_path)
    (tmp_path / "rule.json").write_text(rule(question))

    printed = subprocess.run(
        [sys.executable, "-m", "weps", "backtest", "--rule", tmp_path / "rule.json", "--observations", rows],
        capture_output=True,
        text=True,
        check=True,
    ).stdout

    detections = [json.loads(line) for line in printed.splitlines()]
    times = [detection["time"] for detection in detections if detection["event"] == "firing"]
    answer = expected(shared, question)
    assert fingerprint(times) == (answer["count"], answer["sha256_of_times"])


@pytest.mark.parametrize("served", SERVED)
def test_published_and_polled_the_feed_answers_exactly(service: Running, shared: Path, tmp_path: Path, served: str):
    """
    Loaded into the SOS over HTTP, polled from the beginning on and read from the feed: exactly the same events.
    """
    series, questions = SERVED[served]
    rows = rows_of(shared, series, tmp_path)
    subprocess.run(
        [sys.executable, "-m", "sos_server", "load", rows, "--url", f"{service.url}/sos"],
        check=True,
        capture_output=True,
    )

    template = (
        f"{service.url}/sos?service=SOS&version=2.0.0&request=GetObservation"
        f"&procedure={series[1]}&observedProperty={series[2]}"
    )
    feeds = {
        question: service.subscribe(
            rule=rule(question), getObservationTemplate=template, startTime="2003-01-01T00:00:00Z"
        )["feed"]
        for question in questions
    }
    now = f"end={datetime.now(UTC).year}"
    wait_for(lambda: now in service.log().rpartition(" polled ")[2], 20)

    for question, feed in feeds.items():
        entries = service.entries(feed, pages=True)
        times = [entry.weps_eventtime for entry in entries if entry.weps_status != "resolved"]
        answer = expected(shared, question)
        assert fingerprint(times) == (answer["count"], answer["sha256_of_times"]), question
