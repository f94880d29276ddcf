"""
The objects of the threshold language and their members, read by pydantic.

What must hold between members stands in `check.py`, the scalars in `members.py`, the detectors in `detectors/spec.py`.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import AfterValidator, Discriminator, Field, Tag

from weps.rules.threshold.detectors.spec import CusumSpec, DriftSpec, EwmaSpec, SeasonalSpec, SpikeSpec
from weps.rules.threshold.members import (
    Bound,
    Correlation,
    Count,
    Duration,
    Level,
    Magnitude,
    Message,
    Model,
    Name,
    Number,
    Trigger,
)

MOST_EXCLUDED = 100
MOST_FLAGS = 100


def _box(value: list[float]) -> list[float]:
    west, south, east, north = value
    if not (-180 <= west <= 180 and -180 <= east <= 180 and -90 <= south <= north <= 90):
        raise ValueError("the box is not [west, south, east, north] in degrees with south below north")
    return value


def _centre(value: list[float]) -> list[float]:
    if not (-180 <= value[0] <= 180 and -90 <= value[1] <= 90):
        raise ValueError("the centre is not [longitude, latitude] in degrees")
    return value


class AreaSpec(Model):
    """A bounding box [west, south, east, north], or a centre [longitude, latitude] with a radius."""

    bbox: Annotated[list[Number], Field(min_length=4, max_length=4), AfterValidator(_box)] | None = None
    center: Annotated[list[Number], Field(min_length=2, max_length=2), AfterValidator(_centre)] | None = None
    radius: Number | None = None
    uom: Name = "km"


Flags: TypeAlias = Annotated[list[Name], Field(min_length=1, max_length=MOST_FLAGS)]


class QualitySpec(Model):
    """The quality flags that are accepted, and whether observations without a flag are."""

    accept: Flags
    unflagged: bool = Field(True, strict=True)


QualityMember: TypeAlias = Annotated[
    Annotated[Flags, Tag("list")] | Annotated[QualitySpec, Tag("object")],
    Discriminator(lambda raw: "object" if isinstance(raw, dict) else "list"),
]
"""The accepted flags alone, or with what is to be done without one."""


class Selecting(Model):
    """What every rule that looks at observations itself has."""

    name: Name | None = None
    procedure: Name | None = None
    observed_property: Name | None = Field(None, alias="observedProperty")
    feature_of_interest: Name | None = Field(None, alias="featureOfInterest")
    area: AreaSpec | None = None
    exclude: Annotated[list[Bound], Field(max_length=MOST_EXCLUDED)] = Field([])
    quality: QualityMember | None = None
    severity: Level | None = None
    correlate: Correlation | None = None
    message: Message | None = None


class Aggregate(Model):
    """What is computed over a stretch of time before it is compared."""

    function: Literal["mean", "sum", "min", "max", "count", "stddev", "change"]
    window: Duration | None = None
    kind: Literal["sliding", "tumbling"] = "sliding"
    min_count: Count = Field(1, alias="minCount")
    per: Duration | None = None


Of: TypeAlias = Annotated[
    Aggregate | SpikeSpec | DriftSpec | SeasonalSpec | EwmaSpec | CusumSpec, Field(discriminator="function")
]
"""What is compared where it is not the value itself, told apart by the function."""


FUNCTIONS: dict[str, type[Model]] = {
    **dict.fromkeys(("mean", "sum", "min", "max", "count", "stddev", "change"), Aggregate),
    "spike": SpikeSpec,
    "drift": DriftSpec,
    "seasonal": SeasonalSpec,
    "ewma": EwmaSpec,
    "cusum": CusumSpec,
}


class StepSpec(Model):
    """One severity step."""

    threshold: Number
    severity: Level
    reset: Number | None = None


class ThresholdSpec(Selecting):
    """A condition on one value."""

    type: Literal["threshold"]
    condition: Literal[
        "greaterThan",
        "greaterThanOrEqual",
        "lessThan",
        "lessThanOrEqual",
        "equal",
        "notEqual",
        "between",
        "outside",
    ]
    threshold: Bound | None = None
    lower: Number | None = None
    upper: Number | None = None
    uom: Name | None = None
    of: Of | None = None
    reset: Number | None = None
    held_for: Duration | None = Field(None, alias="for")
    consecutive: Count = 1
    trigger: Trigger = "edge"
    pending: bool = Field(False, strict=True)
    steps: Annotated[list[StepSpec], Field(min_length=1, max_length=10)] | None = None


class NoDataSpec(Selecting):
    """Silence."""

    type: Literal["noData"]
    after: Duration


class StuckSpec(Selecting):
    """A sensor that sticks."""

    type: Literal["stuck"]
    after: Duration
    tolerance: Magnitude = 0
    uom: Name | None = None
    min_count: Count = Field(3, alias="minCount")


class CompoundSpec(Model):
    """Several rules taken together. The rules themselves are read one by one, so that each tells its own faults."""

    type: Literal["and", "or", "sequence"]
    rules: Annotated[list[Any], Field(min_length=2, max_length=100)]
    name: Name | None = None
    within: Duration | None = None
    held_for: Duration | None = Field(None, alias="for")
    consecutive: Count = 1
    trigger: Trigger | None = None
    pending: bool = Field(False, strict=True)
    severity: Level | None = None
    correlate: Correlation | None = None
    message: Message | None = None


Spec: TypeAlias = ThresholdSpec | NoDataSpec | StuckSpec | CompoundSpec

MODELS: dict[str, type[Spec]] = {
    "threshold": ThresholdSpec,
    "noData": NoDataSpec,
    "stuck": StuckSpec,
    "and": CompoundSpec,
    "or": CompoundSpec,
    "sequence": CompoundSpec,
}
