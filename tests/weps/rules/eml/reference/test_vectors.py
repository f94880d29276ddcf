"""The reference against the vectors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from sos_server.time import parse_instant
from tests.weps.rules.eml.reference import Evaluator, read_document
from tests.weps.rules.eml.test_vectors import VECTORS, observation_of

if TYPE_CHECKING:
    from pathlib import Path

    from tests.weps.rules.eml.reference import Found


def members_of(found: Found) -> dict[str, Any]:
    """Give a detection of the reference as the vectors write it."""
    members: dict[str, Any] = {"time": found.time, "pattern": found.pattern, "event": found.event}
    members["output"] = found.output
    if found.message is not None:
        members["message"] = found.message
    else:
        members["value"] = pytest.approx(found.value, abs=1e-9)
    if found.causes is not None:
        members["causes"] = list(found.causes)
    return members


@pytest.mark.shared
@pytest.mark.parametrize("vector", VECTORS)
def test_the_reference_agrees_with_a_vector(vector: dict[str, Any], shared: Path) -> None:
    """
    The second evaluator finds what a vector expects, from the text alone.
    """
    text = (shared / "eml" / "vectors" / vector["rule"]).read_text()
    evaluator = Evaluator(read_document(text), parse_instant(vector["start"]))

    for written in vector["observations"]:
        evaluator.observe(observation_of(written, "EPSG/0/4326" in text))
    if "end" in vector:
        evaluator.advance(parse_instant(vector["end"]))

    expected = [{**one, "time": int(parse_instant(one["time"]).timestamp() * 1000)} for one in vector["expected"]]
    assert [members_of(one) for one in evaluator.found] == expected
