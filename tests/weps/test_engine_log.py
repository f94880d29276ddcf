"""What an operator reads in the log of sources: what came and what changed, and not that all is as it was."""

from __future__ import annotations

import logging

import pytest

from tests.weps.bench import Bench, at


@pytest.fixture
def lines(bench: Bench, caplog: pytest.LogCaptureFixture):
    """Give the level and the first words of what the engine said at the level INFO and above, and forget it."""
    caplog.set_level(logging.INFO, "weps")

    def take() -> list[tuple[str, str]]:
        events = ("received", "polls succeed again", "poll failed", "polled", "source is down")
        said = [(record.levelname, record.getMessage()) for record in caplog.records]
        caplog.clear()
        return [(level, name) for level, text in said for name in events if text.startswith(f"{name} feed=")]

    return take


def test_a_quiet_source_is_not_written_of(bench: Bench, lines):
    """
    Observations are told once, however often their time is asked for again.
    """
    bench.subscribe()
    bench.sos.insert((at(1), 20))
    bench.poll(2)
    first = lines()

    for minute in range(3, 13):
        bench.poll(minute)

    assert [("INFO", "received")] == first
    assert [] == lines()


def test_a_source_that_fails_is_told_once_and_when_it_is_back(bench: Bench, lines):
    """
    The same failure over and over is told when it begins and when it is certain, another when it comes, and the end.
    """
    bench.subscribe()
    bench.poll(1)
    lines()
    bench.sos.answer = (503, b"down for maintenance")
    for hour in (1, 3, 9):
        bench.poll(60 * hour)
    same = lines()
    bench.sos.answer = (401, b"who are you?")
    bench.poll(60 * 24)
    other = lines()

    bench.sos.answer = None
    bench.poll(60 * 72)

    assert [("WARNING", "poll failed"), ("WARNING", "source is down")] == same
    assert [("WARNING", "poll failed")] == other
    assert ("INFO", "polls succeed again") in lines()
