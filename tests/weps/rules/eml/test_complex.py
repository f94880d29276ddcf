"""Complex patterns: the operators, listening durations, guards on matches, causality."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.weps.rules.eml.build import EVENT, above, compare, eml, joined, message, of, select, simple, user
from tests.weps.rules.making import level, rain

if TYPE_CHECKING:
    from collections.abc import Callable

A = simple("a", select(EVENT, "a_event"), where={"observedProperty": "Level"})
B = simple("b", select(EVENT, "b_event"), where={"observedProperty": "Rain"})
HIT = select(message("hit"), "", "out")


def stream(text: str) -> list[Any]:
    """Read `A1 B3` as a level at minute 1 and rain at minute 3."""
    return [(level if word[0] == "A" else rain)(float(word[1:]), float(word[1:])) for word in text.split()]


GLANCE = [
    ("BEFORE", "", "A1 B3", [(3, ("o1", "r3"))]),
    ("BEFORE", "", "B1 A3", []),
    ("BEFORE", "", "A1 A2 B3 B4", [(3, ("o1", "r3"))]),
    ("BEFORE", "", "A1 B11", [(11, ("o1", "r11"))]),
    ("BEFORE", "PT10M", "A1 B3", [(3, ("o1", "r3"))]),
    ("BEFORE", "PT10M", "A1 B11", []),
    ("BEFORE", "PT10M", "A9 B11", [(11, ("o9", "r11"))]),
    ("BEFORE", "PT10M", "A1 A5 B12", []),
    ("BEFORE", "PT10M", "A1 B3 A4 B13.9", [(3, ("o1", "r3")), (13.9, ("o4", "r13.9"))]),
    ("AND", "", "A1 B3", [(3, ("o1", "r3"))]),
    ("AND", "", "B1 A3", [(3, ("o3", "r1"))]),
    ("AND", "", "A1 A2 B3 B4 A5", [(3, ("o1", "r3")), (5, ("o5", "r4"))]),
    ("AND", "PT10M", "A1 B11 A12", [(12, ("o12", "r11"))]),
    ("OR", "", "A1 A2 B3 B4", [(1, ("o1",)), (2, ("o2",)), (3, ("r3",)), (4, ("r4",))]),
    ("OR", "PT1M", "A1 B11", [(1, ("o1",)), (11, ("r11",))]),
    ("AND_NOT", "", "A1 B3", [(1, ("o1",))]),
    ("AND_NOT", "PT10M", "A1 B3", []),
    ("AND_NOT", "PT10M", "B1 A3", []),
    ("AND_NOT", "PT10M", "A1", [(11, ("o1",))]),
    ("AND_NOT", "PT10M", "A1 B11", [(11, ("o1",))]),
    ("AND_NOT", "PT10M", "A1 A2 A3", [(11, ("o1",))]),
    ("AND_NOT", "PT10M", "B1 B5 A11", [(21, ("o11",))]),
    ("AND_NOT", "PT10M", "A1 B2 A3", [(13, ("o3",))]),
    ("CAUSE", "", "A1 B3", []),
    ("PARALLEL", "", "A1 B3", [(3, ("o1", "r3"))]),
]


@pytest.mark.parametrize(
    ("operator", "within", "inputs", "expected"), GLANCE, ids=[f"{one[0]}-{one[1]}-{one[2]}" for one in GLANCE]
)
def test_operators_match_as_their_table_says(
    caused: Callable[..., Any], operator: str, within: str, inputs: str, expected: list[Any]
) -> None:
    """
    Each operator pairs the first events that it holds, and a listening duration ends half open.
    """
    document = eml(A, B, joined("c", operator, "a", "b", HIT, within))

    found = caused(document, stream(inputs), end=40)

    assert found == expected


@pytest.mark.parametrize(
    ("operator", "expected"),
    [
        ("BEFORE", [(2, ("o1", "o2")), (4, ("o3", "o4"))]),
        ("AND", [(1, ("o1",)), (2, ("o2",)), (3, ("o3",)), (4, ("o4",))]),
        ("OR", [(1, ("o1",)), (2, ("o2",)), (3, ("o3",)), (4, ("o4",))]),
        ("AND_NOT", []),
        ("CAUSE", [(1, ("o1",)), (2, ("o2",)), (3, ("o3",)), (4, ("o4",))]),
        ("PARALLEL", []),
    ],
    ids=str,
)
def test_pattern_can_be_joined_with_itself(caused: Callable[..., Any], operator: str, expected: list[Any]) -> None:
    """
    A self-join of BEFORE takes events in pairs; of AND, OR and CAUSE each event is a match of its own.
    """
    document = eml(A, joined("c", operator, "a", "a", HIT))

    found = caused(document, stream("A1 A2 A3 A4"))

    assert found == expected


def test_events_of_one_observation_are_not_before_each_other(caused: Callable[..., Any]) -> None:
    """
    BEFORE needs a second event of a later trigger: an observation that fulfils both sides opens the wait only.
    """
    low = simple("low", select(EVENT, "low_event"), guard=above(1))
    high = simple("high", select(EVENT, "high_event"), guard=above(2))
    document = eml(low, high, joined("c", "BEFORE", "low", "high", HIT))

    found = caused(document, [level(1, 5), level(2, 5)])

    assert found == [(2, ("o1", "o2"))]


def test_match_that_fails_the_guard_is_used_up(told: Callable[..., Any]) -> None:
    """
    A guard behind the join does not give the events back: the third one opens the next pair.
    """
    difference = "<fes:Function name='sub'><fes:ValueReference>b_event/doubleValue</fes:ValueReference>"
    difference += "<fes:ValueReference>a_event/doubleValue</fes:ValueReference></fes:Function>"
    guard = f"<fes:PropertyIsGreaterThan>{difference}<fes:Literal>5</fes:Literal></fes:PropertyIsGreaterThan>"
    function = user("SelectDifference", firstReference="b_event/doubleValue", secondReference="a_event/doubleValue")
    document = eml(A, B, joined("c", "BEFORE", "a", "b", select(function, "", "out"), guard=guard))

    found = told(document, [level(1, 10), rain(2, 12), rain(3, 20), level(4, 10), rain(5, 16)])

    assert found == [(5, 6)]


@pytest.mark.parametrize(
    ("reference", "expected"),
    [("a_event/value", 1), ("b_event/value", 2), ("value", 2), ("b_event/nested/value", 2)],
    ids=["first", "second", "default-second", "nested"],
)
def test_reference_picks_the_side_of_a_match(told: Callable[..., Any], reference: str, expected: float) -> None:
    """
    The name before the slash selects the event; without one the second event is meant.
    """
    document = eml(A, B, joined("c", "BEFORE", "a", "b", select(of("SelectProperty", reference), "", "out")))

    found = told(document, [level(1, 1), rain(2, 2)])

    assert found == [(2, expected)]


def test_side_that_is_absent_gives_no_event(told: Callable[..., Any]) -> None:
    """
    SelectEvent of a side that the match does not have fires nothing; without a name the first event is meant then.
    """
    selects = (
        select('<SelectEvent eventName="b_event"/>', "second", "second"),
        select(of("SelectProperty", "value"), "any", "any"),
    )
    document = eml(A, B, joined("c", "OR", "a", "b", selects))

    found = told(document, [level(1, 1), rain(2, 2)])

    assert found == [(1, 1), (2, 2), (2, 2)]


def test_cause_holds_for_an_event_and_what_was_made_of_it(caused: Callable[..., Any]) -> None:
    """
    CAUSE matches when the first event led to the second, through any number of patterns.
    """
    high = simple("high", select(EVENT, "high_event"), guard=above(1, "a_event/value"), name="a_event")
    severe = simple("severe", select(EVENT, "severe_event"), guard=above(2, "high_event/value"), name="high_event")
    document = eml(A, high, severe, joined("c", "CAUSE", "a", "severe", HIT))

    found = caused(document, [level(1, 5)])

    assert found == [(1, ("o1",))]


def test_pair_without_cause_is_used_up(caused: Callable[..., Any]) -> None:
    """
    The held first event of an earlier observation did not cause the second one; the next observation starts afresh.
    """
    severe = simple("severe", select(EVENT, "severe_event"), guard=above(2, "a_event/value"), name="a_event")
    document = eml(A, severe, joined("c", "CAUSE", "a", "severe", HIT))

    found = caused(document, [level(1, 1), level(2, 5), level(3, 5)])

    assert found == [(3, ("o3",))]


def test_absence_within_one_trigger_sees_what_chaining_creates(told: Callable[..., Any]) -> None:
    """
    AND_NOT without duration decides at the end of the trigger, when all that an observation leads to is known.
    """
    extreme = simple("extreme", select(EVENT, "extreme_event"), guard=above(10, "a_event/value"), name="a_event")
    document = eml(A, extreme, joined("c", "AND_NOT", "a", "extreme", HIT))

    found = told(document, [level(1, 5), level(2, 15), level(3, 5)])

    assert found == [(1, "hit"), (3, "hit")]


def test_what_an_absence_creates_is_worked_off_in_the_same_trigger(told: Callable[..., Any]) -> None:
    """
    The event of an AND_NOT reaches its consumers with the clock and the observation of its trigger.
    """
    lone = joined("lone", "AND_NOT", "a", "b", select('<SelectEvent eventName="a_event"/>', "lone_event"))
    document = eml(A, B, lone, joined("again", "OR", "lone", "b", select(of("SelectProperty", "value"), "", "out")))

    found = told(document, [level(1, 5), rain(2, 7)])

    assert found == [(1, 5), (2, 7)]


def test_observation_completes_a_match_but_not_a_timer(detect: Callable[..., Any]) -> None:
    """
    A detection carries the observation of its trigger: the one that completed it, none where a timer did.
    """
    document = eml(A, B, joined("c", "BEFORE", "a", "b", HIT), joined("d", "AND_NOT", "a", "b", HIT, "PT10M"))
    second = rain(2, 2)

    found = detect(document, [level(1, 1), second, level(3, 1)], end=20)

    assert [one.observation for one in found] == [second, None]
    assert [one.lineage for one in found] == [("o1", "r2"), ("o3",)]


def test_causality_decides_only_what_is_reported(detect: Callable[..., Any]) -> None:
    """
    Without createCausality there are no causes, but the lineage is known all the same.
    """
    quiet = select(message("hit"), "", "out", createCausality="false")
    document = eml(A, B, joined("c", "AND", "a", "b", quiet))

    found = detect(document, [level(1, 1), rain(2, 2)])

    assert [(one.causes, one.lineage) for one in found] == [(None, ("o1", "r2"))]


def test_matches_are_counted_in_a_view(told: Callable[..., Any]) -> None:
    """
    The view of a complex pattern holds matches, so that SelectCount counts them; they leave one by one.
    """
    view = "<TimeView><Duration>PT5M</Duration></TimeView>"
    count = select("<SelectCount/>", "n_event")
    many = simple("many", select(of("SelectProperty", "n_event/value"), "", "out"), name="n_event",
                  guard=compare("GreaterThanOrEqualTo", "n_event/value", 2))  # fmt: skip
    document = eml(A, B, joined("n", "BEFORE", "a", "b", count, view=view), many)

    found = told(document, stream("A1 B2 A3 B4 A5 B6.5"), end=20)

    assert found == [(4, 2), (6.5, 3), (7, 2)]
