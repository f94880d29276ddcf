"""Descriptions of sensors in time: each holds when it says, a new one takes its time from those before it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sos_server.errors import InvalidParameterValue, MissingParameterValue, SosError
from sos_server.model import ValidDescription
from sos_server.requests import DescribeSensor, GetCapabilities, UpdateSensorDescription
from sos_server.responses import SensorUpdated
from sos_server.storage import descriptions
from sos_server.storage.descriptions import Validity
from tests.sos_server.make import FORMAT, NOW, Asked, sensor

if TYPE_CHECKING:
    from datetime import datetime

OLD_FORMAT = "http://www.opengis.net/sensorML/1.0.1"
DAY = timedelta(days=1)


def _update(text: str, begin: datetime | None = None, end: datetime | None = None) -> UpdateSensorDescription:
    document = sensor().description.document.replace(b"<gml:name>thermometer<", f"<gml:name>{text}<".encode())
    return UpdateSensorDescription("thermometer", FORMAT, (ValidDescription(FORMAT, document, begin, end),))


def _told(sos: Asked, now: datetime, *valid_time: datetime) -> list[tuple[str, datetime | None, datetime | None]]:
    asked = (valid_time[0], valid_time[-1]) if valid_time else None
    answer = sos.ask(DescribeSensor("thermometer", FORMAT, asked), now)
    return [
        (each.document.split(b"<gml:name>")[1].split(b"<")[0].decode(), each.begin, each.end)
        for each in answer.descriptions
    ]


def test_an_update_without_a_time_holds_from_now_on(sos: Asked) -> None:
    """
    The description before it is still told for the time before.
    """
    sos.ask(sensor())

    answer = sos.ask(_update("moved"), NOW + DAY)

    assert SensorUpdated("thermometer") == answer
    first, second = ("thermometer", NOW, NOW + DAY), ("moved", NOW + DAY, None)
    assert [second] == _told(sos, NOW + 2 * DAY)
    assert [first] == _told(sos, NOW + 2 * DAY, NOW)
    assert [second] == _told(sos, NOW + 2 * DAY, NOW + DAY)
    assert [first, second] == _told(sos, NOW + 2 * DAY, NOW, NOW + DAY)
    assert [] == _told(sos, NOW + 2 * DAY, NOW - DAY)


def test_an_update_for_a_time_holds_in_that_time_only(sos: Asked) -> None:
    """
    Before it and after it the other one holds, also now.
    """
    sos.ask(sensor())

    sos.ask(_update("lent", NOW + DAY, NOW + 2 * DAY), NOW + 5 * DAY)

    assert [("thermometer", NOW + 2 * DAY, None)] == _told(sos, NOW + 5 * DAY)
    assert [
        ("thermometer", NOW, NOW + DAY),
        ("lent", NOW + DAY, NOW + 2 * DAY),
        ("thermometer", NOW + 2 * DAY, None),
    ] == _told(sos, NOW + 5 * DAY, NOW, NOW + 9 * DAY)


def test_a_description_of_the_future_is_not_that_of_now(sos: Asked) -> None:
    """
    It is when its time has come.
    """
    sos.ask(sensor())

    sos.ask(_update("planned", NOW + 5 * DAY))

    assert [("thermometer", NOW, NOW + 5 * DAY)] == _told(sos, NOW + 3 * DAY)
    assert [("planned", NOW + 5 * DAY, None)] == _told(sos, NOW + 5 * DAY)
    assert [("thermometer", NOW, NOW + 5 * DAY)] == _told(sos, NOW - DAY)


def test_a_sensor_may_be_described_in_another_format_later(sos: Asked) -> None:
    """
    Capabilities tell both; the present one is in the new format, the former still in the old.
    """
    sos.ask(sensor())
    sos.ask(UpdateSensorDescription("thermometer", OLD_FORMAT, (ValidDescription(OLD_FORMAT, b"<old/>"),)), NOW + DAY)

    assert (OLD_FORMAT, FORMAT) == sos.ask(GetCapabilities()).contents[0].description_formats
    (now,) = sos.ask(DescribeSensor("thermometer", OLD_FORMAT), NOW + DAY).descriptions
    assert b"<old/>" == now.document
    with pytest.raises(InvalidParameterValue, match="only"):
        sos.ask(DescribeSensor("thermometer", FORMAT), NOW + DAY)
    assert [("thermometer", NOW, NOW + DAY)] == _told(sos, NOW + DAY, NOW)


@pytest.mark.parametrize(
    ("request_", "error", "locator"),
    [
        pytest.param(replace(_update("x"), procedure="y"), InvalidParameterValue, "procedure", id="procedure"),
        pytest.param(
            replace(_update("x"), description_format="y"),
            InvalidParameterValue,
            "procedureDescriptionFormat",
            id="format",
        ),
        pytest.param(replace(_update("x"), descriptions=()), MissingParameterValue, "description", id="nothing"),
        pytest.param(_update("x", NOW, NOW), InvalidParameterValue, "validTime", id="no time"),
    ],
)
def test_an_update_is_refused_and_nothing_changed(
    sos: Asked, request_: UpdateSensorDescription, error: type[SosError], locator: str
) -> None:
    """
    With the parameter that is wrong.
    """
    sos.ask(sensor())

    with pytest.raises(error) as caught:
        sos.ask(request_, NOW + DAY)

    assert locator == caught.value.locator
    assert [("thermometer", NOW, None)] == _told(sos, NOW + DAY)


_ENDS = st.none() | st.integers(0, 9)
_PERIODS = st.tuples(_ENDS, _ENDS).filter(lambda ends: None in ends or ends[0] < ends[1])


def _holds(first: int | None, last: int | None, at: int) -> bool:
    return (first is None or first <= at) and (last is None or at < last)


@settings(max_examples=200, deadline=None)
@given(st.lists(_PERIODS, max_size=6))
def test_at_any_time_the_last_update_for_it_holds(periods: list[tuple[int | None, int | None]]) -> None:
    """
    And at most one description holds at a time, whatever the order of updates.
    """
    held: tuple[Validity, ...] = ()

    for number, (first, last) in enumerate(periods):
        held = descriptions.replace(held, Validity(first, last, ValidDescription(FORMAT, b"%d" % number)))

    for at in range(-1, 11):
        expected = [b"%d" % number for number, (first, last) in enumerate(periods) if _holds(first, last, at)][-1:]
        assert expected == [each.description.document for each in held if _holds(each.first, each.last, at)]
