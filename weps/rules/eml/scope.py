"""
How the references of a pattern are read: `name/property`, or a property of the event that is meant by default.

In a complex pattern a name selects a side of the match; without one the second event is meant, if there is one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING, Any, TypeAlias

from weps.rules.operators import property as props
from weps.rules.operators.event import Event, number_of
from weps.rules.units import find_unit, warn_of_kinds

if TYPE_CHECKING:
    from weps.rules.operators.event import Match, Number

Read: TypeAlias = Callable[[Any], Any]
Pick: TypeAlias = Callable[[Any], Event | None]


def pick_default(match: Match) -> Event | None:
    """Give the second event of a match, if there is one, else the first."""
    return match.first if match.second is None else match.second


pick_first: Pick = attrgetter("first")
pick_second: Pick = attrgetter("second")
pick_run: Pick = attrgetter("event")


@dataclass(frozen=True, slots=True)
class Names:
    """
    The names of a pattern's inputs with how each picks its event from a subject; `default` is for no name.

    A pick of None means that the subject is the event itself.
    """

    picks: dict[str, Pick | None]
    default: Pick | None = None

    def resolve(self, reference: str) -> tuple[Pick | None, str]:
        """Give how the event is picked, and the name of the property."""
        head, slash, rest = reference.partition("/")
        if slash and head in self.picks:
            return self.picks[head], rest if "://" in rest else rest.rpartition("/")[2]
        return self.default, reference

    def is_known(self, reference: str) -> bool:
        """Tell whether a reference makes sense: a foreign name before a property that events have does not."""
        head, slash, rest = reference.partition("/")
        return not slash or head in self.picks or ":" in head or rest.rpartition("/")[2] not in props.KNOWN


@dataclass(frozen=True, slots=True)
class EventScope:
    """Binds the references of one pattern to readers of its subjects."""

    names: Names

    def reader(self, reference: str) -> Read:
        """Give a reader of a property."""
        pick, name = self.names.resolve(reference)
        return _through(pick, props.property_reader(name))

    def number_reader(self, reference: str) -> Callable[[Any], Number | None]:
        """Give a reader of a property as number."""
        read = self.reader(reference)
        return read if self.is_numeric(reference) else lambda subject: number_of(read(subject))

    def value_reader(self, reference: str) -> Read:
        """Give a reader of a property as a value that can be reported: a number, a truth or a text."""
        read = self.reader(reference)

        def read_value(subject: Any) -> Any:
            value = read(subject)
            return value if isinstance(value, (int, float, str)) else props.text_of(value)

        return read_value

    def is_numeric(self, reference: str) -> bool:
        """Tell whether a property is always a number or missing."""
        return self.names.resolve(reference)[1] == "doubleValue"

    def base_reader(self, reference: str, uom: str) -> Read:
        """Give a reader of a property as number in the base unit; the raw number where its unit is unknown."""
        pick, name = self.names.resolve(reference)
        read = props.property_reader(name)
        wanted = find_unit(uom)

        def read_base(event: Event) -> Number | None:
            value = number_of(read(event))
            code = props.uom_of(event)
            if value is None or code is None or not props.is_value(event, name):
                return value
            unit = find_unit(code)
            if unit is None or wanted is None:
                return value
            if unit.kind != wanted.kind:
                warn_of_kinds(code, uom)
                return None
            return unit.to_base(value)

        return _through(pick, read_base)

    def base_value(self, value: Number, uom: str) -> Number:
        """Give a number in the base unit."""
        unit = find_unit(uom)
        return value if unit is None else unit.to_base(value)

    def period_reader(self, reference: str) -> Read:
        """Give a reader of a property as a pair of instants."""
        pick, name = self.names.resolve(reference)
        return _through(pick, props.period_reader(name))

    def geometry_reader(self, reference: str) -> Read:
        """Give a reader of a geometry, whatever the property is called."""
        return _through(self.names.resolve(reference)[0], props.geometry_reader())


def _through(pick: Pick | None, read: Read) -> Read:
    if pick is None:
        return read

    def read_picked(subject: Any) -> Any:
        event = pick(subject)
        return None if event is None else read(event)

    return read_picked
