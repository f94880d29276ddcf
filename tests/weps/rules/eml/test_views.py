"""Views and the evaluations that they cause."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.weps.rules.eml.build import (
    COUNT,
    EVENT,
    above,
    eml,
    every,
    length,
    of,
    select,
    simple,
    time,
    time_length,
    timer,
    user,
    user_view,
    view_count,
)  # fmt: skip
from tests.weps.rules.making import level

if TYPE_CHECKING:
    from collections.abc import Callable

AVERAGE, SUM = of("SelectAvg"), of("SelectSum")


def values(text: str) -> list[Any]:
    """Read `10@1 20@5` as the levels 10 at minute 1 and 20 at minute 5; `x` is a missing value."""
    pairs = (word.split("@") for word in text.split())
    return [level(float(at), None if value == "x" else float(value), id=f"o{at}") for value, at in pairs]


TABLE = [
    ("sliding time", time("PT10M"), AVERAGE, "10@1 20@5 30@11", [(1, 10), (5, 15), (11, 20), (11, 25), (15, 30)]),
    ("batch of time", time("PT10M", True), SUM, "10@3 20@5 30@13 5@47", [(13, 30), (23, 30), (53, 5)]),
    ("count of batches", time("PT10M", True), COUNT, "10@3 20@5 30@13 5@47",
     [(13, 2), (23, 1), (33, 0), (53, 1), (63, 0)]),
    ("event at the border of a batch", time("PT10M", True), COUNT, "1@0 1@10", [(10, 1), (20, 1), (30, 0)]),
    ("batch of time and length", time_length("PT10M", 3, True), SUM, "1@1 2@2 3@3 4@8", [(3, 6), (13, 4)]),
    ("count of time and length", time_length("PT10M", 2, True), COUNT, "1@1 1@2 1@40",
     [(2, 2), (12, 0), (50, 1), (60, 0)]),
    ("sliding time and length", time_length("PT10M", 2), SUM, "1@1 2@2 3@3", [(1, 1), (2, 3), (3, 5), (12, 3)]),
    ("stale timer of time and length", time_length("PT10M", 1), COUNT, "1@1 2@5", [(1, 1), (5, 1), (15, 0)]),
    ("length", length(2), SUM, "1@1 2@2 3@3", [(1, 1), (2, 3), (3, 5)]),
    ("batch of length", length(2, True), SUM, "1@1 2@2 3@3 4@4 5@5", [(2, 3), (4, 7)]),
    ("all", "<AllView/>", SUM, "1@1 2@2 3@3", [(1, 1), (2, 3), (3, 6)]),
    ("none given", "", of("SelectMax"), "1@1 3@2 2@3", [(1, 1), (2, 3), (3, 3)]),
    ("eager and forced", user_view("TimeBatchWithParameter", Duration="PT10M", isStartEager="true"), COUNT, "1@12",
     [(10, 0), (20, 1), (30, 0), (40, 0), (50, 0), (60, 0)]),
    ("forced", user_view("TimeBatchWithParameter", Duration="PT20M", isForceUpdates="true"), COUNT, "1@5",
     [(25, 1), (45, 0)]),
    ("neither", user_view("TimeBatchWithParameter", Duration="PT20M"), COUNT, "1@5", [(25, 1), (45, 0)]),
    ("last of a batch", user_view("SelectLast", type="length", Duration="2", isBatch="true"),
     of("SelectProperty"), "1@1 2@2 3@3", [(2, 2)]),
    ("last of a batch of time", user_view("SelectLast", type="time", Duration="PT5M", isBatch="true"),
     of("SelectProperty"), "1@1 2@2", [(6, 2)]),
    ("aggregate of a last view", user_view("SelectLast", type="length", Duration="2", isBatch="true"), SUM,
     "1@1 2@2", [(2, 3)]),
    ("every one of a batch", length(2, True), of("SelectProperty"), "1@1 2@2 3@3", [(2, 1), (2, 2)]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("view", "function", "inputs", "expected"), [one[1:] for one in TABLE], ids=[one[0] for one in TABLE]
)
def test_view_is_evaluated(
    told: Callable[..., Any], view: str, function: str, inputs: str, expected: list[Any]
) -> None:
    """
    A view evaluates as events enter and leave, half open in time; batches when they are full or their time is over.
    """
    document = eml(simple("p", select(function, "", "out"), view))

    found = told(document, values(inputs), end=63)

    assert found == [pytest.approx(one) for one in expected]


def test_guard_takes_part_but_not_place(told: Callable[..., Any]) -> None:
    """
    Events that fail the guard keep their place in the view, and a change of such events alone is no evaluation.
    """
    document = eml(simple("p", select(AVERAGE, "", "out"), length(3), above(2)))

    found = told(document, values("1@1 3@2 5@3 1@4 1@5"))

    assert found == [(2, 3), (3, 4), (5, 5)]


def test_forced_batch_without_events_is_no_evaluation_behind_a_guard(told: Callable[..., Any]) -> None:
    """
    With a guard, at least one event that entered or left must pass: an empty batch after an empty one is silent.
    """
    view = user_view("TimeBatchWithParameter", Duration="PT10M", isStartEager="true", isForceUpdates="true")
    document = eml(simple("p", select(COUNT, "", "out"), view, above(2)))

    found = told(document, values("5@5 1@25"), end=50)

    assert found == [(10, 1), (20, 0)]


def test_events_that_entered_together_leave_together(told: Callable[..., Any]) -> None:
    """
    Two events of one instant leave in one change: no mean of the second alone in between.
    """
    document = eml(simple("p", select(AVERAGE, "", "out"), time("PT10M")))

    found = told(document, values("10@1 30@1 50@5"), end=20)

    assert found == [(1, 10), (1, 20), (5, 30), (11, 50)]


@pytest.mark.parametrize(
    ("view", "expected"),
    [(length(2), [(1, 1)]), (time("PT5M"), [(1, 1), (20, 4)]), ("<AllView/>", [(1, 1)])],
    ids=["length", "time", "all"],
)
def test_view_count_compares_the_size_of_the_view(told: Callable[..., Any], view: str, expected: list[Any]) -> None:
    """
    VIEW_COUNT = 1 passes an event that is alone in the view.
    """
    document = eml(simple("p", select(of("SelectProperty"), "", "out"), view, view_count(1)))

    found = told(document, values("1@1 2@2 3@3 4@20"))

    assert found == expected


def test_view_count_lets_aggregates_fire_as_events_leave(told: Callable[..., Any]) -> None:
    """
    The size that the guard asks for may be reached from above as well.
    """
    document = eml(simple("p", select(SUM, "", "out"), time("PT5M"), view_count(1)))

    found = told(document, values("1@1 2@2"), end=20)

    assert found == [(1, 1), (6, 2)]


def test_late_observation_enters_at_the_clock(told: Callable[..., Any]) -> None:
    """
    What comes late is taken as happening now, and what nobody wants moves the clock as well.
    """
    document = eml(simple("p", select(COUNT, "", "out"), time("PT10M"), where={"procedure": "gauge-1"}))
    other = level(8, 1, procedure="gauge-2")

    found = told(document, [level(1, 1), other, level(2, 1)], end=30)

    assert found == [(1, 1), (8, 2), (11, 1), (18, 0)]


def test_several_select_functions_fire_in_document_order(told: Callable[..., Any]) -> None:
    """
    On a change each function fires in turn: a batch gives all values, then the sum, then all values again.
    """
    value = of("SelectProperty")
    selects = (select(value, "x", "x"), select(SUM, "y", "y"), select(value, "z", "z"))
    document = eml(simple("p", selects, length(2, True)))

    found = told(document, values("1@1 2@2"))

    assert found == [(2, 1), (2, 2), (2, 3), (2, 1), (2, 2)]


def test_causes_of_an_aggregate_are_the_events_that_pass(caused: Callable[..., Any]) -> None:
    """
    An aggregate lists all events of the view that pass the guard; over all events only the one that triggers it.
    """
    sliding = simple("s", select(SUM, "", "s"), length(3), above(2))
    running = simple("r", select(SUM, "", "r"))

    found = caused(eml(sliding, running), values("3@1 1@2 4@3"))

    assert found == [(1, ("o1",)), (1, ("o1",)), (2, ("o2",)), (3, ("o1", "o3")), (3, ("o3",))]


def test_first_is_the_oldest_that_passes(told: Callable[..., Any]) -> None:
    """
    SelectFirst gives the value of the oldest event of the view, and nothing where that has none.
    """
    first = user("SelectFirst", propertyName="input/doubleValue")
    document = eml(simple("p", select(first, "", "out"), length(2)))

    found = told(document, values("1@1 2@2 x@3 4@4 5@5"))

    assert found == [(1, 1), (2, 1), (3, 2), (5, 4)]


def test_ticks_are_events_with_views_of_their_own(told: Callable[..., Any]) -> None:
    """
    A view of a timer pattern holds ticks.
    """
    document = eml(timer("t", every("PT10M"), select(COUNT, "", "out"), length(2)))

    found = told(document, [], end=35)

    assert found == [(10, 1), (20, 2), (30, 2)]


def test_events_enter_several_patterns(told: Callable[..., Any]) -> None:
    """
    One observation reaches every pattern that takes it, in document order.
    """
    first, second = simple("a", select(EVENT, "", "a")), simple("b", select(COUNT, "", "b"))

    found = told(eml(first, second), values("7@1"))

    assert found == [(1, 7), (1, 1)]
