"""Guards (4.3, 4.6): FES 2.0 filters, read straight from their XML."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from tests.weps.rules.eml.reference.document import children, find, local, text
from tests.weps.rules.eml.reference.events import Item, instant, number_of, present
from tests.weps.rules.eml.reference.places import holds_between, is_spatial

if TYPE_CHECKING:
    from collections.abc import Callable

_UNITS = {"m": ("length", 1.0), "cm": ("length", 0.01), "mm": ("length", 0.001), "dm": ("length", 0.1)}
_UNITS |= {"km": ("length", 1000.0), "m+NN": ("length", 1.0), "g": ("mass", 1.0), "kg": ("mass", 1000.0)}

_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "PropertyIsEqualTo": lambda one, other: one == other,
    "PropertyIsNotEqualTo": lambda one, other: one != other,
    "PropertyIsLessThan": lambda one, other: one < other,
    "PropertyIsLessThanOrEqualTo": lambda one, other: one <= other,
    "PropertyIsGreaterThan": lambda one, other: one > other,
    "PropertyIsGreaterThanOrEqualTo": lambda one, other: one >= other,
}

Period = tuple[int, int]
_TIMES: dict[str, Callable[[Period, Period], bool]] = {
    "After": lambda own, other: own[0] > other[1],
    "Before": lambda own, other: own[1] < other[0],
    "Meets": lambda own, other: own[1] == other[0],
    "MetBy": lambda own, other: own[0] == other[1],
    "AnyInteracts": lambda own, other: own[0] <= other[1] and own[1] >= other[0],
    "During": lambda own, other: other[0] < own[0] and own[1] < other[1],
    "TContains": lambda own, other: own[0] < other[0] and other[1] < own[1],
    "TEquals": lambda own, other: own == other,
    "Begins": lambda own, other: own[0] == other[0] and own[1] < other[1],
    "BegunBy": lambda own, other: own[0] == other[0] and own[1] > other[1],
    "Ends": lambda own, other: own[1] == other[1] and own[0] > other[0],
    "EndedBy": lambda own, other: own[1] == other[1] and own[0] < other[0],
    "TOverlaps": lambda own, other: own[0] < other[0] < own[1] < other[1],
    "OverlappedBy": lambda own, other: other[0] < own[0] < other[1] < own[1],
}


def view_count(guard: Any) -> int | None:
    """Give n when the guard is VIEW_COUNT = n (4.3)."""
    if guard is None or local(guard) != "PropertyIsEqualTo" or text(guard, "ValueReference") != "VIEW_COUNT":
        return None
    return int(text(guard, "Literal", "Count", "value"))


def passes(guard: Any, item: Item) -> bool:
    """Tell whether an event or a match passes the guard."""
    if guard is None:
        return True
    name, operands = local(guard), children(guard)
    if name in {"And", "Or"}:
        return (all if name == "And" else any)(passes(one, item) for one in operands)
    if name == "Not":
        return not passes(operands[0], item)
    if name in {"PropertyIsNull", "PropertyIsNil"}:
        return _value(operands[0], item) is None
    if name == "PropertyIsLike":
        return _is_like(guard, item)
    if name == "PropertyIsBetween":
        low, high = (children(find(guard, one))[0] for one in ("LowerBoundary", "UpperBoundary"))
        inside = [("PropertyIsGreaterThanOrEqualTo", low), ("PropertyIsLessThanOrEqualTo", high)]
        return all(_compare(_COMPARISONS[one], operands[0], bound, item) for one, bound in inside)
    if name in _COMPARISONS:
        return _compare(_COMPARISONS[name], *operands, item, fold=guard.get("matchCase") == "false")
    if is_spatial(name):
        return holds_between(name, item.locate(text(guard, "ValueReference"))[0], guard)
    return _is_when(name, operands, item)


def _compare(holds: Callable[[Any, Any], bool], one: Any, other: Any, item: Item, *, fold: bool = False) -> bool:
    """Compare as numbers when both are, else as texts; nothing holds of what is missing."""
    unit = _literal_unit(one) or _literal_unit(other)
    try:
        sides = [_value(side, item, unit) for side in (one, other)]
    except _OtherKind:
        return False
    if None in sides:
        return False
    numbers = [number_of(side) for side in sides]
    if None not in numbers:
        return holds(*(round(number, 12) if unit else number for number in numbers if number is not None))
    texts = [str(side).casefold() if fold else str(side) for side in sides]
    return holds(*texts)


class _OtherKind(Exception):
    """A value has a unit of another kind than the literal (3.4)."""


def _literal_unit(element: Any) -> str | None:
    quantity = find(element, "Quantity") if local(element) == "Literal" else None
    return None if quantity is None else str(find(quantity, "uom").get("code"))


def _value(element: Any, item: Item, unit: str | None = None) -> Any:
    """Give the value of an expression; in the base unit where the comparison has a unit (3.4)."""
    if local(element) == "ValueReference":
        event, name = item.locate((element.text or "").strip())
        value = None if event is None else event.get(name)
        own = None if event is None else event.get("uom")
        if unit is None or own not in _UNITS or number_of(value) is None:
            return value
        if _UNITS[own][0] != _UNITS[unit][0]:
            raise _OtherKind
        return (number_of(value) or 0) * _UNITS[own][1]
    if local(element) == "Function":
        return _calculate(element.get("name"), [_value(one, item) for one in children(element)])
    if _literal_unit(element):
        return float(text(element, "Quantity", "value")) * _UNITS[_literal_unit(element) or ""][1]
    return "".join(element.itertext())


def _calculate(name: str, operands: list[Any]) -> float | None:
    one, other = (number_of(operand) for operand in operands)
    if one is None or other is None or (name == "div" and other == 0):
        return None
    try:
        result = {"add": one + other, "sub": one - other, "mul": one * other}.get(name)
        return present(one / other if result is None else result)  # type: ignore[no-any-return]
    except OverflowError:
        return None


def _is_like(guard: Any, item: Item) -> bool:
    reference, literal = children(guard)
    value = _value(reference, item)
    marks = {guard.get("wildCard"): ".*", guard.get("singleChar"): "."}
    pattern, escaped = "", False
    for letter in literal.text or "":
        if not escaped and letter == guard.get("escapeChar"):
            escaped = True
            continue
        pattern += re.escape(letter) if escaped or letter not in marks else marks[letter]
        escaped = False
    return value is not None and re.fullmatch(pattern, str(value), re.DOTALL) is not None


def _is_when(name: str, operands: list[Any], item: Item) -> bool:
    own = _value(operands[0], item)
    literal = operands[1] if local(operands[1]) != "Literal" else children(operands[1])[0]
    if own is None:
        return False
    own = own if isinstance(own, tuple) else (own, own)
    positions = [_instant((one.text or "").strip()) for one in literal.iter("{*}timePosition", "{*}beginPosition")]
    ends = [_instant((one.text or "").strip()) for one in literal.iter("{*}endPosition")]
    return _TIMES[name](own, (positions[0], (ends or positions)[0]))


def _instant(written: str) -> int:
    return instant(datetime.fromisoformat(written).astimezone(UTC))
