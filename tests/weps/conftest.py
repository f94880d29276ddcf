"""The fixtures of the tests of the engine and of episodes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.flaky_sos import FlakySos
from tests.weps.bench import Bench
from tests.weps.handling.desk import Desk
from tests.weps.notify.mail_server import Box, SmtpServer
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


@pytest.fixture
def box():
    """What a mail server keeps."""
    return Box()


@pytest.fixture
def serve(box: Box):
    """Start mail servers; gives their ports."""
    running = []

    def start(**options) -> int:
        running.append(SmtpServer(box, **options))
        running[-1].start()
        return running[-1].port

    yield start
    for each in running:
        each.stop()
