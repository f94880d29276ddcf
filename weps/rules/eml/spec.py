"""
The elements of EML 0.0.1 and 0.0.2 (OGC 08-132), as a table: what stands in what, how often, in which order.

A part of a content model is `Part(names, least, most)`; several names are a choice. Two versions share one table: where
they differ, the name ends in the version.
"""

from __future__ import annotations

from dataclasses import dataclass, field

NAMESPACES = {
    "http://www.opengis.net/eml/0.0.1": "0.0.1",
    "http://www.opengis.net/eml/0.0.2": "0.0.2",
}
FES = "http://www.opengis.net/fes/2.0"
MANY = 1_000_000


@dataclass(frozen=True, slots=True)
class Part:
    """A place in a content model: one of the names, at least and at most so often."""

    names: tuple[str, ...]
    least: int = 1
    most: int = 1


@dataclass(frozen=True, slots=True)
class Element:
    """
    What an element may hold: parts in order, attributes with their kind, or a text of a kind.

    `required` are the attributes that must be there. An `opaque` element is checked elsewhere.
    """

    parts: tuple[Part, ...] = ()
    attributes: dict[str, str] = field(default_factory=dict)
    required: tuple[str, ...] = ()
    text: str | None = None
    opaque: bool = False


def one(*names: str) -> Part:
    """Exactly one of the names."""
    return Part(names)


def optional(*names: str) -> Part:
    """At most one of the names."""
    return Part(names, least=0)


def any_number(name: str) -> Part:
    """The name as often as one likes."""
    return Part((name,), least=0, most=MANY)


_PATTERN = (one("SelectFunctions"), optional("PatternDescription"))
_VIEWED = (*_PATTERN, optional("View"))
_GUARDED = (*_VIEWED, optional("Guard"))
_JOINED = (one("FirstPattern"), one("SecondPattern"), optional("MaximumListeningDuration"))
_ID = {"patternID": "name"}
_OPERATORS = ("CAUSE", "PARALLEL", "BEFORE", "AND", "AND_NOT", "OR")
_REFERENCE = Element((one("PatternReference"), one("SelectFunctionNumber")))
_OF_PROPERTY = Element(attributes={"propertyName": "name"}, required=("propertyName",))
_SELECT_ATTRIBUTES = {"newEventName": "text", "outputName": "text", "createCausality": "boolean"}
_FUNCTIONS = (
    "SelectEvent", "SelectProperty", "SelectSum", "SelectAvg", "SelectMax", "SelectMin", "SelectCount",
    "NotifyOnSelect", "UserDefinedSelectFunction",
)  # fmt: skip
_VIEWS = ("LengthView", "TimeView", "TimeLengthView", "AllView", "UserDefinedView")
_USER_PARAMETER = Element((one("UserParameterName"), one("UserParameterValue")))
_BATCH = {"isBatch": "boolean"}

_SHARED: dict[str, Element] = {
    "EML": Element((one("SimplePatterns"), one("ComplexPatterns"), one("TimerPatterns"), one("RepetitivePatterns"))),
    "SimplePatterns": Element((any_number("SimplePattern"),)),
    "ComplexPatterns": Element((any_number("ComplexPattern"),)),
    "TimerPatterns": Element((any_number("TimerPattern"),)),
    "RepetitivePatterns": Element((any_number("RepetitivePattern"),)),
    "TimerPattern": Element((*_VIEWED, one("TimerAt", "TimerInterval")), _ID, ("patternID",)),
    "RepetitivePattern": Element((*_PATTERN, one("EventCount"), one("PatternToRepeat")), _ID, ("patternID",)),
    "SelectFunctions": Element((any_number("SelectFunction"),)),
    "PatternDescription": Element(text="text"),
    "SelectEvent": Element(attributes={"eventName": "text"}, required=("eventName",)),
    "SelectSum": _OF_PROPERTY,
    "SelectAvg": _OF_PROPERTY,
    "SelectMax": _OF_PROPERTY,
    "SelectMin": _OF_PROPERTY,
    "SelectCount": Element(),
    "NotifyOnSelect": Element((one("Message"),)),
    "Message": Element(text="text"),
    "UserDefinedSelectFunction": Element((one("FunctionParameters"),), {"name": "name"}, ("name",)),
    "FunctionParameters": Element((any_number("FunctionParameter"),)),
    "FunctionParameter": _USER_PARAMETER,
    "UserParameterName": Element(text="name"),
    "UserParameterValue": Element(text="text"),
    "LengthView": Element((one("EventCount"),), _BATCH),
    "TimeView": Element((one("Duration"),), _BATCH),
    "TimeLengthView": Element((one("EventCount"), one("Duration")), _BATCH),
    "AllView": Element(),
    "UserDefinedView": Element((one("ViewParameters"),), {"name": "name"}, ("name",)),
    "ViewParameters": Element((any_number("ViewParameter"),)),
    "ViewParameter": _USER_PARAMETER,
    "EventCount": Element(text="count"),
    "Duration": Element(text="duration"),
    "Guard": Element((one("Filter"),)),
    "Filter": Element(opaque=True),
    "PropertyRestrictions": Element((any_number("PropertyRestriction"),)),
    "PropertyRestriction": Element((one("name"), one("value"))),
    "name": Element(text="name"),
    "value": Element(text="text"),
    "FirstPattern": _REFERENCE,
    "SecondPattern": _REFERENCE,
    "PatternToRepeat": _REFERENCE,
    "PatternReference": Element(text="name"),
    "SelectFunctionNumber": Element(text="index"),
    "MaximumListeningDuration": Element(text="duration"),
    "UserDefindeBinaryOperator": Element(attributes={"name": "name"}, required=("name",), opaque=True),
    **{name: Element() for name in _OPERATORS},
    "TimerInterval": Element(text="duration"),
    "TimerAt": Element(
        tuple(optional(name) for name in ("Second", "Minute", "Hour", "DayOfWeek", "DayOfMonth", "Month"))
    ),
    "Second": Element(text="0..59"),
    "Minute": Element(text="0..59"),
    "Hour": Element(text="0..23"),
    "DayOfWeek": Element(text="0..6"),
    "DayOfMonth": Element(text="1..31"),
    "Month": Element(text="1..12"),
}

