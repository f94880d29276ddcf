"""The members of the detectors in the threshold language, and the sources that they become."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field, WithJsonSchema

from weps.rules.threshold.detectors.change import Cusum, Ewma
from weps.rules.threshold.detectors.drift import Drift
from weps.rules.threshold.detectors.score import LARGEST_SCORE, Direction, Judge, Scale
from weps.rules.threshold.detectors.seasonal import MOST_DAYS, Seasonal
from weps.rules.threshold.detectors.spike import Spike
from weps.rules.threshold.members import Count, Duration, Magnitude, Model, Name

SUBJECT = "{event}: {observedProperty} at {feature}"
PURE_NUMBER = "1"
_DAYS = {"type": "integer", "minimum": 1, "maximum": MOST_DAYS}


class Detector(Model):
    """
    What every detector has: the direction in which a distance counts.

    `told` says what its value means, for rules without a message: that value is not the one that was observed.
    """

    told: ClassVar[str]
    function: str
    direction: Direction = "both"

    @property
    def compared_uom(self) -> str | None:
        """The unit of what is compared; None where it is that of the observations."""
        return PURE_NUMBER

    @property
    def message(self) -> str:
        """The message of rules that have none of their own."""
        unit = "deviations" if self.compared_uom else "{uom}"
        return f"{SUBJECT} {self.told.format(distance=f'{{amount}} {unit}')}"


class Judging(Detector):
    """What detectors have that compare with a median: whether in deviations, or as it is."""

    scale: Scale = "deviations"

    @property
    def compared_uom(self) -> str | None:
        """The unit of what is compared; None where it is that of the observations."""
        return PURE_NUMBER if self.scale == "deviations" else None


class SpikeSpec(Judging):
    """The distance of a value from the median of the others in a window."""

    told = "is {distance} from the median of its window"
    function: Literal["spike"]
    window: Duration
    min_count: Count = Field(10, alias="minCount")

    def build(self, highest: float) -> Spike:
        """Give the source."""
        return Spike(self.window, self.min_count, Judge(self.direction, self.scale))


class NeighbourSpec(Model):
    """The neighbour's names, where they are not those of the rule."""

    procedure: Name | None = None
    observed_property: Name | None = Field(None, alias="observedProperty")
    feature_of_interest: Name | None = Field(None, alias="featureOfInterest")


class DriftSpec(Detector):
    """The difference of the means of two series over a window."""

    told = "is on average {distance} from its neighbour"
    function: Literal["drift"]
    window: Duration
    neighbour: NeighbourSpec
    min_count: Count = Field(1, alias="minCount")

    @property
    def compared_uom(self) -> str | None:
        """The unit of what is compared: that of the observations."""
        return None

    def build(self, highest: float) -> Drift:
        """Give the source."""
        return Drift(self.window, self.min_count, self.direction)


class SeasonalSpec(Judging):
    """The distance of a value from the median of the same hour of past days."""

    told = "is {distance} from what is usual at this hour"
    function: Literal["seasonal"]
    days: Annotated[Count, Field(le=MOST_DAYS), WithJsonSchema(_DAYS)] = 14
    min_count: Count = Field(3, alias="minCount")

    def build(self, highest: float) -> Seasonal:
        """Give the source."""
        return Seasonal(self.days, self.min_count, Judge(self.direction, self.scale))


class EwmaSpec(Detector):
    """The distance of a quick mean from a slow one."""

    told = "has moved {distance} from its baseline"
    function: Literal["ewma"]
    window: Duration
    baseline: Duration
    min_count: Count = Field(10, alias="minCount")

    def build(self, highest: float) -> Ewma:
        """Give the source."""
        return Ewma(self.window, self.baseline, self.min_count, self.direction)


class CusumSpec(Detector):
    """The cumulative sum of distances from a slow mean."""

    told = "has left its baseline, with a cumulative sum of {distance}"
    function: Literal["cusum"]
    baseline: Duration
    slack: Magnitude = 0.5
    min_count: Count = Field(10, alias="minCount")

    def build(self, highest: float) -> Cusum:
        """Give the source; its sums end at twice the highest threshold, so that they come down again in time."""
        return Cusum(self.baseline, self.slack, self.min_count, self.direction, 2 * highest or LARGEST_SCORE)
