"""The answers of the service, whatever binding or version they go out in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sos_server.model import OfferingContent, SensorDescription, SeriesInfo, StoredRow


@dataclass(frozen=True, slots=True)
class Capabilities:
    """
    What the service offers; `sections` are those to show, `base_url` the address that clients reach it by.

    `updated` is the update sequence: an ISO instant of the last change of sensors or extents.
    """

    version: str
    sections: frozenset[str]
    base_url: str
    title: str
    abstract: str
    provider_name: str
    provider_site: str | None
    update_sequence: str
    contents: tuple[OfferingContent, ...]
    description_formats: tuple[str, ...]
    observation_types: tuple[str, ...]
    feature_types: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SensorDescribed:
    """The description that was asked for."""

    description: SensorDescription


@dataclass(frozen=True, slots=True)
class Observations:
    """
    The observations found, series by series; rows come lazily, ordered by phenomenon time.

    Everything that can be refused has been refused before the first row is read.
    """

    series: Iterable[tuple[SeriesInfo, Iterator[StoredRow]]]


@dataclass(frozen=True, slots=True)
class SensorInserted:
    """The identifiers that a new sensor got."""

    procedure: str
    offering: str


@dataclass(frozen=True, slots=True)
class ObservationsInserted:
    """All observations of the request are stored, durably."""

    count: int


Response: TypeAlias = Capabilities | SensorDescribed | Observations | SensorInserted | ObservationsInserted
