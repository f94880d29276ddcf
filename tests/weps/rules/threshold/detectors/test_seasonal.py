"""Values that are unusual for their hour."""

from __future__ import annotations

import statistics

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.weps.rules.making import compiled, level, minute, threshold
from weps.rules.threshold.detectors.score import Judge
from weps.rules.threshold.detectors.seasonal import MOST_PER_HOUR, Seasonal

HOUR, DAY = 60, 24 * 60


def seasonal(bound: float = 3, **of):
    return compiled(threshold(of={"function": "seasonal", **of}, threshold=bound))


def days(hour: int, *values: float, first: int = 0):
    return [level((first + day) * DAY + hour * HOUR, value) for day, value in enumerate(values)]


def test_a_value_is_compared_with_the_same_hour_of_past_days(play):
    """
    Nine at night is unusual where three is usual, and usual where nine is.
    """
    stream = sorted([*days(0, 9, 8, 10, 9, 9), *days(9, 3, 2, 4, 3, 9, 3)])

    found = play(seasonal(), stream)

    assert [("firing", minute(4 * DAY + 9 * HOUR)), ("resolved", minute(5 * DAY + 9 * HOUR))] == [
        (one.event, one.time) for one in found
    ]
    assert "firing: Level at river is 8.0938891 deviations from what is usual at this hour" == found[0].message


def test_an_hour_without_enough_past_days_tells_nothing(play):
    """
    Three days are needed where nothing else is said.
    """
    assert [] == play(seasonal(), days(0, 1, 2, 99))
    assert [minute(3 * DAY)] == [one.time for one in play(seasonal(), days(0, 1, 2, 3, 99))]


def test_days_that_are_too_long_ago_do_not_count(play):
    """
    With two days, the third day before is forgotten.
    """
    rule = seasonal(4, days=2, minCount=1, scale="absolute")

    found = play(rule, days(0, 1, 1, 9, 9, 9))

    assert [("firing", minute(2 * DAY), 8), ("resolved", minute(3 * DAY), 4)] == [
        (one.event, one.time, one.value) for one in found
    ]


def test_a_late_observation_is_compared_with_the_days_before_its_own(play):
    """
    And belongs to the past of those that follow; at the newest time. Long before all days it changes nothing.
    """
    rule = seasonal(4, days=3, minCount=2, scale="absolute")
    stream = [*days(0, 1, 1), *days(0, 1, first=3), *days(0, 9, first=2), *days(0, 99, first=-1)]

    found = play(rule, stream)

    assert [("firing", minute(3 * DAY), 8, (f"o{2 * DAY:g}",))] == [
        (one.event, one.time, one.value, one.lineage) for one in found
    ]


def test_what_is_kept_of_an_hour_is_bounded_and_spread_over_it():
    """
    Of many observations every second, fourth … one is kept.
    """
    source = Seasonal()
    state = source.start()

    for second in range(3600):
        state, _ = source.step(state, minute(second / 60), second, "")

    (kept,) = state.hours[12]
    assert [0, 512, 1024, 1536, 2048, 2560, 3072, 3584] == [*kept.values]


streams = st.lists(st.tuples(st.integers(0, 12), st.sampled_from([0, 1, 23]), st.integers(-9, 9)), max_size=40)


@settings(max_examples=150, deadline=None)
@given(streams, st.integers(1, 5), st.integers(1, 3), st.booleans(), st.booleans())
def test_habits_equal_a_model_that_computes_anew(stream, length, least, sort, stored):
    """
    Also for late observations and through stored state, as long as an hour has no more values than are kept.
    """
    source = Seasonal(length, least, Judge("up", "absolute"))
    state, kept, newest = source.start(), {}, (0, 0)

    for day, hour, value in sorted(stream) if sort else stream:
        time = (day, hour)
        if len(kept.get(time, [])) == MOST_PER_HOUR:
            continue
        # noon is where the days of these tests begin
        state, given_now = source.step(state, minute(day * DAY + hour * HOUR - 12 * HOUR), value, "")
        state = source.load(source.dump(state)) if stored else state
        newest = max(newest, time)
        if day < newest[0] - length:
            assert () == given_now
            continue
        past = [kept[before, hour] for before in range(newest[0] - length, day) if (before, hour) in kept]
        others = [seen for values in past for seen in values]
        kept.setdefault(time, []).append(value)
        expected = value - statistics.median(others) if len(past) >= least else None
        assert [expected] == [one.value for one in given_now]
