"""Rules that do not compile: every fault at once, each with its line and what to do."""

from __future__ import annotations

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weps.errors import RuleError
from weps.rules.threshold import compile_threshold
from weps.rules.threshold.text import read_json

T = '"type": "threshold", "condition": "greaterThan"'
FIFTY_ONE = '{"type": "or", "rules": [' + ", ".join(['{"type": "noData"}'] * 51) + "]}"
FAULTS = {
    "no object": ("[1]", 1, "a rule is an object"),
    "no type": ('{\n"threshold": 5}', 1, "type is missing; write one of threshold, noData, stuck, and, or, sequence"),
    "unknown type": ('{\n"type": "treshold"}', 2, "'treshold' is no type of rule"),
    "no condition": ('{"type": "threshold",\n"threshold": 5}', 1, "condition is missing"),
    "unknown condition": ('{"type": "threshold",\n"condition": "above", "threshold": 5}', 2, "'above' is not known"),
    "unknown member": ("{" + T + ',\n"treshold": 5, "threshold": 5}', 2, "did you mean threshold?"),
    "no threshold": ("{" + T + "}", 1, "threshold is missing; greaterThan compares with it"),
    "text as number": ("{" + T + ',\n"threshold": "high"}', 2, "use equal or notEqual for texts"),
    "number as text": ("{" + T + ', "threshold": 5,\n"reset": "4"}', 2, "'4' is no number; write it without quotes"),
    "unit of a text": (
        '{"type": "threshold", "condition": "equal", "threshold": "on",\n"uom": "m"}',
        2,
        "does not go with a threshold that is no number",
    ),
    "reset above": ("{" + T + ', "threshold": 5,\n"reset": 6}', 2, "reset (6) is above the threshold (5)"),
    "reset with every": (
        "{" + T + ', "threshold": 5, "trigger": "every",\n"reset": 4}',
        2,
        "no meaning with trigger every",
    ),
    "reset of equal": (
        '{"type": "threshold", "condition": "equal", "threshold": 5,\n"reset": 4}',
        2,
        "reset does not go with equal",
    ),
    "bounds missing": ('{"type": "threshold", "condition": "between",\n"lower": 5}', 1, "upper is missing"),
    "bounds crossed": (
        '{"type": "threshold", "condition": "outside",\n"lower": 5, "upper": 4}',
        2,
        "lower (5) is greater than upper (4)",
    ),
    "bounds of greaterThan": ("{" + T + ', "threshold": 5,\n"lower": 4}', 2, "write threshold for greaterThan"),
    "threshold of between": (
        '{"type": "threshold", "condition": "between", "lower": 5, "upper": 6,\n"threshold": 4}',
        2,
        "threshold does not go with between",
    ),
    "duration": ("{" + T + ', "threshold": 5,\n"for": "10 min"}', 2, "write for instance PT10M, PT3H or P1D"),
    "duration of months": ("{" + T + ', "threshold": 5,\n"for": "P1M"}', 2, "no years or months"),
    "no duration": ("{" + T + ', "threshold": 5,\n"for": "PT0S"}', 2, "must be longer than nothing"),
    "pending at once": ("{" + T + ', "threshold": 5,\n"pending": true}', 2, "pending needs for or consecutive"),
    "pending after one": ("{" + T + ', "threshold": 5, "consecutive": 1,\n"pending": true}', 2, "add one of them"),
    "pending with every": (
        "{" + T + ', "threshold": 5, "for": "PT1M", "trigger": "every",\n"pending": true}',
        2,
        "no meaning with trigger every",
    ),
    "pending that is neither": (
        "{" + T + ', "threshold": 5, "for": "PT1M",\n"pending": "yes"}',
        2,
        "pending: input should be a valid boolean",
    ),
    "pending inside": (
        '{"type": "and", "rules": [{' + T + ', "threshold": 5, "for": "PT1M",\n"pending": true}, {' + T + "}]}",
        2,
        "move pending there",
    ),
    "pending sequence": (
        '{"type": "sequence", "within": "PT1H",\n"pending": true, "rules": [{' + T + "}, {" + T + "}]}",
        2,
        "no meaning for a sequence",
    ),
    "pending silence": (
        '{"type": "noData", "after": "PT1H",\n"pending": true}',
        2,
        "pending is no member that can stand here",
    ),
    "run of zero": ("{" + T + ', "threshold": 5,\n"consecutive": 0}', 2, "no whole number of at least 1"),
    "trigger": ("{" + T + ', "threshold": 5,\n"trigger": "level"}', 2, "write 'edge' or 'every'"),
    "severity": ("{" + T + ', "threshold": 5,\n"severity": "high"}', 2, "write one of Extreme, Severe"),
    "steps beside threshold": (
        "{" + T + ', "steps": [{"threshold": 5, "severity": "Minor"}],\n"threshold": 5}',
        2,
        "each step has its own",
    ),
    "steps in wrong order": (
        "{" + T + ', "steps": [{"threshold": 5, "severity": "Minor"},\n{\n"threshold": 5, "severity": "Severe"}]}',
        3,
        "from the mildest to the worst",
    ),
    "function": ("{" + T + ', "threshold": 5,\n"of": {"function": "median"}}', 2, "'median' is not known"),
    "window missing": ("{" + T + ', "threshold": 5,\n"of": {"function": "mean"}}', 2, "window is missing"),
    "no function": (
        "{" + T + ', "threshold": 5,\n"of": {"window": "PT1H"}}',
        2,
        "function is missing; write one of mean",
    ),
    "member of another function": (
        "{" + T + ', "threshold": 5, "of": {"function": "spike", "window": "PT1H",\n"kind": "sliding"}}',
        2,
        "kind is no member that can stand here",
    ),
    "member of a detector misspelt": (
        "{" + T + ', "threshold": 5, "of": {"function": "spike", "window": "PT1H",\n"minCont": 3}}',
        2,
        "did you mean minCount?",
    ),
    "window of a detector": (
        "{" + T + ', "threshold": 5, "of": {"function": "spike",\n"window": "3 h"}}',
        2,
        "'3 h' is no duration",
    ),
    "too many days": (
        "{" + T + ', "threshold": 5, "of": {"function": "seasonal",\n"days": 32}}',
        2,
        "less than or equal to 31",
    ),
    "short baseline": (
        "{" + T + ', "threshold": 5, "of": {"function": "ewma", "window": "P1D",\n"baseline": "PT24H"}}',
        2,
        "the baseline (PT24H) must be longer than the window (P1D)",
    ),
    "distance equal": (
        '{"type": "threshold",\n"condition": "equal", "threshold": 5, "of": {"function": "spike", "window": "PT1H"}}',
        2,
        "use greaterThan",
    ),
    "drift without unit": (
        "{" + T + ', "threshold": 5, "of": {"function": "drift", "window": "P1D", "neighbour": {"procedure": "b"}}}',
        1,
        "uom is missing; drift compares two series",
    ),
    "drift from itself": (
        "{" + T + ', "threshold": 5, "uom": "m", "procedure": "a", "of": {"function": "drift", "window": "P1D",\n'
        '"neighbour": {"procedure": "a"}}}',
        2,
        "the neighbour is the series itself",
    ),
    "drift by series": (
        "{" + T + ', "threshold": 5, "uom": "m", "of": {"function": "drift", "window": "P1D", "neighbour": '
        '{"procedure": "b"}},\n"correlate": "series"}',
        2,
        "correlate series would keep the neighbour apart",
    ),
    "negative tolerance": (
        '{"type": "stuck", "after": "PT1H",\n"tolerance": -1}',
        2,
        "greater than or equal to 0",
    ),
    "quality": ("{" + T + ', "threshold": 5,\n"quality": "good"}', 2, "'good' is no list; write what belongs to it in"),
    "no flag": ("{" + T + ', "threshold": 5,\n"quality": {"accept": []}}', 2, "at least 1 item"),
    "flag that is none": (
        "{" + T + ', "threshold": 5, "quality": [\n"good",\n7]}',
        3,
        "7 is no name",
    ),
    "member of quality": (
        "{" + T + ', "threshold": 5, "quality": {"accept": ["good"],\n"unflaged": false}}',
        2,
        "unflaged is no member that can stand here; did you mean unflagged?",
    ),
    "unflagged": (
        "{" + T + ', "threshold": 5, "quality": {"accept": ["good"],\n"unflagged": "no"}}',
        2,
        "unflagged: input should be a valid boolean",
    ),
    "quality of several": (
        '{"type": "or", "rules": [{"type": "noData", "after": "PT1H"}, {"type": "noData", "after": "PT2H"}],\n'
        '"quality": ["good"]}',
        2,
        "quality is no member that can stand here",
    ),
    "too many rules": (
        '{"type": "or", "rules": ['
        + ",".join(['{"type": "or", "rules": [' + ",".join(['{"type": "noData"}'] * 51) + "]}"] * 2)
        + "]}",
        1,
        "these are 105 rules in one, where 100 may be",
    ),
    "too many exclusions": (
        "{" + T + ', "threshold": 5,\n"exclude": [' + ", ".join(["0"] * 101) + "]}",
        2,
        "at most 100 items",
    ),
    "tumbling change": (
        "{" + T + ', "threshold": 5, "of": {"function": "change",\n"kind": "tumbling"}}',
        2,
        "change looks at the observation before",
    ),
    "rate of a mean": (
        "{" + T + ', "threshold": 5, "of": {"function": "mean", "window": "PT1H",\n"per": "PT1H"}}',
        2,
        "per makes a rate of a change",
    ),
    "unit of a count": (
        "{" + T + ', "threshold": 5, "of": {"function": "count", "window": "PT1H"},\n"uom": "m"}',
        2,
        "'m' is the wrong kind of unit",
    ),
    "unit of a radius": (
        "{" + T + ', "threshold": 5, "area": {"center": [1, 2], "radius": 3,\n"uom": "s"}}',
        2,
        "'s' is the wrong kind of unit: a radius is a length",
    ),
    "half an area": ("{" + T + ', "threshold": 5,\n"area": {"center": [1, 2]}}', 2, "center and radius go together"),
    "box upside down": ("{" + T + ', "threshold": 5,\n"area": {"bbox": [1, 5, 2, 4]}}', 2, "south below north"),
    "message field": ("{" + T + ', "threshold": 5,\n"message": "{value.real}"}', 2, "{value.real}, which is no field"),
    "message brace": ("{" + T + ', "threshold": 5,\n"message": "{"}', 2, "single brace"),
    "no after": ('{\n"type": "noData"}', 1, "after is missing; a noData rule needs it"),
    "one rule": ('{"type": "and",\n"rules": []}', 2, "at least 2 items"),
    "rule in a rule": (
        '{"type": "or", "rules": [\n{"type": "noData", "after": "PT1H"},\n{"type": "noData"}]}',
        3,
        "after is missing",
    ),
    "sequence without within": (
        '{"type": "sequence", "rules": [{"type": "noData", "after": "PT1H"}, {"type": "noData", "after": "PT2H"}]}',
        1,
        "within is missing",
    ),
    "sequence inside": (
        '{"type": "and", "rules": [{"type": "noData", "after": "PT1H"},\n{"type": "sequence", "within": "PT1H", '
        '"rules": [{"type": "noData", "after": "PT1H"}, {"type": "noData", "after": "PT2H"}]}]}',
        2,
        "a sequence happens at an instant",
    ),
    "correlated inside": (
        '{"type": "or", "rules": [{"type": "noData", "after": "PT1H"},\n{"type": "noData", "after": "PT2H",\n'
        '"correlate": "series"}]}',
        3,
        "only the outermost rule is correlated",
    ),
    "broken off": ('{"type":\n', 2, "this is not JSON"),
    "not a number of JSON": ("{" + T + ',\n"threshold": NaN}', 2, "this is not JSON"),
    "number too large": ("{" + T + ',\n"threshold": 1e999}', 2, "the number is out of range"),
    "two texts": ("{}\n{}", 2, "this is not JSON: Extra data"),
    "five thousand digits": ("{" + T + ',\n"threshold": ' + "9" * 5000 + "}", 2, "a number has too many digits"),
    "member twice": ("{" + T + ', "threshold": 5,\n"threshold": 6}', 2, "threshold stands twice"),
    "too deep": ("[" * 100 + "]" * 100, 1, "nested deeper than 32 levels"),
    "too long": ('"' + "x" * 1_000_000 + '"', 0, "longer than 1000000 characters"),
}


