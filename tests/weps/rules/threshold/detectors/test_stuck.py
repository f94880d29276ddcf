"""Sensors that stick."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.weps.rules.making import compiled, level, levels, minute
from weps.rules.threshold.detectors.stuck import Unchanged

STUCK = {"type": "stuck", "observedProperty": "Level", "after": "PT3M"}


def told(found):
    return [(one.event, one.time) for one in found]


def test_a_value_that_does_not_change_is_told_once_and_its_change_ends_it(play):
    """
    Three minutes after the first of the equal values, and again when another value comes.
    """
    found = play(compiled(STUCK), levels(1, 2, 2, 2, 2, 2, 3))

    assert [("firing", minute(4)), ("resolved", minute(6))] == told(found)
    assert (180.0, ("o1", "o4"), ("greaterThanOrEqual", (180.0,), "s")) == (
        found[0].value,
        found[0].lineage,
        (found[0].comparison.condition, found[0].comparison.bounds, found[0].comparison.uom),
    )
    assert "firing: Level at river has not changed for PT3M" == found[0].message


def test_a_tolerance_is_counted_from_the_first_value(play):
    """
    A slow rise leaves the tolerance in the end, though no step of it is large; the unit of the rule holds for it.
    """
    rule = STUCK | {"tolerance": 5, "uom": "cm"}

    assert [("firing", minute(3))] == told(play(compiled(rule), levels(1.0, 1.05, 0.95, 1.02)))
    assert [] == told(play(compiled(rule), levels(1.0, 1.03, 1.06, 1.09, 1.12)))


def test_a_gap_alone_is_no_rest(play):
    """
    Two equal values are not enough, however long the time between them; missing observations end nothing.
    """
    found = play(compiled(STUCK), [level(0, 1), level(90, 1), level(180, 1)])

    assert [("firing", minute(180))] == told(found)


def test_late_and_repeated_observations_do_no_harm(play):
    """
    An older observation changes nothing, one of the same time counts.
    """
    found = play(compiled(STUCK), [level(0, 1), level(2, 1), level(1, 9), level(2, 1), level(3, 1)])

    assert [("firing", minute(3))] == told(found)


def test_each_series_sticks_by_itself(play):
    """
    The rest of one sensor is not ended by the values of another.
    """
    other = [level(number + 0.5, number, procedure="gauge-2") for number in range(4)]

    found = play(compiled(STUCK), sorted([*levels(1, 1, 1, 1), *other]))

    assert [("firing", minute(3))] == told(found)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 3)), max_size=30), st.integers(0, 2), st.integers(1, 4))
def test_rests_equal_a_model_that_looks_back(stream, tolerance, least):
    """
    Cutting the stream into rests from its start gives the same seconds, also through stored state.
    """
    source = Unchanged(tolerance, least)
    state, kept = source.start(), []

    for number, (time, value) in enumerate(stream):
        state, given_now = source.step(state, minute(time), value, str(number))
        state = source.load(source.dump(state))
        if kept and time < max(at for at, _ in kept):
            assert () == given_now
            continue
        kept.append((time, value))
        first = 0
        for place, (_, seen) in enumerate(kept):
            first = place if abs(seen - kept[first][1]) > tolerance else first
        seconds = (time - kept[first][0]) * 60 if len(kept) - first >= least else None
        assert [(minute(time), seconds)] == [one[:2] for one in given_now]
