"""
The members of the threshold language and what each may be, read by pydantic.

What must hold between members stands in `check.py`.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PlainValidator

from weps.model import Severity
from weps.rules.threshold.message import check_template
from weps.rules.threshold.selection import LARGEST
from weps.rules.threshold.text import shown

LONGEST = timedelta(days=3660)
LONGEST_NAME = 1000
_DURATION = re.compile(
    r"P(?=.)(?:(?P<weeks>\d+)W)?(?:(?P<days>\d+)D)?"
    r"(?:T(?=.)(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?(?:(?P<seconds>\d+(?:\.\d{1,6})?)S)?)?"
)


def read_duration(value: Any) -> timedelta:
    """Read an ISO 8601 duration of weeks, days, hours, minutes and seconds that is longer than nothing."""
    match = _DURATION.fullmatch(value) if isinstance(value, str) and len(value) < 100 else None
    if match is None:
        raise ValueError(f"{shown(value)} is no duration; write for instance PT10M, PT3H or P1D (no years or months)")
    try:
        duration = timedelta(**{unit: float(amount) for unit, amount in match.groupdict().items() if amount})
    except OverflowError:
        duration = LONGEST + timedelta(1)
    if not timedelta(0) < duration <= LONGEST:
        raise ValueError(f"{value} is out of range; it must be longer than nothing and at most {LONGEST.days} days")
    return duration


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"{shown(value)} is no number; write it without quotes")
    if not abs(value) <= LARGEST:
        raise ValueError(f"the number is out of range; it must be at most {LARGEST:.2g}")
    return int(value) if value == int(value) else value


def _bound(value: Any) -> float | str | bool:
    if isinstance(value, str | bool):
        return value
    if isinstance(value, int | float):
        return _number(value)
    raise ValueError(f'{shown(value)} is neither a number nor a text; write for instance 500 or "on"')


def _name(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"{shown(value)} is no name; write a text, or leave the member out")
    if len(value) > LONGEST_NAME:
        raise ValueError(f"the name is longer than {LONGEST_NAME} characters; shorten it")
    return value.strip()


def _box(value: list[float]) -> list[float]:
    west, south, east, north = value
    if not (-180 <= west <= 180 and -180 <= east <= 180 and -90 <= south <= north <= 90):
        raise ValueError("the box is not [west, south, east, north] in degrees with south below north")
    return value


def _centre(value: list[float]) -> list[float]:
    if not (-180 <= value[0] <= 180 and -90 <= value[1] <= 90):
        raise ValueError("the centre is not [longitude, latitude] in degrees")
    return value


def _template(value: str) -> str:
    if faults := check_template(value):
        raise ValueError("; ".join(faults))
    return value


def _positive(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 1_000_000:
        raise ValueError(f"{shown(value)} is no whole number of at least 1")
    return value


def _severity(value: Any) -> Severity:
    for known in Severity:
        if isinstance(value, str) and value.lower() == known.lower():
            return known
    raise ValueError(f"{shown(value)} is no severity; write one of {', '.join(Severity)}")


Duration = Annotated[timedelta, PlainValidator(read_duration)]
Number = Annotated[float, PlainValidator(_number)]
Bound = Annotated[float | str | bool, PlainValidator(_bound)]
Name = Annotated[str, BeforeValidator(_name)]
Count = Annotated[int, PlainValidator(_positive)]
Level = Annotated[Severity, PlainValidator(_severity)]
Correlation = Literal["series", "procedure", "observedProperty", "featureOfInterest", "rule"]
Trigger = Literal["edge", "every"]


class Model(BaseModel):
    """An object of the language: members that are not named here are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class AreaSpec(Model):
    """A bounding box [west, south, east, north], or a centre [longitude, latitude] with a radius."""

    bbox: Annotated[list[Number], Field(min_length=4, max_length=4), AfterValidator(_box)] | None = None
    center: Annotated[list[Number], Field(min_length=2, max_length=2), AfterValidator(_centre)] | None = None
    radius: Number | None = None
    uom: Name = "km"


class Selecting(Model):
    """What every rule that looks at observations itself has."""

    name: Name | None = None
    procedure: Name | None = None
    observed_property: Name | None = Field(None, alias="observedProperty")
    feature_of_interest: Name | None = Field(None, alias="featureOfInterest")
    area: AreaSpec | None = None
    exclude: list[Bound] = []
    severity: Level | None = None
    correlate: Correlation | None = None
    message: Annotated[str, AfterValidator(_template)] | None = None


class Aggregate(Model):
    """What is computed over a stretch of time before it is compared."""

    function: Literal["mean", "sum", "min", "max", "count", "stddev", "change"]
    window: Duration | None = None
    kind: Literal["sliding", "tumbling"] = "sliding"
    min_count: Count = Field(1, alias="minCount")
    per: Duration | None = None


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
    of: Aggregate | None = None
    reset: Number | None = None
    held_for: Duration | None = Field(None, alias="for")
    consecutive: Count = 1
    trigger: Trigger = "edge"
    steps: Annotated[list[StepSpec], Field(min_length=1, max_length=10)] | None = None


class NoDataSpec(Selecting):
    """Silence."""

    type: Literal["noData"]
    after: Duration


class CompoundSpec(Model):
    """Several rules taken together. The rules themselves are read one by one, so that each tells its own faults."""

    type: Literal["and", "or", "sequence"]
    rules: Annotated[list[Any], Field(min_length=2, max_length=100)]
    name: Name | None = None
    within: Duration | None = None
    held_for: Duration | None = Field(None, alias="for")
    consecutive: Count = 1
    trigger: Trigger | None = None
    severity: Level | None = None
    correlate: Correlation | None = None
    message: Annotated[str, AfterValidator(_template)] | None = None


MODELS: dict[str, type[ThresholdSpec | NoDataSpec | CompoundSpec]] = {
    "threshold": ThresholdSpec,
    "noData": NoDataSpec,
    "and": CompoundSpec,
    "or": CompoundSpec,
    "sequence": CompoundSpec,
}
