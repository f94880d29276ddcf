"""Guards of EML: comparisons, logic, arithmetic and texts of FES 2.0."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pytest

from tests.weps.rules.eml.build import compare
from tests.weps.rules.eml.guards import guarded, quantity, value_reference
from tests.weps.rules.making import level

if TYPE_CHECKING:
    from collections.abc import Callable


def passing(told: Callable[..., Any], guard: str, *values: Any, **members: Any) -> list[Any]:
    """Give the values that pass a guard."""
    observations = [level(number, value, **members) for number, value in enumerate(values)]
    return [values[int(at)] for at, _ in told(guarded(guard), observations)]


COMPARISONS = [
    ("EqualTo", "2", [1, 2, 2.0, "2", "x", None, math.nan, math.inf], [2, 2.0, "2"]),
    ("NotEqualTo", "2", [1, 2, "x", None, math.nan], [1, "x"]),
    ("LessThan", "2", [1, 2, 3, "1.5", None], [1, "1.5"]),
    ("LessThanOrEqualTo", "2", [1, 2, 3], [1, 2]),
    ("GreaterThan", "2", [1, 2, 3, math.inf], [3]),
    ("GreaterThanOrEqualTo", "2", [1, 2, 3], [2, 3]),
    ("EqualTo", "RED", ["RED", "red", "RED ", 5, None, True], ["RED"]),
    ("GreaterThan", "b", ["a", "b", "c"], ["c"]),
    ("EqualTo", "true", [True, False, "true"], [True, "true"]),
    ("EqualTo", "1", [True, 1], [1]),
]


@pytest.mark.parametrize(
    ("operator", "literal", "values", "expected"), COMPARISONS, ids=[f"{one[0]}-{one[1]}" for one in COMPARISONS]
)
def test_values_compare_as_numbers_or_texts(
    told: Callable[..., Any], operator: str, literal: str, values: list[Any], expected: list[Any]
) -> None:
    """
    Both sides numeric: numbers; else texts by code point. A missing value is in no relation.
    """
    found = passing(told, compare(operator, "input/value", literal), *values)

    assert found == expected


@pytest.mark.parametrize(
    ("name", "values", "expected"),
    [
        ("input/doubleValue", [1, 5, "5", "x", None, math.nan, 10**400], [5, "5"]),
        ("doubleValue", [1, 5], [5]),
        ("input/Level", [1, 5], [5]),
        ("Level", [1, 5], [5]),
        ("input/stringValue", [1, 5, 5.0], [5, 5.0]),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_value_has_several_names(told: Callable[..., Any], name: str, values: list[Any], expected: list[Any]) -> None:
    """
    The result is read as value, doubleValue, stringValue and under the name of the observed property.
    """
    found = passing(told, compare("EqualTo", name, "5"), *values)

    assert found == expected


def test_value_is_read_under_an_observed_property_that_is_an_address(told: Callable[..., Any]) -> None:
    """
    A property that is a URL is named whole, with the input before it or without.
    """
    url = "http://example.org/property/level"
    both = "".join(compare("EqualTo", name, "5") for name in (url, f"input/{url}"))

    found = passing(told, f"<fes:And>{both}</fes:And>", 1, 5, observed_property=url)

    assert found == [5]


@pytest.mark.parametrize(
    ("name", "literal"),
    [
        ("input/procedure", "gauge-1"),
        ("input/sensorID", "gauge-1"),
        ("input/observedProperty", "Level"),
        ("input/featureOfInterest", "river"),
        ("input/foiID", "river"),
        ("input/uom", "m"),
        ("input/startTime", "1714564800000"),
        ("input/endTime", "1714564800000"),
        ("input/resultTime", "1714564800000"),
    ],
)
def test_observation_has_these_properties(told: Callable[..., Any], name: str, literal: str) -> None:
    """
    An observation is read by its identifiers, unit and times in milliseconds.
    """
    found = passing(told, compare("EqualTo", name, literal), 1)

    assert found == [1]


LESS_5, MORE_1 = compare("LessThan", "input/value", 5), compare("GreaterThan", "input/value", 1)


@pytest.mark.parametrize(
    ("guard", "expected"),
    [
        (f"<fes:And>{LESS_5}{MORE_1}</fes:And>", [3]),
        (f"<fes:Or>{compare('GreaterThan', 'input/value', 5)}{compare('LessThan', 'input/value', 2)}</fes:Or>", [1, 9]),
        (f"<fes:Not>{LESS_5}</fes:Not>", [None, 9]),
        (f"<fes:Not><fes:Not>{LESS_5}</fes:Not></fes:Not>", [1, 3]),
    ],
    ids=["and", "or", "not", "not-not"],
)
def test_logic_is_two_valued(told: Callable[..., Any], guard: str, expected: list[Any]) -> None:
    """
    A comparison with a missing value is false, and its Not is true.
    """
    found = passing(told, guard, None, 1, 3, 9)

    assert found == expected


@pytest.mark.parametrize(
    ("lower", "upper", "expected"), [(2, 4, [2, 3, 4]), (4, 2, [])], ids=["edges-inside", "reversed"]
)
def test_between_includes_its_edges(told: Callable[..., Any], lower: float, upper: float, expected: list[Any]) -> None:
    """
    Lower <= value <= upper; reversed bounds match nothing.
    """
    guard = (
        f"<fes:PropertyIsBetween>{value_reference('input/value')}"
        f"<fes:LowerBoundary><fes:Literal>{lower}</fes:Literal></fes:LowerBoundary>"
        f"<fes:UpperBoundary><fes:Literal>{upper}</fes:Literal></fes:UpperBoundary></fes:PropertyIsBetween>"
    )

    found = passing(told, guard, 1, 2, 3, 4, 5, None)

    assert found == expected


@pytest.mark.parametrize(
    ("pattern", "values", "expected"),
    [
        ("gauge-*", ["gauge-1", "gauge-", "Gauge-1", "a gauge-1"], ["gauge-1", "gauge-"]),
        ("*a?b*", ["axb", "1axb2", "ab", "aab"], ["axb", "1axb2", "aab"]),
        ("!*!!*", ["*!x", "x!x", "*!"], ["*!x", "*!"]),
        ("*ab", ["aab", "abab", "aba"], ["aab", "abab"]),
        ("a*ab", ["ab", "aab", "axab"], ["aab", "axab"]),
        ("a.c", ["a.c", "abc"], ["a.c"]),
        ("5*", [5, 51, 15], [5, 51]),
        ("*", ["", "x\ny", None], ["", "x\ny"]),
    ],
)
def test_like_matches_whole_texts(
    told: Callable[..., Any], pattern: str, values: list[Any], expected: list[Any]
) -> None:
    """
    Wild cards stand for any characters or one; escaped they are themselves; case counts.
    """
    guard = (
        f'<fes:PropertyIsLike wildCard="*" singleChar="?" escapeChar="!">{value_reference("input/value")}'
        f"<fes:Literal>{pattern}</fes:Literal></fes:PropertyIsLike>"
    )

    found = passing(told, guard, *values)

    assert found == expected


def test_like_with_many_wild_cards_is_quick(told: Callable[..., Any]) -> None:
    """
    A pattern of many wild cards takes no time that grows with the ways in which it could match.
    """
    guard = (
        f'<fes:PropertyIsLike wildCard="*" singleChar="?" escapeChar="!">{value_reference("input/value")}'
        f"<fes:Literal>{'*a' * 30}b</fes:Literal></fes:PropertyIsLike>"
    )

    found = passing(told, guard, "a" * 20_000)

    assert found == []


@pytest.mark.parametrize("operator", ["PropertyIsNull", "PropertyIsNil"])
def test_null_is_what_is_missing(told: Callable[..., Any], operator: str) -> None:
    """
    Absent, nil and not finite numbers are missing; a text has no doubleValue.
    """
    guard = f"<fes:{operator}>{value_reference('input/doubleValue')}</fes:{operator}>"

    found = passing(told, guard, 1, None, math.inf, "n/a")

    assert found == [None, math.inf, "n/a"]


@pytest.mark.parametrize(
    ("function", "value", "expected"),
    [("add", 3, [3]), ("sub", 7, [7]), ("mul", 2.5, [2.5]), ("div", 10, [10])],
    ids=["add", "sub", "mul", "div"],
)
def test_arithmetic_is_computed(told: Callable[..., Any], function: str, value: float, expected: list[Any]) -> None:
    """
    A function of two operands is compared like a property.
    """
    computed = (
        f'<fes:Function name="{function}">{value_reference("input/doubleValue")}<fes:Literal>2</fes:Literal>'
        "</fes:Function>"
    )
    guard = f"<fes:PropertyIsEqualTo>{computed}<fes:Literal>5</fes:Literal></fes:PropertyIsEqualTo>"

    found = passing(told, guard, value, 1, None, "x")

    assert found == expected


def test_division_by_zero_has_no_value(told: Callable[..., Any]) -> None:
    """
    What cannot be computed is missing.
    """
    zero = f'<fes:Function name="div"><fes:Literal>1</fes:Literal>{value_reference("input/doubleValue")}</fes:Function>'
    guard = f"<fes:PropertyIsNull>{zero}</fes:PropertyIsNull>"

    found = passing(told, guard, 0, 1)

    assert found == [0]


def test_case_can_be_ignored(told: Callable[..., Any]) -> None:
    """
    With matchCase false texts are equal whatever their case.
    """
    guard = compare("EqualTo", "input/value", "RED").replace(
        "<fes:PropertyIsEqualTo>", '<fes:PropertyIsEqualTo matchCase="false">'
    )

    found = passing(told, guard, "red", "Red", "blue")

    assert found == ["red", "Red"]


@pytest.mark.parametrize(
    ("code", "uom", "value", "expected"),
    [
        ("m", "cm", 461, True),
        ("m", "cm", 460, False),
        ("m", "dm", 46, False),
        ("m", "m+NN", 4.7, True),
        ("cm", "m", 0.0461, True),
        ("m", "test_unit", 461, True),
        ("m", None, 4.0, False),
        ("m", "s", 461, False),
        ("Cel", "[degF]", 40.3, True),
        ("Cel", "K", 277.75, False),
        ("Cel", "K", 277.76, True),
    ],
)
def test_quantities_compare_in_the_base_unit(
    told: Callable[..., Any], code: str, uom: str | None, value: float, expected: bool
) -> None:
    """
    A literal with a unit and a value with one of the same kind are both brought to the base unit; an unknown unit
    leaves the raw number, another kind never fulfils the condition.
    """
    guard = compare("GreaterThan", "input/doubleValue", quantity(4.6, code))

    found = passing(told, guard, value, uom=uom)

    assert found == ([value] if expected else [])


def test_between_takes_quantities(told: Callable[..., Any]) -> None:
    """
    Both bounds may have units of their own.
    """
    guard = (
        f"<fes:PropertyIsBetween>{value_reference('input/value')}"
        f"<fes:LowerBoundary><fes:Literal>{quantity(10, 'cm')}</fes:Literal></fes:LowerBoundary>"
        f"<fes:UpperBoundary><fes:Literal>{quantity(1, 'm')}</fes:Literal></fes:UpperBoundary></fes:PropertyIsBetween>"
    )

    found = passing(told, guard, 0.05, 0.1, 1, 1.1)

    assert found == [0.1, 1]
