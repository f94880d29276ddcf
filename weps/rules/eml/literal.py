"""What stands in guards beside references: plain values, quantities, distances and times."""

from __future__ import annotations

from lxml import etree

from sos_server.time import parse_instant
from weps.rules import expression as ex
from weps.rules.eml import gml
from weps.rules.eml.structure import child, children, local_name, text
from weps.rules.operators.event import parse_number
from weps.rules.units import find_unit

_SWE = ("http://www.opengis.net/swe/1.0.1", "http://www.opengis.net/swe/2.0", "http://www.opengis.net/swe/1.0")
METRES = {
    "m": 1.0, "km": 1000.0, "cm": 0.01, "mm": 0.001, "[nmi_i]": 1852.0, "[ft_i]": 0.3048, "nautical mile": 1852.0,
}  # fmt: skip


class FilterFault(Exception):
    """Something is wrong at an element; the operator that holds it is given up."""

    def __init__(self, element: etree._Element, message: str) -> None:
        super().__init__(message)
        self.element = element


def read_literal(element: etree._Element) -> ex.Literal | ex.Quantity:
    """Read a literal: a text, or a SWE Common value; a unit that is not UCUM leaves a plain number."""
    inner = list(children(element))
    if not inner:
        written = element.text or ""
        return ex.Literal(written, parse_number(written))
    kind = local_name(inner[0])
    if len(inner) > 1 or etree.QName(inner[0]).namespace not in _SWE:
        raise FilterFault(
            element, f"the Literal holds {kind}; use a text, swe:Quantity, swe:Count, swe:Text or swe:Category"
        )
    written = text(child(inner[0], "value"))
    if kind in ("Text", "Category", "Boolean"):
        return ex.Literal(written, parse_number(written))
    if kind not in ("Quantity", "Count"):
        raise FilterFault(
            inner[0], f"swe:{kind} is not supported; use swe:Quantity, swe:Count, swe:Text or swe:Category"
        )
    number = parse_number(written)
    if number is None:
        raise FilterFault(inner[0], f"the value {written!r} of swe:{kind} is no number")
    uom = child(inner[0], "uom")
    code = None if uom is None else uom.get("code")
    if kind == "Count" or not code or find_unit(code) is None:
        return ex.Literal(written, number)
    return ex.Quantity(number, code)


def read_distance(element: etree._Element) -> float:
    """Read a distance in metres."""
    number, uom = parse_number(text(element)), element.get("uom")
    if number is None or number < 0:
        raise FilterFault(element, f"Distance is {text(element)!r}; write a number from 0")
    if uom not in METRES:
        raise FilterFault(element, f"the unit {uom!r} of Distance is not known; use one of {', '.join(METRES)}")
    return number * METRES[uom]


def read_time(element: etree._Element) -> ex.Period:
    """Read an instant or a period."""
    inner = next(children(element), None) if local_name(element) == "Literal" else element
    try:
        if inner is None:
            instant = parse_instant(text(element))
            return ex.Period(instant, instant)
        if local_name(inner) in gml.TIMES and etree.QName(inner).namespace in gml.GML:
            return gml.read_period(inner)
    except (ValueError, OverflowError) as error:
        raise FilterFault(element, f"the time cannot be read: {error}") from error
    raise FilterFault(inner, f"{local_name(inner)} is no time; use gml:TimeInstant or gml:TimePeriod")
