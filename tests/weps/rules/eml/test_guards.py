"""Guards: FES 2.0 conditions on the events of a pattern."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.weps.rules.eml.build import EVENT, compare, eml, of, select, simple
from tests.weps.rules.making import NOON, level, minute

if TYPE_CHECKING:
    from collections.abc import Callable

WGS84 = "http://www.opengis.net/def/crs/EPSG/0/4326"
CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"


def guarded(guard: str) -> str:
    """A rule that gives the events that pass a guard."""
    return eml(simple("p", select(EVENT, "", "out"), guard=guard))


def passing(told: Callable[..., Any], guard: str, *values: Any, **members: Any) -> list[Any]:
    """Give the values that pass a guard."""
    observations = [level(number, value, **members) for number, value in enumerate(values)]
    return [values[int(at)] for at, _ in told(guarded(guard), observations)]


def value_reference(name: str) -> str:
    return f"<fes:ValueReference>{name}</fes:ValueReference>"


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


def quantity(value: float, code: str) -> str:
    return f'<swe:Quantity><swe:uom code="{code}"/><swe:value>{value}</swe:value></swe:Quantity>'


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


def instant(at: float) -> str:
    position = minute(at).isoformat().replace("+00:00", "Z")
    return f'<gml:TimeInstant gml:id="t"><gml:timePosition>{position}</gml:timePosition></gml:TimeInstant>'


def period(begin: float, end: float) -> str:
    first, last = (minute(at).isoformat().replace("+00:00", "Z") for at in (begin, end))
    return (
        f'<gml:TimePeriod gml:id="t"><gml:beginPosition>{first}</gml:beginPosition>'
        f"<gml:endPosition>{last}</gml:endPosition></gml:TimePeriod>"
    )


ALLEN = [
    ("After", (11, 15), (12, 14)),
    ("Before", (0, 4), (1, 3)),
    ("Meets", (0, 5), (1, 4)),
    ("MetBy", (10, 15), (11, 15)),
    ("During", (6, 9), (5, 9)),
    ("TContains", (4, 11), (5, 11)),
    ("TEquals", (5, 10), (5, 9)),
    ("Begins", (5, 9), (5, 10)),
    ("BegunBy", (5, 11), (5, 10)),
    ("Ends", (6, 10), (5, 10)),
    ("EndedBy", (4, 10), (5, 10)),
    ("TOverlaps", (4, 9), (4, 5)),
    ("OverlappedBy", (6, 11), (10, 11)),
    ("AnyInteracts", (10, 11), (11, 12)),
]


@pytest.mark.parametrize(("relation", "inside", "outside"), ALLEN, ids=[one[0] for one in ALLEN])
def test_periods_are_in_relations(
    told: Callable[..., Any], relation: str, inside: tuple[int, int], outside: tuple[int, int]
) -> None:
    """
    The time of an observation against minutes 5 to 10, after Allen.
    """
    guard = f"<fes:{relation}>{value_reference('input/validTime')}{period(5, 10)}</fes:{relation}>"
    observations = [
        level(begin, "in" if (begin, end) == inside else "out", phenomenon_time_end=minute(end))
        for begin, end in (inside, outside)
    ]
    expected = ["in", "out"] if relation in ("Before", "After") else ["in"]

    found = told(guarded(guard), observations, end=20)

    assert [value for _, value in found] == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [("phenomenonTime", []), ("startTime", []), ("endTime", ["x"]), ("resultTime", ["x"])],
)
def test_property_picks_the_time(told: Callable[..., Any], name: str, expected: list[Any]) -> None:
    """
    After minute 5: neither the period from 4 to 6 nor its start, but its end and the result time at 7.
    """
    guard = f"<fes:After>{value_reference(f'input/{name}')}{instant(5)}</fes:After>"
    observation = level(4, "x", phenomenon_time_end=minute(6), result_time=minute(7))

    found = told(guarded(guard), [observation])

    assert [value for _, value in found] == expected


def point(longitude: float, latitude: float) -> dict[str, Any]:
    return {"type": "Point", "coordinates": [longitude, latitude]}


def places(told: Callable[..., Any], guard: str, *geometries: Any) -> list[int]:
    """Give the indexes of the geometries that pass."""
    observations = [level(number, number, geometry=geometry) for number, geometry in enumerate(geometries)]
    return [value for _, value in told(guarded(guard), observations)]


SQUARE = (
    f'<gml:Polygon gml:id="g" srsName="{WGS84}"><gml:exterior><gml:LinearRing>'
    "<gml:posList>50 6 52 6 52 8 50 8 50 6</gml:posList></gml:LinearRing></gml:exterior></gml:Polygon>"
)
INSIDE, BORDER, OUTSIDE = point(7, 51), point(6, 51), point(51, 7)
ACROSS = {"type": "LineString", "coordinates": [[5, 51], [9, 51]]}
AROUND = {"type": "Polygon", "coordinates": [[[5, 49], [9, 49], [9, 53], [5, 53], [5, 49]]]}
SAME = {"type": "Polygon", "coordinates": [[[6, 50], [8, 50], [8, 52], [6, 52], [6, 50]]]}
SHIFTED = {"type": "Polygon", "coordinates": [[[7, 51], [9, 51], [9, 53], [7, 53], [7, 51]]]}
LIE = (INSIDE, BORDER, OUTSIDE, ACROSS, AROUND, SAME, SHIFTED, None)


@pytest.mark.parametrize(
    ("relation", "expected"),
    [
        ("Within", [0, 5]),
        ("Contains", [4, 5]),
        ("Intersects", [0, 1, 3, 4, 5, 6]),
        ("Disjoint", [2]),
        ("Equals", [5]),
        ("Touches", [1]),
        ("Crosses", [3]),
        ("Overlaps", [6]),
    ],
)
def test_geometries_are_in_relations(told: Callable[..., Any], relation: str, expected: list[int]) -> None:
    """
    The geometry of the observation comes first; a missing one is in no relation, not even Disjoint.
    """
    guard = f"<fes:{relation}>{value_reference('input/geometry')}{SQUARE}</fes:{relation}>"

    found = places(told, guard, *LIE)

    assert found == expected


@pytest.mark.parametrize(
    ("envelope", "srs", "geometries", "expected"),
    [
        ("50 6,52 8", WGS84, [INSIDE, BORDER, OUTSIDE, None], [0, 1]),
        ("6 50,8 52", CRS84, [INSIDE, BORDER, OUTSIDE], [0, 1]),
        ("-10 170,10 -170", WGS84, [point(179, 0), point(-179, 0), point(0, 0)], [0, 1]),
        ("5700000 300000,5800000 400000", "urn:ogc:def:crs:EPSG::25832", [point(5750000, 350000), INSIDE], [0]),
    ],
    ids=["latitude-first", "longitude-first", "date-line", "projected"],
)
def test_box_includes_its_border(
    told: Callable[..., Any], envelope: str, srs: str, geometries: list[Any], expected: list[int]
) -> None:
    """
    BBOX means not disjoint; the reference system decides the order of the axes.
    """
    lower, upper = envelope.split(",")
    guard = (
        f'<fes:BBOX>{value_reference("input/horizontalProjection")}<gml:Envelope srsName="{srs}"><gml:lowerCorner>'
        f"{lower}</gml:lowerCorner><gml:upperCorner>{upper}</gml:upperCorner></gml:Envelope></fes:BBOX>"
    )

    found = places(told, guard, *geometries)

    assert found == expected


def distance(relation: str, metres: str, uom: str) -> str:
    place = f'<gml:Point gml:id="p" srsName="{WGS84}"><gml:pos>51 7</gml:pos></gml:Point>'
    return (
        f"<fes:{relation}>{value_reference('input/geometry')}<fes:Literal>{place}</fes:Literal>"
        f'<fes:Distance uom="{uom}">{metres}</fes:Distance></fes:{relation}>'
    )


@pytest.mark.parametrize(
    ("relation", "number", "uom", "expected"),
    [
        ("DWithin", "10", "km", [0, 1, 3]),
        ("Beyond", "10", "km", [2, 4]),
        ("DWithin", "5", "nautical mile", [0, 1, 3]),
        ("DWithin", "33000", "[ft_i]", [0, 1, 3]),
        ("DWithin", "0", "m", [0]),
        ("DWithin", "1100000", "cm", [0, 1, 3, 4]),
        ("DWithin", "9200000", "mm", [0, 1, 3]),
    ],
)
def test_distances_are_measured_on_the_sphere(
    told: Callable[..., Any], relation: str, number: str, uom: str, expected: list[int]
) -> None:
    """
    8.9 km and 11.1 km to the north, 9.1 km and 10.5 km to the east; no geometry is neither within nor beyond.
    """
    geometries = [point(7, 51), point(7, 51.08), point(7, 51.1), point(7.13, 51), point(7.15, 51), None]

    found = places(told, distance(relation, number, uom), *geometries)

    assert found == expected


def test_distance_is_a_number_in_comparisons(told: Callable[..., Any]) -> None:
    """
    The function distanceTo gives metres.
    """
    place = f'<gml:Point gml:id="p" srsName="{WGS84}"><gml:pos>51 7</gml:pos></gml:Point>'
    computed = f'<fes:Function name="distanceTo">{value_reference("input/geometry")}{place}</fes:Function>'
    guard = f"<fes:PropertyIsLessThan>{computed}<fes:Literal>9000</fes:Literal></fes:PropertyIsLessThan>"

    found = places(told, guard, point(7, 51.08), point(7, 51.1), None)

    assert found == [0]


def test_derived_event_spans_what_contributed(told: Callable[..., Any]) -> None:
    """
    The time of an aggregate reaches from the earliest begin to the latest end of its events.
    """
    total = simple("s", select(of("SelectSum"), "s_event"), "<LengthView><EventCount>2</EventCount></LengthView>")
    guard = f"<fes:TEquals>{value_reference('s_event/phenomenonTime')}{period(1, 3)}</fes:TEquals>"
    spans = simple("q", select(of("SelectProperty", "s_event/endTime"), "", "out"), "", guard, name="s_event")

    found = told(eml(total, spans), [level(1, 1), level(3, 2), level(4, 3)])

    assert found == [(3, (minute(3) - NOON) / timedelta(milliseconds=1) + NOON.timestamp() * 1000)]
