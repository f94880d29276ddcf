"""
CSV as sensor observation services answer it: a column for time, columns that tell where, and one for each property.

Known by their headers: NOAA NDBC, NOAA CO-OPS and IOOS (`station_id,sensor_id,"latitude (degree)",…,date_time,
"wind_speed (m/s)"`) and istSOS (`urn:ogc:def:parameter:…:time:iso8601,urn:ogc:def:procedure,…`). An empty field is a
nil result; a quality flag belongs to the property before it.
"""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, dropwhile
from typing import Any

from sos_server.codecs.sampling20 import UNKNOWN
from sos_server.time import parse_instant
from weps.errors import InputError
from weps.model import Observation, Value

MISSING = "http://www.opengis.net/def/nil/OGC/0/missing"

_HEADER = re.compile(
    rb"""(?=[^<{\[])(?=[^\r\n]*[,;])(?=[^\r\n]*(?:date_?time|time:iso8601|samplingtime|\btime\b))"""
    rb"""(?=[^\r\n]*(?:station|sensor|platform|procedure|lat))[^\r\n<{]+(?:[\r\n]|\Z)""",
    re.IGNORECASE,
)
_LONGEST_HEADER = 65536
_OURS = re.compile(rb"[^\r\n]*observed_property[^\r\n]*", re.IGNORECASE)
_NAME_AND_UNIT = re.compile(r"(?P<name>[^()\[\]]*?)\s*(?:\((?P<round>[^()]*)\)|\[(?P<square>[^\[\]]*)\])\s*\Z")
_TIMES = ("date_time", "datetime", "time", "samplingtime", "phenomenontime")
_FEATURES = ("station_id", "station", "platform_id", "platform", "featureofinterest", "feature_of_interest")
_PROCEDURES = ("sensor_id", "sensor", "procedure")
_LATITUDES = ("latitude", "lat")
_LONGITUDES = ("longitude", "lon", "long")
# What places a value or describes how it was taken is no value.
_COORDINATES = re.compile(r"(?:depth|altitude|height|vertical_position|bin|elevation|z)\Z")
_LONGEST_NAME = 1000
_QUALITY = re.compile(r"(?:quality_?index|quality_?flag|quality|qc|_qc|_flag|flag)\Z", re.IGNORECASE)
_NOT_A_NUMBER = frozenset({"nan", "null", "none", "na", "n/a", "--", "inf", "-inf", "infinity", "-infinity"})


def matches(data: bytes) -> bool:
    """Tell whether data begin with a header as sensor observation services write it."""
    beginning = data[:_LONGEST_HEADER].lstrip(b"\xef\xbb\xbf \t\r\n")
    return _HEADER.match(beginning) is not None and _OURS.match(beginning) is None


def read_csv_answer(data: bytes) -> Iterator[Observation]:
    """Read the observations of an answer; raises `InputError` with the line of what cannot be read."""
    return stream_csv_answer(io.BytesIO(data))


def stream_csv_answer(file: Iterable[bytes]) -> Iterator[Observation]:
    """Read the observations of the lines of an answer one after the other; raises as `read_csv_answer` does."""
    texts = dropwhile(lambda text: not text.strip(), map(_text, file))
    first = next(texts, "").lstrip("\ufeff \t")
    separator = ";" if first.count(";") > first.count(",") else ","
    lines = csv.reader(chain((first,), texts), delimiter=separator, strict=True, skipinitialspace=True)
    try:
        layout = _layout(next(lines))
        for row in lines:
            if any(field.strip() for field in row) and not row[0].startswith("#"):
                yield from layout.read(row, f"line {lines.line_num}")
    except csv.Error as error:
        raise InputError(f"not CSV: {error}", where=f"line {lines.line_num}") from error


def _text(line: bytes) -> str:
    try:
        return line.decode()
    except UnicodeDecodeError:
        return line.decode("iso-8859-1")


@dataclass(frozen=True, slots=True)
class _Property:
    """A column that is observed, its unit, and the column of its quality."""

    column: int
    name: str
    uom: str | None
    quality: int | None


