"""What is wrong in a rule is told at once, with its line and what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.weps.rules.eml.build import (
    COUNT,
    EVENT,
    above,
    at,
    compare,
    eml,
    every,
    joined,
    length,
    message,
    of,
    reference,
    repetitive,
    select,
    simple,
    time,
    timer,
    user,
    user_view,
)  # fmt: skip
from tests.weps.rules.making import NOON, level
from weps.errors import RuleError
from weps.rules.eml import compile_eml

if TYPE_CHECKING:
    from collections.abc import Sequence

OUT = select(EVENT, "", "out")
OK = simple("a", select(EVENT, "a_event"))


def faults_of(document: str) -> Sequence[tuple[int, str]]:
    """Give the faults of a document as lines and messages."""
    with pytest.raises(RuleError) as caught:
        compile_eml(document)
    return [(fault.line, fault.message) for fault in caught.value.faults]


TABLE = [
    ("not XML", "EML", 1, "not well-formed"),
    ("nothing", "", 1, "not well-formed"),
    ("another root", "<EML/>", 1, "the root is EML"),
    ("another version", '<EML xmlns="http://www.opengis.net/eml/0.0.3"/>', 1, "0.0.1"),
    ("a DOCTYPE", "<!DOCTYPE EML []><EML/>", 1, "DOCTYPE"),
    ("a group missing", eml(OK).replace("<TimerPatterns>\n</TimerPatterns>", ""), 1, "EML has no TimerPatterns"),
    ("an unknown element", eml(OK).replace("<PropertyRestrictions>", "<Foo/><PropertyRestrictions>"), 3, "Foo"),
    ("an unknown attribute", eml(OK).replace("newEventName", "foo='1' newEventName"), 3, "no attribute foo"),
    ("no patternID", eml(OK).replace(' patternID="a"', ""), 3, "SimplePattern has no patternID"),
    ("an empty patternID", eml(OK).replace('patternID="a"', 'patternID=" "'), 3, "there is no name"),
    ("no inputName", eml(OK).replace(' inputName="input"', ""), 3, "SimplePattern has no inputName"),
    ("stray text", eml(OK).replace("<SelectFunctions>", "<SelectFunctions>stray"), 3, "holds text"),
    ("wrong order", eml(simple("a", OUT).replace("<SelectFunctions>", "<View><AllView/></View><SelectFunctions>")), 3,
     "SelectFunctions stands behind View"),
    ("twice", eml(simple("a", OUT, length(1)).replace("<View>", "<View><AllView/></View><View>")), 3,
     "more than one View"),
    ("two select functions in one", eml(simple("a", select(COUNT + COUNT, "e"))), 3, "more than one SelectEvent or"),
    ("a foreign namespace", eml(simple("a", OUT)).replace("<SelectEvent", "<fes:SelectEvent"), 3, "wrong namespace"),
    ("a wrong boolean", eml(simple("a", OUT)).replace('createCausality="true"', 'createCausality="yes"'), 3, "'yes'"),
    ("a wrong count", eml(simple("a", OUT, length(0))), 3, "'0' is no count"),
    ("a count that is no number", eml(simple("a", OUT, "<LengthView><EventCount>x</EventCount></LengthView>")), 3,
     "'x' is no count"),
    ("a huge window", eml(simple("a", OUT, length(100_001))), 3, "at most 100000 events"),
    ("a huge repetition", eml(OK, repetitive("r", 100_001, "a", OUT)), 10, "at most 100000 events"),
    ("a wrong duration", eml(simple("a", OUT, time("10M"))), 3, "'10M' is no duration"),
    ("a negative duration", eml(simple("a", OUT, time("-PT10M"))), 3, "not positive"),
    ("a zero duration", eml(simple("a", OUT, time("PT0S"))), 3, "not positive"),
    ("a duration without end", eml(simple("a", OUT, time("P999999999999Y"))), 3, "too long"),
    ("GenericView of 0.0.1", eml(simple("a", OUT, "<GenericView/>")), 3, "GenericView"),
    ("an unknown view", eml(simple("a", OUT, user_view("Spatial"))), 3, "the view 'Spatial' is not supported"),
    ("a view without parameter", eml(simple("a", OUT, user_view("SelectLast", type="time"))), 3, "parameter Duration"),
    ("a view with another parameter",
     eml(simple("a", OUT, user_view("TimeBatchWithParameter", Duration="PT1M", x="1"))), 3, "no parameter x"),
    ("a view of another type", eml(simple("a", OUT, user_view("SelectLast", type="x", Duration="1"))), 3, "'x'"),
    ("an unknown function", eml(simple("a", select(user("Median", propertyName="x"), "e"))), 3, "'Median' is not"),
    ("a function without parameter", eml(simple("a", select(user("SelectFirst"), "e"))), 3, "parameter propertyName"),
    ("a user-defined operator", eml(OK, joined("c", "AND", "a", "a", OUT)).replace(
        "<Logicaloperator><AND/></Logicaloperator>", '<UserDefindeBinaryOperator name="XOR"/>'), 6, "user-defined"),
    ("no operator", eml(OK, joined("c", "AND", "a", "a", OUT)).replace("<AND/>", ""), 6, "Logicaloperator has no AND"),
    ("a patternID twice", eml(OK, OK.replace("a_event", "b_event")), 4, "stands at line 3 already"),
    ("an event name twice", eml(OK, OK.replace('"a"', '"b"'), joined("c", "AND", "a", "b", OUT)), 4,
     "'a_event' is used by a already"),
    ("an unknown pattern", eml(OK, joined("c", "AND", "a", "b", OUT)), 6, "there is no pattern 'b'"),
    ("an unknown select function", eml(OK, repetitive("r", 2, "a", OUT).replace(reference("a"), reference("a", 1))), 10,
     "there is no number 1"),
    ("a wrong number", eml(OK, repetitive("r", 2, "a", OUT).replace(reference("a"), reference("a", -1))), 10, "'-1'"),
    ("a cycle", eml(simple("a", select(EVENT, "a_event"), name="b_event"),
                    simple("b", select(EVENT, "b_event"), name="a_event")), 3, "takes its own output (a, b)"),
    ("a cycle of one", eml(simple("a", select(EVENT, "a_event"), name="a_event")), 3, "takes its own output (a)"),
    ("an event of no side", eml(OK, joined("c", "OR", "a", "a", select('<SelectEvent eventName="x"/>', "e"))), 6,
     "eventName 'x' is none of them"),
    ("a foreign name in a guard", eml(simple("a", OUT, guard=above(1, "other/doubleValue"))), 3, "other is no input"),
    ("a foreign name in a function", eml(simple("a", select(of("SelectSum", "other/value"), "e"))), 3, "other is no"),
    ("an unknown operator", eml(simple("a", OUT, guard="<fes:PropertyIsNice/>")), 3, "PropertyIsNice is not supported"),
    ("an operator of ogc", eml(simple("a", OUT, guard=above(1).replace("fes:Prop", "gml:Prop"))), 3, "not supported"),
    ("an unknown fes function", eml(simple("a", OUT, guard=above(1).replace(
        "<fes:Literal>1</fes:Literal>", '<fes:Function name="sqrt"/>'))), 3, "the function sqrt is not supported"),
    ("one operand", eml(simple("a", OUT, guard=above(1).replace("<fes:Literal>1</fes:Literal>", ""))), 3, "takes 2"),
    ("a guard nested without end", eml(simple("a", OUT, guard="<fes:Not>" * 80 + above(1) + "</fes:Not>" * 80)), 3,
     "more than 60 deep"),
    ("an empty And", eml(simple("a", OUT, guard="<fes:And/>")), 3, "And holds 0 operators"),
    ("two operators", eml(simple("a", OUT, guard=above(1) + above(2))), 3, "more than one operator"),
    ("an empty reference", eml(simple("a", OUT, guard=above(1, ""))), 3, "ValueReference is empty"),
    ("VIEW_COUNT elsewhere", eml(simple("a", OUT, guard=above(1, "VIEW_COUNT"))), 3, "can only be the whole guard"),
    ("units of two kinds", eml(simple("a", OUT, guard=compare(
        "EqualTo", '</fes:ValueReference><fes:Literal><swe:Quantity><swe:uom code="m"/><swe:value>1</swe:value>'
        '</swe:Quantity></fes:Literal><fes:ValueReference>x',
        '<swe:Quantity><swe:uom code="s"/><swe:value>1</swe:value></swe:Quantity>'))), 3, "takes 2 operand"),
    ("a quantity that is no number", eml(simple("a", OUT, guard=compare(
        "EqualTo", "value", '<swe:Quantity><swe:uom code="m"/><swe:value>x</swe:value></swe:Quantity>'))), 3, "'x'"),
    ("a wrong time", eml(simple("a", OUT, guard="<fes:After><fes:ValueReference>validTime</fes:ValueReference>"
        "<gml:TimeInstant><gml:timePosition>soon</gml:timePosition></gml:TimeInstant></fes:After>")), 3, "'soon'"),
    ("a property that is no time", eml(simple("a", OUT, guard="<fes:After><fes:ValueReference>value"
        "</fes:ValueReference><fes:Literal>2024-01-01</fes:Literal></fes:After>")), 3, "value is no time"),
    ("a geometry that is none", eml(simple("a", OUT, guard="<fes:Within><fes:ValueReference>geometry"
        "</fes:ValueReference><gml:Polygon/></fes:Within>")), 3, "has no exterior"),
    ("a ring that is open", eml(simple("a", OUT, guard="<fes:Within><fes:ValueReference>geometry</fes:ValueReference>"
        "<gml:Polygon><gml:exterior><gml:LinearRing><gml:posList>0 0 0 1 1 1 1 0</gml:posList></gml:LinearRing>"
        "</gml:exterior></gml:Polygon></fes:Within>")), 3, "not closed"),
    ("a distance without unit", eml(simple("a", OUT, guard="<fes:DWithin><fes:ValueReference>geometry"
        "</fes:ValueReference><gml:Point><gml:pos>0 0</gml:pos></gml:Point><fes:Distance>1</fes:Distance>"
        "</fes:DWithin>")), 3, "the unit None of Distance"),
    ("a day that never comes", eml(timer("t", at(DayOfMonth=30, Month=2), OUT)), 7, "never comes"),
    ("an hour out of range", eml(timer("t", at(Hour=24), OUT)), 7, "'24' is no whole number from 0 to 23"),
    ("too many patterns", eml(*(simple(f"p{n}", select(message("x"), "")) for n in range(201))), 0, "at most 200"),
    ("too many functions", eml(simple("a", OUT * 21)), 3, "at most 20"),
    ("events without end", eml(OK, *(
        joined(f"c{n}", "OR", f"c{n - 1}" if n else "a", f"d{n - 1}" if n else "a", select(message("x"), f"c{n}e")) +
        joined(f"d{n}", "OR", f"c{n - 1}" if n else "a", f"d{n - 1}" if n else "a", select(message("x"), f"d{n}e"))
        for n in range(20))), 32, "one observation could become"),
]  # fmt: skip


@pytest.mark.parametrize(("document", "line", "part"), [one[1:] for one in TABLE], ids=[one[0] for one in TABLE])
def test_fault_is_told_with_its_line(document: str, line: int, part: str) -> None:
    """
    A rule with a fault is refused, naming what is wrong at the line where it stands.
    """
    found = faults_of(document)

    assert [at for at, message in found if part in message][:1] == [line], found


def test_all_faults_are_told_at_once() -> None:
    """
    Faults of structure, of guards, of names and of limits are found in one go, in the order of their lines.
    """
    document = eml(
        simple("a", select(EVENT, "a_event"), time("PT"), above(1, "other/value")),
        simple("a", select(user("Median"), "b_event"), guard="<fes:PropertyIsNice/>"),
        joined("c", "AND", "a", "nobody", OUT, within="soon"),
        timer("t", every("-PT1S"), OUT),
    )

    found = faults_of(document)

    assert [line for line, _ in found] == [3, 3, 4, 4, 4, 7, 7, 10]


def test_generic_view_is_refused_by_name() -> None:
    """
    What is part of EML 0.0.2 and not supported is refused with its line, not ignored.
    """
    document = eml(simple("a", OUT, "<GenericView>\n<InsertCriteria/></GenericView>"), version="0.0.2")

    found = faults_of(document)

    assert (3, "the GenericView is not supported; use a LengthView, TimeView or TimeLengthView") in found


def test_declared_encoding_of_a_text_does_not_matter() -> None:
    """
    A text is decoded already, whatever its XML declaration says.
    """
    document = '<?xml version="1.0" encoding="ISO-8859-1"?>\n' + eml(simple("Pegel-Höhe", OUT))

    rule = compile_eml(document)

    assert rule.name == "Pegel-Höhe"


def test_chain_of_the_greatest_length_runs() -> None:
    """
    As many patterns as are allowed may follow each other.
    """
    links = [
        simple(f"p{n}", select(of("SelectProperty", "value"), f"e{n}", "out"), name=f"e{n - 1}" if n else "input")
        for n in range(200)
    ]
    rule = compile_eml(eml(*links))

    _, found = rule.step(rule.start(NOON), level(1, 5))

    assert [(one.value, one.lineage) for one in found] == [(5, ("o1",))] * 200


def test_a_name_that_nothing_takes_may_stand_twice():
    """
    Two patterns may tell their detections under one name, as the published rule of the IMIS pilot does.
    """
    first, second = simple("a", select(EVENT, "told", "out")), simple("b", select(EVENT, "told", "out"))

    assert compile_eml(eml(first, second)).name == "a"
