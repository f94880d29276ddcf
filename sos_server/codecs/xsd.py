"""
Simple types of XML Schema (part 2) as values: numbers, booleans and instants, read strictly and written shortest.

All readers raise `ValueError` with the text and what is expected; the codec that calls them knows the place.
"""

from __future__ import annotations

import math
import re
from datetime import date, timedelta
from functools import cache, lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?")
_INTEGER = re.compile(r"[+-]?[0-9]+")
_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}
_EPOCH = date(1970, 1, 1)
_MICROSECONDS_OF_DAY = 86_400_000_000
_MINUTES = tuple(f"T{minute // 60:02d}:{minute % 60:02d}:" for minute in range(1440))
_SECONDS = tuple(f"{second:02d}Z" for second in range(60))


def read_double(text: str) -> float:
    """Read a finite number."""
    stripped = text.strip()
    if _NUMBER.fullmatch(stripped) is None:
        raise ValueError(f"{stripped!r} is not a number such as 20.5")
    number = float(stripped)
    if not math.isfinite(number):
        raise ValueError(f"{stripped!r} is too large a number")
    return number


def is_nan(text: str) -> bool:
    """Tell whether a text is the one that stands for no number at all."""
    return text.strip().lower() == "nan"


def read_integer(text: str) -> int:
    """Read a whole number; `3.0` is one too, as some services write counts."""
    stripped = text.strip()
    if _INTEGER.fullmatch(stripped):
        return int(stripped)
    number = read_double(stripped)
    if not number.is_integer():
        raise ValueError(f"{stripped!r} is not a whole number such as 42")
    return int(number)


def read_boolean(text: str) -> bool:
    """Read `true`, `false`, `1` or `0`."""
    value = _BOOLEANS.get(text.strip())
    if value is None:
        raise ValueError(f"{text.strip()!r} is neither true nor false")
    return value


def write_double(number: float) -> str:
    """Write a number with the fewest digits that read back equal; whole numbers without a fraction."""
    text = repr(number)
    return text[:-2] if text.endswith(".0") else text


def write_boolean(value: object) -> str:
    """Write `true` or `false`."""
    return "true" if value else "false"


def write_microseconds(microseconds: int) -> str:
    """Write an instant given as microseconds since 1970 UTC, as `sos_server.time.format_instant` does, but faster."""
    seconds, fraction = divmod(microseconds, 1_000_000)
    minutes, second = divmod(seconds, 60)
    day, minute = divmod(minutes, 1440)
    if not fraction:
        return _day(day) + _MINUTES[minute] + _SECONDS[second]
    digits = f"{fraction // 1000:03d}" if fraction % 1000 == 0 else f"{fraction:06d}"
    return f"{_day(day)}{_MINUTES[minute]}{second:02d}.{digits}Z"


def write_instants(instants: Sequence[int]) -> list[str]:
    """Write many instants as `write_microseconds` does each, faster when they come in the order of time."""
    step = instants[1] - instants[0] if len(instants) > 1 else 0
    if _is_regular(instants, step):
        return _write_regular(instants[0], step, len(instants))
    texts: list[str] = []
    seconds_of_day = _seconds_of_day()
    begin, end, prefix = 0, 0, ""  # of the day that the last one was in
    for instant in instants:
        if not begin <= instant < end:
            day = instant // _MICROSECONDS_OF_DAY
            begin, prefix = day * _MICROSECONDS_OF_DAY, _day(day)
            end = begin + _MICROSECONDS_OF_DAY
        second, fraction = divmod(instant - begin, 1_000_000)
        texts.append(prefix + seconds_of_day[second] if not fraction else write_microseconds(instant))
    return texts


def _is_regular(instants: Sequence[int], step: int) -> bool:
    """Tell whether instants of whole seconds follow each other by a step that divides the day."""
    if step <= 0 or step % 1_000_000 or _MICROSECONDS_OF_DAY % step or instants[0] % 1_000_000:
        return False
    begin, count = instants[0], len(instants)
    # the last one first: mostly it tells already
    return instants[-1] == begin + (count - 1) * step and list(instants) == list(
        range(begin, begin + count * step, step)
    )


def _write_regular(begin: int, step: int, count: int) -> list[str]:
    """Write instants that are the same on each day: of each day a slice of them."""
    day, rest = divmod(begin, _MICROSECONDS_OF_DAY)
    times = _seconds_of_day()[rest % step // 1_000_000 :: step // 1_000_000]
    texts: list[str] = []
    first = rest // step
    while len(texts) < count:
        prefix = _day(day)
        texts += [prefix + time for time in times[first : first + count - len(texts)]]
        first, day = 0, day + 1
    return texts


@cache
def _seconds_of_day() -> tuple[str, ...]:
    return tuple(minute + second for minute in _MINUTES for second in _SECONDS)


@lru_cache(maxsize=4096)
def _day(day: int) -> str:
    return (_EPOCH + timedelta(days=day)).isoformat()
