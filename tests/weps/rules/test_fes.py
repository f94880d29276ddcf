"""A filter of OGC Filter Encoding 2.0 alone is a rule: a condition on each observation."""

from __future__ import annotations

import pytest

from tests.weps.rules.making import NOON, level, minute, rain
from weps.errors import RuleError, StateError
from weps.model import Comparison
from weps.rules.base import WHOLE_RULE
from weps.rules.fes import compile_fes
from weps.rules.network import Network

NAMESPACES = (
    'xmlns:fes="http://www.opengis.net/fes/2.0" xmlns:swe="http://www.opengis.net/swe/2.0" '
    'xmlns:gml="http://www.opengis.net/gml/3.2"'
)


def filter_of(operator: str) -> str:
    return f"<fes:Filter {NAMESPACES}>\n{operator}\n</fes:Filter>"


def compare(name: str, reference: str, literal: str) -> str:
    return (
        f"<fes:PropertyIs{name}><fes:ValueReference>{reference}</fes:ValueReference>"
        f"<fes:Literal>{literal}</fes:Literal></fes:PropertyIs{name}>"
    )


def quantity(value: str, uom: str) -> str:
    return f'<swe:Quantity><swe:uom code="{uom}"/><swe:value>{value}</swe:value></swe:Quantity>'


OVER_2 = filter_of(compare("GreaterThan", "value", "2"))


def told(found):
    return [(one.event, (one.time - NOON).total_seconds() / 60) for one in found]


def test_an_episode_begins_and_ends(play):
    """
    As with a threshold: told when the condition begins to hold and when it ends, not at each observation.
    """
    found = play(compile_fes(OVER_2), [level(0, 1), level(1, 3), level(2, 4), level(3, 2), level(4, 5)])

    assert [("firing", 1), ("resolved", 3), ("firing", 4)] == told(found)


def test_the_first_observation_counts_as_coming_after_nothing(play):
    """
    A series that meets the condition when the rule begins is told at once.
    """
    assert [("firing", 0)] == told(play(compile_fes(OVER_2), [level(0, 3), level(1, 4)]))


def test_each_series_has_an_episode_of_its_own(play):
    """
    Observations are correlated by procedure, property and feature.
    """
    found = play(compile_fes(OVER_2), [level(0, 3), rain(1, 3), level(2, 1)])

    assert [("firing", 0, "Level"), ("firing", 1, "Rain"), ("resolved", 2, "Level")] == [
        (*one, seen.observation.observed_property) for one, seen in zip(told(found), found, strict=True)
    ]


def test_a_detection_tells_what_was_compared(play):
    """
    The value, the bound, and the observation that caused it.
    """
    (found,) = play(compile_fes(OVER_2), [level(0, 3)])

    assert "condition" == found.pattern
    assert 3 == found.value
    assert Comparison("greaterThan", (2,), None) == found.comparison
    assert ("o0",) == found.causes
    assert ("o0",) == found.lineage


def test_units_are_converted(play):
    """
    A literal with a unit is compared in the base unit; detections tell the value in the unit of the rule.
    """
    rule = compile_fes(filter_of(compare("GreaterThanOrEqualTo", "input/value", quantity("2.5", "m"))))

    found = play(rule, [level(0, 240, uom="cm"), level(1, 250, uom="cm"), level(2, 0.002, uom="km")])

    assert [("firing", 1), ("resolved", 2)] == told(found)
    assert [2.5, 2.0] == [one.value for one in found]
    assert Comparison("greaterThanOrEqual", (2.5,), "m") == found[0].comparison


@pytest.mark.parametrize(
    "silent",
    [level(1, None), level(1, "n/a"), level(1, float("nan")), level(1, 1, uom="Cel")],
    ids=["nil", "text", "no number", "another kind of unit"],
)
def test_what_cannot_be_compared_neither_begins_nor_ends_anything(play, silent):
    """
    Such an observation is left out, as if it had not been given.
    """
    rule = compile_fes(filter_of(compare("GreaterThan", "value", quantity("2", "m"))))

    assert [("firing", 0)] == told(play(rule, [level(0, 3), silent, level(2, 4)]))


def test_nil_results_are_seen_by_rules_that_ask_for_them(play):
    """
    PropertyIsNil holds for a result without value, and ends with the next value.
    """
    rule = compile_fes(
        filter_of("<fes:PropertyIsNil><fes:ValueReference>om:result</fes:ValueReference></fes:PropertyIsNil>")
    )

    assert [("firing", 1), ("resolved", 2)] == told(play(rule, [level(0, 3), level(1, None), level(2, 3)]))


def test_the_name_of_a_property_selects_its_series(play):
    """
    The value may be named by what is observed; then only series of that property are looked at, also by Not.
    """
    rule = compile_fes(filter_of(f"<fes:Not>{compare('GreaterThan', 'Level', '2')}</fes:Not>"))

    assert [("firing", 1)] == told(play(rule, [rain(0, 1), level(1, 1)]))
    assert ((None, "Level", None),) == rule.selectors


