"""An EML document as plain structures (section 1). The documents are taken to be valid; filters stay XML."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from lxml import etree

_DURATION = re.compile(r"P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?")
_DAY = 86_400
_OPERATORS = ("CAUSE", "PARALLEL", "BEFORE", "AND", "AND_NOT", "OR")
_FIELDS = ("Second", "Minute", "Hour", "DayOfWeek", "DayOfMonth", "Month")

Stream = tuple[str, int]
"""What one select function of one pattern creates: pattern and number of the function."""


@dataclass(frozen=True)
class View:
    """Which events a pattern has before its eyes (4.2): all, length, time, time-length, or their batches."""

    kind: str = "all"
    batch: bool = False
    count: int = 0
    duration: int = 0
    eager: bool = False
    force: bool = False
    last: bool = False


@dataclass(frozen=True)
class Select:
    """A select function (4.4)."""

    function: str
    parameters: dict[str, str]
    event_name: str
    output: str | None
    causality: bool
    attribute: str


@dataclass(frozen=True)
class Pattern:
    """A pattern of any kind; what its kind does not have is left at its default."""

    kind: str
    name: str
    selects: tuple[Select, ...]
    view: View = View()
    guard: Any = None
    restrictions: tuple[tuple[str, str], ...] = ()
    input_name: str = ""
    inputs: tuple[Stream | None, ...] = ()
    operator: str = ""
    listening: int | None = None
    interval: int = 0
    at: dict[str, int] = field(default_factory=dict)
    repeat: int = 0


def local(element: Any) -> str:
    """Give the name of an element without its namespace."""
    return str(etree.QName(element).localname)


def children(element: Any) -> list[Any]:
    """Give the child elements, without comments."""
    return [one for one in element if isinstance(one.tag, str)]


def find(element: Any, *names: str) -> Any:
    """Follow names down from an element; None when there is no such child."""
    for name in names:
        element = next((one for one in children(element) if local(one) == name), None)
        if element is None:
            return None
    return element


def text(element: Any, *names: str) -> str:
    """Give the trimmed text of a descendant; without it, nothing."""
    found = find(element, *names)
    return "" if found is None else (found.text or "").strip()


def milliseconds(written: str) -> int:
    """Read an xs:duration with years of 365 and months of 30 days (4.2)."""
    match = _DURATION.fullmatch(written.strip())
    assert match is not None, written
    years, months, days, hours, minutes, seconds = (Fraction(one or 0) for one in match.groups())
    days += 365 * years + 30 * months
    return int(1000 * (_DAY * days + 3600 * hours + 60 * minutes + seconds))


def read_document(written: str) -> list[Pattern]:
    """Read the patterns of a document, in document order."""
    root = etree.fromstring(written.encode())
    elements = [
        pattern
        for group in ("SimplePatterns", "ComplexPatterns", "TimerPatterns", "RepetitivePatterns")
        for pattern in children(find(root, group))
    ]
    names = {}
    for element in elements:
        for number, select in enumerate(_selects(element)):
            if select.event_name:
                names[select.event_name] = (element.get("patternID").strip(), number)
    return [_pattern(element, names) for element in elements]


def _pattern(element: Any, names: dict[str, Stream]) -> Pattern:
    common: dict[str, Any] = {
        "name": element.get("patternID").strip(),
        "selects": _selects(element),
        "view": _view(find(element, "View")),
        "guard": _guard(element),
    }
    kind = local(element)
    if kind == "SimplePattern":
        return _simple(element, names, common)
    if kind == "ComplexPattern":
        listening = text(element, "MaximumListeningDuration")
        return Pattern(
            "complex",
            inputs=(_reference(find(element, "FirstPattern")), _reference(find(element, "SecondPattern"))),
            operator=next(local(one) for one in element.iter("{*}*") if local(one) in _OPERATORS),
            listening=milliseconds(listening) if listening else None,
            **common,
        )
    if kind == "TimerPattern":
        interval, at = text(element, "TimerInterval"), find(element, "TimerAt")
        fields = {} if at is None else {local(one): int(one.text) for one in children(at)}
        return Pattern("timer", interval=milliseconds(interval) if interval else 0, at=fields, **common)
    inputs = (_reference(find(element, "PatternToRepeat")),)
    return Pattern("repetitive", inputs=inputs, repeat=int(text(element, "EventCount")), **common)


def _simple(element: Any, names: dict[str, Stream], common: dict[str, Any]) -> Pattern:
    """Resolve the input of a simple pattern (1.1): a created stream, or the outside when there is none of the name."""
    internal = find(element, "Input", "InternalInput")
    if internal is not None:
        stream: Stream | None = _reference(internal)
        name = next((one for one, created in names.items() if created == stream), "")
    else:
        name = (element.get("inputName") or text(element, "Input", "ExternalInput")).strip()
        stream = names.get(name) if element.get("inputName") else None
    wanted = tuple((text(one, "name"), text(one, "value")) for one in children(find(element, "PropertyRestrictions")))
    return Pattern("simple", input_name=name, inputs=(stream,), restrictions=wanted, **common)


def _reference(element: Any) -> Stream:
    return text(element, "PatternReference"), int(text(element, "SelectFunctionNumber"))


def _selects(element: Any) -> tuple[Select, ...]:
    return tuple(_select(one) for one in children(find(element, "SelectFunctions")))


def _select(element: Any) -> Select:
    content = next(one for one in children(element) if local(one) != "UpdateParameters")
    function, parameters = local(content), dict(content.attrib)
    if function == "UserDefinedSelectFunction":
        function, parameters = content.get("name"), _parameters(content)
    elif function == "NotifyOnSelect":
        parameters = {"message": text(content, "Message")}
    return Select(
        function,
        parameters,
        (element.get("newEventName") or "").strip(),
        element.get("outputName"),
        element.get("createCausality") in {"true", "1"},
        element.get("attributeName") or "value",
    )


def _parameters(element: Any) -> dict[str, str]:
    return {
        text(one, "UserParameterName"): text(one, "UserParameterValue")
        for one in element.iter("{*}FunctionParameter", "{*}ViewParameter")
    }


def _guard(element: Any) -> Any:
    """Give the one operator of the filter; an empty filter is no guard."""
    inside = find(element, "Guard", "Filter")
    return next(iter(children(inside)), None) if inside is not None else None


def _view(element: Any) -> View:
    if element is None:
        return View()
    content = children(element)[0]
    batch = content.get("isBatch") in {"true", "1"}
    count, duration = text(content, "EventCount"), text(content, "Duration")
    if local(content) == "UserDefinedView":
        return _user_view(content.get("name"), _parameters(content))
    kind = {"LengthView": "length", "TimeView": "time", "TimeLengthView": "time-length"}.get(local(content), "all")
    return View(kind, batch, int(count or 0), milliseconds(duration) if duration else 0)


def _user_view(name: str, parameters: dict[str, str]) -> View:
    if name == "TimeBatchWithParameter":
        eager, force = (parameters.get(one) == "true" for one in ("isStartEager", "isForceUpdates"))
        return View("time", batch=True, duration=milliseconds(parameters["Duration"]), eager=eager, force=force)
    batch = parameters.get("isBatch") == "true"
    if parameters["type"] == "length":
        return View("length", batch, count=int(parameters.get("EventCount") or parameters["Duration"]), last=True)
    return View("time", batch, duration=milliseconds(parameters["Duration"]), last=True)
