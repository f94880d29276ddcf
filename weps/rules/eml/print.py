"""From the values of a document back to EML: what is printed compiles to the same rule."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lxml import etree
from lxml.builder import ElementMaker

from weps.rules.eml import document as doc
from weps.rules.eml.print_fes import FES_NAMESPACES, print_filter
from weps.rules.eml.spec import FUNCTION_PARAMETERS, NAMESPACES
from weps.rules.operators.timer import At

if TYPE_CHECKING:
    from datetime import timedelta

_NAMESPACE = {version: namespace for namespace, version in NAMESPACES.items()}
_GROUPS: dict[str, type[doc.Pattern]] = {
    "SimplePatterns": doc.SimplePattern,
    "ComplexPatterns": doc.ComplexPattern,
    "TimerPatterns": doc.TimerPattern,
    "RepetitivePatterns": doc.RepetitivePattern,
}
_STRUCTURAL = frozenset({doc.Operator.CAUSE, doc.Operator.PARALLEL, doc.Operator.BEFORE})
_OF_PROPERTY = frozenset({
    doc.Function.PROPERTY, doc.Function.SUM, doc.Function.AVERAGE, doc.Function.MAXIMUM, doc.Function.MINIMUM,
})  # fmt: skip


def print_document(document: doc.Document) -> str:
    """Write a document as EML."""
    return _Printer(document.version).document(document)


def print_duration(duration: timedelta) -> str:
    """Write a duration as xs:duration."""
    fraction = f".{duration.microseconds:06d}".rstrip("0") if duration.microseconds else ""
    return f"P{duration.days}DT{duration.seconds}{fraction}S"


class _Printer:
    """Writes the elements of one version."""

    def __init__(self, version: str) -> None:
        namespace = _NAMESPACE[version]
        self._first = version == "0.0.1"
        namespaces = {None: namespace, **FES_NAMESPACES}
        self._make = ElementMaker(namespace=namespace, nsmap=namespaces)

    def _text(self, name: str, text: object) -> etree._Element:
        element: etree._Element = self._make(name)
        element.text = str(text)
        return element

    def document(self, document: doc.Document) -> str:
        """Write all patterns in their groups."""
        root = self._make.EML()
        for group, kind in _GROUPS.items():
            element = etree.SubElement(root, f"{{{root.nsmap[None]}}}{group}")
            element.extend(self._pattern(pattern) for pattern in document.patterns if isinstance(pattern, kind))
        etree.indent(root)
        return str(etree.tostring(root, encoding="unicode"))

    def _pattern(self, pattern: doc.Pattern) -> etree._Element:
        element: etree._Element = self._make(type(pattern).__name__, patternID=pattern.id)
        element.append(self._make.SelectFunctions(*(self._select(one) for one in pattern.selects)))
        if pattern.description is not None:
            element.append(self._text("PatternDescription", pattern.description))
        if not isinstance(pattern, doc.RepetitivePattern) and pattern.view != doc.View():
            element.append(self._make.View(self._view(pattern.view)))
        if isinstance(pattern, (doc.SimplePattern, doc.ComplexPattern)) and pattern.guard.condition is not None:
            element.append(self._make.Guard(print_filter(pattern.guard.condition)))
        if isinstance(pattern, doc.SimplePattern):
            self._add_simple(element, pattern)
        elif isinstance(pattern, doc.ComplexPattern):
            self._add_complex(element, pattern)
        elif isinstance(pattern, doc.TimerPattern):
            element.append(self._schedule(pattern.schedule))
        else:
            element.append(self._text("EventCount", pattern.count))
            element.append(self._reference("PatternToRepeat", pattern.repeated))
        return element

    def _add_simple(self, element: etree._Element, pattern: doc.SimplePattern) -> None:
        restrictions = self._make.PropertyRestrictions()
        for restriction in pattern.restrictions:
            name, value = self._text("name", restriction.name), self._text("value", restriction.value)
            restrictions.append(self._make.PropertyRestriction(name, value))
        element.append(restrictions)
        if isinstance(pattern.input, doc.PatternReference):
            element.append(self._make.Input(self._reference("InternalInput", pattern.input)))
        elif self._first:
            element.set("inputName", pattern.input)
        else:
            element.append(self._make.Input(self._text("ExternalInput", pattern.input)))

    def _add_complex(self, element: etree._Element, pattern: doc.ComplexPattern) -> None:
        operator = self._make(str(pattern.operator))
        if self._first:
            group = "StructuralOperator" if pattern.operator in _STRUCTURAL else "Logicaloperator"
            operator = self._make(group, operator)
        element.append(operator)
        element.append(self._reference("FirstPattern", pattern.first))
        element.append(self._reference("SecondPattern", pattern.second))
        if pattern.listening is not None:
            element.append(self._text("MaximumListeningDuration", print_duration(pattern.listening)))

    def _reference(self, name: str, reference: doc.PatternReference | None) -> etree._Element:
        element: etree._Element = self._make(name)
        if reference is not None:
            element.append(self._text("PatternReference", reference.pattern))
            element.append(self._text("SelectFunctionNumber", reference.number))
        return element

    def _schedule(self, schedule: timedelta | At | None) -> etree._Element:
        if not isinstance(schedule, At):
            return self._text("TimerInterval", "" if schedule is None else print_duration(schedule))
        fields = {
            "Second": schedule.second,
            "Minute": schedule.minute,
            "Hour": schedule.hour,
            "DayOfWeek": schedule.day_of_week,
            "DayOfMonth": schedule.day_of_month,
            "Month": schedule.month,
        }
        element: etree._Element = self._make.TimerAt()
        element.extend(self._text(name, value) for name, value in fields.items() if value is not None)
        return element

    def _select(self, select: doc.Select) -> etree._Element:
        element: etree._Element = self._make.SelectFunction(
            self._function(select), newEventName=select.event, createCausality=str(select.causality).lower()
        )
        if select.output is not None:
            element.set("outputName", select.output)
        if select.attribute is not None:
            element.set("attributeName", select.attribute)
        return element

    def _function(self, select: doc.Select) -> etree._Element:
        function, arguments = select.function, select.arguments
        if function is doc.Function.EVENT:
            return self._make.SelectEvent(eventName=arguments[0])
        if function is doc.Function.NOTIFY:
            return self._make.NotifyOnSelect(self._text("Message", arguments[0]))
        if function in _OF_PROPERTY:
            return self._make(str(function), propertyName=arguments[0])
        if function is doc.Function.COUNT:
            return self._make.SelectCount()
        parameters = dict(zip(FUNCTION_PARAMETERS[function], arguments, strict=True))
        given = self._parameters("FunctionParameter", parameters)
        return self._make.UserDefinedSelectFunction(self._make.FunctionParameters(*given), name=str(function))

    def _parameters(self, name: str, parameters: dict[str, str]) -> list[etree._Element]:
        return [
            self._make(name, self._text("UserParameterName", key), self._text("UserParameterValue", value))
            for key, value in parameters.items()
        ]

    def _view(self, view: doc.View) -> etree._Element:
        if view.kind is doc.ViewKind.ALL:
            return self._make.AllView()
        duration = "" if view.duration is None else print_duration(view.duration)
        if view.kind in (doc.ViewKind.LAST, doc.ViewKind.TIME_BATCH):
            given = self._parameters("ViewParameter", _view_parameters(view, duration))
            return self._make.UserDefinedView(self._make.ViewParameters(*given), name=str(view.kind))
        element: etree._Element = self._make(str(view.kind), isBatch=str(view.batch).lower())
        if view.count is not None:
            element.append(self._text("EventCount", view.count))
        if view.duration is not None:
            element.append(self._text("Duration", duration))
        return element


def _view_parameters(view: doc.View, duration: str) -> dict[str, str]:
    if view.kind is doc.ViewKind.TIME_BATCH:
        flags = {"isStartEager": view.eager, "isForceUpdates": view.forced}
        return {"Duration": duration, **{name: str(flag).lower() for name, flag in flags.items()}}
    kind, size = ("time", duration) if view.count is None else ("length", str(view.count))
    return {"type": kind, "Duration": size, "isBatch": str(view.batch).lower()}
