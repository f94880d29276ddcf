"""The fixtures of the tests of the engine and of episodes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.flaky_sos import FlakySos
from tests.weps.bench import Bench
from tests.weps.desk import Desk
from tests.weps.notify.stores import open_store


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


@pytest.fixture
def desk(tmp_path):
    made = Desk(open_store(tmp_path))
    yield made
    made.store.dispose()
