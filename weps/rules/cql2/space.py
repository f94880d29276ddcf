"""Geometries in CQL2, in degrees with longitude first, and the relations that compare them."""

from __future__ import annotations

from typing import Any

from weps.rules import expression as ex
from weps.rules.cql2.tree import Call, Constant, Cql2Fault, Geometry, Name, Node
from weps.rules.operators.spatial import checked_geometry

Relation = ex.SpatialRelation

RELATIONS: dict[str, Relation] = {
    "s_contains": Relation.CONTAINS,
    "s_crosses": Relation.CROSSES,
    "s_disjoint": Relation.DISJOINT,
    "s_equals": Relation.EQUALS,
    "s_intersects": Relation.INTERSECTS,
    "s_overlaps": Relation.OVERLAPS,
    "s_touches": Relation.TOUCHES,
    "s_within": Relation.WITHIN,
}
_CONVERSE = {Relation.CONTAINS: Relation.WITHIN, Relation.WITHIN: Relation.CONTAINS}


def read_spatial(call: Call) -> ex.Spatial:
    """Give a spatial function of two geometries, of which one at least is a property."""
    relation = RELATIONS[call.name]
    first, second = (_read(one) for one in call.arguments)
    if isinstance(first, ex.Property):
        return ex.Spatial(relation, first, second)
    if isinstance(second, ex.Property):
        return ex.Spatial(_CONVERSE.get(relation, relation), second, first)
    raise Cql2Fault(call.place, f"{call.written} compares two fixed geometries; one must be the property geometry")


def _read(node: Node) -> ex.Property | ex.Shape:
    match node:
        case Name(_, name):
            return ex.Property(name)
        case Geometry(_, geometry):
            found = dict(geometry)
        case Call(_, written, arguments) if written.lower() == "bbox":
            found = _box(node, arguments)
        case _:
            raise Cql2Fault(node.place, "this is no geometry; write geometry, WKT such as POINT(6.9 51.1), or BBOX(…)")
    try:
        checked_geometry(found)
    except ValueError as error:
        raise Cql2Fault(node.place, f"the geometry cannot be used: {error}") from error
    return ex.Shape(found)


def _box(node: Node, arguments: tuple[Node, ...]) -> dict[str, Any]:
    """Give a box of west, south, east, north (heights are left out); with west above east it crosses 180 degrees."""
    numbers = [one.value for one in arguments if isinstance(one, Constant)]
    plain = [float(one) for one in numbers if isinstance(one, (int, float)) and not isinstance(one, bool)]
    if len(plain) != len(arguments) or len(plain) not in (4, 6):
        raise Cql2Fault(node.place, "BBOX takes west, south, east, north as numbers")
    half = len(plain) // 2
    (west, south), (east, north) = plain[:2], plain[half : half + 2]
    if south >= north or west == east:
        raise Cql2Fault(node.place, "the box has no area; write west, south, east, north")
    spans = [(west, east)] if west < east else [(west, 180.0), (-180.0, east)]
    rings = [[[w, south], [e, south], [e, north], [w, north], [w, south]] for w, e in spans]
    return {"type": "MultiPolygon", "coordinates": [[ring] for ring in rings]}