ELEMENTS: dict[str, dict[str, Element]] = {
    "0.0.1": {
        **_SHARED,
        "SimplePattern": Element(
            (*_GUARDED, one("PropertyRestrictions")), {**_ID, "inputName": "name"}, ("patternID", "inputName")
        ),
        "ComplexPattern": Element(
            (*_GUARDED, one("StructuralOperator", "Logicaloperator", "UserDefindeBinaryOperator"), *_JOINED),
            _ID,
            ("patternID",),
        ),
        "StructuralOperator": Element((one("CAUSE", "PARALLEL", "BEFORE"),)),
        "Logicaloperator": Element((one("AND", "AND_NOT", "OR"),)),
        "SelectFunction": Element((one(*_FUNCTIONS),), _SELECT_ATTRIBUTES, ("newEventName",)),
        "SelectProperty": _OF_PROPERTY,
        "View": Element((one(*_VIEWS),)),
    },
    "0.0.2": {
        **_SHARED,
        "SimplePattern": Element((*_GUARDED, one("PropertyRestrictions"), one("Input")), _ID, ("patternID",)),
        "Input": Element((one("ExternalInput", "InternalInput"),)),
        "ExternalInput": Element(text="name"),
        "InternalInput": _REFERENCE,
        "ComplexPattern": Element(
            (*_GUARDED, one(*_OPERATORS, "UserDefindeBinaryOperator"), *_JOINED), _ID, ("patternID",)
        ),
        "SelectFunction": Element(
            (one(*_FUNCTIONS),), {**_SELECT_ATTRIBUTES, "attributeName": "text"}, ("newEventName",)
        ),
        "SelectProperty": Element((optional("UpdateParameters"),), {"propertyName": "name"}, ("propertyName",)),
        "UpdateParameters": Element(opaque=True),
        "View": Element((one(*_VIEWS, "GenericView"),)),
        "GenericView": Element(opaque=True),
    },
}

UNSUPPORTED = {
    "GenericView": "the GenericView is not supported; use a LengthView, TimeView or TimeLengthView",
    "UserDefindeBinaryOperator": "user-defined operators are not supported; "
    "use CAUSE, PARALLEL, BEFORE, AND, AND_NOT or OR",
    "UpdateParameters": "UpdateParameters is for the GenericView, which is not supported; leave it out",
}
"""What is part of EML and refused, with what to do."""

FUNCTION_PARAMETERS: dict[str, tuple[str, ...]] = {
    "SelectStdDev": ("propertyName",),
    "SelectFirst": ("propertyName",),
    "GetAdditiveInverseValue": ("propertyName",),
    "SelectDifference": ("firstReference", "secondReference"),
}
"""The user-defined select functions that are known, with their parameters, all needed."""

VIEW_PARAMETERS: dict[str, dict[str, bool]] = {
    "TimeBatchWithParameter": {"Duration": True, "isStartEager": False, "isForceUpdates": False},
    "SelectLast": {"type": True, "Duration": True, "isBatch": False},
}
"""The user-defined views that are known, with their parameters and whether they are needed."""