def test_space_and_time_are_asked_as_in_guards(play):
    """
    A box around the observation, and a time after which it must lie.
    """
    box = (
        '<fes:BBOX><gml:Envelope srsName="http://www.opengis.net/def/crs/EPSG/0/4326"><gml:lowerCorner>50 6'
        "</gml:lowerCorner><gml:upperCorner>52 8</gml:upperCorner></gml:Envelope></fes:BBOX>"
    )
    after = (
        "<fes:After><fes:ValueReference>om:phenomenonTime</fes:ValueReference><gml:TimeInstant gml:id='t'>"
        "<gml:timePosition>2024-05-01T12:00:30Z</gml:timePosition></gml:TimeInstant></fes:After>"
    )
    inside = {"geometry": {"type": "Point", "coordinates": [7, 51]}}
    rule = compile_fes(filter_of(f"<fes:And>{box}{after}</fes:And>"))

    found = play(rule, [level(0, 1, **inside), level(1, 1, **inside), level(2, 1)])

    assert [("firing", 1), ("resolved", 2)] == told(found)


def test_equalities_of_names_are_routes():
    """
    Only observations of the procedure, property and feature that must hold are shown to the rule.
    """
    parts = compare("EqualTo", "procedure", "gauge-1") + compare("EqualTo", "om:observedProperty", "Level")
    rule = compile_fes(filter_of(f"<fes:And>{parts}{compare('LessThan', 'value', '2')}</fes:And>"))

    assert (("gauge-1", "Level", None),) == rule.selectors
    assert None is rule.correlation_key(level(0, 1, procedure="gauge-2"))
    assert Comparison("lessThan", (2,), None) == rule.comparison


def test_states_are_kept_by_series_and_only_when_they_change():
    """
    A network hands out the state of a series when its episode begins or ends.
    """
    network = Network()
    network.add("s", compile_fes(OVER_2), {}, NOON)

    network.step([level(0, 1)])
    network.tick(minute(1))
    nothing = network.take_changes()
    network.step([level(2, 3), level(3, 3)])
    changes = network.take_changes()

    assert {} == nothing
    assert {("s", "gauge-1\x1fLevel\x1friver"): [1, 1]} == changes
    assert WHOLE_RULE not in {key for _, key in changes}


def test_a_stored_state_of_another_kind_is_refused():
    """
    A state that another rule stored is not taken for one of a condition.
    """
    with pytest.raises(StateError, match="is of version 2, and only 1 to 1 can be read; start the rule anew"):
        compile_fes(OVER_2).load([2, 1])


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (OVER_2, "value > 2"),
        (filter_of(compare("LessThan", "Level", quantity("2.5", "m"))), "Level < 2.5 m"),
        (
            filter_of(f"<fes:Or>{compare('EqualTo', 'uom', 'm')}{compare('EqualTo', 'om:result', '5')}</fes:Or>"),
            "uom = 'm' OR value = 5",
        ),
    ],
    ids=["comparison", "unit", "logic"],
)
def test_a_filter_is_called_what_it_says(text, name):
    """
    A rule without a name of its own is named by its condition, in the words of CQL2.
    """
    assert name == compile_fes(text).name


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("<fes:Filter", 1, "not well-formed"),
        ("<Filter/>", 1, "the root is Filter; it must be Filter of the namespace http://www.opengis.net/fes/2.0"),
        (f"<fes:Filter {NAMESPACES}/>", 1, "the filter has no condition"),
        (
            filter_of(
                "<fes:PropertyIsEqualTo><fes:ValueReference>VIEW_COUNT</fes:ValueReference><fes:Literal>"
                "<swe:Count><swe:value>5</swe:value></swe:Count></fes:Literal></fes:PropertyIsEqualTo>"
            ),
            1,
            "VIEW_COUNT is for EML",
        ),
        (filter_of("<fes:ResourceId rid='a'/>"), 2, "the operator ResourceId is not supported in a guard"),
        (filter_of(compare("EqualTo", "phenomenon_time", "1")), 2, "write phenomenonTime"),
        (
            filter_of(f"<fes:And>{compare('EqualTo', 'Level', '1')}\n{compare('EqualTo', 'Rain', '1')}</fes:And>"),
            3,
            "a value of Level or of Rain, not of both",
        ),
        (
            filter_of(
                "<fes:Within><fes:ValueReference>place</fes:ValueReference>"
                "<gml:Point gml:id='p' srsName='EPSG:4326'><gml:pos>1 2</gml:pos></gml:Point></fes:Within>"
            ),
            2,
            "place is no geometry; write geometry",
        ),
    ],
    ids=["no xml", "no namespace", "empty", "view count", "operator", "slip", "two values", "no geometry"],
)
def test_faults_are_told_with_their_line(text, line, message):
    """
    Each says what is wrong and what to do.
    """
    with pytest.raises(RuleError) as refused:
        compile_fes(text)

    (fault,) = refused.value.faults
    assert line == fault.line
    assert message in fault.message