@dataclass(frozen=True, slots=True)
class _Layout:
    """What the columns mean; the indices of those that are there once."""

    names: tuple[str, ...]
    time: int
    feature: int | None
    procedure: int | None
    latitude: int | None
    longitude: int | None
    coordinates: tuple[int, ...]
    properties: tuple[_Property, ...]

    def read(self, row: Sequence[str], where: str) -> Iterator[Observation]:
        """Give an observation for each property of a row."""
        if len(row) != len(self.names):
            raise InputError(f"{len(row)} fields where the header names {len(self.names)}", where)
        begin, slash, end = row[self.time].strip().partition("/")
        try:
            time, time_end = parse_instant(begin), parse_instant(end) if slash else None
        except ValueError as error:
            raise InputError(str(error), where) from error
        if time_end is not None and time_end < time:
            raise InputError("the period ends before it begins", where)
        feature, procedure = self._text(row, self.feature), self._text(row, self.procedure)
        place, level = self._place(row, where), self._level(row)
        for each in self.properties:
            value = _value(row[each.column].strip(), each.uom, where)
            yield Observation(
                phenomenon_time=time,
                procedure=procedure or feature or UNKNOWN,
                observed_property=each.name,
                feature_of_interest=feature or procedure or UNKNOWN,
                value=value,
                uom=each.uom,
                phenomenon_time_end=time_end,
                nil_reason=MISSING if value is None else None,
                geometry=place,
                identifier=level,
                quality=self._text(row, each.quality),
            )

    def _text(self, row: Sequence[str], column: int | None) -> str | None:
        return None if column is None else row[column].strip() or None

    def _level(self, row: Sequence[str]) -> str | None:
        """Give what tells apart the values of one time: depths and heights; None where there are none."""
        told = [f"{self.names[column]}={row[column].strip()}" for column in self.coordinates if row[column].strip()]
        return ";".join(told) or None

    def _place(self, row: Sequence[str], where: str) -> Mapping[str, Any] | None:
        latitude, longitude = self._text(row, self.latitude), self._text(row, self.longitude)
        if latitude is None or longitude is None:
            return None
        try:
            east, north = float(longitude), float(latitude)
        except ValueError as error:
            raise InputError(f"latitude {latitude!r} and longitude {longitude!r} are no place", where) from error
        return {"type": "Point", "coordinates": [east, north]} if abs(east) <= 360 and abs(north) <= 90 else None


def _layout(header: Sequence[str]) -> _Layout:
    split = [_split(name) for name in header]
    plain = [_plain(name) for name, _ in split]
    special = {
        kind: next((plain.index(name) for name in names if name in plain), None)
        for kind, names in (
            ("time", _TIMES),
            ("feature", _FEATURES),
            ("procedure", _PROCEDURES),
            ("latitude", _LATITUDES),
            ("longitude", _LONGITUDES),
        )
    }
    time = special.pop("time")
    if time is None:
        raise InputError("the header has no column for the time, such as date_time", where="line 1")
    known = {time, *special.values()}
    others = [column for column, name in enumerate(plain) if column not in known and not name.endswith("_id")]
    levels = tuple(column for column in others if _COORDINATES.match(plain[column]))
    # A gauge that observes nothing but a height or an elevation.
    levels = () if len(levels) == len(others) else levels
    found: list[_Property] = []
    for column in others:
        name, uom = split[column]
        if _QUALITY.search(plain[column]) and found and found[-1].quality is None:
            found[-1] = replace(found[-1], quality=column)
        elif name and column not in levels:
            found.append(_Property(column, name, uom, None))
    if not found:
        raise InputError("the header names nothing that is observed", where="line 1")
    return _Layout(tuple(plain), time, coordinates=levels, properties=tuple(found), **special)


def _split(header: str) -> tuple[str, str | None]:
    """Part a column's header into name and unit: `wind_speed (m/s)`."""
    found = _NAME_AND_UNIT.match(header.strip()) if len(header) <= _LONGEST_NAME else None
    if found is None or not found["name"]:
        return header.strip(), None
    return found["name"], (found["round"] or found["square"] or "").strip() or None


def _plain(name: str) -> str:
    """Give the word by which a column is known: of a URN the last part, of the time its kind."""
    lowered = name.strip().lstrip("#").lower()
    if lowered.endswith("time:iso8601"):
        return "time"
    return lowered.rpartition(":")[2].replace(" ", "_")


def _value(text: str, uom: str | None, where: str) -> Value:
    """Read a number; nothing and what says that it is no number is nil; else text, where there is no unit."""
    if not text or text.lower() in _NOT_A_NUMBER:
        return None
    try:
        number = float(text) if "_" not in text else math.nan
    except ValueError:
        if uom is not None:
            raise InputError(f"the value {text!r} is no number, but its column has a unit", where) from None
        return text
    if not math.isfinite(number):
        return text if "_" in text and uom is None else None
    return int(text) if re.fullmatch(r"[+-]?[0-9]{1,18}", text) else number
