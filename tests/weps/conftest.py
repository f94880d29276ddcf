"""The fixtures of the engine's tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.flaky_sos import FlakySos
from tests.weps.bench import Bench


@pytest.fixture
def sos(tmp_path: Path):
    (tmp_path / "sos").mkdir()
    with FlakySos(tmp_path / "sos") as running:
        running.insert_sensor()
        yield running


@pytest.fixture
def bench(sos: FlakySos, tmp_path: Path):
    made = Bench(sos, tmp_path)
    yield made
    made.engine.close(5)
    made.store.dispose()
