"""
Conditions on events as values: comparisons, logic, arithmetic, space and time (OGC Filter Encoding 2.0).

This is what a filter means, without its XML. `operators.guard` turns a condition into a function.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, TypeAlias

from weps.rules.operators.event import Number


class Relation(StrEnum):
    """How two values compare."""

    EQUAL = "equal"
    NOT_EQUAL = "notEqual"
    LESS = "lessThan"
    LESS_OR_EQUAL = "lessThanOrEqual"
    GREATER = "greaterThan"
    GREATER_OR_EQUAL = "greaterThanOrEqual"


class Arithmetic(StrEnum):
    """What can be done with two numbers."""

    ADD = "add"
    SUBTRACT = "sub"
    MULTIPLY = "mul"
    DIVIDE = "div"


class FurtherArithmetic(StrEnum):
    """What can be done with two numbers beyond Filter Encoding: remainder, power, quotient as whole number (CQL2)."""

    MODULO = "modulo"
    POWER = "power"
    WHOLE_DIVIDE = "wholeDivide"


class SpatialRelation(StrEnum):
    """How two geometries lie."""

    WITHIN = "Within"
    CONTAINS = "Contains"
    INTERSECTS = "Intersects"
    DISJOINT = "Disjoint"
    EQUALS = "Equals"
    TOUCHES = "Touches"
    CROSSES = "Crosses"
    OVERLAPS = "Overlaps"
    BBOX = "BBOX"
    DWITHIN = "DWithin"
    BEYOND = "Beyond"


class TemporalRelation(StrEnum):
    """How two times lie, after Allen."""

    AFTER = "After"
    BEFORE = "Before"
    MET_BY = "MetBy"
    MEETS = "Meets"
    ANY_INTERACTS = "AnyInteracts"
    DURING = "During"
    CONTAINS = "TContains"
    EQUALS = "TEquals"
    BEGINS = "Begins"
    BEGUN_BY = "BegunBy"
    ENDS = "Ends"
    ENDED_BY = "EndedBy"
    OVERLAPS = "TOverlaps"
    OVERLAPPED_BY = "OverlappedBy"


@dataclass(frozen=True, slots=True)
class Property:
    """A property of an event, as the rule refers to it."""

    reference: str


@dataclass(frozen=True, slots=True)
class Literal:
    """A plain value; `number` when its text is one."""

    text: str
    number: Number | None = None


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number with its UCUM code."""

    value: Number
    uom: str


@dataclass(frozen=True, slots=True)
class Shape:
    """
    A geometry: GeoJSON, longitude first if it is `geographic` (degrees), else in the plane of its projection.

    `srs_name` is the reference system as the rule named it.
    """

    geometry: Mapping[str, Any]
    geographic: bool = True
    srs_name: str | None = None


@dataclass(frozen=True, slots=True)
class Calculation:
    """An arithmetic function of two operands."""

    function: Arithmetic | FurtherArithmetic
    left: Operand
    right: Operand


@dataclass(frozen=True, slots=True)
class Distance:
    """The distance between two geometries: in metres on the earth, in units of the plane otherwise."""

    left: Property | Shape
    right: Property | Shape


Operand: TypeAlias = Property | Literal | Quantity | Calculation | Distance


@dataclass(frozen=True, slots=True)
class Comparison:
    """A comparison of two operands."""

    relation: Relation
    left: Operand
    right: Operand
    match_case: bool = True


@dataclass(frozen=True, slots=True)
class Between:
    """Lower <= operand <= upper."""

    operand: Operand
    lower: Operand
    upper: Operand


@dataclass(frozen=True, slots=True)
class Like:
    """A text against a pattern."""

    operand: Operand
    pattern: str
    wild_card: str
    single_char: str
    escape_char: str
    match_case: bool = True


@dataclass(frozen=True, slots=True)
class Missing:
    """The operand has no value. `nil` when it was written as PropertyIsNil."""

    operand: Operand
    nil: bool = False


@dataclass(frozen=True, slots=True)
class Spatial:
    """A relation of a geometry of the event to another one; `distance` in metres or units of the plane."""

    relation: SpatialRelation
    operand: Property
    other: Property | Shape
    distance: float | None = None


@dataclass(frozen=True, slots=True)
class Period:
    """An instant (both equal) or a period."""

    begin: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Temporal:
    """A relation of a time of the event to another one."""

    relation: TemporalRelation
    operand: Property
    other: Property | Period


@dataclass(frozen=True, slots=True)
class All:
    """All parts hold."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Some:
    """At least one part holds."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The part does not hold."""

    part: Condition


Condition: TypeAlias = Comparison | Between | Like | Missing | Spatial | Temporal | All | Some | Not


def leaves(operand: Operand) -> Iterator[Property | Literal | Quantity | Distance]:
    """Give what an operand is computed from."""
    if isinstance(operand, Calculation):
        yield from leaves(operand.left)
        yield from leaves(operand.right)
    else:
        yield operand
