"""Schedules: intervals and calendars."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weps.rules.operators.timer import At, Interval

NEW_YEAR = datetime(2024, 1, 1, tzinfo=UTC)


def some(least: int, most: int) -> st.SearchStrategy[int | None]:
    return st.one_of(st.none(), st.integers(least, most))


def fits(at: At, instant: datetime) -> bool:
    wanted = (at.second, at.minute, at.hour, at.day_of_week, at.day_of_month, at.month)
    fields = (instant.second, instant.minute, instant.hour, instant.isoweekday() % 7, instant.day, instant.month)
    return all(one is None or one == field for one, field in zip(wanted, fields, strict=True))


@given(
    at=st.builds(At, some(0, 59), some(0, 59), some(0, 23), some(0, 6), st.none(), st.none()),
    start=st.integers(0, 10**7),
)
@settings(max_examples=40, deadline=None)
def test_next_tick_is_the_first_second_that_fits(at: At, start: int) -> None:
    """
    Between an instant and its next tick no second fits; the last ten minutes are tried one by one.
    """
    now = NEW_YEAR + timedelta(seconds=start, microseconds=start % 1000)

    tick = at.next_tick(NEW_YEAR, now)

    assert tick > now
    assert fits(at, tick)
    between = ((tick - timedelta(seconds=one)).replace(microsecond=0) for one in range(1, 600))
    assert not any(fits(at, one) for one in between if one > now)


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (At(0, 0, 0, None, 29, 2), datetime(2024, 2, 29, tzinfo=UTC)),
        (At(0, 0, 0, 1, 29, 2), datetime(2044, 2, 29, tzinfo=UTC)),
        (At(0, 0, 0, None, 1, 1), datetime(2025, 1, 1, tzinfo=UTC)),
        (At(None, None, None, None, None, 3), datetime(2024, 3, 1, tzinfo=UTC)),
    ],
    ids=["leap-day", "leap-day-on-a-monday", "strictly-after", "any-second"],
)
def test_calendar_is_followed_over_years(at: At, expected: datetime) -> None:
    """
    A day that is rare is found, and the start itself is no tick.
    """
    tick = at.next_tick(NEW_YEAR, NEW_YEAR)

    assert tick == expected


def test_day_that_never_comes_is_known() -> None:
    """
    The 30th of February is in no calendar.
    """
    comes = At(day_of_month=30, month=2).ever()

    assert comes is False


def test_interval_keeps_to_the_activation() -> None:
    """
    Ticks stay on the grid of the activation, whenever one asks.
    """
    interval = Interval(timedelta(minutes=7))

    tick = interval.next_tick(NEW_YEAR, NEW_YEAR + timedelta(minutes=7))

    assert tick == NEW_YEAR + timedelta(minutes=14)
