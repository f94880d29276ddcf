"""
Real series, published, polled and backtested: the alerts are exactly those that were computed elsewhere.

All questions about a file are asked at once, so that each source is read once for all of them. Of the long files only
some questions are asked, and of each file the command is asked one, unless all are wanted: `make answers`.
"""

from __future__ import annotations

import csv
import gzip
import json
import os
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
import requests

from sos_server.load import load
from sos_server.time import format_instant, parse_instant
from tests.answers import Question, answer_to, file_of, fingerprint, is_asked_about, questions, rule_text, silence_of
from tests.flows.conftest import Running
from tests.gated_sos import GatedSos
from tests.waiting import wait_for
from weps.__main__ import main

pytestmark = [pytest.mark.shared, pytest.mark.timeout(600)]

ALL = os.environ.get("ANSWERS") == "all"
FEEDPARSER_LIMIT = 300


GROUPS = {
    "rivers": ("usgs_susquehanna", "usgs_karthaus", "usgs_choptank"),
    "roads": ("nab_speed", "nab_occupancy", "nab_traveltime"),
    "weather and earthquakes": ("weather", "usgs_earthquakes"),
    "a machine": ("nab_machine",),
    "air": ("london",),
    "pedestrians": ("melbourne",),
}
SOME = {"air": "no2.", "pedestrians": "PedestrianCounting7."}
"""What the ids of those questions begin with that are asked of the long files."""


def questions_of(group: str) -> list[Question]:
    begin = "" if ALL else SOME.get(group, "")
    return [one for one in questions() if file_of(one).name.startswith(GROUPS[group]) and one["id"].startswith(begin)]


def asked_of_command() -> list[Question]:
    """All questions, or one of each file."""
    of_file = {file_of(question): question for question in questions()}
    return questions() if ALL else list(of_file.values())


@pytest.fixture
def source(tmp_path: Path) -> Iterator[GatedSos]:
    """A bundled SOS that answers only when all have subscribed, so that it is read once for all of them."""
    with GatedSos(tmp_path / "sos") as running:
        yield running


@lru_cache(maxsize=3)
def rows_of(path: Path) -> list[dict[str, str]]:
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", newline="") as lines:
        return list(csv.DictReader(lines))


def publish(path: Path, asked: list[Question], source: GatedSos, folder: Path) -> None:
    """Load the rows of a file that some question is about."""
    wanted = [row for row in rows_of(path) if any(is_asked_about(question, row) for question in asked)]
    with (folder / "rows.csv").open("w", newline="") as kept:
        writer = csv.DictWriter(kept, list(wanted[0]))
        writer.writeheader()
        writer.writerows(wanted)
    load(folder / "rows.csv", source.url)


def subscribe(service: Running, source: GatedSos, question: Question) -> tuple[str, str]:
    """Subscribe to the procedures of a question, from their first observation on; gives them and the feed."""
    rows = rows_of(file_of(question))
    procedures = {row["procedure"] for row in rows if is_asked_about(question, row)}
    begin = min(parse_instant(row["time"]) for row in rows if row["procedure"] in procedures)
    asked = ",".join(sorted(procedures))
    template = f"{source.url}?service=SOS&version=2.0.0&request=GetObservation&procedure={asked}"
    inputs = {"getObservationTemplate": template, "startTime": format_instant(begin)}
    return asked, service.subscribe(rule=rule_text(question), **inputs)["feed"]


def wait_until_read(source: GatedSos, since: datetime, sources: set[str]) -> None:
    """Wait until what each source was asked for up to now is stored: then it is asked again."""

    def is_read() -> bool:
        asked = (parse_qs(query) for query in source.asked)
        whole = Counter(query["procedure"][0] for query in asked if end_of(query) > since)
        return all(whole[procedures] > 1 for procedures in sources)

    wait_for(is_read, 500, pause=0.3)


def end_of(query: dict[str, list[str]]) -> datetime:
    """The end of the time that is asked for."""
    _, _, span = query["temporalFilter"][0].rpartition(",")
    end = span.partition("/")[2]
    return parse_instant(end) if end else datetime.min.replace(tzinfo=UTC)


def told(service: Running, feed: str, count: int) -> list[dict[str, Any]]:
    """What a feed tells, oldest first: as feedparser reads it, or where that is much, as JSON."""
    if count <= FEEDPARSER_LIMIT:
        entries = service.entries(f"{feed}?limit=500", pages=True)
        return [{name: entry.get(f"weps_{name}") for name in ("event", "output", "eventtime")} for entry in entries]
    found, url = [], f"{feed.removesuffix('.rss')}.json?limit=500"
    while url:
        page = requests.get(url, timeout=60).json()
        members = (item["_weps"] for item in page["items"])
        found += [{"eventtime": one["event_time"], **one} for one in members]
        url = page.get("next_url")
    return found[::-1]


def last_silence(question: Question) -> str:
    """When a series that has ended is told to be silent: that is known live only."""
    rows = rows_of(file_of(question))
    times = (parse_instant(row["time"]) for row in rows if is_asked_about(question, row))
    return format_instant(max(times) + silence_of(question))


@pytest.mark.parametrize("group", GROUPS)
def test_published_and_polled_the_feeds_answer_exactly(new_service, source: GatedSos, tmp_path: Path, group: str):
    """
    Loaded into the SOS over HTTP, polled from the beginning on and read from the feeds: exactly the same events.

    Live, each series that has ended is silent once more, after its last observation.
    """
    service = new_service(WEPS_ALLOWED_HOSTS='["127.0.0.1"]')
    asked = questions_of(group)
    for path in dict.fromkeys(map(file_of, asked)):
        publish(path, asked, source, tmp_path)
    feeds = {question["id"]: subscribe(service, source, question) for question in asked}
    began = datetime.now(UTC)
    source.open()
    wait_until_read(source, began, {procedures for procedures, _ in feeds.values()})

    for question in asked:
        found = told(service, feeds[question["id"]][1], question["count"])
        times = [one["eventtime"] for one in found if one["event"] == "firing" or one.get("output") == "enter"]
        if silence_of(question):
            assert times.pop() == last_silence(question), question["id"]
        assert fingerprint(times) == answer_to(question), question["id"]


@pytest.mark.parametrize("question", [pytest.param(one, id=one["id"]) for one in asked_of_command()])
def test_backtest_answers_exactly(tmp_path: Path, capsys: pytest.CaptureFixture[str], question: Question):
    """
    `weps backtest` over the file finds exactly the events of the answer.
    """
    rule = tmp_path / "rule"
    rule.write_text(rule_text(question))

    code = main(["backtest", "--rule", str(rule), "--observations", str(file_of(question))])

    found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    times = [one["time"] for one in found if one["event"] == "firing" or one.get("output") == "enter"]
    assert (code, *fingerprint(times)) == (0, *answer_to(question))
