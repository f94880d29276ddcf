"""Properties: windows against a model that keeps everything, documents and streams at random, junk."""

from __future__ import annotations

import math
import statistics
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.weps.rules.eml.build import (
    COUNT,
    EVENT,
    eml,
    joined,
    length,
    message,
    of,
    select,
    simple,
    time,
    time_length,
    user,
)
from tests.weps.rules.eml.documents import documents, streams
from tests.weps.rules.making import NOON, level, minute, rain
from weps.errors import RuleError
from weps.rules.eml import compile_eml

if TYPE_CHECKING:
    from collections.abc import Callable

MODEST = settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
AGGREGATES = {
    "sum": (of("SelectSum"), lambda numbers: float(sum(Fraction(one) for one in numbers))),
    "mean": (of("SelectAvg"), lambda numbers: float(sum(Fraction(one) for one in numbers) / len(numbers))),
    "max": (of("SelectMax"), max),
    "min": (of("SelectMin"), min),
    "deviation": (
        user("SelectStdDev", propertyName="value"),
        lambda numbers: statistics.stdev(Fraction(one) for one in numbers) if len(numbers) > 1 else None,
    ),
    "count": (COUNT, len),
}
NUMBERS = st.one_of(st.integers(-5, 5), st.sampled_from([0.1, 0.2, 1e15, -1e15, 1e-9, 1e300]))
EVENTS = st.lists(st.tuples(st.integers(0, 40), NUMBERS), max_size=25).map(
    lambda found: sorted(found, key=lambda one: one[0])
)


def sliding_model(
    events: list[tuple[int, Any]], count: int | None, duration: int | None, end: int
) -> list[tuple[int, list[Any]]]:
    """Give the content of a sliding view after each change, the slow way: from all that ever came."""
    contents: list[tuple[int, list[Any]]] = []
    inside: list[tuple[int, Any]] = []
    for at in range(end + 1):
        if duration is not None and any(entered + duration == at for entered, _ in inside):
            inside = [one for one in inside if one[0] + duration != at]
            contents.append((at, [value for _, value in inside]))
        for entered, value in events:
            if entered == at:
                inside = [*inside, (entered, value)][-count if count else 0 :]
                contents.append((at, [value for _, value in inside]))
    return contents


def batch_model(events: list[tuple[int, Any]], duration: int, end: int) -> list[tuple[int, list[Any]]]:
    """Give the batches of a time, the slow way: by cutting the axis from the first event on."""
    if not events:
        return []
    contents, before = [], True
    for begin in range(events[0][0], end - duration + 1, duration):
        batch = [value for at, value in events if begin <= at < begin + duration]
        if batch or before:
            contents.append((begin + duration, batch))
        before = bool(batch)
    return contents


def evaluated(contents: list[tuple[int, list[Any]]], aggregate: str) -> list[tuple[int, Any]]:
    """Give what an aggregate makes of contents."""
    compute = AGGREGATES[aggregate][1]
    found = [(at, compute(numbers) if numbers or aggregate == "count" else None) for at, numbers in contents]
    return [(at, value) for at, value in found if value is not None]


@pytest.mark.parametrize("aggregate", AGGREGATES)
@given(events=EVENTS, count=st.integers(1, 5), duration=st.integers(1, 12), kind=st.sampled_from(["t", "l", "tl"]))
@MODEST
def test_sliding_views_are_what_a_model_says(
    told: Callable[..., Any], aggregate: str, events: list[Any], count: int, duration: int, kind: str
) -> None:
    """
    Sums, means, extremes, deviations and counts of sliding views equal exact ones over everything kept.
    """
    view = {"t": time(f"PT{duration}M"), "l": length(count), "tl": time_length(f"PT{duration}M", count)}[kind]
    document = eml(simple("p", select(AGGREGATES[aggregate][0], "", "out"), view))
    model = sliding_model(events, count if "l" in kind else None, duration if "t" in kind else None, 60)

    found = told(document, [level(at, value, id=str(n)) for n, (at, value) in enumerate(events)], end=60)

    assert found == [(at, pytest.approx(value, rel=1e-14, abs=0)) for at, value in evaluated(model, aggregate)]


