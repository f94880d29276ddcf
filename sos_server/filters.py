"""Filters of requests as values: what FES 2.0, SOS KVP and other encodings are turned into at the door."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


class TemporalOperator(StrEnum):
    """The temporal operators that are served (OGC 09-026r2 clause 7.9), and those of 52°North."""

    AFTER = "After"
    BEFORE = "Before"
    DURING = "During"
    EQUALS = "TEquals"
    FIRST = "first"  # TEquals of the indeterminate time `first`: the first observation of each series
    LATEST = "latest"


class TemporalReference(StrEnum):
    """Which time of an observation a filter looks at."""

    PHENOMENON_TIME = "om:phenomenonTime"
    RESULT_TIME = "om:resultTime"


@dataclass(frozen=True, slots=True)
class TemporalFilter:
    """
    A condition on a time. `begin` and `end` are equal for an instant, None for `first` and `latest`.

    During includes both borders, as 52°North's service does: a client that asks [a, b] loses nothing at the seams.
    """

    operator: TemporalOperator
    begin: datetime | None = None
    end: datetime | None = None
    reference: TemporalReference = TemporalReference.PHENOMENON_TIME


@dataclass(frozen=True, slots=True)
class BoundingBox:
    """A box in degrees, WGS 84; a feature passes when it is not disjoint from it (border included)."""

    west: float
    south: float
    east: float
    north: float
