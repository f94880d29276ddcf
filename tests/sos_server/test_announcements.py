"""Telling others in the process of new observations: when, what, and that nothing depends on it."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest

from sos_server.announcements import Announcement
from sos_server.errors import InvalidParameterValue
from tests.sos_server.make import Asked, insertion, minute, observation, sensor

if TYPE_CHECKING:
    from collections.abc import Callable


def test_new_observations_are_announced_series_by_series(sos: Asked) -> None:
    """
    With the times that they lie in, whatever their order.
    """
    sos.ask(sensor(properties=("AirTemperature", "Humidity")))
    told: list[Announcement] = []
    sos.service.storage.subscribe(told.append)

    sos.ask(
        insertion(
            observation(5), observation(3), observation(4, observed_property="Humidity", phenomenon_time_end=minute(9))
        )
    )

    series = ("thermometer-offering",), "thermometer"
    assert [
        Announcement(*series, "AirTemperature", "station", minute(3), minute(5)),
        Announcement(*series, "Humidity", "station", minute(4), minute(9)),
    ] == told


def test_an_announcement_comes_after_the_commit(sos: Asked) -> None:
    """
    Who is told finds the observations.
    """
    sos.ask(sensor())
    found: list[object] = []
    sos.service.storage.subscribe(lambda told: found.append(sos.observations()))

    sos.ask(insertion(observation(0, 1.0)))

    assert [[("thermometer-offering", 0, 1.0)]] == found


def test_what_is_not_new_is_not_announced(sos: Asked) -> None:
    """
    Neither what was sent before, nor what is refused.
    """
    sos.ask(sensor())
    sos.ask(insertion(observation(0, 1.0)))
    told: list[Announcement] = []
    sos.service.storage.subscribe(told.append)

    sos.ask(insertion(observation(0, 1.0)))
    with pytest.raises(InvalidParameterValue):
        sos.ask(insertion(observation(1, 1.0), observation(0, 2.0)))

    assert [] == told


def test_who_fails_on_an_announcement_breaks_nothing(sos: Asked, caplog: pytest.LogCaptureFixture) -> None:
    """
    The insert is answered, the others are told, the log has it.
    """
    sos.ask(sensor())
    told: list[Announcement] = []

    def fail(announcement: Announcement) -> None:
        raise RuntimeError("cannot be told")

    sos.service.storage.subscribe(fail)
    sos.service.storage.subscribe(told.append)

    with caplog.at_level(logging.ERROR, "sos_server"):
        answer = sos.ask(insertion(observation(0)))

    assert (1, 1) == (answer.count, len(told))
    assert ["not_announced procedure='thermometer'"] == [record.getMessage() for record in caplog.records]


def test_who_unsubscribes_is_told_no_more(sos: Asked) -> None:
    """
    Also when it does so while it is told.
    """
    sos.ask(sensor())
    told: list[Announcement] = []
    ending: list[Callable[[], None]] = []

    def once(announcement: Announcement) -> None:
        told.append(announcement)
        ending[0]()

    ending.append(sos.service.storage.subscribe(once))

    sos.ask(insertion(observation(0)))
    sos.ask(insertion(observation(1)))

    assert [minute(0)] == [each.begin for each in told]
