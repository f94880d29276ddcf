"""
What the columns of SWE Common tables mean: times, places, names, qualities, and the values that are observed.

Services tell it by definitions from many vocabularies, or by names only; so both are looked at for the words that are
usual in them.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from math import isfinite
from typing import TYPE_CHECKING, Any, NamedTuple

from sos_server.codecs import xsd
from sos_server.codecs.swe_nested import CHOSEN
from sos_server.codecs.swe_structure import UNKNOWN, Field
from sos_server.errors import InvalidRequest
from sos_server.time import parse_instant

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sos_server.model import Value

MISSING = "missing"  # the nil reason of GML for what is left empty
_VALUES = frozenset({"Quantity", "Count", "Boolean", "Category", "QuantityRange", "CountRange", "CategoryRange"})
_PARTS = re.compile(r"[/#:?=&.]")
_SECONDS = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "min": 60.0, "h": 3600.0, "d": 86400.0}
_EPOCH = "1970-01-01T00:00:00Z"
_TRUTH = {"true": True, "1": True, "t": True, "false": False, "0": False, "f": False}


class Roles(NamedTuple):
    """The indices of the columns by what they mean; None: there is none."""

    values: tuple[int, ...]
    time: int | None = None
    end: int | None = None
    result_time: int | None = None
    latitude: int | None = None
    longitude: int | None = None
    feature: int | None = None
    station: int | None = None
    sensor: int | None = None
    chosen: int | None = None


def find_roles(fields: Sequence[Field], context: int, *, all_texts: bool = False) -> Roles:
    """
    Tell what the columns mean.

    Texts are values where there are no others, or with `all_texts`; those that name a feature or a sensor never are.
    """
    times = [index for index, each in enumerate(fields) if each.is_time]
    result_time = next((index for index in times if _says(fields[index], "resulttime")), None)
    time, end = _phenomenon_time(fields, [index for index in times if index != result_time], context)
    texts = [index for index, each in enumerate(fields) if each.kind == "Text"]
    feature = _last(index for index in texts if _ends(fields[index], "featureofinterest", "feature", "foi"))
    station = _last(index for index in texts if _ends(fields[index], "stationid", "station", "platform", "platformid"))
    sensor = _last(index for index in texts if _ends(fields[index], "sensorid", "sensor", "procedure", "procedureid"))
    own = range(context, len(fields))
    values = [index for index in own if fields[index].kind in _VALUES and not fields[index].in_vector]
    plain = [index for index in texts if index >= context and index not in (feature, station, sensor)]
    if all_texts or not values:
        values = sorted([*values, *(index for index in plain if not fields[index].in_vector)])
    return Roles(
        tuple(values),
        time,
        end,
        result_time,
        _last(index for index, each in enumerate(fields) if _names(each, "lat", "latitude")),
        _last(index for index, each in enumerate(fields) if _names(each, "lon", "long", "longitude")),
        feature,
        station,
        sensor,
        _last(index for index, each in enumerate(fields) if each.kind == CHOSEN),
    )


def _last(found: Iterable[int]) -> int | None:
    """Give the innermost of the columns, which is the last one."""
    return max(found, default=None)


def _says(told: Field, *words: str) -> bool:
    texts = (told.meaning.lower(), told.name.lower())
    return any(word in text for word in words for text in texts)


def _ends(told: Field, *words: str) -> bool:
    """Tell whether the last part of definition or name is one of the words."""
    return any(
        _PARTS.split(text)[-1].lower().replace("_", "").replace("-", "") in words for text in (told.meaning, told.name)
    )


def _names(told: Field, *words: str) -> bool:
    """Tell whether a number is a coordinate of one of these names."""
    if told.kind != "Quantity":
        return False
    return told.name.lower() in words or any(part in words for part in _PARTS.split(told.meaning.lower()))


def _phenomenon_time(fields: Sequence[Field], times: list[int], context: int) -> tuple[int | None, int | None]:
    """Choose the column of the phenomenon time, and that of its end where begin and end stand in two columns."""
    inner = [index for index in times if index >= context] or times
    begin = next((index for index in inner if re.search("start|begin", fields[index].name.lower())), None)
    end = next((index for index in inner if re.search("end|stop", fields[index].name.lower())), None)
    if begin is not None and end is not None and begin != end:
        return begin, end
    for word in ("phenomenontime", "samplingtime"):
        for index in inner:
            if _says(fields[index], word):
                return index, None
    return (inner[0] if inner else None), None


def quality_of(index: int, fields: Sequence[Field]) -> int | str | None:
    """Give the column that tells the quality of a value, or the quality itself where it is the same for all."""
    told = fields[index]
    if told.quality is not None:
        return next((other for other, each in enumerate(fields) if each.identifier == told.quality), told.quality)
    for other, each in enumerate(fields):
        # istSOS: a quality index beside each property
        if other != index and each.meaning == f"{told.meaning}:qualityIndex":
            return other
    return None


def read_values(told: Field, texts: Sequence[str]) -> tuple[Sequence[Value], Sequence[str | None] | None]:
    """
    Read the values of a column, with the reasons of those that are nil; None where none is.

    What is no number where one should stand is nil, never a number.
    """
    if told.kind in ("Quantity", "Count"):
        numbers = _plain_numbers(told, texts)
        if numbers is not None:
            return numbers, None
    found = [_read_value(told, text.strip()) for text in texts]
    reasons = [reason for _, reason in found]
    return [value for value, _ in found], reasons if any(reasons) else None


def _plain_numbers(told: Field, texts: Sequence[str]) -> list[Any] | None:
    """Read numbers of which none is nil or wrong, all at once; None where one may be."""
    try:
        numbers: list[Any] = list(map(int if told.kind == "Count" else float, texts))
        nil_numbers = set(map(float, told.nil_values))
        # a sum is finite only where all numbers are
        if not isfinite(sum(numbers)) or (nil_numbers and not nil_numbers.isdisjoint(numbers)):
            return None
    except (ValueError, OverflowError):
        return None
    joined = "".join(texts)
    return numbers if joined.isascii() and "_" not in joined else None


def _read_value(told: Field, text: str) -> tuple[Value, str | None]:
    if text in told.nil_values:
        return None, told.nil_values[text]
    if not text:
        return None, MISSING
    if told.kind == "Boolean":
        truth = _TRUTH.get(text.lower())
        return truth, None if truth is not None else f"not a truth value: {text}"
    if told.kind not in ("Quantity", "Count"):
        return text, None
    return read_number(text, told)


def read_number(text: str, told: Field | None = None) -> tuple[Value, str | None]:
    """Read one number, with the reason where it is none."""
    nil_values = {} if told is None else told.nil_values
    if xsd.is_nan(text):
        return None, UNKNOWN
    try:
        number = xsd.read_double(text)
    except ValueError:
        return None, f"not a number: {text[:80]}"
    for nil, reason in nil_values.items():
        if _is_number(nil, number):
            return None, reason
    whole = told is not None and told.kind == "Count" and number.is_integer()
    return (int(number) if whole else number), None


def _is_number(text: str, number: float) -> bool:
    try:
        return xsd.read_double(text) == number
    except ValueError:
        return False


def read_instants(told: Field, texts: Sequence[str], where: str) -> list[datetime]:
    """Read the times of a column; raises `InvalidRequest` with the row of what is none."""
    try:
        instants = list(map(datetime.fromisoformat, texts))
        if {instant.tzinfo for instant in instants} == {UTC}:
            return instants
    except ValueError:
        pass
    instants = []
    for number, text in enumerate(texts, start=1):
        try:
            instants.append(_read_instant(told, text.strip()))
        except (ValueError, OverflowError) as error:
            raise InvalidRequest(f"The time {told.name} of row {number}: {error} ({where}).") from error
    return instants


def _read_instant(told: Field, text: str) -> datetime:
    """Read a time: ISO 8601, or a number of units since a reference time (OGC 08-094r1 clause 7.2.11)."""
    scale = _SECONDS.get(told.uom or "")
    if scale is None:
        return parse_instant(text)
    return parse_instant(told.reference_time or _EPOCH) + timedelta(seconds=xsd.read_double(text) * scale)
