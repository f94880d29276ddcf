"""
Units of measure as UCUM codes: which can be compared, and exact conversion between them.

A conversion is done in fractions and rounded once, so that 32 [degF] is 0 Cel and not 5.7e-14: a value that lies
exactly on a threshold must stay there. Logarithmic units (pH, dB) are comparable with themselves only.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Any

LONGEST_CODE = 100
_HUGE_POWER = re.compile(r"[^\s\d./({][+-]?\d{3,}|\d{10,}")
"""No unit needs a power of a thousand, and to compute one exactly takes all memory there is."""


@dataclass(frozen=True, slots=True)
class Conversion:
    """A way from one unit to another: value * scale + offset."""

    scale: Fraction
    offset: Fraction

    def apply(self, value: float) -> float:
        """Convert a value, taking a float as the decimal number it is written as."""
        exact = Fraction(value) if isinstance(value, int) else Fraction(repr(value))
        return float(exact * self.scale + self.offset)


def is_unit(code: str) -> bool:
    """Tell whether a text is a UCUM code that can be converted to others of its kind."""
    return _units(code) is not None


def comparable(source: str, target: str) -> bool:
    """Tell whether values of both units can be compared: equal texts, or UCUM codes of one kind."""
    return source == target or conversion(source, target) is not None


@lru_cache(maxsize=4096)
def conversion(source: str, target: str) -> Conversion | None:
    """Give the way from one unit to another; None when they are of different kinds, unknown or not linear."""
    units, wanted = _units(source), _units(target)
    if units is None or wanted is None:
        return None
    registry = _registry()
    try:
        zero, one, two = (
            Fraction(registry.Quantity(Fraction(number), units).to(wanted).magnitude) for number in (0, 1, 2)
        )
    except Exception:  # pint has many kinds of errors for units of different kinds
        return None
    return Conversion(one - zero, zero) if two - one == one - zero else None


def convert(value: float, source: str, target: str) -> float:
    """Convert a value to another unit; raises `ValueError` when the two cannot be compared."""
    if source == target:
        return value
    way = conversion(source, target)
    if way is None:
        raise ValueError(
            f"a value in {source!r} cannot be converted to {target!r}: they are not UCUM units of one kind"
        )
    return way.apply(value)


@lru_cache(maxsize=1)
def _registry() -> Any:
    import ucumvert  # noqa: PLC0415  it takes half a second, which rules without units need not wait for

    return ucumvert.PintUcumRegistry(non_int_type=Fraction)


@lru_cache(maxsize=4096)
def _units(code: str) -> Any:
    if not code or not code.isascii() or len(code) > LONGEST_CODE or _HUGE_POWER.search(code):
        return None
    try:
        return _registry().from_ucum(code).units
    except Exception:  # the parser and the registry have many kinds of errors for what they do not know
        return None
