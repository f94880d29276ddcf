"""Random guards for random documents."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from random import Random

_COMPARISONS = ["EqualTo", "NotEqualTo", "LessThan", "LessThanOrEqualTo", "GreaterThan", "GreaterThanOrEqualTo"]
_TIMES = ["After", "Before", "MetBy", "Meets", "AnyInteracts", "During", "TContains", "TEquals", "Begins", "BegunBy"]
_TIMES += ["Ends", "EndedBy", "TOverlaps", "OverlappedBy"]
_SRS = 'srsName="http://www.opengis.net/def/crs/EPSG/0/4326"'
_SQUARE = f'<gml:Polygon gml:id="g" {_SRS}><gml:exterior><gml:LinearRing><gml:posList>50 6 52 6 52 8 50 8 50 6'
_SQUARE += "</gml:posList></gml:LinearRing></gml:exterior></gml:Polygon>"
_POINT = f'<gml:Point gml:id="g" {_SRS}><gml:pos>51 7</gml:pos></gml:Point>'


@dataclass(frozen=True)
class Side:
    """What is known of the events of a stream: `rich` ones have all that an observation has."""

    name: str
    rich: bool = False
    tick: bool = False
    attribute: str | None = None

    def prefix(self, chance: Random, sides: Sequence[Side] = ()) -> str:
        """Give what a reference to this stream begins with; where it is the only one, that can be left out."""
        if not self.name or (len(set(sides)) < 2 and chance.randrange(3) == 0):
            return ""
        return f"{self.name}/"

    def properties(self) -> list[str]:
        """Give names of properties that have a number or a text."""
        names = ["value", "doubleValue", *([self.attribute] if self.attribute else [])]
        return [*names, "sensorID", "observedProperty", "startTime", "P", "uom"] if self.rich else names


def guard(chance: Random, sides: Sequence[Side]) -> str:
    """Write a filter for events or matches of these streams."""
    if chance.randrange(8) == 0:
        count = f"<swe:Count><swe:value>{chance.choice([1, 1, 2, 3])}</swe:value></swe:Count>"
        return _comparison("EqualTo", "<fes:ValueReference>VIEW_COUNT</fes:ValueReference>", _literal(count))
    return _filter(chance, sides, 2)


def _filter(chance: Random, sides: Sequence[Side], depth: int) -> str:
    kind = chance.randrange(12 if depth else 9)
    if kind == 9:
        return f"<fes:Not>{_filter(chance, sides, depth - 1)}</fes:Not>"
    if kind > 9:
        inside = "".join(_filter(chance, sides, depth - 1) for _ in range(2))
        name = chance.choice(["And", "Or"])
        return f"<fes:{name}>{inside}</fes:{name}>"
    side = chance.choice(sides)
    if side.rich and kind > 4:
        return _of_observations(chance, side.prefix(chance, sides), kind)
    name = chance.choice(["value", "doubleValue", "doubleValue", *([side.attribute] if side.attribute else [])])
    reference = _reference(side.prefix(chance, sides) + name)
    if kind == 0:
        return f"<fes:PropertyIsNull>{reference}</fes:PropertyIsNull>"
    if kind == 1:
        low, high = (_literal(chance.choice([0, 1, 2, 3, 4])) for _ in range(2))
        bounds = f"<fes:LowerBoundary>{low}</fes:LowerBoundary><fes:UpperBoundary>{high}</fes:UpperBoundary>"
        return f"<fes:PropertyIsBetween>{reference}{bounds}</fes:PropertyIsBetween>"
    if kind == 2:
        inside = "".join(_operand(chance, sides) for _ in range(2))
        reference = f'<fes:Function name="{chance.choice(["add", "sub", "mul", "div"])}">{inside}</fes:Function>'
    return _comparison(chance.choice(_COMPARISONS), reference, _operand(chance, sides))


def _of_observations(chance: Random, prefix: str, kind: int) -> str:
    if kind == 5:
        pattern, value = chance.choice([("R*", "value"), ("?ED", "stringValue"), ("!R*", "value"), ("a", "sensorID")])
        marks = 'wildCard="*" singleChar="?" escapeChar="!"'
        return f"<fes:PropertyIsLike {marks}>{_reference(prefix + value)}{_literal(pattern)}</fes:PropertyIsLike>"
    if kind == 6:
        unit = f'<swe:uom code="{chance.choice(["m", "cm"])}"/><swe:value>{chance.choice([0.03, 3, 2.5])}</swe:value>'
        quantity = _literal(f"<swe:Quantity>{unit}</swe:Quantity>")
        return _comparison(chance.choice(_COMPARISONS), _reference(f"{prefix}doubleValue"), quantity)
    if kind == 7:
        return _of_time(chance, prefix)
    if chance.randrange(3) == 0:
        return _of_place(chance, prefix)
    text = _reference(prefix + chance.choice(["stringValue", "value", "sensorID", "uom", "P"]))
    fold = chance.choice(["", ' matchCase="false"', ' matchCase="true"'])
    return _comparison(chance.choice(_COMPARISONS), text, _literal(chance.choice(["RED", "a", "3", "m"])), fold)


def _of_time(chance: Random, prefix: str) -> str:
    first, second = sorted(chance.sample(range(12), 2))
    begin, end = (f"2024-05-01T12:00:{one:02}Z" for one in (first, second))
    literal = f'<gml:TimeInstant gml:id="t"><gml:timePosition>{begin}</gml:timePosition></gml:TimeInstant>'
    operators = ["After", "Before", "AnyInteracts"]
    if chance.randrange(3):
        operators = _TIMES
        literal = f"<gml:beginPosition>{begin}</gml:beginPosition><gml:endPosition>{end}</gml:endPosition>"
        literal = f'<gml:TimePeriod gml:id="t">{literal}</gml:TimePeriod>'
    name = chance.choice(["phenomenonTime", "validTime", "startTime", "endTime", "resultTime"])
    operator = chance.choice(operators)
    return f"<fes:{operator}>{_reference(prefix + name)}{literal}</fes:{operator}>"


def _of_place(chance: Random, prefix: str) -> str:
    operator = chance.choice(["Within", "Intersects", "Disjoint", "Touches", "BBOX", "DWithin", "Beyond", "Equals"])
    literal, distance = chance.choice([_SQUARE, _literal(_SQUARE)]), ""
    if operator == "BBOX":
        corners = "<gml:lowerCorner>50 6</gml:lowerCorner><gml:upperCorner>51.5 7.5</gml:upperCorner>"
        literal = f"<gml:Envelope {_SRS}>{corners}</gml:Envelope>"
    elif operator in {"DWithin", "Beyond", "Equals"}:
        literal = _POINT
        distance = "" if operator == "Equals" else '<fes:Distance uom="km">8</fes:Distance>'
    return f"<fes:{operator}>{_reference(f'{prefix}geometry')}{literal}{distance}</fes:{operator}>"


def _operand(chance: Random, sides: Sequence[Side]) -> str:
    if chance.randrange(4) == 0:
        return _reference(f"{chance.choice(sides).prefix(chance, sides)}doubleValue")
    return _literal(chance.choice([0, 1, 2, 3, 3, 4, 2.5]))


def _comparison(name: str, one: str, other: str, attributes: str = "") -> str:
    return f"<fes:PropertyIs{name}{attributes}>{one}{other}</fes:PropertyIs{name}>"


def _reference(name: str) -> str:
    return f"<fes:ValueReference>{name}</fes:ValueReference>"


def _literal(content: object) -> str:
    return f"<fes:Literal>{content}</fes:Literal>"
