"""Simple, timer and repetitive patterns: restrictions, select functions, chaining, calendars, counting."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.weps.rules.eml.build import (
    COUNT,
    EVENT,
    above,
    at,
    eml,
    every,
    length,
    message,
    of,
    repetitive,
    select,
    simple,
    timer,
    user,
)  # fmt: skip
from tests.weps.rules.making import NOON, level, minute, rain
from weps.rules.eml import compile_eml

if TYPE_CHECKING:
    from collections.abc import Callable

OVER = simple("over", select(EVENT, "over_event"), length(1), above(100))


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ({}, [0, 1, 2, 3]),
        ({"observedProperty": "Level"}, [0, 1]),
        ({"input/observedProperty": "Level", "sensorID": "gauge-2"}, [1]),
        ({"procedure": "gauge-1", "featureOfInterest": "river"}, [0, 2, 3]),
        ({"foiID": "sea"}, []),
        ({"value": "5.0"}, [0]),
        ({"stringValue": "high"}, [1]),
        ({"doubleValue": "high"}, []),
        ({"uom": "mm"}, [2]),
        ({"Rain": "7"}, [2]),
        ({"procedure": "gauge-1", "value": "7"}, [2]),
    ],
    ids=str,
)
def test_restrictions_select_events(told: Callable[..., Any], where: dict[str, str], expected: list[int]) -> None:
    """
    All restrictions must hold: numbers are equal as numbers, else texts; a missing property is not equal.
    """
    observations = [level(0, 5), level(1, "high", procedure="gauge-2"), rain(2, 7), rain(3, None, uom="m")]
    document = eml(simple("p", select(message("x"), "", "out"), where=where))

    found = told(document, observations)

    assert [minutes for minutes, _ in found] == expected


@pytest.mark.parametrize(
    ("function", "values", "expected"),
    [
        (EVENT, [5, "x", None], [5, "x", None]),
        (EVENT, ["5"], [5]),
        (of("SelectProperty", "input/value"), [5, "x", None], [5, "x"]),
        (of("SelectProperty", "input/uom"), [5], ["m"]),
        (of("SelectProperty", "input/phenomenonTime"), [5], ["2024-05-01T12:00:00+00:00/2024-05-01T12:00:00+00:00"]),
        (message(" High  water "), [5], ["High  water"]),
        (user("GetAdditiveInverseValue", propertyName="input/value"), [5, "x", None, -1.5], [-5, "x", 1.5]),
        (user("SelectDifference", firstReference="input/value", secondReference="value"), [5, "x"], [0]),
        (of("SelectSum"), [1, None, 2, "3", "x"], [1, 1, 3, 6, 6]),
        (of("SelectAvg"), [1, None, 2], [1, 1, 1.5]),
        (of("SelectMax"), [None, 1, 3, 2], [1, 3, 3]),
        (of("SelectMin"), [None, 3, 1, 2], [3, 1, 1]),
        (COUNT, [None, 1, "x"], [1, 2, 3]),
        (user("SelectStdDev", propertyName="input/value"), [1, 3, None, 2], [2**0.5, 2**0.5, 1]),
        (user("SelectFirst", propertyName="input/value"), ["a", 2], ["a", "a"]),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_select_functions_give_values(
    told: Callable[..., Any], function: str, values: list[Any], expected: list[Any]
) -> None:
    """
    What each select function gives of all events so far; where there is nothing to give, nothing fires.
    """
    observations = [level(number, value) for number, value in enumerate(values)]

    found = told(eml(simple("p", select(function, "", "out"))), observations)

    assert [value for _, value in found] == pytest.approx(expected)


@pytest.mark.parametrize(
    ("event", "output", "expected"),
    [("e", "out", [("e", "out")]), ("e", None, []), ("", None, [(None, None)]), ("", "out", [(None, "out")])],
    ids=["both", "event-only", "neither", "output-only"],
)
def test_output_decides_what_is_detected(
    detect: Callable[..., Any], event: str, output: str | None, expected: list[Any]
) -> None:
    """
    An output makes detections, and so does an event without a name; a named event alone stays inside.
    """
    found = detect(eml(simple("p", select(EVENT, event, output))), [level(1, 1)])

    assert [(one.event, one.output) for one in found] == expected


def test_pattern_takes_the_events_of_another(told: Callable[..., Any]) -> None:
    """
    An input that is the name of a created event is that stream; the value is read under all its names.
    """
    mean = simple("mean", select(of("SelectAvg"), "mean_event"), length(2))
    high = simple("high", select(of("SelectProperty", "mean_event/doubleValue"), "", "out"), "",
                  above(20, "mean_event/value"), name="mean_event")  # fmt: skip

    found = told(eml(mean, high), [level(1, 10), level(2, 20), level(3, 40)])

    assert found == [(3, 30)]


def test_attribute_name_is_another_name_of_the_value(told: Callable[..., Any]) -> None:
    """
    EML 0.0.2: attributeName adds a name, ExternalInput and InternalInput replace the input's name.
    """
    document = f"""<EML xmlns="http://www.opengis.net/eml/0.0.2" xmlns:fes="http://www.opengis.net/fes/2.0">
      <SimplePatterns>
        <SimplePattern patternID="mean"><SelectFunctions>
          <SelectFunction newEventName="m" attributeName="mean">{of("SelectAvg", "input/value")}</SelectFunction>
        </SelectFunctions><PropertyRestrictions/><Input><ExternalInput>input</ExternalInput></Input></SimplePattern>
        <SimplePattern patternID="high"><SelectFunctions>
          <SelectFunction newEventName="h" outputName="out">{of("SelectProperty", "m/mean")}</SelectFunction>
        </SelectFunctions><Guard><fes:Filter>{above(2, "mean")}</fes:Filter></Guard><PropertyRestrictions/>
        <Input><InternalInput><PatternReference>mean</PatternReference>
          <SelectFunctionNumber>0</SelectFunctionNumber></InternalInput></Input></SimplePattern>
      </SimplePatterns><ComplexPatterns/><TimerPatterns/><RepetitivePatterns/></EML>"""

    found = told(document, [level(1, 1), level(2, 5)])

    assert found == [(2, 3)]


def test_selected_event_keeps_its_properties(told: Callable[..., Any]) -> None:
    """
    SelectEvent copies the event: consumers read its procedure and unit, and restrict it.
    """
    again = simple("again", select(of("SelectProperty", "over_event/uom"), "", "out"),
                   where={"over_event/procedure": "gauge-1"}, name="over_event")  # fmt: skip

    found = told(eml(OVER, again), [level(1, 150), level(2, 150, procedure="gauge-2")])

    assert found == [(1, "m")]


def test_derived_event_has_no_unit(told: Callable[..., Any]) -> None:
    """
    Of an aggregate there is a value and a time, nothing else.
    """
    total = simple("s", select(of("SelectSum"), "s_event"))
    guard = "<fes:PropertyIsNull><fes:ValueReference>s_event/uom</fes:ValueReference></fes:PropertyIsNull>"
    bare = simple("b", select(message("bare"), "", "out"), "", guard, name="s_event")

    found = told(eml(total, bare), [level(1, 150)])

    assert found == [(1, "bare")]


def test_every_nth_event_fires(caused: Callable[..., Any]) -> None:
    """
    A repetitive pattern fires at each third event, without overlap; all three are causes.
    """
    document = eml(OVER, repetitive("third", 3, "over", select(message("third"), "", "out")))

    found = caused(document, [level(number, 150) for number in range(1, 8)])

    assert found == [(3, ("o1", "o2", "o3")), (6, ("o4", "o5", "o6"))]


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        ('<SelectEvent eventName="over_event"/>', 130),
        (of("SelectProperty", "over_event/value"), 130),
        (of("SelectSum", "over_event/value"), 360),
        (of("SelectMin", "value"), 110),
        (COUNT, 3),
        (user("SelectFirst", propertyName="over_event/value"), 110),
    ],
    ids=["event", "property", "sum", "min", "count", "first"],
)
def test_repetitive_pattern_gives_the_nth_event_or_an_aggregate(
    told: Callable[..., Any], function: str, expected: float
) -> None:
    """
    SelectEvent gives the n-th event; aggregates run over all n.
    """
    document = eml(OVER, repetitive("third", 3, "over", select(function, "", "out")))

    found = told(document, [level(1, 110), level(2, 120), level(3, 130)])

    assert found == [(3, expected)]


def test_interval_ticks_from_the_activation(detect: Callable[..., Any]) -> None:
    """
    Ticks come at activation + k times the interval, at their own times however far the clock jumps.
    """
    document = eml(timer("t", every("PT15M"), select(of("SelectProperty", "value"), "", "out")))

    found = detect(document, [level(50, 1)], end=60)

    assert [one.time for one in found] == [minute(15), minute(30), minute(45), minute(60)]
    assert found[0].value == int(minute(15).timestamp() * 1000)
    assert [one.causes for one in found] == [(), (), (), ()]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"Minute": 30}, ["05-01T12:30:00", "05-01T13:30:00", "05-01T14:30:00"]),
        ({"Minute": 30, "Hour": 6}, ["05-02T06:30:00", "05-03T06:30:00", "05-04T06:30:00"]),
        ({"Second": 59, "Minute": 0, "Hour": 12}, ["05-01T12:00:59", "05-02T12:00:59", "05-03T12:00:59"]),
        ({"Hour": 12}, ["05-01T12:01:00", "05-01T12:02:00", "05-01T12:03:00"]),
        ({"Hour": 0, "Minute": 0, "DayOfWeek": 0}, ["05-05T00:00:00", "05-12T00:00:00", "05-19T00:00:00"]),
        ({"Hour": 0, "Minute": 0, "DayOfMonth": 31}, ["05-31T00:00:00", "07-31T00:00:00", "08-31T00:00:00"]),
        ({"Hour": 0, "Minute": 0, "DayOfMonth": 1, "Month": 6}, ["06-01T00:00:00", "06-01T00:00:00"]),
    ],
    ids=str,
)
def test_calendar_ticks_where_all_fields_hold(play: Callable[..., Any], fields: dict[str, int], expected: Any) -> None:
    """
    A tick comes at every second at which the given fields hold; seconds are 0 when not given; strictly after noon.
    """
    document = eml(timer("t", at(**fields), select(message("tick"), "", "out")))
    rule = compile_eml(document)
    state, found = rule.start(NOON), []

    while len(found) < len(expected):
        state, detections = rule.tick(state, state.next_due)
        found += detections

    assert [f"{one.time:%m-%dT%H:%M:%S}" for one in found] == expected


def test_timer_pattern_selects_its_tick(told: Callable[..., Any]) -> None:
    """
    SelectEvent of a timer pattern gives the tick, whose value is the clock in milliseconds (4.4, 3.5, 6).
    """
    document = eml(timer("t", every("PT15M"), select('<SelectEvent eventName="any"/>', "", "out")))

    found = told(document, [], end=15)

    assert found == [(15, 1714565700000)]


def test_integer_means_are_exact_at_a_threshold(told: Callable[..., Any]) -> None:
    """
    A sliding mean that is exactly at the threshold does not fire, after any number of values have come and gone.
    """
    mean = simple("mean", select(of("SelectAvg"), "mean_event"), length(3))
    high = simple("high", select(of("SelectProperty", "mean_event/value"), "", "out"), "",
                  above(0.1, "mean_event/value"), name="mean_event")  # fmt: skip
    noise = [level(number / 10, value) for number, value in enumerate([1e16, 0.3, -1e16, 1e-9, 7.7] * 20)]

    found = told(eml(mean, high), [*noise, level(11, 0.1), level(12, 0.1), level(13, 0.1)])

    assert [minutes for minutes, _ in found if minutes >= 13] == []


def test_name_is_the_first_pattern_that_puts_out() -> None:
    """
    For people a rule is called after its first pattern with an output.
    """
    rule = compile_eml(eml(OVER, repetitive("third", 3, "over", select(message("third"), "", "out"))))

    assert rule.name == "third"


def test_rule_tells_which_series_it_wants() -> None:
    """
    Series that no pattern can want only move the clock.
    """
    rule = compile_eml(eml(simple("p", select(EVENT, "", "out"), where={"procedure": "gauge-1"})))

    wanted = rule.selectors

    assert wanted == (("gauge-1", None, None),)
    assert rule.correlation_key(level(1, 1, procedure="gauge-2")) == ""
