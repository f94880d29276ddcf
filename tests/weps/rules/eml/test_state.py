"""States: what is kept, how it is stored, and that it stays small."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.weps.rules.eml.build import (
    COUNT,
    EVENT,
    above,
    eml,
    every,
    joined,
    length,
    message,
    of,
    repetitive,
    select,
    simple,
    time,
    timer,
    user_view,
)
from tests.weps.rules.making import NOON, level, minute
from weps.errors import RuleError, StateError
from weps.rules.eml import compile_eml
from weps.rules.operators import view, weight
from weps.rules.state import NEVER, after

LOW = simple("low", select(EVENT, "low_event"), length(1), above(1))
HIGH = simple("high", select(EVENT, "high_event"), length(1), above(10))
CROSSING = eml(LOW, HIGH, joined("cross", "BEFORE", "low", "high", select(message("up"), "", "out"), "PT1H"))


def stored_after(document: str, *values: Any, **members: Any) -> Any:
    """Give the stored state after values at minutes 0, 1, 2 …"""
    rule = compile_eml(document)
    state = rule.start(NOON)
    for number, value in enumerate(values):
        state, _ = rule.step(state, level(number, value, **members))
    return rule.dump(state)


def test_state_is_plain_json_with_its_version() -> None:
    """
    A state is what JSON can hold without NaN; it says of which version it is.
    """
    stored = stored_after(CROSSING, 5, float("nan"))

    assert json.loads(json.dumps(stored, allow_nan=False)) == stored
    assert stored["version"] == 1
    assert stored["clock"] == int(minute(1).timestamp()) * 1_000_000


def test_loaded_state_equals_the_one_dumped() -> None:
    """
    What is loaded is the state that was stored; another state of the same rule is not.
    """
    rule = compile_eml(CROSSING)
    state, _ = rule.step(rule.start(NOON), level(1, 5))

    again = rule.load(rule.dump(state))

    assert again == state
    assert rule.start(NOON) != state


def test_observation_that_is_kept_keeps_all_its_members() -> None:
    """
    A held event comes back with unit, times, geometry and identifiers.
    """
    rule = compile_eml(CROSSING)
    whole = level(
        0, 5, uom="cm", phenomenon_time_end=minute(1), result_time=minute(2), offering="o", identifier="i",
        geometry={"type": "Point", "coordinates": [7, 51]},
    )  # fmt: skip
    state, _ = rule.step(rule.start(NOON), whole)

    again = rule.load(json.loads(json.dumps(rule.dump(state))))

    assert again.boxes[4].first.body == whole


@pytest.mark.parametrize(
    "change", [{"version": 2}, {"version": None}, {"operators": {}}], ids=["newer", "none", "another-rule"]
)
def test_state_of_something_else_is_refused(change: dict[str, Any]) -> None:
    """
    A state of an unknown version, or of another rule, is not taken for one of this rule.
    """
    stored = stored_after(CROSSING, 5) | change

    with pytest.raises(StateError):
        compile_eml(CROSSING).load(stored)


@pytest.mark.parametrize(
    ("document", "most"),
    [
        (CROSSING, 1_000),
        (eml(simple("p", select(of("SelectAvg"), "", "out"))), 500),
        (eml(simple("p", select(of("SelectMax"), "", "out"))), 500),
        (eml(simple("p", select(COUNT, "", "out"), length(5))), 2_500),
        (eml(simple("p", select(EVENT, "", "out"), time("P1D"))), 300),
        (eml(simple("p", select(of("SelectSum"), "s_event"), length(3)),
             simple("q", select(of("SelectSum", "s_event/value"), "", "out"), length(3), name="s_event")), 3_000),
        (eml(LOW, joined("c", "AND_NOT", "low", "low", select(message("x"), "", "out"))), 300),
    ],
    ids=["join", "running-mean", "running-max", "length", "passing-on", "chained", "within-trigger"],
)  # fmt: skip
def test_state_stays_small(document: str, most: int) -> None:
    """
    A thousand observations leave no more than what the views and joins hold.
    """
    stored = stored_after(document, *(number % 7 for number in range(1000)))

    assert len(json.dumps(stored)) < most


def test_view_refuses_to_grow_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    A view by time that would hold more events than a state can be stored with says so.
    """
    monkeypatch.setattr(view, "MAX_EVENTS", 3)
    document = eml(simple("p", select(COUNT, "", "out"), time("P1D")))

    with pytest.raises(RuleError, match=r"p\.view would hold more than 3 events"):
        stored_after(document, 1, 2, 3, 4)


