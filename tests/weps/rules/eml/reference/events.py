"""Events and their properties (section 3)."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datetime import datetime

    from weps.model import Observation

_NUMBER = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*", re.ASCII)
_ids = itertools.count()


@dataclass(frozen=True)
class Event:
    """What happened: its properties, the trigger it belongs to, and what it was made of."""

    properties: dict[str, Any]
    trigger: int
    lineage: tuple[str, ...] = ()
    ancestors: frozenset[int] = frozenset()
    id: int = field(default_factory=lambda: next(_ids))

    def get(self, name: str) -> Any:
        """Give a property; None when it is missing (3.3)."""
        return present(self.properties.get(name))


@dataclass(frozen=True)
class Item:
    """What is in a view: one event, or the match of two of which one may be absent. `names` tell them apart (3.2)."""

    events: tuple[Event | None, ...]
    names: tuple[str, ...]

    @property
    def there(self) -> tuple[Event, ...]:
        """The events that are there, the first pattern's first."""
        return tuple(one for one in self.events if one is not None)

    def read(self, reference: str) -> Any:
        """Give what a reference stands for (3.2); None when it is missing."""
        event, name = self.locate(reference)
        return None if event is None else event.get(name)

    def named(self, name: str) -> Event | None:
        """Give the event of a name; of two of the same name, the second one if it is there."""
        pairs = zip(self.names, self.events, strict=True)
        return next((event for one, event in reversed(list(pairs)) if one == name and event is not None), None)

    def locate(self, reference: str) -> tuple[Event | None, str]:
        """Give the event and the name of the property that a reference means."""
        last = self.there[-1]
        if "/" not in reference or reference in last.properties:
            return last, reference
        head = reference.split("/", maxsplit=1)[0]
        if head in self.names:
            inside = self.named(head)
            rest = reference[len(head) + 1 :]
            if inside is not None and rest in inside.properties:
                return inside, rest
            return inside, reference.rsplit("/", 1)[1]
        return last, reference


def present(value: Any) -> Any:
    """Give a value, None when it counts as missing (3.3)."""
    return None if isinstance(value, float) and not math.isfinite(value) else value


def is_number(value: Any) -> bool:
    """Tell whether a value is a number; a truth value is none."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def number_of(value: Any) -> float | None:
    """Give a number, also of a text that is one; else None."""
    if is_number(value):
        return value if math.isfinite(value) else None
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        return present(float(value))  # type: ignore[no-any-return]
    return None


def instant(moment: datetime) -> int:
    """Give the milliseconds since 1970."""
    return round(moment.timestamp() * 1000)


def of_observation(seen: Observation, trigger: int) -> Event:
    """Make the event of an observation (3.1)."""
    begin, end = instant(seen.phenomenon_time), instant(seen.end)
    properties = {
        "startTime": begin,
        "endTime": end,
        "phenomenonTime": (begin, end),
        "validTime": (begin, end),
        "resultTime": end if seen.result_time is None else instant(seen.result_time),
        "sensorID": seen.procedure,
        "procedure": seen.procedure,
        "observedProperty": seen.observed_property,
        "featureOfInterest": seen.feature_of_interest,
        "foiID": seen.feature_of_interest,
        "value": seen.value,
        "doubleValue": number_of(seen.value),
        "stringValue": None if present(seen.value) is None else str(seen.value),
        seen.observed_property: seen.value,
        "uom": seen.uom,
        "geometry": seen.geometry,
    }
    return Event(properties, trigger, (seen.id,))


def of_tick(clock: int, trigger: int) -> Event:
    """Make the event of a timer pattern (6)."""
    properties = {"value": clock, "doubleValue": clock, "stringValue": str(clock), "startTime": clock, "endTime": clock}
    return Event(properties, trigger)


def derived(properties: dict[str, Any], made_of: Iterable[Event], trigger: int) -> Event:
    """Make an event out of others (3.5)."""
    made_of = tuple(made_of)
    lineage = tuple(dict.fromkeys(one for event in made_of for one in event.lineage))
    ancestors = frozenset(one for event in made_of for one in (event.id, *event.ancestors))
    return Event(properties, trigger, lineage, ancestors)


def of_value(value: Any, attribute: str, made_of: tuple[Event, ...], clock: int, trigger: int) -> Event:
    """Make the event of a function that gives a value (3.5): its time spans what it was made of, else is the clock."""
    properties = {"value": value, attribute: value, "stringValue": str(value), "doubleValue": number_of(value)}
    properties["startTime"] = min((one.properties["startTime"] for one in made_of), default=clock)
    properties["endTime"] = max((one.properties["endTime"] for one in made_of), default=clock)
    return derived(properties, made_of, trigger)
