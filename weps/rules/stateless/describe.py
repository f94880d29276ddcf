"""Conditions in words, for the names of rules that have none: as CQL2 would write them, in one line."""

from __future__ import annotations

from sos_server.time import format_instant
from weps.rules import expression as ex

_SIGNS: dict[str, str] = {
    ex.Relation.EQUAL: "=",
    ex.Relation.NOT_EQUAL: "<>",
    ex.Relation.LESS: "<",
    ex.Relation.LESS_OR_EQUAL: "<=",
    ex.Relation.GREATER: ">",
    ex.Relation.GREATER_OR_EQUAL: ">=",
    ex.Arithmetic.ADD: "+",
    ex.Arithmetic.SUBTRACT: "-",
    ex.Arithmetic.MULTIPLY: "*",
    ex.Arithmetic.DIVIDE: "/",
    ex.FurtherArithmetic.MODULO: "%",
    ex.FurtherArithmetic.POWER: "^",
    ex.FurtherArithmetic.WHOLE_DIVIDE: "DIV",
}


def describe(condition: ex.Condition) -> str:
    """Write a condition."""
    match condition:
        case ex.All(parts) | ex.Some(parts):
            joint = " AND " if isinstance(condition, ex.All) else " OR "
            return joint.join(_inner(part) for part in parts) or str(isinstance(condition, ex.All)).upper()
        case ex.Not(part):
            return f"NOT ({describe(part)})"
        case ex.Comparison(relation, left, right):
            return f"{_operand(left)} {_SIGNS[relation]} {_operand(right)}"
        case ex.Between(operand, lower, upper):
            return f"{_operand(operand)} BETWEEN {_operand(lower)} AND {_operand(upper)}"
        case ex.Like(operand, pattern):
            return f"{_operand(operand)} LIKE {_quoted(pattern)}"
        case ex.Missing(operand):
            return f"{_operand(operand)} IS NULL"
        case ex.Spatial(relation, operand, other, distance):
            limit = "" if distance is None else f", {distance:g} m"
            return f"{relation}({operand.reference}, {_operand(other)}{limit})"
        case ex.Temporal(relation, operand, time):
            return f"{relation}({operand.reference}, {_time(time)})"


def _inner(condition: ex.Condition) -> str:
    text = describe(condition)
    return f"({text})" if isinstance(condition, (ex.All, ex.Some)) else text


def _operand(operand: ex.Operand | ex.Shape) -> str:
    match operand:
        case ex.Property(reference):
            return "value" if reference == "doubleValue" else reference
        case ex.Literal(text, number):
            return _quoted(text) if number is None else f"{number}"
        case ex.Quantity(value, uom):
            return f"{value} {uom}"
        case ex.Calculation(function, left, right):
            return f"({_operand(left)} {_SIGNS[function]} {_operand(right)})"
        case ex.Distance(left_shape, right_shape):
            return f"distance({_operand(left_shape)}, {_operand(right_shape)})"
        case ex.Shape(geometry):
            return str(geometry["type"]).upper()


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _time(time: ex.Property | ex.Period) -> str:
    if isinstance(time, ex.Property):
        return time.reference
    begin, end = format_instant(time.begin), format_instant(time.end)
    return begin if begin == end else f"{begin}/{end}"
