"""From the text of an EML document to its values; every fault is collected, nothing is repaired."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from lxml import etree

from sos_server.codecs import xml
from sos_server.errors import SosError
from weps.errors import Fault, RuleError
from weps.rules.eml import document as doc
from weps.rules.eml.fes import read_guard
from weps.rules.eml.spec import FUNCTION_PARAMETERS, NAMESPACES, VIEW_PARAMETERS
from weps.rules.eml.structure import READ, Faults, check, child, children, local_name, text
from weps.rules.operators.timer import At

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_BYTES = 1024 * 1024
_DECLARATION = re.compile(r"^\ufeff?\s*<\?xml[^>]*\?>")
_LINE = re.compile(r"line (\d+)")


def parse_document(written: str, faults: Faults) -> doc.Document:
    """Read a document; raises `RuleError` when it is no EML at all, and notes every other fault."""
    root = parse_xml(written)
    name = etree.QName(root)
    version = NAMESPACES.get(name.namespace or "")
    if name.localname != "EML" or version is None:
        wanted = " or ".join(NAMESPACES)
        raise RuleError(
            (Fault(root.sourceline or 0, f"the root is {root.tag}; it must be EML of the namespace {wanted}"),)
        )
    check(root, version, faults)
    return doc.Document(version, tuple(_patterns(root, faults)))


def parse_xml(written: str) -> etree._Element:
    """Parse the text of a rule in XML; raises `RuleError` with the line where it is none."""
    try:
        # the text is decoded already: what its declaration says of an encoding no longer holds
        data = _DECLARATION.sub(lambda found: "\n" * found.group().count("\n"), written).encode()
    except UnicodeEncodeError as error:
        raise RuleError((Fault(0, "the rule holds characters that are no text; send valid Unicode"),)) from error
    try:
        return xml.parse(data, MAX_BYTES)
    except SosError as error:
        found = _LINE.search(error.message)
        raise RuleError((Fault(int(found.group(1)) if found else 0, error.message),)) from error


def _patterns(root: etree._Element, faults: Faults) -> list[doc.Pattern]:
    readers: dict[str, Callable[[etree._Element, Faults], doc.Pattern]] = {
        "SimplePattern": _simple,
        "ComplexPattern": _complex,
        "TimerPattern": _timer,
        "RepetitivePattern": _repetitive,
    }
    return [
        readers[name](element, faults)
        for name in readers
        for group in children(root)
        if local_name(group) == f"{name}s"
        for element in children(group)
        if local_name(element) == name
    ]


def _base(element: etree._Element, faults: Faults) -> dict[str, Any]:
    functions = child(element, "SelectFunctions")
    selects = [] if functions is None else [_select(found, faults) for found in children(functions)]
    description = child(element, "PatternDescription")
    return {
        "id": (element.get("patternID") or "").strip(),
        "selects": tuple(selects),
        "description": None if description is None else text(description),
        "line": element.sourceline or 0,
    }


def _simple(element: etree._Element, faults: Faults) -> doc.Pattern:
    source = child(element, "Input")
    internal = _reference(child(source, "InternalInput"))
    name = (element.get("inputName") or text(child(source, "ExternalInput"))).strip()
    restrictions = child(element, "PropertyRestrictions")
    return doc.SimplePattern(
        **_base(element, faults),
        input=name if internal is None else internal,
        view=_view(child(element, "View"), faults),
        guard=_guard(element, faults),
        restrictions=() if restrictions is None else tuple(_restriction(found) for found in children(restrictions)),
    )


def _restriction(element: etree._Element) -> doc.Restriction:
    return doc.Restriction(text(child(element, "name")), text(child(element, "value")))


def _complex(element: etree._Element, faults: Faults) -> doc.Pattern:
    operator = next((local_name(found) for found in element.iter("{*}*") if local_name(found) in _OPERATORS), None)
    return doc.ComplexPattern(
        **_base(element, faults),
        operator=None if operator is None else doc.Operator(operator),
        first=_reference(child(element, "FirstPattern")),
        second=_reference(child(element, "SecondPattern")),
        listening=_read(child(element, "MaximumListeningDuration"), "duration"),
        view=_view(child(element, "View"), faults),
        guard=_guard(element, faults),
    )


_OPERATORS = frozenset(doc.Operator)


def _timer(element: etree._Element, faults: Faults) -> doc.Pattern:
    at = child(element, "TimerAt")
    schedule = _read(child(element, "TimerInterval"), "duration") if at is None else _timer_at(at, faults)
    return doc.TimerPattern(**_base(element, faults), schedule=schedule, view=_view(child(element, "View"), faults))


def _timer_at(element: etree._Element, faults: Faults) -> At | None:
    second = _read(child(element, "Second"), "0..59")
    at = At(
        0 if second is None else second,
        _read(child(element, "Minute"), "0..59"),
        _read(child(element, "Hour"), "0..23"),
        _read(child(element, "DayOfWeek"), "0..6"),
        _read(child(element, "DayOfMonth"), "1..31"),
        _read(child(element, "Month"), "1..12"),
    )
    if not at.ever():
        faults.add(element, "TimerAt names a day that never comes; change DayOfMonth or Month")
        return None
    return at


def _repetitive(element: etree._Element, faults: Faults) -> doc.Pattern:
    return doc.RepetitivePattern(
        **_base(element, faults),
        count=_read(child(element, "EventCount"), "count") or 1,
        repeated=_reference(child(element, "PatternToRepeat")),
    )


def _reference(element: etree._Element | None) -> doc.PatternReference | None:
    pattern, number = text(child(element, "PatternReference")), _read(child(element, "SelectFunctionNumber"), "index")
    if element is None or not pattern or number is None:
        return None
    return doc.PatternReference(pattern, number, element.sourceline or 0)


def _read(element: etree._Element | None, kind: str) -> Any:
    """Give a value; None where it is absent or cannot be read, which the check of the structure has told."""
    try:
        return None if element is None else READ[kind](text(element))
    except ValueError:
        return None


def _guard(element: etree._Element, faults: Faults) -> doc.Guard:
    found = child(child(element, "Guard"), "Filter")
    return doc.Guard() if found is None else read_guard(found, faults)


def _flag(written: str | None) -> bool:
    return written is not None and written.strip() in ("true", "1")


def _select(element: etree._Element, faults: Faults) -> doc.Select:
    output = element.get("outputName")
    attribute = (element.get("attributeName") or "").strip()
    function, arguments = _function(next(children(element), None), faults)
    return doc.Select(
        function,
        (element.get("newEventName") or "").strip(),
        None if output is None else output.strip(),
        arguments,
        _flag(element.get("createCausality")),
        attribute or None,
        element.sourceline or 0,
    )


def _function(element: etree._Element | None, faults: Faults) -> tuple[doc.Function, tuple[str, ...]]:
    name = "" if element is None else local_name(element)
    if element is None or name == "SelectCount":
        return doc.Function.COUNT, ()
    if name == "UserDefinedSelectFunction":
        return _user_function(element, faults)
    if name == "NotifyOnSelect":
        return doc.Function.NOTIFY, (text(child(element, "Message")),)
    argument = element.get("eventName" if name == "SelectEvent" else "propertyName") or ""
    known = {str(function): function for function in doc.Function}
    return known.get(name, doc.Function.COUNT), (argument.strip(),)


def _parameters(element: etree._Element, wrapper: str) -> dict[str, etree._Element]:
    """Give the values of user parameters by their names."""
    found = child(element, wrapper)
    return {
        text(child(parameter, "UserParameterName")): value
        for parameter in ([] if found is None else children(found))
        if (value := child(parameter, "UserParameterValue")) is not None
    }


def _check_parameters(element: etree._Element, given: dict[str, Any], known: dict[str, bool], faults: Faults) -> None:
    name = element.get("name")
    for parameter, needed in known.items():
        if needed and parameter not in given:
            faults.add(element, f"{name} has no parameter {parameter}; add it")
    for parameter in given:
        if parameter not in known:
            faults.add(element, f"{name} has no parameter {parameter}; it takes {', '.join(known)}")


def _user_function(element: etree._Element, faults: Faults) -> tuple[doc.Function, tuple[str, ...]]:
    name = (element.get("name") or "").strip()
    if name not in FUNCTION_PARAMETERS:
        known = ", ".join(FUNCTION_PARAMETERS)
        faults.add(element, f"the select function {name!r} is not supported; use one of {known}")
        return doc.Function.COUNT, ()
    given = _parameters(element, "FunctionParameters")
    _check_parameters(element, given, dict.fromkeys(FUNCTION_PARAMETERS[name], True), faults)
    return doc.Function(name), tuple(text(given.get(parameter)) for parameter in FUNCTION_PARAMETERS[name])


def _view(element: etree._Element | None, faults: Faults) -> doc.View:
    found = None if element is None else next(children(element), None)
    if found is None:
        return doc.View()
    name, line = local_name(found), found.sourceline or 0
    if name == "UserDefinedView":
        return _user_view(found, faults)
    if name not in ("LengthView", "TimeView", "TimeLengthView"):
        return doc.View(line=line)
    return doc.View(
        doc.ViewKind(name),
        _read(child(found, "EventCount"), "count"),
        _read(child(found, "Duration"), "duration"),
        _flag(found.get("isBatch")),
        line=line,
    )


def _user_view(element: etree._Element, faults: Faults) -> doc.View:
    name, line = (element.get("name") or "").strip(), element.sourceline or 0
    if name not in VIEW_PARAMETERS:
        known = " or ".join(VIEW_PARAMETERS)
        faults.add(element, f"the view {name!r} is not supported; use {known}")
        return doc.View(line=line)
    given = _parameters(element, "ViewParameters")
    _check_parameters(element, given, VIEW_PARAMETERS[name], faults)
    if name == "TimeBatchWithParameter":
        return doc.View(
            doc.ViewKind.TIME_BATCH,
            duration=_user_value(given, "Duration", "duration", faults),
            batch=True,
            eager=bool(_user_value(given, "isStartEager", "boolean", faults)),
            forced=bool(_user_value(given, "isForceUpdates", "boolean", faults)),
            line=line,
        )
    return _last_view(given, line, faults)


def _last_view(given: dict[str, etree._Element], line: int, faults: Faults) -> doc.View:
    kind = text(given.get("type"))
    batch = bool(_user_value(given, "isBatch", "boolean", faults))
    if kind == "length":
        return doc.View(doc.ViewKind.LAST, _user_value(given, "Duration", "count", faults), batch=batch, line=line)
    if kind != "time" and "type" in given:
        faults.add(given["type"], f"the type of SelectLast is {kind!r}; write time or length")
        return doc.View(line=line)
    duration = _user_value(given, "Duration", "duration", faults)
    return doc.View(doc.ViewKind.LAST, None, duration, batch, line=line)


def _user_value(given: dict[str, etree._Element], name: str, kind: str, faults: Faults) -> Any:
    if name not in given:
        return None
    try:
        return READ[kind](text(given[name]))
    except ValueError as error:
        faults.add(given[name], f"{name}: {error}")
        return None
