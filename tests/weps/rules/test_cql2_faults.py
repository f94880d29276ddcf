"""CQL2 that does not compile: each fault with its place and what to do."""

from __future__ import annotations

import contextlib
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weps.errors import RuleError
from weps.rules.cql2 import compile_cql2_json, compile_cql2_text

TEXTS = {
    "empty": ("", 1, "column 1: the rule ends where a property, a value or a function is wanted"),
    "unfinished": ("value >", 1, "column 8: the rule ends where a property"),
    "too much": ("value > 3 value", 1, "column 11: value stands where AND, OR or the end is wanted"),
    "bracket": ("(value > 3", 1, "column 11: the rule ends where ) is wanted"),
    "sign": ("value > 3 ;", 1, "column 11: ';' is no sign of CQL2"),
    "open text": ("uom = 'm", 1, "column 7: the text has no end"),
    "open geometry": ("S_WITHIN(geometry, POINT(1 2", 1, "column 20: the geometry has no end"),
    "bad geometry": ("S_WITHIN(geometry, POINT(1))", 1, "column 20: the geometry cannot be read"),
    "crossed geometry": (
        "S_WITHIN(geometry, POLYGON((0 0, 1 1, 1 0, 0 1, 0 0)))",
        1,
        "column 20: the geometry cannot be used",
    ),
    "keyword": ("AND = 3", 1, "column 1: AND stands where a property"),
    "not what": ("value NOT > 3", 1, "column 11: > stands where LIKE, BETWEEN or IN is wanted"),
    "no condition": ("value", 1, "column 1: value is no condition; compare it with something"),
    "value as condition": ("value + 1", 1, "column 7: + gives a value and no condition"),
    "function": ("value > 1\nAND\n  buffer(geometry, 5) = 2", 3, "column 3: the function buffer is not supported"),
    "function as condition": ("isHigh(value)", 1, "column 1: the function isHigh is not supported"),
    "accents": ("ACCENTI(uom) = ACCENTI('m')", 1, "column 1: the function ACCENTI is not supported"),
    "array": ("A_CONTAINS(value, 3)", 1, "column 1: A_CONTAINS is for arrays"),
    "casei on one side": ("CASEI(uom) = 'm'", 1, "column 12: CASEI stands on one side only"),
    "condition as value": ("(value > 3) = 1", 1, "column 8: this is no value"),
    "pattern": ("uom LIKE procedure", 1, "column 10: LIKE takes a text as its pattern"),
    "arguments": ("S_WITHIN(geometry)", 1, "column 1: S_WITHIN takes 2 argument(s), not 1"),
    "no geometry": ("S_WITHIN(place, POINT(1 2))", 1, "column 10: place is no geometry; write geometry"),
    "value for geometry": ("S_WITHIN(geometry, 5)", 1, "column 20: this is no geometry"),
    "two geometries": ("S_WITHIN(POINT(1 2), POINT(1 2))", 1, "column 1: S_WITHIN compares two fixed geometries"),
    "box": ("S_WITHIN(geometry, BBOX(1, 2, 3))", 1, "column 20: BBOX takes west, south, east, north"),
    "flat box": ("S_WITHIN(geometry, BBOX(1, 2, 3, 2))", 1, "column 20: the box has no area"),
    "no time": ("T_AFTER(value, DATE('2024-05-01'))", 1, "column 9: value is no time; use one of"),
    "two times": ("T_AFTER(DATE('2024-05-01'), DATE('2024-05-01'))", 1, "column 9: t_after compares two fixed times"),
    "time in words": ("resultTime > TIMESTAMP('yesterday')", 1, "column 14: the time cannot be read"),
    "no such day": ("resultTime > DATE('2024-02-30')", 1, "column 14: the time cannot be read"),
    "text for time": ("resultTime > '2024-05-01'", 1, "column 14: this is no time; write a property, TIMESTAMP"),
    "time between": (
        "resultTime BETWEEN DATE('2024-05-01') AND DATE('2024-05-02')",
        1,
        "column 12: BETWEEN is for numbers; use T_DURING",
    ),
    "interval backwards": (
        "T_DURING(resultTime, INTERVAL('2024-05-02', '2024-05-01'))",
        1,
        "column 22: the interval ends before it begins",
    ),
    "interval of others": (
        "T_DURING(INTERVAL(resultTime, endTime), DATE('2024-05-02'))",
        1,
        "column 10: of an observation only INTERVAL",
    ),
    "timestamp of nothing": ("resultTime > TIMESTAMP(value)", 1, "column 14: TIMESTAMP takes one text"),
    "slip": (
        "phenomenontime IS NULL AND result_time IS NULL",
        1,
        "column 1: phenomenontime is no member of an observation; write phenomenonTime",
    ),
    "two values": (
        "Level > 2\nAND Rain > 3",
        2,
        "column 5: an observation has a value of Level or of Rain, not of both",
    ),
    "huge number": ("value > 1e999", 1, "column 9: 1e999 is out of range"),
    "deep": ("(" * 70 + "value > 1" + ")" * 70, 1, "nested more than 60 deep"),
    "long sum": ("value > 1" + " + 1" * 70, 1, "more than 60 operations in a row"),
    "many powers": ("value > 1" + " ^ 1" * 70, 1, "nested more than 60 deep"),
    "endless": ("value > 1 OR " * 10_000 + "value > 1", 0, "longer than 100000 characters"),
}


