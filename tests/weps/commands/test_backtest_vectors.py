"""The vectors of the semantics of EML, through `weps backtest`."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.waiting import PATIENCE
from tests.weps.rules.eml.test_vectors import VECTORS
from weps.__main__ import main

EVERY = 40
"""Of so many vectors one goes through a process of its own, which takes its time."""


def json_line(written: dict[str, Any], latitude_first: bool) -> str:
    """Give an observation of a vector as a JSON line; its coordinates are in the order of the rule's system."""
    begin, _, end = written["time"].partition("/")
    geometry = written.get("geometry")
    if geometry is not None and latitude_first:
        geometry = {**geometry, "coordinates": geometry["coordinates"][::-1]}
    members = {
        "id": written["id"],
        "phenomenon_time": begin,
        "phenomenon_time_end": end or None,
        "procedure": written["procedure"],
        "observed_property": written["observedProperty"],
        "feature_of_interest": written["feature"],
        "value": None if written["value"] == "NaN" else written["value"],
        "uom": written.get("uom"),
        "geometry": geometry,
    }
    return json.dumps({name: member for name, member in members.items() if member is not None or name == "value"})


def arguments_of(vector: dict[str, Any], shared: Path, folder: Path) -> list[str]:
    """Give the arguments of the command for a vector, with its observations in a file."""
    rule = shared / "eml" / "vectors" / vector["rule"]
    latitude_first = "EPSG/0/4326" in rule.read_text()
    lines = [json_line(written, latitude_first) + "\n" for written in vector["observations"]]
    observations = folder / "observations.jsonl"
    observations.write_text("".join(lines))
    end = ["--end", vector["end"]] if "end" in vector else []
    return ["backtest", "--rule", str(rule), "--observations", str(observations), "--start", vector["start"], *end]


def detections(output: str) -> list[dict[str, Any]]:
    """Give the printed detections, with numbers as near as the vectors have them."""
    found = [json.loads(line) for line in output.splitlines()]
    return [one | {"value": pytest.approx(one["value"], abs=1e-9)} if "value" in one else one for one in found]


def expected(vector: dict[str, Any]) -> list[dict[str, Any]]:
    """Give what a vector expects, without the members that are null there: the command leaves them out."""
    return [{name: member for name, member in one.items() if member is not None} for one in vector["expected"]]


@pytest.mark.shared
@pytest.mark.parametrize("vector", VECTORS)
def test_backtest_prints_the_detections_of_a_vector(
    vector: dict[str, Any], shared: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """
    The command finds in the observations of a vector exactly what the vector expects.
    """
    code = main(arguments_of(vector, shared, tmp_path))

    assert 0 == code
    assert expected(vector) == detections(capsys.readouterr().out)


@pytest.mark.shared
@pytest.mark.parametrize("vector", VECTORS[::EVERY])
def test_installed_command_prints_the_same(vector: dict[str, Any], shared: Path, tmp_path: Path) -> None:
    """
    As a process of its own.
    """
    command = [str(Path(sys.executable).with_name("weps")), *arguments_of(vector, shared, tmp_path)]

    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=PATIENCE)

    assert expected(vector) == detections(done.stdout)
