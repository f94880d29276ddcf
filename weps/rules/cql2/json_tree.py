"""CQL2 JSON (OGC 21-065r2): from a JSON text to the tree of a filter, with the line of each part."""

from __future__ import annotations

import math
from typing import Any

from weps.rules.cql2.tree import Call, Constant, Cql2Fault, Geometry, Instant, Interval, Items, Name, Node, Place
from weps.rules.threshold.text import Lines, Path, read_json, shown

_FORMS = "op and args, property, date, timestamp, interval, bbox, or a GeoJSON geometry"


def parse_json(text: str) -> Node:
    """Parse a JSON text; raises `RuleError` where it is none, and `Cql2Fault` at the first thing that is no CQL2."""
    raw, lines = read_json(text)
    return _Walk(lines).node(raw, ())


class _Walk:
    """Turns JSON values into nodes; `read_json` has bounded their depth."""

    def __init__(self, lines: Lines) -> None:
        self._lines = lines

    def node(self, raw: Any, path: Path) -> Node:
        place = Place(self._lines.at(path))
        if isinstance(raw, dict):
            return self._object(raw, path, place)
        if isinstance(raw, list):
            return Items(place, tuple(self.node(one, (*path, index)) for index, one in enumerate(raw)))
        if raw is None or (isinstance(raw, float) and not math.isfinite(raw)):
            raise Cql2Fault(place, f"{shown(raw)} is no value; use isNull to ask for what is missing")
        return Constant(place, raw)

    def _object(self, raw: dict[str, Any], path: Path, place: Place) -> Node:
        match raw:
            case {"op": str(name), "args": list(arguments), **rest} if not rest:
                parts = (self.node(one, (*path, "args", index)) for index, one in enumerate(arguments))
                return Call(place, name, tuple(parts))
            case {"property": str(name), **rest} if not rest:
                return Name(place, name)
            case {"date": str(text), **rest} if not rest:
                return Instant(place, "date", text)
            case {"timestamp": str(text), **rest} if not rest:
                return Instant(place, "timestamp", text)
            case {"interval": [begin, end], **rest} if not rest:
                edges = (self.node(one, (*path, "interval", index)) for index, one in enumerate((begin, end)))
                return Interval(place, *edges)
            case {"bbox": list(numbers), **rest} if not rest:
                parts = (self.node(one, (*path, "bbox", index)) for index, one in enumerate(numbers))
                return Call(place, "bbox", tuple(parts))
            case {"type": str(), "coordinates": list()} | {"type": "GeometryCollection", "geometries": list()}:
                return Geometry(place, raw)
        raise Cql2Fault(place, f"{shown(raw)} is nothing that CQL2 knows; write {_FORMS}")
