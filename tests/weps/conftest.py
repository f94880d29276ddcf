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
def bench(sos: FlakySos, database_url: str):
    made = Bench(sos, database_url)
    yield made
    made.engine.close(5)
    made.store.dispose()
