"""Random documents and streams: valid ones, small enough to be read, and crowded in time so that ties are frequent."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from tests.weps.rules.eml.reference.generate_guards import Side, guard
from weps.model import Observation

if TYPE_CHECKING:
    from random import Random

START = datetime(2024, 5, 1, 12, tzinfo=UTC)
_NAMESPACES = 'xmlns:fes="http://www.opengis.net/fes/2.0" xmlns:swe="http://www.opengis.net/swe/1.0.1"'
_NAMESPACES += ' xmlns:gml="http://www.opengis.net/gml/3.2"'
_VALUES = [0, 1, 2, 3, 3, 4, 5, -1, 2.5, None, math.nan, "RED", "red", "3", " 4 ", ""]
_PLACES = [(7.0, 51.0), (8.0, 52.0), (7.5, 51.5), (6.0, 50.0), (7.1, 51.0)]
_DURATIONS = ["PT1S", "PT2S", "PT2S", "PT3S", "PT5S", "PT5S", "PT10S", "PT1M"]
_AGGREGATES = ["SelectSum", "SelectAvg", "SelectMax", "SelectMin"]

Tick = datetime
"""Something that is told to a rule beside observations: how far the clock has come."""


@dataclass
class _Writer:
    """What a document has so far."""

    chance: Random
    second: bool
    streams: list[tuple[str, int, Side]] = field(default_factory=list)
    groups: dict[str, list[str]] = field(default_factory=dict)
    names: int = 0

    def name(self, letter: str) -> str:
        self.names += 1
        return f"{letter}{self.names}"

    def one_in(self, many: int) -> bool:
        return self.chance.randrange(many) == 0


def document(chance: Random) -> str:
    """Write a valid document in which patterns take what others create, in any order."""
    writer = _Writer(chance, second=chance.randrange(3) == 0)
    for _ in range(chance.choice([1, 2, 3, 4, 5, 6])):
        kinds = (
            [_simple, _simple, _timer] if not writer.streams else [_simple, _simple, _complex, _complex, _repetitive]
        )
        chance.choice([*kinds, _timer] if writer.one_in(6) else kinds)(writer)
    groups = "".join(
        f"<{name}s>{''.join(chance.sample(written, len(written)))}</{name}s>"
        for name in ("SimplePattern", "ComplexPattern", "TimerPattern", "RepetitivePattern")
        for written in [[f"<{name} {one}</{name}>" for one in writer.groups.get(name, [])]]
    )
    return f'<EML xmlns="http://www.opengis.net/eml/0.0.{2 if writer.second else 1}" {_NAMESPACES}>{groups}</EML>'


def _simple(writer: _Writer) -> None:
    stream, side = None, Side("input", rich=True)
    if writer.streams and writer.one_in(2):
        stream = writer.chance.choice(writer.streams)
        if not writer.second and not stream[2].name:
            stream = None
        side = side if stream is None else stream[2]
    pattern = writer.name("p")
    wanted = _restrictions(writer, side)
    given = _reference("InternalInput", stream) if stream else "<ExternalInput>input</ExternalInput>"
    given = f"<Input>{given}</Input>" if writer.second else ""
    view, filtered = _view(writer), _guard(writer, [side])
    selects = _selects(writer, pattern, [side])
    attributes = f'patternID="{pattern}"' + ("" if writer.second else f' inputName="{side.name}"')
    body = f"{selects}{view}{filtered}<PropertyRestrictions>{wanted}</PropertyRestrictions>{given}"
    writer.groups.setdefault("SimplePattern", []).append(f"{attributes}>{body}")


def _restrictions(writer: _Writer, side: Side) -> str:
    choices = {"doubleValue": ["3", "3.0"]}
    if side.rich:
        choices |= {"sensorID": ["a", "b"], "observedProperty": ["P", "Q"], "value": ["3", "RED"]}
        choices |= {"stringValue": ["3", "red"]}
    names = writer.chance.sample(list(choices), writer.chance.choice([0, 0, 0, 1, 1, 2]) % (len(choices) + 1))
    return "".join(
        f"<PropertyRestriction><name>{side.prefix(writer.chance)}{name}</name>"
        f"<value>{writer.chance.choice(choices[name])}</value></PropertyRestriction>"
        for name in names
        if name in {"sensorID", "observedProperty"} or writer.one_in(4)
    )


def _complex(writer: _Writer) -> None:
    chance = writer.chance
    first = chance.choice(writer.streams)
    second = first if writer.one_in(4) else chance.choice(writer.streams)
    operator = chance.choice(["BEFORE", "BEFORE", "AND", "AND", "OR", "AND_NOT", "AND_NOT", "CAUSE", "PARALLEL"])
    wrapper = "Logicaloperator" if operator in {"AND", "OR", "AND_NOT"} else "StructuralOperator"
    written = f"<{operator}/>" if writer.second else f"<{wrapper}><{operator}/></{wrapper}>"
    pattern = writer.name("p")
    sides = [first[2], second[2]]
    view = _view(writer) if writer.one_in(3) else ""
    filtered = _guard(writer, sides) if writer.one_in(2) else ""
    selects = _selects(writer, pattern, sides)
    inputs = _reference("FirstPattern", first) + _reference("SecondPattern", second)
    listening = "" if writer.one_in(2) else _text("MaximumListeningDuration", chance.choice(_DURATIONS))
    body = f"{selects}{view}{filtered}{written}{inputs}{listening}"
    writer.groups.setdefault("ComplexPattern", []).append(f'patternID="{pattern}">{body}')


def _timer(writer: _Writer) -> None:
    chance = writer.chance
    pattern = writer.name("p")
    seconds = _text("Second", chance.randrange(60)) if writer.one_in(2) else ""
    when = _text("TimerInterval", chance.choice(_DURATIONS))
    if writer.one_in(3):
        when = _text("TimerAt", seconds + ("" if writer.one_in(2) else _text("Hour", 12)))
    view = _view(writer) if writer.one_in(2) else ""
    body = f"{_selects(writer, pattern, [Side('', tick=True)])}{view}{when}"
    writer.groups.setdefault("TimerPattern", []).append(f'patternID="{pattern}">{body}')


def _repetitive(writer: _Writer) -> None:
    stream = writer.chance.choice(writer.streams)
    pattern = writer.name("p")
    count = _text("EventCount", writer.chance.choice([1, 2, 2, 3]))
    selects = _selects(writer, pattern, [stream[2]])
    body = f"{selects}{count}{_reference('PatternToRepeat', stream)}"
    writer.groups.setdefault("RepetitivePattern", []).append(f'patternID="{pattern}">{body}')


def _text(name: str, content: object) -> str:
    return f"<{name}>{content}</{name}>"


def _reference(name: str, stream: tuple[str, int, Side]) -> str:
    return _text(name, _text("PatternReference", stream[0]) + _text("SelectFunctionNumber", stream[1]))


def _user(kind: str, part: str, name: str, parameters: dict[str, str]) -> str:
    inside = "".join(
        _text(part[:-1], _text("UserParameterName", key) + _text("UserParameterValue", value))
        for key, value in parameters.items()
    )
    return f'<{kind} name="{name}">{_text(part, inside)}</{kind}>'


def _view(writer: _Writer) -> str:
    chance = writer.chance
    count, duration = str(chance.choice([1, 2, 2, 3, 4])), chance.choice(_DURATIONS)
    batch = chance.choice(["", ' isBatch="true"', ' isBatch="false"'])
    flags = {"isStartEager": chance.choice(["true", "false"]), "isForceUpdates": chance.choice(["true", "false"])}
    views = [
        "<AllView/>",
        f"<LengthView{batch}>{_text('EventCount', count)}</LengthView>",
        f"<TimeView{batch}>{_text('Duration', duration)}</TimeView>",
        f"<TimeView{batch}>{_text('Duration', duration)}</TimeView>",
        f"<TimeLengthView{batch}>{_text('EventCount', count)}{_text('Duration', duration)}</TimeLengthView>",
        _user("UserDefinedView", "ViewParameters", "TimeBatchWithParameter", {"Duration": duration, **flags}),
        _user(
            "UserDefinedView",
            "ViewParameters",
            "SelectLast",
            {"type": "time", "Duration": duration, "isBatch": chance.choice(["true", "true", "false"])},
        ),
    ]
    return "" if writer.one_in(5) else _text("View", chance.choice(views))


def _guard(writer: _Writer, sides: list[Side]) -> str:
    if writer.one_in(2):
        return ""
    return _text("Guard", _text("fes:Filter", "" if writer.one_in(10) else guard(writer.chance, sides)))


def _selects(writer: _Writer, pattern: str, sides: list[Side]) -> str:
    written = ""
    for number in range(writer.chance.choice([1, 1, 1, 2, 3])):
        function, side = _function(writer, sides)
        event = "" if writer.one_in(12) else writer.name("e")
        attribute = ""
        if writer.second and writer.one_in(4) and not side.rich and not side.tick and "SelectEvent" not in function:
            attribute, side = ' attributeName="named"', Side(event, attribute="named")
        output = "" if writer.one_in(4) else f' outputName="{pattern}_{number}"'
        causality = writer.chance.choice(["", ' createCausality="true"', ' createCausality="true"'])
        written += f'<SelectFunction newEventName="{event}"{output}{causality}{attribute}>{function}</SelectFunction>'
        writer.streams.append((pattern, number, Side(event, side.rich, side.tick, side.attribute)))
    return _text("SelectFunctions", written)


def _function(writer: _Writer, sides: list[Side]) -> tuple[str, Side]:
    """Write the content of a select function, and tell what its events are like."""
    chance, plain = writer.chance, Side("")
    side = chance.choice(sides)
    number = f"{side.prefix(chance, sides)}doubleValue"
    kind = chance.randrange(9)
    selectable = [one for one in sides if one.name or len(sides) == 1]
    if kind < 2 and selectable:
        chosen = chance.choice(selectable)
        return f'<SelectEvent eventName="{chosen.name or "TimerEvent"}"/>', chosen
    if kind in {2, 3}:
        return f'<{chance.choice(_AGGREGATES)} propertyName="{number}"/>', plain
    if kind == 4:
        return "<SelectCount/>", plain
    if kind == 5:
        return "<NotifyOnSelect><Message> Something </Message></NotifyOnSelect>", plain
    if kind == 6:
        name = chance.choice(["SelectStdDev", "SelectFirst", "GetAdditiveInverseValue"])
        return _user("UserDefinedSelectFunction", "FunctionParameters", name, {"propertyName": number}), plain
    if kind == 7:
        other = f"{chance.choice(sides).prefix(chance, sides)}doubleValue"
        parameters = {"firstReference": number, "secondReference": other}
        return _user("UserDefinedSelectFunction", "FunctionParameters", "SelectDifference", parameters), plain
    name = chance.choice(side.properties())
    return f'<SelectProperty propertyName="{side.prefix(chance, sides)}{name}"/>', plain


def stream(chance: Random) -> list[Observation | Tick]:
    """Make observations of some series with gaps, ties, late ones and missing values, and ticks between them."""
    told: list[Observation | Tick] = []
    clock = START
    for number in range(chance.randrange(1, 16)):
        clock += timedelta(seconds=chance.choice([0, 0, 0, 1, 1, 1, 2, 3, 5, 5, 0.25, 30]))
        if chance.randrange(4) == 0:
            told.append(clock)
        late = timedelta(seconds=chance.choice([0, 0, 0, 0, 0, 1, 5]))
        told.append(_observation(chance, max(clock - late, START), f"o{number}"))
    told.append(clock + timedelta(seconds=chance.choice([0, 5, 20, 130])))
    return told


def _observation(chance: Random, end: datetime, name: str) -> Observation:
    begin = max(end - timedelta(seconds=chance.choice([0, 0, 0, 2])), START)
    place: Any = {"type": "Point", "coordinates": list(chance.choice(_PLACES))}
    return Observation(
        begin,
        chance.choice("aab"),
        chance.choice("PPQ"),
        "f",
        chance.choice(_VALUES),
        uom=chance.choice([None, None, "m", "cm", "kg", "foo"]),
        phenomenon_time_end=None if begin == end else end,
        result_time=chance.choice([None, end + timedelta(seconds=1)]),
        geometry=chance.choice([None, place]),
        id=name,
    )