@pytest.mark.parametrize(
    ("document", "who"),
    [
        (eml(simple("p", select(COUNT, "", "out"), time("P1D"))), "the view p.view"),
        (eml(simple("p", select(COUNT, "", "out"), length(50))), "the view p.view"),
        (eml(simple("p", select(COUNT, "", "out"), time("P1D", batch=True))), "the view p.view"),
        (eml(simple("p", select(EVENT, "e")), repetitive("r", 50, "p", select(COUNT, "", "out"))), "the pattern r"),
    ],
    ids=["time", "length", "batch", "repetitive"],
)
def test_view_refuses_to_hold_too_many_bytes(monkeypatch: pytest.MonkeyPatch, document: str, who: str) -> None:
    """
    A few events may be too much when they are long; the limit is that of what is held, not of what came.
    """
    monkeypatch.setattr(weight, "MAX_BYTES", 2 * 1024 * 1024)
    half = "x" * 1024 * 1024

    few = stored_after(document, half)
    with pytest.raises(RuleError, match=rf"{who}.* would hold more than 2 MB of events; choose a shorter one"):
        stored_after(document, half, half, half, half)

    assert len(json.dumps(few)) > 1024 * 1024


def test_view_may_take_any_number_of_bytes_in_the_course_of_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    What has left it counts no more, also after the state was stored.
    """
    monkeypatch.setattr(weight, "MAX_BYTES", 2 * 1024 * 1024)
    rule = compile_eml(eml(simple("p", select(COUNT, "", "out"), length(1))))
    state = rule.start(NOON)

    for number in range(6):
        state, found = rule.step(state, level(number, "x" * 1024 * 1024))
        state = rule.load(rule.dump(state))

    assert [1] == [one.value for one in found]


def test_long_histories_weigh(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    A view of aggregates keeps the ids of all that contributed to each of them.
    """
    monkeypatch.setattr(weight, "MAX_BYTES", 300_000)
    document = eml(
        simple("p", select(of("SelectSum"), "s_event"), length(1000)),
        simple("q", select(COUNT, "", "out"), length(1000), name="s_event"),
    )

    with pytest.raises(RuleError, match=r"the view q\.view would hold more than 0 MB"):
        stored_after(document, *range(500))


def test_duration_beyond_the_calendar_never_ends() -> None:
    """
    What would be due after the last day that there is, is due never.
    """
    late = datetime(9999, 12, 31, tzinfo=UTC)

    due = after(late, minute(5000) - NOON)

    assert due == NEVER


def test_clock_moves_only_forward() -> None:
    """
    A tick of the past changes nothing.
    """
    rule = compile_eml(eml(timer("t", every("PT10M"), select(message("x"), "", "out"))))
    state, first = rule.tick(rule.start(NOON), minute(10))

    state, second = rule.tick(state, minute(5))

    assert (len(first), second, state.clock) == (1, (), minute(10))


def test_clock_may_reach_the_end_of_the_calendar() -> None:
    """
    At the last instant that there is, timers stop instead of being due again and again.
    """
    view = user_view("TimeBatchWithParameter", Duration="P300000D", isStartEager="true")
    document = eml(
        simple("p", select(COUNT, "", "out"), view), timer("t", every("P1000000D"), select(message("x"), "", "out"))
    )
    rule = compile_eml(document)

    _, found = rule.tick(rule.start(NOON), NEVER)

    years = {name: [one.time.year for one in found if one.pattern == name] for name in ("p", "t")}
    assert years == {"p": [2845, 3667, 4488, 5309, 6131, 6952, 7773, 8595, 9416], "t": [4762, 7500]}
