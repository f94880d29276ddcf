"""Select functions (4.4)."""

from __future__ import annotations

import math
from statistics import stdev
from typing import TYPE_CHECKING, Any

from tests.weps.rules.eml.reference.events import Event, Item, derived, is_number, number_of, of_value

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.weps.rules.eml.reference.document import Select

_AGGREGATES = ("SelectSum", "SelectAvg", "SelectMax", "SelectMin", "SelectCount", "SelectStdDev", "SelectFirst")


def is_aggregate(select: Select) -> bool:
    """Tell whether a function looks at all that a view holds."""
    return select.function in _AGGREGATES


def of_one(select: Select, item: Item, made_of: Sequence[Event], clock: int, trigger: int) -> Event | None:
    """Make the event of a function that looks at one event or match; None when it does not fire."""
    if select.function == "SelectEvent":
        chosen = item.named(select.parameters["eventName"]) if len(item.events) > 1 else item.there[0]
        return None if chosen is None else derived(dict(chosen.properties), made_of, trigger)
    value = _value(select, item)
    return None if value is None else of_value(value, select.attribute, tuple(made_of), clock, trigger)


def _value(select: Select, item: Item) -> Any:
    if select.function == "NotifyOnSelect":
        return select.parameters["message"]
    if select.function == "SelectDifference":
        first, second = (number_of(item.read(select.parameters[one])) for one in ("firstReference", "secondReference"))
        return None if first is None or second is None else first - second
    value = item.read(select.parameters["propertyName"])
    negated = select.function == "GetAdditiveInverseValue" and is_number(value)
    return -value if negated else value


def of_all(select: Select, items: Sequence[Item], made_of: Sequence[Event], clock: int, trigger: int) -> Event | None:
    """Make the event of an aggregate; None when it does not fire."""
    value = _aggregate(select, items)
    return None if value is None else of_value(value, select.attribute, tuple(made_of), clock, trigger)


def _aggregate(select: Select, items: Sequence[Item]) -> Any:
    if select.function == "SelectCount":
        return len(items)
    values = [item.read(select.parameters["propertyName"]) for item in items]
    if select.function == "SelectFirst":
        return values[0] if values else None
    numbers = [value for value in values if is_number(value)]
    if select.function == "SelectStdDev":
        return stdev(numbers) if len(numbers) > 1 else None
    if not numbers:
        return None
    total = math.fsum(numbers)
    return {"SelectSum": total, "SelectAvg": total / len(numbers), "SelectMax": max(numbers)}.get(
        select.function, min(numbers)
    )
