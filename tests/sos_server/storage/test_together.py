"""Inserts that wait at the same time are committed together, each whole or not at all."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from threading import Semaphore
from typing import TYPE_CHECKING

import pytest

from sos_server.storage.quick import TakesLong
from tests.sos_server.make import Asked, insertion, observation, open_service, sensor

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sos_server.announcements import Announcement
    from sos_server.requests import InsertObservation


@dataclass
class Publishers:
    """Those who insert together; `outcomes` are in the order in which they were told."""

    service: Asked
    outcomes: list[tuple[int, bool]] = field(default_factory=list)
    told: Semaphore = field(default_factory=lambda: Semaphore(0))

    def publish(self, *requests: InsertObservation) -> None:
        """Have requests stored together."""
        found = self.service.service.storage.joined()
        assert found is not None
        database, storage = found
        for number, request in enumerate(requests):
            joined = Asked(type(self.service.service)(storage, self.service.service.identity))
            database.insert(partial(joined.ask, request), partial(self._note, number))

    def wait(self, number: int) -> list[tuple[int, bool]]:
        """Wait until so many were told what became of theirs."""
        for _ in range(number):
            assert self.told.acquire(timeout=20)
        return self.outcomes

    def _note(self, number: int, is_stored: bool) -> None:
        self.outcomes.append((number, is_stored))
        self.told.release()


@pytest.fixture
def publishers(tmp_path: Path) -> Iterator[Publishers]:
    """Those who publish to a service with a known series that stored one observation together."""
    service = Asked(open_service(tmp_path))
    service.ask(sensor())
    service.ask(insertion(observation(0)))
    found = Publishers(service)
    found.publish(insertion(observation(1)))
    assert [(0, True)] == found.wait(1)
    found.outcomes.clear()
    yield found
    service.service.storage.close()


@pytest.fixture
def statements(publishers: Publishers) -> list[str]:
    """The statements that those who publish together execute."""
    found = publishers.service.service.storage.joined()
    assert found is not None
    executed: list[str] = []
    with found[0].snapshot() as reader:
        reader.driver.set_trace_callback(executed.append)
    return executed


@pytest.fixture
def announced(publishers: Publishers) -> list[Announcement]:
    """What was announced."""
    heard: list[Announcement] = []
    publishers.service.service.storage.subscribe(heard.append)
    return heard


def minutes(publishers: Publishers) -> list[float]:
    """The minutes of all observations."""
    return [minute for _, minute, _ in publishers.service.observations()]


def test_those_who_wait_are_committed_at_once(
    publishers: Publishers, statements: list[str], announced: list[Announcement], tmp_path: Path
) -> None:
    """
    Six that come while another one writes share one commit after it; each is announced.
    """
    with closing(sqlite3.connect(tmp_path / "sos.sqlite", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        publishers.publish(*(insertion(observation(10 + number)) for number in range(7)))
        other.execute("COMMIT")

    outcomes = publishers.wait(7)

    assert [(number, True) for number in range(7)] == outcomes
    assert [0, 1, *range(10, 17)] == minutes(publishers)
    assert statements.count("COMMIT") <= 2
    assert 7 == len(announced)


def test_one_that_is_refused_does_not_take_others_along(
    publishers: Publishers, statements: list[str], announced: list[Announcement], tmp_path: Path
) -> None:
    """
    Whatever is wrong with it, nothing of it is kept, and everything of the others.
    """
    wrong = [
        insertion(observation(20), observation(0, 99.0)),  # another value where there is one
        insertion(observation(21), observation(22, uom="K")),
        insertion(observation(23), offerings=("nowhere",)),
        insertion(observation(24), observation(25, feature_of_interest="shed", feature=None)),
        insertion(observation(26, "warm")),
    ]
    good = [insertion(observation(30 + number)) for number in range(5)]
    with closing(sqlite3.connect(tmp_path / "sos.sqlite", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        publishers.publish(
            insertion(observation(10)), *(each for pair in zip(wrong, good, strict=True) for each in pair)
        )
        other.execute("COMMIT")

    outcomes = publishers.wait(11)

    assert [(0, True), *((number, number % 2 == 0) for number in range(1, 11))] == outcomes
    assert [0, 1, 10, 30, 31, 32, 33, 34] == minutes(publishers)
    assert "ROLLBACK TO one" in statements
    assert 6 == len(announced)


def test_one_alone_that_is_refused_leaves_nothing(publishers: Publishers, announced: list[Announcement]) -> None:
    """
    Also not what it stored before it was refused.
    """
    publishers.publish(insertion(observation(20), observation(0, 99.0)))

    outcomes = publishers.wait(1)

    assert [(0, False)] == outcomes
    assert ([0, 1], []) == (minutes(publishers), announced)


def test_the_same_from_two_is_stored_once(publishers: Publishers, tmp_path: Path) -> None:
    """
    The second one is told to go the general way, which recognises what is there.
    """
    with closing(sqlite3.connect(tmp_path / "sos.sqlite", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        publishers.publish(*(insertion(observation(minute)) for minute in (10, 11, 11)))
        other.execute("COMMIT")

    outcomes = publishers.wait(3)

    assert [(0, True), (1, True), (2, False)] == outcomes
    assert [0, 1, 10, 11] == minutes(publishers)


def test_nobody_is_kept_waiting_by_a_database_that_fails(publishers: Publishers, announced: list[Announcement]) -> None:
    """
    All are told that theirs is not stored, and the next ones are stored again.
    """
    found = publishers.service.service.storage.joined()
    assert found is not None
    with found[0].snapshot() as reader:
        reader.driver.execute("PRAGMA query_only=ON")
        publishers.publish(insertion(observation(10)), insertion(observation(11)))
        failed = list(publishers.wait(2))
        reader.driver.execute("PRAGMA query_only=OFF")

    publishers.publish(insertion(observation(12)))
    outcomes = publishers.wait(1)

    assert [(0, False), (1, False)] == failed
    assert [*failed, (0, True)] == outcomes
    assert ([0, 1, 12], 1) == (minutes(publishers), len(announced))


def test_what_waits_is_stored_before_the_end(publishers: Publishers) -> None:
    """
    Closing waits for it; after that nothing is taken any more.
    """
    publishers.publish(insertion(observation(10)), insertion(observation(11)))
    found = publishers.service.service.storage.joined()
    assert found is not None

    found[0].close()

    assert [(0, True), (1, True)] == publishers.outcomes
    with pytest.raises(TakesLong):
        publishers.publish(insertion(observation(12)))
