"""
Conditions as functions: what `expression` says, bound once to readers of the subjects it is asked of.

Logic is two-valued: a comparison with a missing operand does not hold, and its `Not` does.
"""

from __future__ import annotations

import math
import operator
import re
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from weps.rules import expression as ex
from weps.rules.operators import spatial, temporal
from weps.rules.operators.event import number_of
from weps.rules.operators.property import text_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from weps.rules.operators.event import Number

    Predicate: TypeAlias = Callable[[Any], bool]
    Read: TypeAlias = Callable[[Any], Any]

DECIMALS = 12
"""To how many decimals values are rounded that were converted to base units."""


class Scope(Protocol):
    """How the subjects of a condition are read."""

    def reader(self, reference: str) -> Read:
        """Give a reader of a property."""
        ...

    def is_numeric(self, reference: str) -> bool:
        """Tell whether a property is always a number or missing."""
        ...

    def base_reader(self, reference: str, uom: str) -> Read:
        """Give a reader of a property as number in the base unit of a unit's kind."""
        ...

    def base_value(self, value: Number, uom: str) -> Number:
        """Give a number in the base unit."""
        ...

    def period_reader(self, reference: str) -> Read:
        """Give a reader of a property as a pair of instants."""
        ...

    def geometry_reader(self, reference: str) -> Read:
        """Give a reader of a property as GeoJSON."""
        ...


_RELATIONS: dict[ex.Relation, Callable[[Any, Any], Any]] = {
    ex.Relation.EQUAL: operator.eq,
    ex.Relation.NOT_EQUAL: operator.ne,
    ex.Relation.LESS: operator.lt,
    ex.Relation.LESS_OR_EQUAL: operator.le,
    ex.Relation.GREATER: operator.gt,
    ex.Relation.GREATER_OR_EQUAL: operator.ge,
}

# the comparison of a number with a constant is what nearly every guard is: written out, it costs half
_WITH_CONSTANT: dict[ex.Relation, Callable[[Read, Number], Predicate]] = {
    ex.Relation.EQUAL: lambda read, bound: lambda subject: read(subject) == bound,
    ex.Relation.NOT_EQUAL: lambda read, bound: lambda subject: (x := read(subject)) is not None and x != bound,
    ex.Relation.LESS: lambda read, bound: lambda subject: (x := read(subject)) is not None and x < bound,
    ex.Relation.LESS_OR_EQUAL: lambda read, bound: lambda subject: (x := read(subject)) is not None and x <= bound,
    ex.Relation.GREATER: lambda read, bound: lambda subject: (x := read(subject)) is not None and x > bound,
    ex.Relation.GREATER_OR_EQUAL: lambda read, bound: lambda subject: (x := read(subject)) is not None and x >= bound,
}


def bind(condition: ex.Condition, scope: Scope) -> Predicate:
    """Give a condition as function of a subject."""
    match condition:
        case ex.Comparison():
            return _bind_comparison(condition, scope)
        case ex.Between():
            return _bind_between(condition, scope)
        case ex.Like():
            return _bind_like(condition, scope)
        case ex.Missing(operand):
            read = bind_operand(operand, scope)
            return lambda subject: read(subject) is None
        case ex.Spatial():
            return spatial.bind(condition, scope)
        case ex.Temporal():
            return temporal.bind(condition, scope)
        case _:
            return _bind_logic(condition, scope)


def _bind_logic(condition: ex.All | ex.Some | ex.Not, scope: Scope) -> Predicate:
    if isinstance(condition, ex.Not):
        predicate = bind(condition.part, scope)
        return lambda subject: not predicate(subject)
    predicates = tuple(bind(part, scope) for part in condition.parts)
    if isinstance(condition, ex.All):
        return lambda subject: all(predicate(subject) for predicate in predicates)
    return lambda subject: any(predicate(subject) for predicate in predicates)


def unit_of(*operands: ex.Operand) -> str | None:
    """Give the unit in whose base a comparison is made; None when it compares plain values."""
    for operand in operands:
        for leaf in ex.leaves(operand):
            if isinstance(leaf, ex.Quantity):
                return leaf.uom
    return None


def _bind_comparison(condition: ex.Comparison, scope: Scope) -> Predicate:
    left, right = condition.left, condition.right
    uom = unit_of(left, right)
    relation = _RELATIONS[condition.relation]
    if uom is not None:
        return _bind_in_base(relation, left, right, uom, scope)
    constant = right.number if isinstance(right, ex.Literal) else None
    if isinstance(left, ex.Property) and constant is not None and scope.is_numeric(left.reference):
        return _WITH_CONSTANT[condition.relation](scope.reader(left.reference), constant)
    read_left, read_right = bind_operand(left, scope), bind_operand(right, scope)
    fold = not condition.match_case

    def holds(subject: Any) -> bool:
        first, second = read_left(subject), read_right(subject)
        if first is None or second is None:
            return False
        first_number, second_number = number_of(first), number_of(second)
        if first_number is not None and second_number is not None:
            return bool(relation(first_number, second_number))
        first_text, second_text = text_of(first) or "", text_of(second) or ""
        if fold:
            return bool(relation(first_text.casefold(), second_text.casefold()))
        return bool(relation(first_text, second_text))

    return holds


