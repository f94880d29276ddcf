"""Guards of EML: temporal and spatial operators of FES 2.0."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.weps.rules.eml.build import eml, of, select, simple
from tests.weps.rules.eml.guards import ALLEN, CRS84, SQUARE, WGS84, distance, guarded, instant, period, value_reference
from tests.weps.rules.making import NOON, level, minute

if TYPE_CHECKING:
    from collections.abc import Callable


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
