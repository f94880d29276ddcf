"""The answers of the service, whatever binding or version they go out in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from sos_server.model import (
        Feature,
        Offering,
        OfferingContent,
        ResultRows,
        ResultTemplate,
        RowSummary,
        SeriesExtent,
        SeriesInfo,
        StoredRow,
        ValidDescription,
    )


@dataclass(frozen=True, slots=True)
class Capabilities:
    """
    What the service offers; `sections` are those to show, `base_url` the address that clients reach it by.

    `update_sequence` is an ISO instant: that of the last change of sensors or extents.
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
    observations: tuple[str, ...] = ()  # identifiers of some that are here, for whoever wants to try


@dataclass(frozen=True, slots=True)
class SensorDescribed:
    """
    The descriptions that hold at the time that was asked for, in the order of time.

    What else is known of the procedure goes with them: its offerings, observed properties, and features by identifier.
    """

    description_format: str
    descriptions: tuple[ValidDescription, ...]
    offerings: tuple[Offering, ...] = ()
    observed_properties: tuple[str, ...] = ()
    features: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Observations:
    """
    The observations found, series by series; rows come lazily, ordered by phenomenon time.

    Everything that can be refused has been refused before the first row is read.
    """

    series: Iterable[tuple[SeriesInfo, Iterator[StoredRow]]]


@dataclass(frozen=True, slots=True)
class ObservationsById:
    """The observations with the identifiers asked for, as `Observations`; each row tells its identifier."""

    series: Iterable[tuple[SeriesInfo, Iterator[StoredRow]]]


@dataclass(frozen=True, slots=True)
class Features:
    """The features of interest found."""

    features: tuple[Feature, ...]


@dataclass(frozen=True, slots=True)
class DataAvailability:
    """What there is of the series asked for; `version` is the form to answer in."""

    members: tuple[SeriesExtent, ...]
    description_formats: Mapping[str, tuple[str, ...]]  # of each procedure
    show_count: bool
    include_result_times: bool
    version: str


@dataclass(frozen=True, slots=True)
class SensorInserted:
    """The identifiers that a new sensor got."""

    procedure: str
    offering: str


@dataclass(frozen=True, slots=True)
class ObservationsInserted:
    """All observations of the request are stored, durably."""

    count: int


@dataclass(frozen=True, slots=True)
class SensorUpdated:
    """The descriptions of a procedure were replaced."""

    procedure: str


@dataclass(frozen=True, slots=True)
class SensorDeleted:
    """A procedure is gone, with its offerings and observations."""

    procedure: str


@dataclass(frozen=True, slots=True)
class ObservationsDeleted:
    """So many observations are gone; `identifier` is the one that a request of `version` 1.0 named."""

    count: int
    identifier: str | None
    version: str


@dataclass(frozen=True, slots=True)
class MergedObservations:
    """The observations found, those of a series as one array; rows come in chunks, ordered by phenomenon time."""

    series: Iterable[tuple[SeriesInfo, RowSummary, Iterator[ResultRows]]]


@dataclass(frozen=True, slots=True)
class ResultTemplateInserted:
    """The identifier that a new template got."""

    identifier: str


@dataclass(frozen=True, slots=True)
class ResultTemplatesDeleted:
    """The identifiers of the templates that are gone."""

    identifiers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ResultsInserted:
    """All results of the request are stored, durably."""

    count: int


@dataclass(frozen=True, slots=True)
class ResultTemplateFound:
    """The form that results are given in."""

    template: ResultTemplate


@dataclass(frozen=True, slots=True)
class Results:
    """The results found, in the form of a template; rows come as in `MergedObservations`."""

    template: ResultTemplate
    series: Iterable[tuple[SeriesInfo, Iterator[ResultRows]]]


Response: TypeAlias = (
    Capabilities
    | SensorDescribed
    | Observations
    | ObservationsById
    | Features
    | DataAvailability
    | SensorInserted
    | SensorUpdated
    | SensorDeleted
    | ObservationsInserted
    | ObservationsDeleted
    | MergedObservations
    | ResultTemplateInserted
    | ResultTemplatesDeleted
    | ResultsInserted
    | ResultTemplateFound
    | Results
)
