"""Aggregates: numbers that come and go, exactly."""

from __future__ import annotations

import json
import statistics
from collections import deque
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weps.rules.operators.aggregate import Deviation, ExactSum, Maximum, Mean, Minimum, Sum

FLOATS = st.one_of(st.floats(allow_nan=False, allow_infinity=False), st.integers(-(10**20), 10**20))


def slide(aggregate: Sum | Mean | Deviation | Maximum | Minimum, numbers: list[float], size: int) -> list[float]:
    """Give the numbers of the last window after all have gone through it."""
    window: deque[float] = deque()
    for number in numbers:
        if len(window) == size:
            aggregate.remove(window.popleft())
        aggregate.add(number)
        window.append(number)
    return list(window)


@given(numbers=st.lists(FLOATS, min_size=1, max_size=40), size=st.integers(1, 10))
@settings(max_examples=60, deadline=None)
def test_sum_of_a_window_is_exact(numbers: list[float], size: int) -> None:
    """
    After any numbers have come and gone, what is left is the exact sum: nothing of those that left stays behind.
    """
    total = Sum()

    window = slide(total, numbers, size)

    assert Fraction(total.total, 1 << total.shift) == sum(Fraction(one) for one in window)


@given(numbers=st.lists(FLOATS, min_size=1, max_size=40), size=st.integers(1, 10))
@settings(max_examples=60, deadline=None)
def test_extremes_of_a_window_are_those_of_its_numbers(numbers: list[float], size: int) -> None:
    """
    The largest and the smallest are found without looking at the whole window.
    """
    largest, smallest = Maximum(), Minimum()

    window = slide(largest, numbers, size)
    slide(smallest, numbers, size)

    assert (largest.result(), smallest.result()) == (max(window), min(window))


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [
        ([0.1, 0.1, 0.1], 0.1),
        ([1, 2, 3, 4], 2.5),
        ([1e16, 1, -1e16], 1 / 3),
        ([1e308, 1e308], 1e308),
    ],
    ids=["tenths", "integers", "cancelling", "large"],
)
def test_mean_is_rounded_once(numbers: list[float], expected: float) -> None:
    """
    The mean is the true mean of the numbers as they are, rounded to the nearest float.
    """
    mean = Mean()

    slide(mean, numbers, 10)

    assert mean.result() == expected


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [
        ([5], None),
        ([0.1, 0.1, 0.1], 0.0),
        ([2, 4, 4, 4, 5, 5, 7, 9], statistics.stdev([2, 4, 4, 4, 5, 5, 7, 9])),
        ([1e9 + 4, 1e9 + 7, 1e9 + 13, 1e9 + 16], 30**0.5),
        ([0, 1e300], 1e300 / 2**0.5),
        ([0, 1e-300], 1e-300 / 2**0.5),
    ],
    ids=["one", "equal", "usual", "shifted", "huge", "tiny"],
)
def test_deviation_does_not_cancel(numbers: list[float], expected: float | None) -> None:
    """
    Equal numbers have no spread at all, and a spread far from zero or of any size is found.
    """
    deviation = Deviation()

    slide(deviation, numbers, 10)

    assert deviation.result() == (None if expected is None else pytest.approx(expected, rel=1e-14))


def test_sum_that_is_too_large_has_no_value_until_it_is_not() -> None:
    """
    A sum beyond the largest number is missing; it is known again when a number has left.
    """
    total = Sum()
    for _ in range(2):
        total.add(1.5e308)
    beyond = total.result()

    total.remove(1.5e308)

    assert (beyond, total.result()) == (None, 1.5e308)


@pytest.mark.parametrize("make", [Sum, Mean, Deviation, Maximum, Minimum])
def test_running_aggregate_is_stored_whole(make: type) -> None:
    """
    What is kept of all events survives as JSON.
    """
    kept, again = make(), make()
    for number in (1, 2.5, 1e-300, -7, 1e300):
        kept.add(number)

    again.load(json.loads(json.dumps(kept.dump(), allow_nan=False)))
    again.add(3)
    kept.add(3)

    assert again.result() == kept.result()


def test_scale_shrinks_when_all_have_left() -> None:
    """
    One tiny number does not make all later ones long for ever.
    """
    total = ExactSum()
    total.add(5e-324)

    total.remove(5e-324)

    assert (total.total, total.shift) == (0, 0)
