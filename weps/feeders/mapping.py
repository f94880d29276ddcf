"""
Mappings: where in JSON or CSV that follows no standard the parts of an observation stand.

A mapping is a JSON object. A place in JSON is a JSON pointer (`/data/0/temp`, RFC 6901) or a simple path
(`data.0.temp`); in CSV it is the name of a column. Instead of a place there may be `{"constant": "Cel"}`,
`{"topic": 2}` (that level of the MQTT topic, counted from 1), or `{"document": "/station"}` for what stands once beside
the items of a document.

    items              where the list of items stands; without it the document is one item, or a list of them
    time               when it was observed: needed, as a message without one would be another at each delivery
    end, resultTime    the end of a period; when the result became known
    timeFormat         iso8601 (default), s or ms since 1970, or a pattern such as %d.%m.%Y %H:%M
    timeZone           the offset of times that tell none (+01:00); UTC where it is left out
    value, uom         the result and its unit; what stands in `nil` is no result
    procedure, observedProperty, featureOfInterest    the series; the feature is the procedure where it is left out
    longitude, latitude, quality, identifier
    observations       several results in one item: each with members that differ, such as value, observedProperty, uom
    separator          of the columns of CSV; `,` where it is left out
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Annotated, Any, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from weps.errors import InputError

ISO = "iso8601"
_MOST = 200
_YEAR = re.compile("%[YyGcx]")


class Constant(BaseModel):
    """A text that is the same for all observations."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    constant: Annotated[str, Field(min_length=1)]


class TopicLevel(BaseModel):
    """A level of the topic that a message came by, counted from 1."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    topic: Annotated[int, Field(ge=1, le=100)]


class InDocument(BaseModel):
    """A place in the whole document, not in the item."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    document: str


Place: TypeAlias = str | Constant | TopicLevel | InDocument


class Parts(BaseModel):
    """The members of an observation, each with its place."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    time: Place | None = None
    end: Place | None = None
    resultTime: Place | None = None  # noqa: N815 -- the names are those of the JSON
    value: Place | None = None
    uom: Place | None = None
    procedure: Place | None = None
    observedProperty: Place | None = None  # noqa: N815
    featureOfInterest: Place | None = None  # noqa: N815
    longitude: Place | None = None
    latitude: Place | None = None
    quality: Place | None = None
    identifier: Place | None = None


class ReadingMapping(Parts):
    """A mapping as clients write it; see the head of this module."""

    items: str | None = None
    timeFormat: Annotated[str, Field(pattern=r"^(iso8601|s|ms|.*%.*)$", max_length=100)] = ISO  # noqa: N815
    timeZone: Annotated[str, Field(pattern=r"^([+-]\d\d:\d\d|Z)$")] | None = None  # noqa: N815
    nil: tuple[str | int | float, ...] = ()
    observations: Annotated[tuple[Parts, ...], Field(max_length=_MOST)] = ()
    separator: Annotated[str, Field(min_length=1, max_length=1)] = ","

    @property
    def readings(self) -> tuple[dict[str, Place], ...]:
        """Give the places of each of the observations in an item."""
        common = {name: place for name in Parts.model_fields if (place := getattr(self, name)) is not None}
        return tuple(
            common | {name: place for name in Parts.model_fields if (place := getattr(one, name)) is not None}
            for one in self.observations or (Parts(),)
        )


def canonical_mapping(text: str) -> dict[str, Any]:
    """Read a mapping that a client sent; equal ones become equal. Raises `InputError` with the member."""
    try:
        found = ReadingMapping.model_validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"] if not str(part)[:1].isupper() and part != "str")
        raise InputError(f"the mapping is wrong at {name or 'its begin'}: {first['msg']}", "mapping") from error
    if "%" in found.timeFormat and not _YEAR.search(found.timeFormat):
        raise InputError(f"the mapping is wrong at timeFormat: {found.timeFormat} has no year, such as %Y", "mapping")
    for number, places in enumerate(found.readings, start=1):
        for name in ("time", "value", "procedure", "observedProperty"):
            if name not in places:
                which = f" of observation {number}" if found.observations else ""
                raise InputError(f"the mapping does not say where {name}{which} stands", "mapping")
    dumped: dict[str, Any] = found.model_dump(exclude_none=True, exclude_defaults=True, mode="json")
    return dumped


@lru_cache(maxsize=256)
def read_mapping(text: str) -> ReadingMapping:
    """Give a mapping from its canonical text."""
    return ReadingMapping.model_validate_json(text)
