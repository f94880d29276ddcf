"""
Inputs: the texts that clients send, read into values.

Everything is checked against the description of the process before a handler sees it: unknown inputs, how often
each occurs, allowed texts, units and types. Errors are `InputError`s whose `where` is the identifier of the input.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sos_server.time import parse_instant
from weps.errors import InputError, MissingInputError
from weps.processes.base import BoundingBox, Box, Document, InputSpec, Kind, Literal, ProcessSpec, Text, Value
from weps.processes.faults import NOT_IN_XML, TooManyInputs, UnknownFormat, UnknownInput

UNITS = {
    "ms": timedelta(milliseconds=1),
    "s": timedelta(seconds=1),
    "min": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
}
DURATION_UNITS = ("s", "ms", "min", "h", "d")
LONGEST = timedelta(days=36525)
_DURATION = re.compile(
    r"(?P<sign>-?)P(?=.)(?:(?P<w>\d+)W|(?:(?P<d>\d+)D)?"
    r"(?:T(?=.)(?:(?P<h>\d+)H)?(?:(?P<m>\d+)M)?(?:(?P<s>\d+(?:\.\d+)?)S)?)?)"
)


@dataclass(frozen=True, slots=True)
class Inputs:
    """The checked inputs of one Execute, read by the identifiers of the description."""

    process: ProcessSpec
    values: Mapping[str, tuple[Any, ...]]

    def __contains__(self, identifier: str) -> bool:
        return bool(self.values.get(identifier))

    def texts(self, identifier: str) -> tuple[str, ...]:
        """Give all texts of an input that may occur several times."""
        return tuple(str(value) for value in self.values.get(identifier, ()))

    def text(self, identifier: str) -> str | None:
        """Give the text of an input, None where it was not sent."""
        return self._first(identifier)  # type: ignore[no-any-return]

    def number(self, identifier: str) -> float | None:
        """Give the number of an input, None where it was not sent."""
        return self._first(identifier)  # type: ignore[no-any-return]

    def count(self, identifier: str) -> int | None:
        """Give the whole number of an input, None where it was not sent."""
        return self._first(identifier)  # type: ignore[no-any-return]

    def instant(self, identifier: str) -> datetime | None:
        """Give the instant of an input, None where it was not sent."""
        return self._first(identifier)  # type: ignore[no-any-return]

    def duration(self, identifier: str) -> timedelta | None:
        """Give the duration of an input, None where it was not sent or has no end."""
        return self._first(identifier)  # type: ignore[no-any-return]

    def box(self, identifier: str) -> BoundingBox | None:
        """Give the bounding box of an input, None where it was not sent."""
        return self._first(identifier)  # type: ignore[no-any-return]

    def document(self, identifier: str) -> Document | None:
        """Give the complex data of an input, None where it was not sent."""
        return self._first(identifier)  # type: ignore[no-any-return]

    def _first(self, identifier: str) -> Any:
        found = self.values.get(identifier)
        return found[0] if found else None


def check_inputs(process: ProcessSpec, given: Mapping[str, Sequence[Value]]) -> Inputs:
    """Check what a client sent against the description and read it; raises `InputError` at the first fault."""
    for identifier in given:
        if process.input(identifier) is None:
            known = ", ".join(spec.identifier for spec in process.inputs) or "none"
            raise UnknownInput(f"{process.identifier} has no input {identifier}; it has {known}.", identifier)
    return Inputs(process, {spec.identifier: _read(spec, given.get(spec.identifier, ())) for spec in process.inputs})


def _read(spec: InputSpec, given: Sequence[Value]) -> tuple[Any, ...]:
    literal = spec.data if isinstance(spec.data, Literal) else None
    if not given and literal is not None and literal.default is not None:
        given = (Text(literal.default),)
    if len(given) < spec.min_occurs:
        raise MissingInputError(
            f"The input {spec.identifier} is missing: {spec.title}; see DescribeProcess.", spec.identifier
        )
    if len(given) > spec.max_occurs:
        raise TooManyInputs(
            f"{spec.identifier} is given {len(given)} times, at most {spec.max_occurs} are taken.", spec.identifier
        )
    return tuple(_read_one(spec, one) for one in given)


def _read_one(spec: InputSpec, given: Value) -> Any:
    if isinstance(spec.data, Box):
        return _read_box(spec.identifier, spec.data, given)
    if isinstance(given, BoundingBox):
        raise InputError(f"A bounding box is not what this input takes: {spec.title}.", spec.identifier)
    if NOT_IN_XML.search(given.text):
        raise InputError("The text has control characters, which cannot be written in XML.", spec.identifier)
    return _read_literal(spec, spec.data, given) if isinstance(spec.data, Literal) else _read_complex(spec, given)


def _read_literal(spec: InputSpec, literal: Literal, given: Text | Document) -> Any:
    # A request as a document is taken where its URL is: `source_of_template` tells them apart.
    if isinstance(given, Document) and given.is_element and literal.published_type != "anyURI":
        raise InputError("An element is not what this input takes; give a text.", spec.identifier)
    text = given.text.strip()
    uom = given.uom if isinstance(given, Text) else None
    if not text and literal.may_be_empty:
        return ""
    if not text:
        raise MissingInputError(f"{spec.identifier} is empty: {spec.title}; see DescribeProcess.", spec.identifier)
    if len(text) > literal.longest:
        raise InputError(f"The text has {len(text)} characters; at most {literal.longest} are taken.", spec.identifier)
    if literal.allowed and text not in literal.allowed:
        raise InputError(f'"{text}" is not one of {", ".join(literal.allowed)}.', spec.identifier)
    if uom and literal.uoms and uom not in literal.uoms:
        raise InputError(f'"{uom}" is not one of the units {", ".join(literal.uoms)}.', spec.identifier)
    if uom and not literal.uoms:
        raise InputError(f'This input has no unit, but came with "{uom}"; leave the unit out.', spec.identifier)
    if literal.unlimited is not None and text == literal.unlimited:
        return None
    try:
        return READERS[literal.kind](text, uom or (literal.uoms[0] if literal.uoms else None))
    except ValueError as error:
        raise InputError(str(error), spec.identifier) from error


def _read_box(identifier: str, box: Box, given: Value) -> BoundingBox:
    if not isinstance(given, BoundingBox):
        raise InputError("Give a bounding box with its lower and its upper corner.", identifier)
    if given.crs and given.crs not in box.crs:
        raise InputError(f'"{given.crs}" is not one of the reference systems {", ".join(box.crs)}.', identifier)
    try:
        lower, upper = ([read_number(one, None) for one in corner.split()] for corner in _corners(given))
    except ValueError as error:
        raise InputError(str(error), identifier) from error
    if not len(lower) == len(upper) >= 2:
        raise InputError("Give as many numbers for one corner as for the other, two or more.", identifier)
    lower_corner, upper_corner = (" ".join(corner.split()) for corner in _corners(given))
    return BoundingBox(lower_corner, upper_corner, given.crs or box.crs[0])


def _corners(box: BoundingBox) -> tuple[str, str]:
    return box.lower_corner, box.upper_corner


def _read_complex(spec: InputSpec, given: Text | Document) -> Document:
    document = given if isinstance(given, Document) else Document(given.text)
    if not document.text.strip():
        raise MissingInputError(f"{spec.identifier} is empty: {spec.title}; see DescribeProcess.", spec.identifier)
    mime_types = tuple(dict.fromkeys(form.mime_type for form in getattr(spec.data, "formats", ())))
    claimed = (document.mime_type or "").partition(";")[0].strip().lower()
    if claimed in {"application/xml", "text/json"}:
        claimed = {"application/xml": "text/xml", "text/json": "application/json"}[claimed]
    if claimed and claimed not in mime_types:
        raise UnknownFormat(
            f'"{document.mime_type}" is not one of the formats {", ".join(mime_types)}.', spec.identifier
        )
    return Document(document.text, claimed or None, document.schema)


def read_text(text: str, uom: str | None) -> str:
    """Give the text itself."""
    return text


def read_number(text: str, uom: str | None) -> float:
    """Read a finite number; raises `ValueError`."""
    if not re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", text, re.ASCII) or not math.isfinite(float(text)):
        raise ValueError(f'"{text}" is not a number such as 30.6.')
    return float(text)


def read_count(text: str, uom: str | None) -> int:
    """Read a whole number from 0 on; raises `ValueError`."""
    if not re.fullmatch(r"\+?\d{1,18}", text, re.ASCII):
        raise ValueError(f'"{text}" is not a whole number such as 3.')
    return int(text)


def read_instant(text: str, uom: str | None) -> datetime:
    """Read an ISO 8601 instant from the year 2 on, as sources are asked for a while before it; raises `ValueError`."""
    instant = parse_instant(text)
    if instant.year < 2:
        raise ValueError(f'"{text}" is before the year 2; give the time from which there are observations.')
    return instant


def read_url(text: str, uom: str | None) -> str:
    """
    Read an http(s) URL; raises `ValueError`.

    Line breaks and white space inside are left to the reader of templates: they stand in printed requests.
    """
    if not re.match(r"https?://[^/\s]", text, re.IGNORECASE):
        raise ValueError(f'"{text}" is not a URL that starts with http:// or https://.')
    return text


def read_duration(text: str, uom: str | None) -> timedelta:
    """Read a positive duration: ISO 8601 (`PT6H`), or a number of the unit; raises `ValueError`."""
    match = _DURATION.fullmatch(text)
    try:
        if match:
            weeks, days, hours, minutes, seconds = (float(match[name] or 0) for name in "wdhms")
            duration = timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)
            duration = -duration if match["sign"] else duration
        else:
            duration = read_number(text, None) * UNITS[uom or "s"]
    except OverflowError:
        duration = LONGEST * 2
    except ValueError as error:
        raise ValueError(
            f'"{text}" is not a duration: give ISO 8601 in weeks, days, hours, minutes and seconds, such as PT6H or '
            f"P1D, or a number ({uom or 's'})."
        ) from error
    if duration <= timedelta(0):
        raise ValueError(f'"{text}" is not a positive duration.')
    if duration > LONGEST:
        raise ValueError(f'"{text}" is longer than {LONGEST.days} days.')
    return duration


def format_duration(duration: timedelta) -> str:
    """Write a duration as ISO 8601 in seconds and larger: `PT90S`, `PT10M`, `PT6H`, `P1D`."""
    seconds = duration.total_seconds()
    for unit, letter, prefix in ((86400, "D", "P"), (3600, "H", "PT"), (60, "M", "PT")):
        if seconds and seconds % unit == 0:
            return f"{prefix}{int(seconds // unit)}{letter}"
    return f"PT{seconds:.6f}".rstrip("0").rstrip(".") + "S"


READERS: Mapping[Kind, Callable[[str, str | None], Any]] = {
    Kind.TEXT: read_text,
    Kind.URL: read_url,
    Kind.NUMBER: read_number,
    Kind.COUNT: read_count,
    Kind.INSTANT: read_instant,
    Kind.DURATION: read_duration,
}