@pytest.mark.parametrize(("text", "line", "message"), FAULTS.values(), ids=FAULTS.keys())
def test_fault_is_told_with_its_line_and_what_to_do(text, line, message):
    """
    A rule that is wrong is refused, and the fault stands where it can be found.
    """
    with pytest.raises(RuleError) as refused:
        compile_threshold(text)

    assert [line] == [fault.line for fault in refused.value.faults if message in fault.message]


def test_all_faults_are_told_at_once():
    """
    Those of single members, of members that do not go together, and of rules inside.
    """
    text = """{
      "type": "or",
      "within": "soon",
      "rules": [
        {"type": "threshold", "condition": "between",
         "lower": "low",
         "reset": 5},
        {"type": "noData",
         "aftr": "PT1H"}
      ]
    }"""

    with pytest.raises(RuleError) as refused:
        compile_threshold(text)

    assert [3, 5, 6, 7, 8, 9] == [fault.line for fault in refused.value.faults]


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=15,
)


@given(values, st.sampled_from([None, 0, 2]), st.booleans())
def test_json_is_read_as_the_standard_library_reads_it(value, indent, ascii_only):
    """
    Our reader of JSON only adds the lines.
    """
    text = json.dumps(value, indent=indent, ensure_ascii=ascii_only)

    found, _ = read_json(text)

    assert value == found


@given(st.text(alphabet='{}[]",:0123456789.eE+-truefalsn \\u\n', max_size=30))
def test_what_is_no_json_is_refused_as_the_standard_library_refuses_it(text):
    """
    Neither stricter nor more lenient, but for repeated members (and NaN, which these letters cannot write).
    """
    try:
        expected = json.loads(text)
    except ValueError:
        expected = pytest

    found = pytest
    with contextlib.suppress(RuleError):
        found, _ = read_json(text)

    assert found == expected or text.count(":") > 1


def test_line_of_a_value_is_where_it_begins():
    """
    A member that is missing is told at the line of its object.
    """
    _, lines = read_json('{"a": [1,\n 2,\n {"b":\n null}]}')

    assert (1, 2, 3, 4, 3) == tuple(
        lines.at(path) for path in [("a",), ("a", 1), ("a", 2), ("a", 2, "b"), ("a", 2, "c")]
    )