@pytest.mark.parametrize(("text", "line", "message"), TEXTS.values(), ids=TEXTS)
def test_faults_of_a_text_are_told_with_line_and_column(text, line, message):
    """
    The first fault of the grammar, or those of the meaning.
    """
    with pytest.raises(RuleError) as refused:
        compile_cql2_text(text)

    fault = refused.value.faults[0]
    assert (line, message) == (fault.line, message if message in fault.message else fault.message)


def test_all_faults_of_the_meaning_are_told_at_once():
    """
    Each operand of AND and OR is read, also behind one that is wrong.
    """
    with pytest.raises(RuleError) as refused:
        compile_cql2_text("foo(value) > 1\nAND bar(value) > 2\nOR CASEI(uom) = 'm'\nOR resulttime > DATE('x')")

    assert [1, 2, 3, 4] == [fault.line for fault in refused.value.faults]


JSONS = {
    "no json": ('{"op": ', 1, "this is not JSON"),
    "nothing known": ('{"op": "=",\n"arguments": []}', 1, "is nothing that CQL2 knows"),
    "more members": (
        '{"op": "isNull", "args": [\n{"property": "value", "uom": "m"}]}',
        2,
        "is nothing that CQL2 knows",
    ),
    "null": ('{"op": "=", "args": [{"property": "value"},\nnull]}', 2, "use isNull to ask for what is missing"),
    "huge": ('{"op": "=", "args": [{"property": "value"},\n1e999]}', 2, "is no value"),
    "huge whole number": ('{"op": "=", "args": [{"property": "value"},\n1' + "0" * 400 + "]}", 2, "out of range"),
    "function": (
        '{"op": "and", "args": [{"op": "=", "args": [1, 1]},\n{"op": "foo", "args": []}]}',
        2,
        "the function foo is not supported",
    ),
    "too few": ('{"op": "and",\n"args": [{"op": "=", "args": [1, 1]}]}', 1, "and takes two conditions or more"),
    "list": ('{"op": "in",\n"args": [{"property": "value"}, 5]}', 1, "in takes a value and a list"),
    "empty list": (
        '{"op": "in",\n"args": [{"property": "value"}, []]}',
        1,
        "in takes a value and a list of one value or more",
    ),
    "interval": (
        '{"op": "t_during", "args": [{"property": "resultTime"},\n{"interval": ["a"]}]}',
        2,
        "is nothing that CQL2 knows",
    ),
    "geometry": (
        '{"op": "s_within", "args": [{"property": "geometry"},\n{"type": "Point", "coordinates": []}]}',
        2,
        "the geometry cannot be used",
    ),
}


@pytest.mark.parametrize(("text", "line", "message"), JSONS.values(), ids=JSONS)
def test_faults_of_json_are_told_with_their_line(text, line, message):
    """
    The line on which the value stands that is wrong.
    """
    with pytest.raises(RuleError) as refused:
        compile_cql2_json(text)

    fault = refused.value.faults[0]
    assert (line, message) == (fault.line, message if message in fault.message else fault.message)


OPERATORS = ["and", "not", "=", "in", "like", "t_after", "between", "casei", "s_within"]
MEMBERS = ["op", "args", "property", "date", "interval", "bbox", "type"]
SCRAPS = [
    "value",
    "(",
    ")",
    "AND",
    "OR",
    "NOT",
    "LIKE",
    "IN",
    "'a",
    "'a'",
    "5",
    "-",
    "<",
    "=",
    ",",
    "POINT(",
    '"',
    "T_AFTER(",
    ".",
]


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(SCRAPS), max_size=12).map(" ".join))
def test_any_text_compiles_or_is_refused_in_words(text):
    """
    Nothing but a `RuleError` comes of a text that is no rule.
    """
    with contextlib.suppress(RuleError):
        compile_cql2_text(text)


@settings(max_examples=100, deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(MEMBERS), inner)
            | st.builds(
                lambda op, args: {"op": op, "args": args}, st.sampled_from(OPERATORS), st.lists(inner, max_size=3)
            )
        ),
    ).map(json.dumps)
)
def test_any_json_compiles_or_is_refused_in_words(text):
    """
    Nothing but a `RuleError` comes of JSON that is no rule.
    """
    with contextlib.suppress(RuleError):
        compile_cql2_json(text)
