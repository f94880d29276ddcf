"""Filters of requests as values: what FES 2.0, SOS KVP and other encodings are turned into at the door."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
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


class SpatialOperator(StrEnum):
    """The spatial operators that are served (OGC 09-026r2 clause 7.8), by their names in FES."""

    BBOX = "BBOX"  # not disjoint from a box
    EQUALS = "Equals"
    DISJOINT = "Disjoint"
    TOUCHES = "Touches"
    WITHIN = "Within"
    OVERLAPS = "Overlaps"
    CROSSES = "Crosses"
    INTERSECTS = "Intersects"
    CONTAINS = "Contains"


class SpatialReference(StrEnum):
    """Which geometry a spatial filter looks at."""

    SHAPE = "om:featureOfInterest/*/sams:shape"
    SAMPLING_GEOMETRY = "om:parameter/om:NamedValue/om:value"  # where an observation was made; see `SpatialFilter`


@dataclass(frozen=True, slots=True)
class SpatialFilter:
    """
    A condition on a place: it stands in a relation to `geometry` (GeoJSON, degrees, WGS 84, longitude first).

    A filter on the sampling geometry looks at the shape of the feature where an observation has none of its own, unless
    it is `strict`.
    """

    operator: SpatialOperator
    geometry: Mapping[str, Any]
    reference: SpatialReference = SpatialReference.SHAPE
    strict: bool = False


def bounding_box(
    west: float, south: float, east: float, north: float, reference: SpatialReference = SpatialReference.SHAPE
) -> SpatialFilter:
    """Give the filter for what is not disjoint from a box (its border is part of it)."""
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return SpatialFilter(SpatialOperator.BBOX, {"type": "Polygon", "coordinates": [ring]}, reference)
