"""The requests of the service, whatever binding or version they came in. Empty tuples mean: no restriction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from datetime import datetime

    from sos_server.filters import SpatialFilter, TemporalFilter
    from sos_server.model import Observation, ResultTemplate, SensorDescription, ValidDescription

ResultValues: TypeAlias = "str | tuple[tuple[tuple[str, str], ...], ...]"


@dataclass(frozen=True, slots=True)
class GetCapabilities:
    """`sections` None means all; an empty tuple means none."""

    accept_versions: tuple[str, ...] = ()
    sections: tuple[str, ...] | None = None
    accept_formats: tuple[str, ...] = ()
    update_sequence: str | None = None


@dataclass(frozen=True, slots=True)
class DescribeSensor:
    """Asks for a procedure's description in a format: the present one, or those that hold in a time (two instants)."""

    procedure: str
    description_format: str
    valid_time: tuple[datetime, datetime] | None = None


@dataclass(frozen=True, slots=True)
class GetObservation:
    """
    Asks for observations; several temporal filters must all hold.

    `merged` tells whether the observations of a series come as one array; None leaves it to the service.
    """

    offerings: tuple[str, ...] = ()
    procedures: tuple[str, ...] = ()
    observed_properties: tuple[str, ...] = ()
    features_of_interest: tuple[str, ...] = ()
    temporal_filters: tuple[TemporalFilter, ...] = ()
    spatial_filter: SpatialFilter | None = None
    response_format: str | None = None
    merged: bool | None = None


@dataclass(frozen=True, slots=True)
class GetObservationById:
    """Asks for observations by their identifiers; those that are not here are no fault (OGC 12-006 clause 9.2)."""

    observations: tuple[str, ...]
    response_format: str | None = None


@dataclass(frozen=True, slots=True)
class GetFeatureOfInterest:
    """Asks for features that were observed; several spatial filters must all hold (OGC 12-006 clause 9.1)."""

    procedures: tuple[str, ...] = ()
    observed_properties: tuple[str, ...] = ()
    features_of_interest: tuple[str, ...] = ()
    spatial_filters: tuple[SpatialFilter, ...] = ()


@dataclass(frozen=True, slots=True)
class GetDataAvailability:
    """
    Asks what there is of which series (52°North's extension), in the form of a `version`: 1.0 or 2.0.

    The number of observations and the range of their result times are told where they are asked for.
    """

    offerings: tuple[str, ...] = ()
    procedures: tuple[str, ...] = ()
    observed_properties: tuple[str, ...] = ()
    features_of_interest: tuple[str, ...] = ()
    response_formats: tuple[str, ...] = ()
    show_count: bool = False
    include_result_times: bool = False
    version: str = "1.0"


@dataclass(frozen=True, slots=True)
class InsertSensor:
    """Registers a procedure (OGC 12-006 clause 10.2); `observation_types` and `feature_types` are its metadata."""

    description: SensorDescription
    observed_properties: tuple[str, ...]
    observation_types: tuple[str, ...]
    feature_types: tuple[str, ...]
    related_features: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class InsertObservation:
    """Publishes observations under offerings; all of them or none are stored (OGC 12-006 clause 10.4)."""

    offerings: tuple[str, ...]
    observations: tuple[Observation, ...]


@dataclass(frozen=True, slots=True)
class UpdateSensorDescription:
    """Replaces a procedure's descriptions; one without a begin holds from now on (OGC 09-001 clause 17)."""

    procedure: str
    description_format: str
    descriptions: tuple[ValidDescription, ...]


@dataclass(frozen=True, slots=True)
class DeleteSensor:
    """Removes a procedure with its offerings and observations (OGC 12-006 clause 10.3)."""

    procedure: str


@dataclass(frozen=True, slots=True)
class DeleteObservation:
    """
    Removes observations (52°North's extension): those with an identifier, or those that pass all filters.

    In `version` 1.0 there is exactly one identifier and no filter.
    """

    observations: tuple[str, ...] = ()
    offerings: tuple[str, ...] = ()
    procedures: tuple[str, ...] = ()
    observed_properties: tuple[str, ...] = ()
    features_of_interest: tuple[str, ...] = ()
    temporal_filters: tuple[TemporalFilter, ...] = ()
    version: str = "1.0"


@dataclass(frozen=True, slots=True)
class InsertResultTemplate:
    """Proposes a template; one without identifier gets one (OGC 12-006 clause 10.5)."""

    template: ResultTemplate


@dataclass(frozen=True, slots=True)
class DeleteResultTemplate:
    """Removes templates (52°North's extension): those named, or all for some properties in some offerings."""

    identifiers: tuple[str, ...] = ()
    places: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class InsertResult:
    """
    Publishes results in the form of a template; all of them or none are stored (OGC 12-006 clause 10.6).

    What `values` mean only the template tells: a text, or in XML encoding rows of names and texts.
    """

    template: str
    values: ResultValues


@dataclass(frozen=True, slots=True)
class GetResultTemplate:
    """Asks for the form of the results of a property in an offering (OGC 12-006 clause 9.4)."""

    offering: str
    observed_property: str


@dataclass(frozen=True, slots=True)
class GetResult:
    """Asks for results of a property in an offering without what they share (OGC 12-006 clause 9.5)."""

    offering: str
    observed_property: str
    features_of_interest: tuple[str, ...] = ()
    temporal_filters: tuple[TemporalFilter, ...] = ()
    spatial_filter: SpatialFilter | None = None


Request: TypeAlias = (
    GetCapabilities
    | DescribeSensor
    | GetObservation
    | GetObservationById
    | GetFeatureOfInterest
    | GetDataAvailability
    | InsertSensor
    | UpdateSensorDescription
    | DeleteSensor
    | InsertObservation
    | DeleteObservation
    | InsertResultTemplate
    | DeleteResultTemplate
    | InsertResult
    | GetResultTemplate
    | GetResult
)
