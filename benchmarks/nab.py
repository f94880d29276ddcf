"""
`python -m benchmarks nab`: what the detectors find in labelled series, with the same settings for all of them.

The series are four of the Numenta Anomaly Benchmark with its windows, as CSV: they lie beside the checkout and are not
shipped. A window is found when a detector fires inside it (both ends included); the delay is counted from the begin of
the window to the first firing inside. Every firing outside all windows is a false alarm, from the first observation on.
"""

from __future__ import annotations

import csv
import gzip
import json
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from sos_server.time import parse_instant
from weps.feeders.documents import read_observations
from weps.rules.backtest import backtest
from weps.rules.threshold import compile_threshold

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from weps.model import Observation

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
HOUR = timedelta(hours=1)
WINDOWS = "nab_anomaly_windows.csv"


def _beyond(bound: float, reset: float, **of: Any) -> dict[str, Any]:
    return {"type": "threshold", "of": of, "condition": "greaterThan", "threshold": bound, "reset": reset}


SETTINGS: dict[str, dict[str, Any]] = {
    "stuck": {"type": "stuck", "after": "PT6H"},
    "spike": _beyond(10, 2, function="spike", window="PT6H"),
    "seasonal": _beyond(8, 2, function="seasonal", days=14),
    "ewma": _beyond(2.5, 1, function="ewma", window="PT1H", baseline="P7D"),
    "cusum": _beyond(10, 1, function="cusum", baseline="P7D", slack=2),
}
"""One setting a detector, whatever the series; a drift needs a neighbour, which these series have not."""


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of time in which something is wrong."""

    begin: datetime
    end: datetime

    def covers(self, time: datetime) -> bool:
        """Tell whether a time lies in the window, both ends included."""
        return self.begin <= time <= self.end


@dataclass(frozen=True, slots=True)
class Score:
    """What a detector did on one series, or on several."""

    found: int
    missed: int
    false_alarms: int
    delays: tuple[timedelta, ...]

    def __add__(self, other: Score) -> Score:
        return Score(
            self.found + other.found,
            self.missed + other.missed,
            self.false_alarms + other.false_alarms,
            self.delays + other.delays,
        )


def score(firings: Sequence[datetime], windows: Sequence[Window]) -> Score:
    """Compare the times at which a detector fired with the windows."""
    first = [next((time for time in sorted(firings) if window.covers(time)), None) for window in windows]
    delays = [time - window.begin for time, window in zip(first, windows, strict=True) if time is not None]
    false_alarms = sum(not any(window.covers(time) for window in windows) for time in firings)
    return Score(len(delays), len(windows) - len(delays), false_alarms, tuple(delays))


def firings(rule: Mapping[str, Any], observations: Iterable[Observation]) -> list[datetime]:
    """Give the times at which a rule fires, by the way of `weps backtest`."""
    lines = backtest(compile_threshold(json.dumps(rule)), observations)
    return [parse_instant(line["time"]) for line in lines if line["event"] == "firing"]


def read_windows(folder: Path) -> dict[str, list[Window]]:
    """Read the labelled windows by series."""
    windows: dict[str, list[Window]] = {}
    with (folder / WINDOWS).open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            window = Window(parse_instant(row["window_start"]), parse_instant(row["window_end"]))
            windows.setdefault(row["file"], []).append(window)
    return windows


def read_series(folder: Path, name: str) -> tuple[Observation, ...]:
    """Read one series, packed or not."""
    plain = folder / f"{name}.csv"
    if plain.exists():
        return read_observations(plain.read_bytes())
    return read_observations(gzip.decompress((folder / f"{name}.csv.gz").read_bytes()))


def evaluate(folder: Path) -> dict[tuple[str, str], Score]:
    """Run each detector over each series; gives the scores by detector and series."""
    windows = read_windows(folder)
    series = {name: read_series(folder, name) for name in windows}
    return {
        (detector, name): score(firings(rule, series[name]), windows[name])
        for detector, rule in SETTINGS.items()
        for name in windows
    }


def to_markdown(scores: Mapping[tuple[str, str], Score]) -> str:
    """Write scores as a table, each detector with its sum."""
    rows = ["| detector | series | windows found | missed | false alarms | median delay |", "|---|---|--:|--:|--:|--:|"]
    for detector in dict.fromkeys(detector for detector, _ in scores):
        own = {name: one for (other, name), one in scores.items() if other == detector}
        rows += [_row(detector, name.removeprefix("nab_"), one) for name, one in own.items()]
        rows.append(_row(f"**{detector}**", "**all**", sum(own.values(), Score(0, 0, 0, ()))))
    return "\n".join(rows)


def to_summary(scores: Mapping[tuple[str, str], Score]) -> str:
    """Write the sums of scores as a table, each detector with its settings."""
    rows = [
        "| detector | settings, the same for all series | windows found | missed | false alarms | median delay |",
        "|---|---|--:|--:|--:|--:|",
    ]
    for detector in dict.fromkeys(detector for detector, _ in scores):
        own = [one for (other, _), one in scores.items() if other == detector]
        rows.append(_row(f"`{detector}`", _settings_text(SETTINGS[detector]), sum(own, Score(0, 0, 0, ()))))
    return "\n".join(rows)


def _settings_text(rule: Mapping[str, Any]) -> str:
    """Write what a rule says beside its type and function, as the threshold language has it."""
    members = {name: value for name, value in rule.get("of", {}).items() if name != "function"}
    members |= {name: rule[name] for name in ("after", "threshold", "reset") if name in rule}
    return ", ".join(f"`{name}` {value}" for name, value in members.items())


def _row(detector: str, name: str, one: Score) -> str:
    hours = [delay / HOUR for delay in one.delays]
    delay = f"{median(hours):.1f} h" if hours else ""
    return f"| {detector} | {name} | {one.found} | {one.missed} | {one.false_alarms} | {delay} |"


def report() -> str:
    """Give the tables of all detectors over all series; raises `FileNotFoundError` where the series are not there."""
    scores = evaluate(DATA)
    return f"{to_markdown(scores)}\n\n{to_summary(scores)}"
