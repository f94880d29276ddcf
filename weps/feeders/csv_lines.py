"""
Observations in CSV: a header line, then one observation a line.

Columns by name, in any order: `time`, `procedure`, `observed_property`, `feature_of_interest`, `value`, and where known
`uom` (UCUM), `lat` and `lon` (degrees), `quality` (the flag of the source). Columns of other names are left alone. An
empty value is a nil result.
"""

from __future__ import annotations

import csv
import math
import re
from typing import TYPE_CHECKING

from sos_server.time import parse_instant
from weps.errors import InputError
from weps.model import Observation, Value

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_NEEDED = ("time", "procedure", "observed_property", "feature_of_interest", "value")
_INTEGER = re.compile(r"[+-]?[0-9]{1,18}")
_TRUTH = {"true": True, "false": False}


def read_csv(file: Iterable[bytes]) -> Iterator[Observation]:
    """Read the observations of the lines of a CSV file; raises `InputError` with the line."""
    lines = csv.reader(_texts(file), strict=True)
    try:
        header = [name.strip().lower() for name in next(lines)]
        missing = [name for name in _NEEDED if name not in header]
        if missing:
            raise InputError(f"the header has no column {', '.join(missing)}", where="line 1")
        for row in lines:
            if row:
                yield _read_row(header, row, f"line {lines.line_num}")
    except csv.Error as error:
        raise InputError(f"not CSV: {error}", where=f"line {lines.line_num}") from error


def _texts(file: Iterable[bytes]) -> Iterator[str]:
    for number, line in enumerate(file, start=1):
        try:
            yield line.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError as error:
            raise InputError("the file is not UTF-8 text", where=f"line {number}") from error


def _read_row(header: list[str], row: list[str], where: str) -> Observation:
    if len(row) != len(header):
        raise InputError(f"{len(row)} fields where the header names {len(header)}", where)
    fields = {name: field.strip() for name, field in zip(header, row, strict=True)}
    for name in _NEEDED[:-1]:
        if not fields[name]:
            raise InputError(f"the column {name} is empty", where)
    try:
        time = parse_instant(fields["time"])
    except ValueError as error:
        raise InputError(str(error), where) from error
    uom = fields.get("uom") or None
    return Observation(
        phenomenon_time=time,
        procedure=fields["procedure"],
        observed_property=fields["observed_property"],
        feature_of_interest=fields["feature_of_interest"],
        value=_read_value(fields["value"], uom, where),
        uom=uom,
        geometry=_read_place(fields, where),
        quality=fields.get("quality") or None,
    )


def _read_value(text: str, uom: str | None, where: str) -> Value:
    """Read a number, or, where there is no unit, a truth value or text; empty is nil."""
    if not text:
        return None
    if _INTEGER.fullmatch(text):
        return int(text)
    number = _read_number(text)
    if number is not None and math.isfinite(number):
        return number
    if number is not None or uom is not None:
        raise InputError(f"the value {text!r} is no number; leave the row out if nothing was observed", where)
    return _TRUTH.get(text.lower(), text)


def _read_number(text: str) -> float | None:
    try:
        return float(text) if "_" not in text else None
    except ValueError:
        return None


def _read_place(fields: Mapping[str, str], where: str) -> dict[str, object] | None:
    latitude, longitude = fields.get("lat", ""), fields.get("lon", "")
    if not latitude and not longitude:
        return None
    east, north = _read_number(longitude), _read_number(latitude)
    if east is None or north is None or not (-180 <= east <= 180 and -90 <= north <= 90):
        raise InputError(f"lat {latitude!r} and lon {longitude!r} are no place in degrees", where)
    return {"type": "Point", "coordinates": [east, north]}