@pytest.mark.parametrize("aggregate", AGGREGATES)
@given(events=EVENTS, duration=st.integers(1, 12))
@MODEST
def test_batches_are_what_a_model_says(
    told: Callable[..., Any], aggregate: str, events: list[Any], duration: int
) -> None:
    """
    Batches lie on a grid from the first event on; one empty batch is told after a filled one.
    """
    document = eml(simple("p", select(AGGREGATES[aggregate][0], "", "out"), time(f"PT{duration}M", True)))
    model = batch_model(events, duration, 60)

    found = told(document, [level(at, value, id=str(n)) for n, (at, value) in enumerate(events)], end=60)

    assert found == [(at, pytest.approx(value, rel=1e-14, abs=0)) for at, value in evaluated(model, aggregate)]


def pairs_before(events: list[tuple[int, str]], within: int | None) -> list[int]:
    """Give when `first, then second` matches, the slow way: search forward from each first event that is free."""
    found, place = [], 0
    while place < len(events):
        at, side = events[place]
        place += 1
        if side != "first":
            continue
        for later in range(place, len(events)):
            if within is not None and events[later][0] >= at + within:
                place = later
                break
            if events[later][1] == "second":
                found.append(events[later][0])
                place = later + 1
                break
        else:
            break
    return found


@given(
    events=st.lists(st.tuples(st.integers(0, 40), st.sampled_from(["first", "second"])), max_size=20),
    within=st.one_of(st.none(), st.integers(1, 15)),
)
@MODEST
def test_sequences_are_what_a_search_finds(
    told: Callable[..., Any], events: list[tuple[int, str]], within: int | None
) -> None:
    """
    BEFORE pairs the first free event with the next one of the other side that comes in time.
    """
    events.sort(key=lambda one: one[0])
    a = simple("a", select(EVENT, "a_event"), where={"observedProperty": "Level"})
    b = simple("b", select(EVENT, "b_event"), where={"observedProperty": "Rain"})
    listening = f"PT{within}M" if within else ""
    document = eml(a, b, joined("c", "BEFORE", "a", "b", select(message("hit"), "", "out"), listening))
    observations = [(level if side == "first" else rain)(at, 1, id=str(n)) for n, (at, side) in enumerate(events)]

    found = told(document, observations)

    assert [at for at, _ in found] == pairs_before(events, within)


@given(document=documents(), observations=streams())
@settings(MODEST, max_examples=80)
def test_valid_rules_run_alike_however_they_are_stored_and_split(
    play: Callable[..., Any], document: str, observations: list[Any]
) -> None:
    """
    Any valid document compiles, and gives the same whether its state is stored in between or not.
    """
    rule = compile_eml(document)

    found = play(rule, observations, minute(60), NOON)

    assert all(math.isfinite(one.value) for one in found if isinstance(one.value, float))
    assert [one.time for one in found] == sorted(one.time for one in found)


@given(document=documents(), data=st.data())
@settings(MODEST, max_examples=80)
def test_broken_documents_are_refused_with_lines(document: str, data: st.DataObject) -> None:
    """
    Whatever is cut out, doubled or put in, a document compiles or is refused with faults at its lines.
    """
    pieces = document.replace("<", "\0<").replace(">", ">\0").split("\0")
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(pieces) - 1))
        other = data.draw(st.sampled_from(pieces))
        change = data.draw(st.sampled_from(["cut", "double", "swap", "junk"]))
        pieces[place] = {"cut": "", "double": pieces[place] * 2, "swap": other}.get(
            change, data.draw(st.text(max_size=8))
        )
    broken = "".join(pieces)

    try:
        compile_eml(broken)
        faults = ()
    except RuleError as error:
        faults = error.faults
        assert faults

    assert all(0 <= fault.line <= broken.count("\n") + 2 and fault.message for fault in faults)


@given(junk=st.text(max_size=60))
@MODEST
def test_junk_is_refused(junk: str) -> None:
    """
    A text that is no EML is refused as a rule with faults.
    """
    with pytest.raises(RuleError) as caught:
        compile_eml(junk)

    assert caught.value.faults


@given(numbers=st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=30))
@MODEST
def test_any_numbers_are_summed_exactly(told: Callable[..., Any], numbers: list[float]) -> None:
    """
    The running sum of any floats is the exact one, rounded once; where that is too large nothing fires.
    """
    document = eml(simple("p", select(of("SelectSum"), "", "out")))
    exact = [sum(Fraction(one) for one in numbers[: place + 1]) for place in range(len(numbers))]
    expected = [(place, float(one)) for place, one in enumerate(exact) if abs(one) < Fraction(2) ** 1024 - 2**970]

    found = told(document, [level(place, number, id=str(place)) for place, number in enumerate(numbers)])

    assert found == expected
