"""
Simple types of XML Schema (part 2) as values: numbers, booleans and instants, read strictly and written shortest.

All readers raise `ValueError` with the text and what is expected; the codec that calls them knows the place.
"""

from __future__ import annotations

import math
import re
from datetime import datetime, timedelta

_NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?")
_INTEGER = re.compile(r"[+-]?[0-9]+")
_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}
_EPOCH = datetime(1970, 1, 1)  # naive: what is written from it is UTC


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
    text = (_EPOCH + timedelta(0, 0, microseconds)).isoformat()
    if microseconds % 1000 == 0 and len(text) == 26:
        return text[:-3] + "Z"
    return text + "Z"
