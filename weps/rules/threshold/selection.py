"""Which observations a threshold rule looks at, and the value that it reads from them."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from weps.model import Observation, Value
from weps.rules.base import WHOLE_RULE
from weps.rules.threshold.quality import Quality
from weps.rules.units import conversion, warn_of_kinds

EARTH_RADIUS_KM = 6371.0
LARGEST = sys.float_info.max
SEPARATOR = "\x1f"
CORRELATIONS: dict[str, Callable[[Observation], str]] = {
    "series": lambda seen: SEPARATOR.join((seen.procedure, seen.observed_property, seen.feature_of_interest)),
    "procedure": lambda seen: seen.procedure,
    "observedProperty": lambda seen: seen.observed_property,
    "featureOfInterest": lambda seen: seen.feature_of_interest,
    "rule": lambda seen: WHOLE_RULE,
}
"""How the observations of one rule are told apart: each group has a state of its own."""


Reader: TypeAlias = Callable[[Observation, str | None], Value]
"""Reads the value to compare in the unit of a rule; None when it cannot be compared."""


class Area(Protocol):
    """A part of the Earth."""

    def covers(self, longitude: float, latitude: float) -> bool:
        """Tell whether a point lies in the area, its border included."""
        ...


@dataclass(frozen=True, slots=True)
class Box:
    """A bounding box in degrees; with west greater than east it crosses the 180th meridian."""

    west: float
    south: float
    east: float
    north: float

    def covers(self, longitude: float, latitude: float) -> bool:
        """Tell whether a point lies in the box, its border included."""
        if not self.south <= latitude <= self.north:
            return False
        if self.west <= self.east:
            return self.west <= longitude <= self.east
        return longitude >= self.west or longitude <= self.east


@dataclass(frozen=True, slots=True)
class Circle:
    """All points not farther from a centre than a radius in kilometres, along a great circle of the mean Earth."""

    longitude: float
    latitude: float
    radius: float

    def covers(self, longitude: float, latitude: float) -> bool:
        """Tell whether a point lies in the circle, its border included (haversine formula)."""
        south, north = math.radians(self.latitude), math.radians(latitude)
        across = math.sin(math.radians(longitude - self.longitude) / 2) ** 2
        chord = math.sin((north - south) / 2) ** 2 + math.cos(south) * math.cos(north) * across
        return 2 * EARTH_RADIUS_KM * math.asin(min(1.0, math.sqrt(chord))) <= self.radius


@dataclass(frozen=True, slots=True)
class Selection:
    """
    Procedure, property and feature (None: any), an area, values that stand for "not measured", and accepted quality.

    An observation without a point geometry lies in no area.
    """

    procedure: str | None = None
    observed_property: str | None = None
    feature_of_interest: str | None = None
    area: Area | None = None
    exclude: tuple[float | str, ...] = ()
    quality: Quality | None = None

    @property
    def selector(self) -> tuple[str | None, str | None, str | None]:
        """The three names by which observations are routed."""
        return self.procedure, self.observed_property, self.feature_of_interest

    def wants(self, observation: Observation) -> bool:
        """Tell whether an observation is selected; a nil result never is."""
        if observation.value is None or (self.exclude and observation.value in self.exclude):
            return False
        if self.quality is not None and not self.quality.accepts(observation.quality):
            return False
        if self.procedure is not None and observation.procedure != self.procedure:
            return False
        if self.observed_property is not None and observation.observed_property != self.observed_property:
            return False
        if self.feature_of_interest is not None and observation.feature_of_interest != self.feature_of_interest:
            return False
        if self.area is None:
            return True
        position = observation.position
        return position is not None and self.area.covers(*position)


def read_number(observation: Observation, uom: str | None) -> float | None:
    """
    Give the result as a number in the unit of the rule; None when it is no finite number or of another kind of unit.

    A rule without a unit takes numbers as they come. A result without a unit counts as a pure number (UCUM 1).
    """
    value = observation.value
    if type(value) is not float and type(value) is not int:
        return None
    if not -LARGEST <= value <= LARGEST:  # false for NaN as well
        return None
    if uom is None or observation.uom == uom:
        return value
    code = observation.uom or "1"
    way = conversion(code, uom)
    if way is None:
        warn_of_kinds(code, uom)
        return None
    return way.apply(value)


def read_text(observation: Observation, uom: str | None) -> str | None:
    """Give the result when it is a text (also a category), else None; texts have no unit."""
    return observation.value if isinstance(observation.value, str) else None


def read_truth(observation: Observation, uom: str | None) -> bool | None:
    """Give the result when it is true or false, else None."""
    return observation.value if isinstance(observation.value, bool) else None


def read_anything(observation: Observation, uom: str | None) -> Value:
    """Give the result whatever it is: for counting."""
    return observation.value
