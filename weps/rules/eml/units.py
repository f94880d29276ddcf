"""
Units in EML: a literal quantity against observed values, both in the base unit of their kind.

A code that is not UCUM is unknown, which is not an error: then the raw number counts.
"""

from __future__ import annotations

import logging
from functools import lru_cache

from weps.rules.units import find_unit

__all__ = ["find_unit", "warn_of_kinds"]

_LOG = logging.getLogger(__name__)


@lru_cache(maxsize=4096)
def warn_of_kinds(code: str, wanted: str) -> None:
    """Warn, once for each pair, that values of one kind of unit are compared with a bound of another."""
    _LOG.warning("unit_kinds_differ observed=%s rule=%s: such observations never fulfil the condition", code, wanted)
