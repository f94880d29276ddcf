"""Events that a timer makes at the very end of an interval: intervals are half open for them as for observations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.weps.rules.eml.build import EVENT, eml, every, joined, message, select, simple, time, time_length, timer
from tests.weps.rules.making import level

if TYPE_CHECKING:
    from collections.abc import Callable

TICK = timer("tick", every("PT10M"), select(message("tick"), "tick_event"))
HIT = select(message("hit"), "", "out")


@pytest.mark.parametrize(
    ("operator", "expected"),
    [("BEFORE", []), ("AND", [(22, ("o22",))]), ("AND_NOT", [(20, ("o10",))])],
    ids=["BEFORE", "AND", "AND_NOT"],
)
def test_a_partner_exactly_at_the_end_of_the_listening_duration_is_too_late(
    caused: Callable[..., Any], operator: str, expected: list[Any]
) -> None:
    """
    The tick of 20 ends the duration that began at 10, though its timer was there first; it begins another (5.4, 5.6).
    """
    document = eml(
        simple("level", select(EVENT, "level_event")),
        timer("twenty", every("PT20M"), select(message("tick"), "tick_event")),
        joined("pair", operator, "level", "twenty", HIT, within="PT10M"),
    )

    found = caused(document, [level(10, 1), level(22, 2)], end=25)

    assert found == expected


def test_an_event_that_ends_its_own_listening_duration_begins_a_new_one(caused: Callable[..., Any]) -> None:
    """
    Ticks that are as far from each other as the duration never pair up (5.6).
    """
    document = eml(TICK, joined("pair", "BEFORE", "tick", "tick", HIT, within="PT10M"))

    found = caused(document, [], end=60)

    assert found == []


@pytest.mark.parametrize(
    "view",
    [time("PT10M", batch=True), time_length("PT10M", 3, batch=True)],
    ids=["time", "time-length"],
)
def test_an_event_exactly_at_a_flush_belongs_to_the_next_batch(told: Callable[..., Any], view: str) -> None:
    """
    Each batch of ten minutes holds the tick that began it, and not the one that comes with its flush (4.2).
    """
    document = eml(TICK, simple("count", select("<SelectCount/>", "", "out"), view, name="tick_event"))

    found = told(document, [], end=45)

    assert found == [(20, 1), (30, 1), (40, 1)]


@pytest.mark.parametrize("view", [time("PT10M"), time_length("PT10M", 3)], ids=["time", "time-length"])
def test_a_time_view_never_holds_what_entered_a_duration_ago(told: Callable[..., Any], view: str) -> None:
    """
    The view covers (t - 10 min, t], also when the next tick enters before the timer of the view runs (4.2, 2.2).
    """
    document = eml(TICK, simple("count", select("<SelectCount/>", "", "out"), view, name="tick_event"))

    found = told(document, [], end=35)

    assert found == [(10, 1), (20, 1), (20, 1), (30, 1), (30, 1)]
