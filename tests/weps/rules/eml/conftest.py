"""Short ways to tell what EML rules detect, in minutes after noon."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.weps.rules.making import NOON, minute
from weps.rules.eml import compile_eml

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from weps.model import Detection, Observation


@pytest.fixture
def detect(play: Callable[..., list[Detection]]) -> Callable[..., list[Detection]]:
    """Compile a document and play it from noon on; `end` is in minutes after noon."""

    def run(document: str, inputs: Sequence[Observation], end: float | None = None) -> list[Detection]:
        return play(compile_eml(document), inputs, None if end is None else minute(end), NOON)

    return run


@pytest.fixture
def told(detect: Callable[..., list[Detection]]) -> Callable[..., list[tuple[float, Any]]]:
    """Give each detection as its minute after noon and its value or message."""

    def run(document: str, inputs: Sequence[Observation], end: float | None = None) -> list[tuple[float, Any]]:
        found = detect(document, inputs, end)
        return [
            ((one.time - NOON).total_seconds() / 60, one.value if one.message is None else one.message) for one in found
        ]

    return run


@pytest.fixture
def caused(detect: Callable[..., list[Detection]]) -> Callable[..., list[tuple[float, tuple[str, ...] | None]]]:
    """Give each detection as its minute after noon and its causes."""

    def run(
        document: str, inputs: Sequence[Observation], end: float | None = None
    ) -> list[tuple[float, tuple[str, ...] | None]]:
        return [((one.time - NOON).total_seconds() / 60, one.causes) for one in detect(document, inputs, end)]

    return run
