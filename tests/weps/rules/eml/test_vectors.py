"""The vectors of the semantics, each with its reason."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

import pytest

from sos_server.time import format_instant, parse_instant
from tests.conftest import SHARED
from weps.model import Observation
from weps.rules.eml import compile_eml

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from weps.model import Detection

VECTORS = [
    pytest.param(vector, id=vector["id"])
    for path in sorted((SHARED / "eml" / "vectors").glob("*.json"))
    for vector in json.loads(path.read_text())["vectors"]
]


def observation_of(written: dict[str, Any], latitude_first: bool) -> Observation:
    """Read an observation of a vector; its coordinates are in the order of the rule's reference system."""
    begin, _, end = written["time"].partition("/")
    geometry = written.get("geometry")
    if geometry is not None and latitude_first:
        geometry = {**geometry, "coordinates": geometry["coordinates"][::-1]}
    return Observation(
        parse_instant(begin),
        written["procedure"],
        written["observedProperty"],
        written["feature"],
        math.nan if written["value"] == "NaN" else written["value"],
        written.get("uom"),
        parse_instant(end) if end else None,
        geometry=geometry,
        id=written["id"],
    )


def members_of(detection: Detection) -> dict[str, Any]:
    """Give a detection as the vectors write it."""
    members: dict[str, Any] = {
        "time": format_instant(detection.time),
        "pattern": detection.pattern,
        "event": detection.event,
        "output": detection.output,
    }
    if detection.message is not None:
        members["message"] = detection.message
    else:
        members["value"] = pytest.approx(detection.value, abs=1e-9)
    if detection.causes is not None:
        members["causes"] = list(detection.causes)
    return members


@pytest.mark.shared
@pytest.mark.parametrize("vector", VECTORS)
def test_vector_gives_its_detections(vector: dict[str, Any], shared: Path, play: Callable[..., Any]) -> None:
    """
    A vector's rule finds in its observations exactly what the vector expects.
    """
    text = (shared / "eml" / "vectors" / vector["rule"]).read_text()
    inputs = [observation_of(written, "EPSG/0/4326" in text) for written in vector["observations"]]
    end = parse_instant(vector["end"]) if "end" in vector else None

    found = play(compile_eml(text), inputs, end, parse_instant(vector["start"]))

    assert [members_of(detection) for detection in found] == vector["expected"]


@pytest.mark.shared
def test_all_vectors_are_there() -> None:
    """
    No vector is lost on the way.
    """
    assert len(VECTORS) >= 159
