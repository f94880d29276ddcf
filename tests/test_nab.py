"""How the detectors are scored on labelled series."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from benchmarks import nab
from benchmarks.__main__ import main
from benchmarks.nab import Score, Window, score, to_markdown, to_summary
from tests.weps.rules.making import minute


def test_a_window_is_found_by_the_first_firing_in_it():
    """
    Its ends belong to it; what fires outside of all windows is a false alarm.
    """
    windows = [Window(minute(10), minute(20)), Window(minute(30), minute(40)), Window(minute(50), minute(60))]

    found = score([minute(time) for time in (5, 20, 15, 30, 41)], windows)

    assert found == Score(2, 1, 2, (timedelta(minutes=5), timedelta(0)))


def test_the_table_has_a_sum_for_each_detector():
    """
    Found, missed and false alarms add up; the delay is the median over all windows found.
    """
    scores = {
        ("spike", "nab_a"): Score(1, 1, 3, (timedelta(hours=1),)),
        ("spike", "nab_b"): Score(2, 0, 0, (timedelta(hours=2), timedelta(hours=6))),
        ("stuck", "nab_a"): Score(0, 2, 0, ()),
    }

    lines = to_markdown(scores).splitlines()

    assert lines[2:] == [
        "| spike | a | 1 | 1 | 3 | 1.0 h |",
        "| spike | b | 2 | 0 | 0 | 4.0 h |",
        "| **spike** | **all** | 3 | 1 | 3 | 2.0 h |",
        "| stuck | a | 0 | 2 | 0 |  |",
        "| **stuck** | **all** | 0 | 2 | 0 |  |",
    ]


def test_the_summary_has_the_settings_and_the_sum_of_each_detector():
    """
    What is not said there is as it is without saying.
    """
    scores = {
        ("spike", "nab_a"): Score(1, 1, 3, (timedelta(hours=1),)),
        ("spike", "nab_b"): Score(2, 0, 0, (timedelta(hours=2), timedelta(hours=6))),
        ("stuck", "nab_a"): Score(0, 2, 0, ()),
    }

    lines = to_summary(scores).splitlines()

    assert lines[2:] == [
        "| `spike` | `window` PT6H, `threshold` 10, `reset` 2 | 3 | 1 | 3 | 2.0 h |",
        "| `stuck` | `after` PT6H | 0 | 2 | 0 |  |",
    ]


def test_without_the_series_it_says_so(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path):
    """
    They do not come with the checkout: one line, and exit code 1.
    """
    monkeypatch.setattr(nab, "DATA", tmp_path)

    assert main(["nab"]) == 1
    assert "nab_anomaly_windows.csv is not there" in capsys.readouterr().err


@pytest.mark.shared
def test_the_pages_show_what_the_detectors_find(shared: Path):
    """
    The tables in the documentation and in the README are those that are printed, so the figures cannot rot.
    """
    root = Path(__file__).resolve().parents[1]
    page, readme = (root / "docs" / "detectors.md").read_text(encoding="utf-8"), (root / "README.md").read_text("utf-8")

    scores = nab.evaluate(shared / "data")

    assert to_markdown(scores) in page
    assert to_summary(scores) in readme
