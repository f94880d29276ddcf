"""
The check of a document's structure against the table of `spec`: every fault at once, each with its line.

Texts are read here as well: a kind of text is a function that gives its value or raises `ValueError` saying what is
wanted instead.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from lxml import etree

from weps.errors import Fault
from weps.rules.eml.spec import ELEMENTS, FES, UNSUPPORTED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from weps.rules.eml.spec import Element, Part

_DURATION = re.compile(
    r"(-?)P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:\.(\d+))?S)?)?", re.ASCII
)
_LONGEST_NUMBER = 12
_SHORTEST = timedelta(milliseconds=1)


class Faults:
    """Collects what is wrong in a document; a fault that is found twice is told once."""

    def __init__(self) -> None:
        self._found: dict[Fault, None] = {}

    def add(self, place: etree._Element | int, message: str) -> None:
        """Add a fault at an element or a line."""
        line = place if isinstance(place, int) else place.sourceline
        self._found[Fault(line or 0, message)] = None

    def all(self) -> tuple[Fault, ...]:
        """Give all faults."""
        return tuple(self._found)


def local_name(element: etree._Element) -> str:
    """Give the name of an element without its namespace."""
    return str(etree.QName(element).localname)


def children(element: etree._Element) -> Iterator[etree._Element]:
    """Give the child elements, without comments and processing instructions."""
    return (child for child in element if isinstance(child.tag, str))


def child(element: etree._Element | None, name: str) -> etree._Element | None:
    """Give the first child of a name, whatever its namespace."""
    if element is None:
        return None
    return next((found for found in children(element) if local_name(found) == name), None)


def text(element: etree._Element | None) -> str:
    """Give the text of an element, trimmed; empty where there is none."""
    return "" if element is None or element.text is None else element.text.strip()


def read_duration(written: str) -> timedelta:
    """Read an xs:duration exactly; a year has 365 days, a month 30."""
    match = _DURATION.fullmatch(written)
    if match is None or written.endswith(("P", "T")):
        raise ValueError(f"{written!r} is no duration; write it as PT10M or P1DT12H")
    sign, *numbers, fraction = match.groups()
    if any(number is not None and len(number) > _LONGEST_NUMBER for number in numbers):
        raise ValueError(f"{written!r} is too long a duration")
    years, months, days, hours, minutes, seconds = (int(number or 0) for number in numbers)
    microseconds = int(((fraction or "") + "000000")[:6])
    try:
        duration = timedelta(
            days=365 * years + 30 * months + days, hours=hours, minutes=minutes, seconds=seconds,
            microseconds=microseconds,
        )  # fmt: skip
    except OverflowError as error:
        raise ValueError(f"{written!r} is too long a duration") from error
    if sign or duration < _SHORTEST:
        raise ValueError(f"the duration {written!r} is not positive; it must be at least a millisecond")
    return duration


def _read_count(written: str) -> int:
    if re.fullmatch(r"\+?\d+", written, re.ASCII) is None or len(written) > _LONGEST_NUMBER or int(written) < 1:
        raise ValueError(f"{written!r} is no count; write a whole number from 1")
    return int(written)


def _read_index(written: str) -> int:
    if re.fullmatch(r"\+?\d+", written, re.ASCII) is None or len(written) > _LONGEST_NUMBER:
        raise ValueError(f"{written!r} is no number of a select function; write 0, 1, 2 …")
    return int(written)


def _read_boolean(written: str) -> bool:
    if written not in ("true", "false", "1", "0"):
        raise ValueError(f"{written!r} is not true or false")
    return written in ("true", "1")


def _read_name(written: str) -> str:
    if not written:
        raise ValueError("there is no name; write one")
    return written


def _read_range(kind: str) -> Callable[[str], int]:
    least, most = (int(edge) for edge in kind.split(".."))

    def read(written: str) -> int:
        if re.fullmatch(r"\+?\d{1,3}", written, re.ASCII) is None or not least <= int(written) <= most:
            raise ValueError(f"{written!r} is no whole number from {least} to {most}")
        return int(written)

    return read


READ: dict[str, Callable[[str], Any]] = {
    "text": str,
    "name": _read_name,
    "count": _read_count,
    "index": _read_index,
    "boolean": _read_boolean,
    "duration": read_duration,
    **{kind: _read_range(kind) for kind in ("0..59", "0..23", "0..6", "1..31", "1..12")},
}


def check(root: etree._Element, version: str, faults: Faults) -> None:
    """Check a document from its root on."""
    pending = [root]
    while pending:
        element = pending.pop()
        name = local_name(element)
        if name in UNSUPPORTED:
            faults.add(element, UNSUPPORTED[name])
            continue
        model = ELEMENTS[version][name]
        _check_attributes(element, model, faults)
        if model.opaque:
            continue
        _check_text(element, model, faults)
        pending.extend(_check_children(element, model, faults))


def _check_attributes(element: etree._Element, model: Element, faults: Faults) -> None:
    name = local_name(element)
    for attribute in model.required:
        if element.get(attribute) is None:
            faults.add(element, f"{name} has no {attribute}; add the attribute")
    for attribute, written in element.attrib.items():
        if str(attribute).startswith("{"):
            continue  # xsi:schemaLocation and the like
        kind = model.attributes.get(str(attribute))
        if kind is None:
            faults.add(element, f"{name} has no attribute {attribute}; remove it")
            continue
        try:
            READ[kind](str(written).strip())
        except ValueError as error:
            faults.add(element, f"{attribute} of {name}: {error}")


def _check_text(element: etree._Element, model: Element, faults: Faults) -> None:
    name = local_name(element)
    if model.text is not None:
        try:
            READ[model.text](text(element))
        except ValueError as error:
            faults.add(element, f"{name}: {error}")
        return
    stray = [element.text, *(child.tail for child in element)]
    if any(part and part.strip() for part in stray):
        faults.add(element, f"{name} holds text where only elements may stand; remove it")


def _check_children(element: etree._Element, model: Element, faults: Faults) -> Iterator[etree._Element]:
    """Check names, numbers and order of the children, and give those that are worth looking into."""
    name = local_name(element)
    counts = [0] * len(model.parts)
    latest = 0
    for found in children(element):
        place = _place(found, element, model.parts)
        if place is None:
            faults.add(found, _misplaced(found, name, model))
            continue
        counts[place] += 1
        if counts[place] == model.parts[place].most + 1:
            faults.add(found, f"{name} has more than one {' or '.join(model.parts[place].names)}; keep one")
        elif place < latest:
            before = " or ".join(model.parts[latest].names)
            faults.add(found, f"{local_name(found)} stands behind {before} in {name}; move it before that")
        latest = max(latest, place)
        yield found
    for part, count in zip(model.parts, counts, strict=True):
        if count < part.least:
            faults.add(element, f"{name} has no {' or '.join(part.names)}; add one")


def _misplaced(found: etree._Element, parent: str, model: Element) -> str:
    names = [one for part in model.parts for one in part.names]
    if local_name(found) in names:
        namespace = etree.QName(found).namespace or "none"
        return f"{local_name(found)} in {parent} has the wrong namespace ({namespace}); correct it or its prefix"
    return f"{parent} cannot hold {local_name(found)}; it takes {', '.join(names) or 'nothing'}"


def _place(found: etree._Element, parent: etree._Element, parts: tuple[Part, ...]) -> int | None:
    name = etree.QName(found)
    namespace = FES if name.localname == "Filter" else etree.QName(parent).namespace
    if name.namespace != namespace:
        return None
    return next((place for place, part in enumerate(parts) if name.localname in part.names), None)
