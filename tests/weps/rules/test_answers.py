"""The exact answers to questions about real series, each asked as a rule and answered by a backtest."""

from __future__ import annotations

import csv
import gzip
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest

from sos_server.time import parse_instant
from tests.answers import answer_to, file_of, fingerprint, questions, rule_text
from weps.model import Observation, RuleText
from weps.rules.backtest import backtest
from weps.rules.languages import compile_rule, detect_language

pytestmark = pytest.mark.shared


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


@pytest.mark.parametrize("question", [pytest.param(each, id=each["id"]) for each in questions()])
def test_rule_gives_the_exact_answer(question: dict[str, Any]):
    """
    All times of all events, as they are stated.
    """
    text = rule_text(question)
    rule = compile_rule(RuleText(detect_language(text), text))

    lines = backtest(rule, read_series(file_of(question)))
    times = [line["time"] for line in lines if line["event"] == "firing" or line.get("output") == "enter"]

    assert (question["first"], question["last"]) == ((times[0], times[-1]) if times else (None, None))
    assert fingerprint(times) == answer_to(question)
