"""Spatial operators of guards (4.6), on shapely; coordinates of literals in EPSG 4326 are latitude, longitude."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import shapely
from shapely.geometry import LineString, Point, Polygon, box, shape
from shapely.ops import nearest_points

from tests.weps.rules.eml.reference.document import children, find, local, text

if TYPE_CHECKING:
    from tests.weps.rules.eml.reference.events import Event

_RADIUS = 6371008.8
_METRES = {"m": 1.0, "km": 1000.0, "cm": 0.01, "mm": 0.001, "[nmi_i]": 1852.0, "[ft_i]": 0.3048}
_METRES |= {"nautical mile": 1852.0}
_RELATIONS = ("Within", "Contains", "Intersects", "Disjoint", "Equals", "Touches", "Crosses", "Overlaps")


def is_spatial(name: str) -> bool:
    """Tell whether an operator compares places."""
    return name in {*_RELATIONS, "BBOX", "DWithin", "Beyond"}


def holds_between(name: str, event: Event | None, guard: Any) -> bool:
    """Tell whether a spatial operator holds; without a geometry none does."""
    own = None if event is None else event.get("geometry")
    if own is None:
        return False
    literal = next(one for one in children(guard) if local(one) not in {"ValueReference", "Distance"})
    other = _read(children(literal)[0] if local(literal) == "Literal" else literal)
    geometry = shape(own)
    if name in {"DWithin", "Beyond"}:
        reach = float(text(guard, "Distance")) * _METRES[find(guard, "Distance").get("uom")]
        return (_distance(*nearest_points(geometry, other)) <= reach) == (name == "DWithin")
    if name == "BBOX":
        return not shapely.disjoint(geometry, other)
    return bool(getattr(shapely, name.lower())(geometry, other))


def _distance(one: Point, other: Point) -> float:
    """Give the great-circle distance in metres."""
    east, north, to_east, to_north = (math.radians(number) for number in (one.x, one.y, other.x, other.y))
    chord = math.sin((to_north - north) / 2) ** 2
    chord += math.cos(north) * math.cos(to_north) * math.sin((to_east - east) / 2) ** 2
    return 2 * _RADIUS * math.asin(math.sqrt(chord))


def _read(element: Any) -> Any:
    swap = (element.get("srsName") or "").endswith("4326")
    if local(element) == "Envelope":
        low, high = (_places(text(element, one), swap=swap)[0] for one in ("lowerCorner", "upperCorner"))
        return box(*low, *high)
    written = next(one.text for one in element.iter("{*}pos", "{*}posList"))
    places = _places(written, swap=swap)
    return {"Point": lambda: Point(places[0]), "LineString": lambda: LineString(places)}.get(
        local(element), lambda: Polygon(places)
    )()


def _places(written: str, *, swap: bool) -> list[tuple[float, float]]:
    numbers = [float(one) for one in written.split()]
    pairs = list(zip(numbers[::2], numbers[1::2], strict=True))
    return [(second, first) for first, second in pairs] if swap else pairs