def _bind_in_base(
    relation: Callable[[Any, Any], Any], left: ex.Operand, right: ex.Operand, uom: str, scope: Scope
) -> Predicate:
    read_left, read_right = bind_operand(left, scope, uom), bind_operand(right, scope, uom)

    def holds(subject: Any) -> bool:
        first, second = number_of(read_left(subject)), number_of(read_right(subject))
        if first is None or second is None:
            return False
        return bool(relation(round(first, DECIMALS), round(second, DECIMALS)))

    return holds


def _bind_between(condition: ex.Between, scope: Scope) -> Predicate:
    at_least = ex.Comparison(ex.Relation.GREATER_OR_EQUAL, condition.operand, condition.lower)
    at_most = ex.Comparison(ex.Relation.LESS_OR_EQUAL, condition.operand, condition.upper)
    above, below = bind(at_least, scope), bind(at_most, scope)
    return lambda subject: above(subject) and below(subject)


def _bind_like(condition: ex.Like, scope: Scope) -> Predicate:
    read = bind_operand(condition.operand, scope)
    first, *others = like_segments(condition)
    if others:
        others[-1] += r"\Z"
    flags = re.DOTALL if condition.match_case else re.DOTALL | re.IGNORECASE
    segments = [re.compile(segment, flags) for segment in (first, *others)]

    def holds(subject: Any) -> bool:
        text = text_of(read(subject))
        return text is not None and matches_segments(segments, text)

    return holds


def like_segments(condition: ex.Like) -> list[str]:
    """Give the parts of a pattern between its wild cards as regular expressions of fixed length."""
    segments = [""]
    characters = iter(condition.pattern)
    for character in characters:
        if character == condition.escape_char:
            segments[-1] += re.escape(next(characters, character))
        elif character == condition.wild_card:
            segments.append("")
        else:
            segments[-1] += "." if character == condition.single_char else re.escape(character)
    return segments


def matches_segments(segments: list[re.Pattern[str]], text: str) -> bool:
    """
    Tell whether a text is made of the segments with anything between them; the last of several is bound to its end.

    One regular expression for all of it could take ages on patterns with many wild cards; the first place where a
    segment fits is always as good as a later one.
    """
    if len(segments) == 1:
        return segments[0].fullmatch(text) is not None
    first = segments[0].match(text)
    if first is None:
        return False
    place = first.end()
    for segment in segments[1:]:
        found = segment.search(text, place)
        if found is None:
            return False
        place = found.end()
    return True


def bind_operand(operand: ex.Operand, scope: Scope, uom: str | None = None) -> Read:
    """Give an operand as function of a subject; in the base unit of a kind, when one is given."""
    match operand:
        case ex.Property(reference):
            return scope.reader(reference) if uom is None else scope.base_reader(reference, uom)
        case ex.Literal(text, number):
            value = text if number is None else number
            return lambda subject: value
        case ex.Quantity(value, code):
            converted = scope.base_value(value, code)
            return lambda subject: converted
        case ex.Calculation():
            return _bind_calculation(operand, scope, uom)
        case _:
            return spatial.bind_distance(operand, scope)


def _power(base: Number, exponent: Number) -> float | None:
    """Give a power as float: an exact one of whole numbers may have more digits than there is memory for."""
    try:
        return math.pow(base, exponent)
    except ValueError:
        return None


_FUNCTIONS: dict[ex.Arithmetic | ex.FurtherArithmetic, Callable[[Any, Any], Any]] = {
    ex.Arithmetic.ADD: operator.add,
    ex.Arithmetic.SUBTRACT: operator.sub,
    ex.Arithmetic.MULTIPLY: operator.mul,
    ex.Arithmetic.DIVIDE: operator.truediv,
    ex.FurtherArithmetic.MODULO: lambda left, right: math.fmod(left, right) if right else None,
    ex.FurtherArithmetic.POWER: _power,
    ex.FurtherArithmetic.WHOLE_DIVIDE: lambda left, right: math.trunc(left / right),
}


def _bind_calculation(calculation: ex.Calculation, scope: Scope, uom: str | None) -> Read:
    left, right = bind_operand(calculation.left, scope, uom), bind_operand(calculation.right, scope, uom)
    function = _FUNCTIONS[calculation.function]

    def calculate(subject: Any) -> Number | None:
        first, second = number_of(left(subject)), number_of(right(subject))
        if first is None or second is None:
            return None
        try:
            return number_of(function(first, second))
        except (ZeroDivisionError, OverflowError):
            return None

    return calculate
