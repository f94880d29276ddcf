"""The scalar members of the threshold language: what each may be, for people (with what to do) and as JSON Schema."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PlainValidator, WithJsonSchema

from weps.model import Severity
from weps.rules.threshold.message import check_template
from weps.rules.threshold.selection import LARGEST
from weps.rules.threshold.text import shown

LONGEST = timedelta(days=3660)
LONGEST_NAME = 1000
LONGEST_MESSAGE = 5000
MOST_COUNTED = 1_000_000
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


def _template(value: str) -> str:
    if faults := check_template(value):
        raise ValueError("; ".join(faults))
    return value


def _positive(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MOST_COUNTED:
        raise ValueError(f"{shown(value)} is no whole number of at least 1 and at most {MOST_COUNTED}")
    return value


def _severity(value: Any) -> Severity:
    for known in Severity:
        if isinstance(value, str) and value.lower() == known.lower():
            return known
    raise ValueError(f"{shown(value)} is no severity; write one of {', '.join(Severity)}")


Duration = Annotated[
    timedelta,
    PlainValidator(read_duration),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": r"^P(?=.)(\d+W)?(\d+D)?(T(?=.)(\d+H)?(\d+M)?(\d+(\.\d{1,6})?S)?)?$",
            "description": "An ISO 8601 duration of weeks, days, hours, minutes and seconds: PT10M, PT3H, P1D.",
        }
    ),
]
Number = Annotated[float, PlainValidator(_number), WithJsonSchema({"type": "number"})]
Magnitude = Annotated[float, PlainValidator(_number), Field(ge=0), WithJsonSchema({"type": "number", "minimum": 0})]
Bound = Annotated[float | str | bool, PlainValidator(_bound), WithJsonSchema({"type": ["number", "string", "boolean"]})]
Name = Annotated[
    str,
    BeforeValidator(_name),
    WithJsonSchema({"type": "string", "pattern": r"\S", "maxLength": LONGEST_NAME}),
]
Count = Annotated[
    int, PlainValidator(_positive), WithJsonSchema({"type": "integer", "minimum": 1, "maximum": MOST_COUNTED})
]
Level = Annotated[Severity, PlainValidator(_severity), WithJsonSchema({"enum": [*Severity]})]
Message = Annotated[str, Field(max_length=LONGEST_MESSAGE), AfterValidator(_template)]
Correlation = Literal["series", "procedure", "observedProperty", "featureOfInterest", "rule"]
Trigger = Literal["edge", "every"]


class Model(BaseModel):
    """An object of the language: members that are not named here are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)
