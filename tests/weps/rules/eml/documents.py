"""Random EML documents that are valid, and random streams for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import strategies as st

from tests.weps.rules.eml.build import (
    COUNT,
    at,
    compare,
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
    time_length,
    timer,
    user,
    user_view,
    view_count,
)  # fmt: skip
from tests.weps.rules.making import level

if TYPE_CHECKING:
    from weps.model import Observation

DURATIONS = st.sampled_from(["PT1M", "PT3M", "PT5M30S", "PT10M", "P1M"])
COUNTS = st.integers(1, 4)

VIEWS = st.one_of(
    st.just(""),
    st.just("<AllView/>"),
    st.builds(length, COUNTS, st.booleans()),
    st.builds(time, DURATIONS, st.booleans()),
    st.builds(time_length, DURATIONS, COUNTS, st.booleans()),
    st.builds(
        lambda duration, eager, forced: user_view(
            "TimeBatchWithParameter", Duration=duration, isStartEager=eager, isForceUpdates=forced
        ),
        st.sampled_from(["PT5M", "PT7M"]),
        st.sampled_from(["true", "false"]),
        st.sampled_from(["true", "false"]),
    ),
    st.builds(
        lambda count, batch: user_view("SelectLast", type="length", Duration=str(count), isBatch=batch),
        COUNTS,
        st.sampled_from(["true", "false"]),
    ),
)


def guards(name: str) -> st.SearchStrategy[str]:
    """Guards on the value of an input."""
    number = st.integers(-2, 5)
    relation = st.sampled_from(["EqualTo", "NotEqualTo", "LessThan", "GreaterThanOrEqualTo"])
    reference = st.sampled_from([f"{name}/doubleValue", f"{name}/value", "value", f"{name}/stringValue"])
    compared = st.builds(compare, relation, reference, number)
    return st.one_of(
        st.just(""),
        compared,
        st.builds(view_count, st.integers(0, 3)),
        st.builds("<fes:And>{}{}</fes:And>".format, compared, compared),
        st.builds("<fes:Not>{}</fes:Not>".format, compared),
    )


def functions(names: list[str]) -> st.SearchStrategy[str]:
    """Select functions over inputs of these names."""
    reference = st.sampled_from([f"{name}/doubleValue" for name in names] + ["value"])
    kinds = st.sampled_from(["SelectProperty", "SelectSum", "SelectAvg", "SelectMax", "SelectMin"])
    users = st.sampled_from(["SelectStdDev", "SelectFirst", "GetAdditiveInverseValue"])
    return st.one_of(
        st.sampled_from([f'<SelectEvent eventName="{name}"/>' for name in names]),
        st.builds(of, kinds, reference),
        st.just(COUNT),
        st.builds(message, st.sampled_from(["low", "high"])),
        st.builds(lambda name, one: user(name, propertyName=one), users, reference),
        st.builds(
            lambda one, two: user("SelectDifference", firstReference=one, secondReference=two), reference, reference
        ),
    )


@st.composite
def documents(draw: st.DrawFn) -> str:
    """A document of up to seven patterns, each of which may take the events of those before it."""
    patterns: list[str] = []
    streams: list[str] = []
    for number in range(draw(st.integers(1, 7))):
        kind = draw(st.sampled_from(["simple", "simple", "joined", "joined", "timer", "repetitive"]))
        if kind in ("joined", "repetitive") and not streams:
            kind = "simple"
        name, event = f"p{number}", f"p{number}_event"
        inputs = ["input", *(f"{stream}_event" for stream in streams)] if kind == "simple" else streams
        first, second = (draw(st.sampled_from(inputs or ["none"])) for _ in range(2))
        names = (
            [first]
            if kind == "simple"
            else [f"{first}_event", f"{second}_event"]
            if kind == "joined"
            else [f"{first}_event"]
        )
        function = draw(functions(["value"] if kind == "timer" else names)).replace("value/", "")
        selects = select(function, event, draw(st.sampled_from([f"{name}_out", None])))
        if kind == "simple":
            where = draw(st.sampled_from([{}, {}, {"procedure": "gauge-1"}, {"value": "2"}]))
            patterns.append(simple(name, selects, draw(VIEWS), draw(guards(first)), where, first))
        elif kind == "joined":
            operator = draw(st.sampled_from(["BEFORE", "AND", "AND_NOT", "OR", "CAUSE", "PARALLEL"]))
            within = draw(st.sampled_from(["", "PT4M"]))
            guard = draw(guards(f"{first}_event"))
            patterns.append(joined(name, operator, first, second, selects, within, guard, draw(VIEWS)))
        elif kind == "timer":
            patterns.append(
                timer(name, draw(st.sampled_from([every("PT4M"), at(Minute=5), at(Second=30)])), selects, draw(VIEWS))
            )
        else:
            patterns.append(repetitive(name, draw(COUNTS), first, selects))
        streams.append(name)
    return eml(*patterns)


@st.composite
def streams(draw: st.DrawFn) -> list[Observation]:
    """Up to fifteen observations, some at equal times, some late, some of another sensor, some without value."""
    observations = []
    for number in range(draw(st.integers(0, 15))):
        value = draw(st.one_of(st.integers(-3, 6), st.sampled_from([None, 0.1, 2.5, "2", "text", float("nan"), True])))
        minutes = draw(st.integers(0, 25)) / 2 + number
        procedure = draw(st.sampled_from(["gauge-1", "gauge-1", "gauge-2"]))
        observations.append(level(minutes, value, id=f"o{number}", procedure=procedure))
    return observations
