"""OGC CQL2 as rules: what each operator means, as text and as JSON."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.weps.rules.making import level, minute
from weps.model import Comparison
from weps.rules.cql2 import compile_cql2_json, compile_cql2_text
from weps.rules.stateless.rule import LONGEST_NAME

PLACE = {"type": "Point", "coordinates": [7, 51]}
SEEN = level(
    5,
    3,
    geometry=PLACE,
    procedure="it's",
    phenomenon_time_end=minute(10),
    result_time=minute(12),
)
NOON_TEXT = "2024-05-01T12:00:00Z"
PROPERTY = {"property": "value"}
TIME = {"property": "phenomenonTime"}
AREA = {"type": "Polygon", "coordinates": [[[6, 50], [8, 50], [8, 52], [6, 52], [6, 50]]]}


def holds(rule, observation=SEEN):
    """Whether a rule fires at an observation."""
    if rule.correlation_key(observation) is None:
        return None
    return bool(rule.step(rule.start(minute(0)), observation)[1])


SAME = {
    "equal": ("value = 3", {"op": "=", "args": [PROPERTY, 3]}, True),
    "not equal": ("value <> 3", {"op": "<>", "args": [PROPERTY, 3]}, False),
    "less": ("value < 3.5", {"op": "<", "args": [PROPERTY, 3.5]}, True),
    "at most": ("value <= 3", {"op": "<=", "args": [PROPERTY, 3]}, True),
    "greater": ("value > -1e1", {"op": ">", "args": [PROPERTY, -10.0]}, True),
    "at least": ("3.1 >= value", {"op": ">=", "args": [3.1, PROPERTY]}, True),
    "text": ("procedure = 'it''s'", {"op": "=", "args": [{"property": "procedure"}, "it's"]}, True),
    "escaped text": (r"procedure = 'it\'s'", {"op": "=", "args": [{"property": "procedure"}, "it's"]}, True),
    "quoted name": (
        "\"observedProperty\" = 'Level'",
        {"op": "=", "args": [{"property": "observedProperty"}, "Level"]},
        True,
    ),
    "property by name": ("Level > 2", {"op": ">", "args": [{"property": "Level"}, 2]}, True),
    "another property": ("Rain > 2", {"op": ">", "args": [{"property": "Rain"}, 2]}, None),
    "truth": ("value = TRUE", {"op": "=", "args": [PROPERTY, True]}, False),
    "between": ("value BETWEEN 3 AND 4", {"op": "between", "args": [PROPERTY, 3, 4]}, True),
    "not between": (
        "value NOT BETWEEN 3 AND 4",
        {"op": "not", "args": [{"op": "between", "args": [PROPERTY, 3, 4]}]},
        False,
    ),
    "in": ("value IN (1, 3)", {"op": "in", "args": [PROPERTY, [1, 3]]}, True),
    "not in": (
        "uom NOT IN ('m', 'cm')",
        {"op": "not", "args": [{"op": "in", "args": [{"property": "uom"}, ["m", "cm"]]}]},
        False,
    ),
    "like": ("procedure LIKE '_t%'", {"op": "like", "args": [{"property": "procedure"}, "_t%"]}, True),
    "like with escape": (r"procedure LIKE 'it\%'", {"op": "like", "args": [{"property": "procedure"}, r"it\%"]}, False),
    "not like": (
        "procedure NOT LIKE 'x%'",
        {"op": "not", "args": [{"op": "like", "args": [{"property": "procedure"}, "x%"]}]},
        True,
    ),
    "casei": (
        "CASEI(procedure) = casei('IT''S')",
        {"op": "=", "args": [{"op": "casei", "args": [{"property": "procedure"}]}, {"op": "casei", "args": ["IT'S"]}]},
        True,
    ),
    "casei like": (
        "CASEI(uom) LIKE CASEI('M')",
        {"op": "like", "args": [{"op": "casei", "args": [{"property": "uom"}]}, {"op": "casei", "args": ["M"]}]},
        True,
    ),
    "is null": ("value IS NULL", {"op": "isNull", "args": [PROPERTY]}, False),
    "unit is not null": (
        "uom IS NOT NULL",
        {"op": "not", "args": [{"op": "isNull", "args": [{"property": "uom"}]}]},
        True,
    ),
    "sum before comparison": (
        "value + 2 * 4 = 11",
        {"op": "=", "args": [{"op": "+", "args": [PROPERTY, {"op": "*", "args": [2, 4]}]}, 11]},
        True,
    ),
    "brackets": (
        "(value + 2) * 4 = 20",
        {"op": "=", "args": [{"op": "*", "args": [{"op": "+", "args": [PROPERTY, 2]}, 4]}, 20]},
        True,
    ),
    "left to right": (
        "10 - value - 3 = 4",
        {"op": "=", "args": [{"op": "-", "args": [{"op": "-", "args": [10, PROPERTY]}, 3]}, 4]},
        True,
    ),
    "powers right to left": (
        "2 ^ value ^ 2 = 512",
        {"op": "=", "args": [{"op": "^", "args": [2, {"op": "^", "args": [PROPERTY, 2]}]}, 512]},
        True,
    ),
    "remainder": ("value % 2 = 1", {"op": "=", "args": [{"op": "%", "args": [PROPERTY, 2]}, 1]}, True),
    "whole quotient": ("7 DIV value = 2", {"op": "=", "args": [{"op": "div", "args": [7, PROPERTY]}, 2]}, True),
    "quotient by nothing": (
        "1 / (value - 3) > 0",
        {"op": ">", "args": [{"op": "/", "args": [1, {"op": "-", "args": [PROPERTY, 3]}]}, 0]},
        False,
    ),
    "within": (
        "S_WITHIN(geometry, POLYGON((6 50, 8 50, 8 52, 6 52, 6 50)))",
        {"op": "s_within", "args": [{"property": "geometry"}, AREA]},
        True,
    ),
    "contains, turned round": (
        "S_CONTAINS(POLYGON((6 50, 8 50, 8 52, 6 52, 6 50)), geometry)",
        {"op": "s_contains", "args": [AREA, {"property": "geometry"}]},
        True,
    ),
    "box": (
        "S_INTERSECTS(geometry, BBOX(6, 50, 8, 52))",
        {"op": "s_intersects", "args": [{"property": "geometry"}, {"bbox": [6, 50, 8, 52]}]},
        True,
    ),
    "box over the date line": (
        "S_INTERSECTS(geometry, BBOX(170, 50, -170, 52))",
        {"op": "s_intersects", "args": [{"property": "geometry"}, {"bbox": [170, 50, -170, 52]}]},
        False,
    ),
    "disjoint": (
        "S_DISJOINT(geometry, POINT(1 2))",
        {"op": "s_disjoint", "args": [{"property": "geometry"}, {"type": "Point", "coordinates": [1, 2]}]},
        True,
    ),
    "after": (
        f"T_AFTER(phenomenonTime, TIMESTAMP('{NOON_TEXT}'))",
        {"op": "t_after", "args": [TIME, {"timestamp": NOON_TEXT}]},
        True,
    ),
    "before, turned round": (
        f"T_BEFORE(TIMESTAMP('{NOON_TEXT}'), phenomenonTime)",
        {"op": "t_before", "args": [{"timestamp": NOON_TEXT}, TIME]},
        True,
    ),
    "during a day": (
        "T_DURING(phenomenonTime, DATE('2024-05-01'))",
        {"op": "t_during", "args": [TIME, {"date": "2024-05-01"}]},
        True,
    ),
    "open interval": (
        f"T_INTERSECTS(resultTime, INTERVAL('..', '{NOON_TEXT}'))",
        {"op": "t_intersects", "args": [{"property": "resultTime"}, {"interval": ["..", NOON_TEXT]}]},
        False,
    ),
    "interval of the observation": (
        "T_STARTS(INTERVAL(startTime, endTime), INTERVAL('2024-05-01T12:05:00Z', '2024-05-02'))",
        {
            "op": "t_starts",
            "args": [
                {"interval": [{"property": "startTime"}, {"property": "endTime"}]},
                {"interval": ["2024-05-01T12:05:00Z", "2024-05-02"]},
            ],
        },
        True,
    ),
    "disjoint times": (
        "T_DISJOINT(phenomenonTime, DATE('2024-05-01'))",
        {"op": "t_disjoint", "args": [TIME, {"date": "2024-05-01"}]},
        False,
    ),
    "time compared": (
        "resultTime > TIMESTAMP('2024-05-01T12:11:59.5Z')",
        {"op": ">", "args": [{"property": "resultTime"}, {"timestamp": "2024-05-01T12:11:59.5Z"}]},
        True,
    ),
    "day compared": (
        "resultTime = DATE('2024-05-01')",
        {"op": "=", "args": [{"property": "resultTime"}, {"date": "2024-05-01"}]},
        True,
    ),
    "not after a day": (
        "resultTime <= DATE('2024-04-30')",
        {"op": "<=", "args": [{"property": "resultTime"}, {"date": "2024-04-30"}]},
        False,
    ),
}


@pytest.mark.parametrize(("text", "tree", "expected"), SAME.values(), ids=SAME)
def test_text_and_json_mean_the_same(text, tree, expected):
    """
    Both forms compile to one condition; None: the rule does not look at the observation.
    """
    from_text, from_json = compile_cql2_text(text), compile_cql2_json(json.dumps(tree))

    assert from_text.condition == from_json.condition
    assert expected is holds(from_text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("value = 3 OR value = 1 AND uom = 'x'", True),
        ("(value = 3 OR value = 1) AND uom = 'x'", False),
        ("NOT value = 1 AND uom = 'm'", True),
        ("NOT (value = 3 AND uom = 'm')", False),
        ("not not value = 3", True),
        ("value > 2\n  AND\n  value < 4", True),
        ("((value > 2))", True),
        ("TRUE", True),
        ("value > 2 AND FALSE", False),
    ],
)
def test_not_binds_before_and_and_before_or(text, expected):
    """
    Brackets change that; keywords are read in any case, and line breaks are blanks.
    """
    assert expected is holds(compile_cql2_text(text))


def _trees():
    leaf = st.tuples(st.sampled_from(["<", "<=", "=", "<>", ">=", ">"]), st.integers(-3, 3))
    return st.recursive(
        leaf,
        lambda inner: st.one_of(
            st.tuples(st.just("NOT"), inner), st.tuples(st.sampled_from(["AND", "OR"]), inner, inner)
        ),
        max_leaves=12,
    )


def _written(tree, outer=0):
    """A tree with no more brackets than it needs."""
    strength = {"OR": 1, "AND": 2, "NOT": 3}.get(tree[0], 4)
    if tree[0] == "NOT":
        text = f"NOT {_written(tree[1], 3)}"
    elif tree[0] in ("AND", "OR"):
        text = f"{_written(tree[1], strength)} {tree[0]} {_written(tree[2], strength)}"
    else:
        text = f"value {tree[0]} {tree[1]}"
    return f"({text})" if strength < outer else text


def _truth(tree, value):
    match tree:
        case ("NOT", inner):
            return not _truth(inner, value)
        case ("AND", left, right):
            return _truth(left, value) and _truth(right, value)
        case ("OR", left, right):
            return _truth(left, value) or _truth(right, value)
        case (sign, bound):
            tests = {"<": value < bound, "<=": value <= bound, "=": value == bound}
            return tests.get(sign, {"<>": value != bound, ">=": value >= bound, ">": value > bound}.get(sign))


@settings(max_examples=150, deadline=None)
@given(_trees(), st.integers(-4, 4))
def test_logic_is_that_of_truth_tables(tree, value):
    """
    Any expression of comparisons, AND, OR and NOT gives what its tree gives; its name says the same again.
    """
    rule = compile_cql2_text(_written(tree))

    assert _truth(tree, value) is holds(rule, level(0, value))
    assert len(rule.name) == LONGEST_NAME or rule.condition == compile_cql2_text(rule.name).condition


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("value >= 123456789.25", "value >= 123456789.25"),
        ("procedure = 'it''s'", "procedure = 'it''s'"),
        ("Level NOT BETWEEN 1 AND 2", "NOT (Level BETWEEN 1 AND 2)"),
        ("uom LIKE 'm%' OR uom IS NULL", "uom LIKE 'm%' OR uom IS NULL"),
        ("(value + 1) DIV 2 = 3", "((value + 1) DIV 2) = 3"),
        ("S_WITHIN(geometry, BBOX(1, 2, 3, 4))", "Within(geometry, MULTIPOLYGON)"),
        ("resultTime > TIMESTAMP('2024-05-01T12:00:00Z')", "After(resultTime, 2024-05-01T12:00:00Z)"),
        ("TRUE", "TRUE"),
        ("value = 1 OR " * 30 + "value = 1", ("value = 1 OR " * 30)[:LONGEST_NAME]),
    ],
    ids=["number", "text", "negated", "null", "arithmetic", "space", "time", "always", "long"],
)
def test_rules_are_called_what_they_say(text, name):
    """
    In one line of bounded length.
    """
    assert name == compile_cql2_text(text).name


def test_detections_are_episodes(play):
    """
    As all conditions: firing when it begins to hold for a series, resolved when it ends; a nil result is left out.
    """
    rule = compile_cql2_text("value > 2 AND observedProperty = 'Level'")

    found = play(rule, [level(0, 1), level(1, 3), level(2, None), level(3, 4), level(4, 2)])

    assert [("firing", minute(1)), ("resolved", minute(4))] == [(one.event, one.time) for one in found]
    assert [Comparison("greaterThan", (2,), None)] * 2 == [one.comparison for one in found]
    assert "value > 2 AND observedProperty = 'Level'" == rule.name


def test_nil_results_are_seen_by_is_null(play):
    """
    A rule that asks whether the value is missing sees results without value.
    """
    found = play(compile_cql2_text("value IS NULL"), [level(0, 1), level(1, None), level(2, 1)])

    assert [("firing", minute(1)), ("resolved", minute(2))] == [(one.event, one.time) for one in found]


def test_texts_are_left_out_also_beside_is_null(play):
    """
    A rule that takes nil results still says nothing about a text that it cannot compare.
    """
    found = play(compile_cql2_text("value IS NULL OR value > 2"), [level(0, 3), level(1, "zzz"), level(2, None)])

    assert [("firing", minute(0))] == [(one.event, one.time) for one in found]


def test_texts_are_not_greater_than_numbers(play):
    """
    Where numbers are compared, a category is left out.
    """
    assert [] == play(compile_cql2_text("value > 2"), [level(0, "zzz")])
    assert 1 == len(play(compile_cql2_text("value = 'open'"), [level(0, "open"), level(1, "open")]))


def test_powers_beyond_all_numbers_are_missing():
    """
    They take no time either; a root of a negative number is missing as well.
    """
    huge, root = compile_cql2_text("9999999 ^ 99999999 > value"), compile_cql2_text("(0 - value) ^ 0.5 < 100")

    assert holds(huge) is False
    assert holds(root) is False


def test_time_of_an_instant_is_equal_to_itself_only():
    """
    A timestamp is exact to the microsecond.
    """
    rule = compile_cql2_text(f"phenomenonTime = TIMESTAMP('{NOON_TEXT}')")
    later = level(0, 1)._replace(phenomenon_time=minute(0) + timedelta(microseconds=1))

    assert holds(rule, level(0, 1)) is True
    assert holds(rule, later) is False
