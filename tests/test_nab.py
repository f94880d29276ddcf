"""How the detectors are scored on labelled series."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from benchmarks import nab
from benchmarks.__main__ import main
from benchmarks.nab import Score, Window, score, to_markdown
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


def test_without_the_series_it_says_so(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path):
    """
    They do not come with the checkout: one line, and exit code 1.
    """
    monkeypatch.setattr(nab, "DATA", tmp_path)

    assert main(["nab"]) == 1
    assert "nab_anomaly_windows.csv is not there" in capsys.readouterr().err


@pytest.mark.shared
def test_the_page_shows_what_the_detectors_find(shared: Path):
    """
    The table in the documentation is the one that is printed, so the figures cannot rot.
    """
    windows = nab.read_windows(shared / "data")
    page = Path(__file__).resolve().parents[1] / "docs" / "detectors.md"

    small = [name for name in windows if "machine" not in name]
    series = {name: nab.read_series(shared / "data", name) for name in small}
    found = {
        (detector, name): score(nab.firings(rule, series[name]), windows[name])
        for detector, rule in nab.SETTINGS.items()
        for name in small
    }

    rows = [line for line in to_markdown(found).splitlines()[2:] if "**" not in line]
    assert [row for row in rows if row not in page.read_text(encoding="utf-8")] == []
