"""What operations are handed besides the request: the storage, who the service is, where it is reached, the time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sos_server.errors import InvalidParameterValue, MissingParameterValue
from sos_server.model import (
    OM_OBSERVATION,
    SAMPLING_CURVE,
    SAMPLING_FEATURE,
    SAMPLING_POINT,
    SAMPLING_SURFACE,
    SCALAR_TYPES,
    STRUCTURED_TYPES,
    SWE_ARRAY,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sos_server.storage.sql import Storage

VERSION = "2.0.0"
RESPONSE_FORMATS = ("http://www.opengis.net/om/2.0",)
DESCRIPTION_FORMATS = ("http://www.opengis.net/sensorML/1.0.1", "http://www.opengis.net/sensorml/2.0")
OBSERVATION_TYPES = (*SCALAR_TYPES, *STRUCTURED_TYPES, SWE_ARRAY, OM_OBSERVATION)
FEATURE_TYPES = (SAMPLING_POINT, SAMPLING_CURVE, SAMPLING_SURFACE, SAMPLING_FEATURE)
_LARGEST_LIST = 6_000  # a query names one list twice and three others: together what any SQLite takes, 32 766 values


@dataclass(frozen=True, slots=True)
class Identity:
    """Who the service is, as its capabilities tell."""

    title: str
    abstract: str
    provider_name: str
    provider_site: str | None = None


@dataclass(frozen=True, slots=True)
class Context:
    """
    The surroundings of a request; `base_url` is the address that the client reaches the service by.

    `merged` tells whether observations are merged to arrays where a request does not say, `strict_places` whether each
    observation has to tell where it was made.
    """

    storage: Storage
    identity: Identity
    base_url: str
    now: datetime
    merged: bool = False
    strict_places: bool = False


def require_short(locator: str, names: Sequence[str]) -> None:
    """Raise where a parameter has more values than are looked up at once."""
    if len(names) > _LARGEST_LIST:
        raise InvalidParameterValue(f"{locator} has {len(names)} values, at most {_LARGEST_LIST} are taken.", locator)


def require_known(storage: Storage, locator: str, names: Sequence[str]) -> None:
    """Raise where a parameter names what does not exist here."""
    require_short(locator, names)
    missing = storage.missing(locator, names)
    if missing is not None:
        raise InvalidParameterValue(f"There is no {locator} {missing!r} here; the capabilities list them.", locator)


def require_one_of(locator: str, values: Sequence[str], supported: Sequence[str]) -> None:
    """Raise where a value is empty or not among those supported."""
    for value in values:
        if not value:
            raise MissingParameterValue(f"{locator} is empty; give one of {', '.join(supported)}.", locator)
        if value not in supported:
            raise InvalidParameterValue(f"{value!r} is no {locator} here; give one of {', '.join(supported)}.", locator)
