"""What a CQL2 filter is made of, whether it was written as text or as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

from weps.errors import Fault

DEEPEST = 60
"""How deep expressions may be nested."""


class Place(NamedTuple):
    """Where something stands: a line and, in a text, a column; both count from 1."""

    line: int
    column: int = 0


class Cql2Fault(Exception):
    """Something is wrong at a place; the operator that holds it is given up."""

    def __init__(self, place: Place, message: str) -> None:
        super().__init__(message)
        self.fault = Fault(place.line, f"column {place.column}: {message}" if place.column else message)


@dataclass(frozen=True, slots=True)
class Name:
    """A property by its name."""

    place: Place
    name: str


@dataclass(frozen=True, slots=True)
class Constant:
    """A text, a number or a truth value."""

    place: Place
    value: str | int | float | bool


@dataclass(frozen=True, slots=True)
class Instant:
    """A timestamp or a date, as it is written."""

    place: Place
    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Interval:
    """Two edges: texts (also `..`), or names of properties."""

    place: Place
    begin: Node
    end: Node


@dataclass(frozen=True, slots=True)
class Geometry:
    """A geometry as GeoJSON."""

    place: Place
    geometry: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Items:
    """A list of expressions."""

    place: Place
    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Call:
    """An operator or a function with its arguments; the name is in small letters, `written` as it stands there."""

    place: Place
    written: str
    arguments: tuple[Node, ...]

    @property
    def name(self) -> str:
        """The name without regard to case."""
        return self.written.lower()


Node: TypeAlias = Name | Constant | Instant | Interval | Geometry | Items | Call
