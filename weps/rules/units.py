"""
Units of measure as UCUM codes: which can be compared, and exact conversion between them.

A conversion is done in fractions and rounded once, so that 32 [degF] is 0 Cel and not 5.7e-14: a value that lies
exactly on a threshold must stay there. Logarithmic units (pH, dB) cannot be converted so; they have a base unit only.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Any

from weps.rules.unit_names import ucum_candidates

_LOG = logging.getLogger(__name__)
LONGEST_CODE = 100
_DATUM = re.compile(r"(.+)\+[A-Za-z]+")
_HUGE_POWER = re.compile(r"[^\s\d./({][+-]?\d{3,}|\d{10,}")
"""No unit needs a power of a thousand, and to compute one exactly takes all memory there is."""


@dataclass(frozen=True, slots=True)
class Conversion:
    """A way from one unit to another: value * scale + offset."""

    scale: Fraction
    offset: Fraction

    def apply(self, value: float) -> float:
        """Convert a value, taking a float as the decimal number it is written as."""
        if self.scale == 1 and not self.offset:
            return value
        exact = Fraction(value) if isinstance(value, int) else Fraction(repr(value))
        return float(exact * self.scale + self.offset)


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit with its kind (dimension); `way` leads to the base unit of the SI, None where that is not linear."""

    code: str
    kind: str
    way: Conversion | None

    def to_base(self, value: float) -> float:
        """Give a number of this unit in the base unit."""
        if self.way is not None:
            return self.way.apply(value)
        registry = _float_registry()
        return float(registry.Quantity(value, registry.from_ucum(self.code).units).to_base_units().magnitude)


def is_unit(code: str) -> bool:
    """Tell whether a text is a UCUM code that can be converted to others of its kind."""
    return _units(code) is not None


@lru_cache(maxsize=4096)
def ucum_of(name: str) -> str | None:
    """Give the UCUM code of a unit, however it is written; None for one that is unknown."""
    return next((code for code in ucum_candidates(name) if is_unit(code)), None)


@lru_cache(maxsize=4096)
def conversion(source: str, target: str) -> Conversion | None:
    """
    Give the way from one unit to another; None when they are of different kinds, unknown or not linear.

    Both may be written as services do, see `unit_names`.
    """
    units, wanted = _units(ucum_of(source) or ""), _units(ucum_of(target) or "")
    return None if units is None or wanted is None else _way(lambda quantity: quantity.to(wanted), units)


@lru_cache(maxsize=4096)
def find_unit(code: str) -> Unit | None:
    """
    Give a unit by its UCUM code, or as services write it (`unit_names`); None for one that is unknown.

    A datum after a plus sign is left out: `m+NN` counts as `m`.
    """
    datum = _DATUM.fullmatch(code)
    code = code if datum is None else datum.group(1)
    code = ucum_of(code) or code
    units = _units(code)
    if units is None:
        return None
    kind = " ".join(f"{name}{exponent}" for name, exponent in sorted(units.dimensionality.items()))
    return Unit(code, kind, _way(lambda quantity: quantity.to_base_units(), units))


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


@lru_cache(maxsize=4096)
def warn_of_kinds(code: str, wanted: str) -> None:
    """Warn, once for each pair, that values of one kind of unit are compared with a bound of another."""
    _LOG.warning("unit_kinds_differ observed=%s rule=%s: such observations never fulfil the condition", code, wanted)


def _way(convert_quantity: Callable[[Any], Any], units: Any) -> Conversion | None:
    """Find a conversion by what it does to three numbers; None for one that is not linear, or not possible."""
    registry = _registry()
    try:
        zero, one, two = (
            Fraction(convert_quantity(registry.Quantity(Fraction(number), units)).magnitude) for number in (0, 1, 2)
        )
    except Exception:  # pint has many kinds of errors for units of different kinds, and for logarithms of fractions
        return None
    return Conversion(one - zero, zero) if two - one == one - zero else None


@lru_cache(maxsize=1)
def _registry() -> Any:
    import ucumvert  # noqa: PLC0415  it takes half a second, which rules without units need not wait for

    return ucumvert.PintUcumRegistry(non_int_type=Fraction)


@lru_cache(maxsize=1)
def _float_registry() -> Any:
    import ucumvert  # noqa: PLC0415  only logarithmic units need it

    return ucumvert.PintUcumRegistry()


@lru_cache(maxsize=4096)
def _units(code: str) -> Any:
    if not code or not code.isascii() or len(code) > LONGEST_CODE or _HUGE_POWER.search(code):
        return None
    try:
        return _registry().from_ucum(code).units
    except Exception:  # the parser and the registry have many kinds of errors for what they do not know
        return None
