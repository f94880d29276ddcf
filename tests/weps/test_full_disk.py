"""A database that takes nothing any more, as on a full disk."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.flaky_sos import FlakySos
from tests.weps.bench import Bench, at


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "weps.db"


@pytest.fixture
def bench(sos: FlakySos, file: Path):
    made = Bench(sos, f"sqlite:///{file}")
    yield made
    made.engine.close(5)
    made.store.dispose()


def run(file: Path, statement: str) -> None:
    with closing(sqlite3.connect(file)) as connection:
        connection.execute(statement)
        connection.commit()


def test_polls_that_cannot_be_stored_rest_and_lose_nothing(bench: Bench, file: Path):
    """
    They do not come back at once, and read what was missed when there is room again.
    """
    subscription = bench.subscribe()
    bench.poll(1)
    bench.sos.insert((at(2), 31), (at(3), 20))
    run(file, "CREATE TRIGGER full BEFORE UPDATE ON feeds BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END")
    bench.now = at(5)
    with pytest.raises(Exception, match="database or disk is full"):
        bench.engine.poll(subscription.feed_id)
    due = bench.engine.due_feeds()
    run(file, "DROP TRIGGER full")

    bench.poll(6)

    assert () == due
    assert [("firing", at(2)), ("resolved", at(3))] == bench.times(subscription)
