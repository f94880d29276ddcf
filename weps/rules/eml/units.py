"""
Numbers in the base unit of their kind, by UCUM code (SEMANTICS of EML: a literal quantity against observed values).

Base units are those of the SI. A code that is not UCUM is unknown, which is not an error: then the raw number counts.
"""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from weps.rules.operators.event import Number

_LOG = logging.getLogger(__name__)
LONGEST_CODE = 100
_DATUM = re.compile(r"(.+)\+[A-Za-z]+")


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit with its kind (dimension); `factor` leads to the base unit, None where an offset is involved."""

    code: str
    kind: str
    factor: float | None

    def to_base(self, value: Number) -> Number:
        """Give a number of this unit in the base unit."""
        if self.factor is not None:
            return value * self.factor
        registry = _registry()
        return float(registry.Quantity(value, registry.from_ucum(self.code).units).to_base_units().magnitude)


@lru_cache(maxsize=1)
def _registry() -> Any:
    from ucumvert import PintUcumRegistry  # noqa: PLC0415  it takes half a second that rules without units need not

    return PintUcumRegistry()


@lru_cache(maxsize=4096)
def find_unit(code: str) -> Unit | None:
    """
    Give a unit by its UCUM code; None for one that is unknown.

    A datum after a plus sign is left out: `m+NN` counts as `m`.
    """
    if not code or len(code) > LONGEST_CODE:
        return None
    datum = _DATUM.fullmatch(code)
    if datum is not None:
        code = datum.group(1)
    registry = _registry()
    try:
        quantity = registry.from_ucum(code)
        zero = registry.Quantity(0, quantity.units).to_base_units()
        one = (1 * quantity if zero.magnitude == 0 else zero).to_base_units()
    except Exception:  # the parser and the registry have a dozen kinds of errors for what they do not know
        return None
    kind = str(quantity.dimensionality)
    return Unit(code, kind, float(one.magnitude) if zero.magnitude == 0 else None)


@lru_cache(maxsize=4096)
def warn_of_kinds(code: str, wanted: str) -> None:
    """Warn, once for each pair, that values of one kind of unit are compared with a bound of another."""
    _LOG.warning("unit_kinds_differ observed=%s rule=%s: such observations never fulfil the condition", code, wanted)
