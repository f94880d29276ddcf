"""The requests of the service, whatever binding or version they came in. Empty tuples mean: no restriction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from sos_server.filters import BoundingBox, TemporalFilter
    from sos_server.model import Observation, SensorDescription


@dataclass(frozen=True, slots=True)
class GetCapabilities:
    """`sections` None means all; an empty tuple means none."""

    accept_versions: tuple[str, ...] = ()
    sections: tuple[str, ...] | None = None
    accept_formats: tuple[str, ...] = ()
    update_sequence: str | None = None


@dataclass(frozen=True, slots=True)
class DescribeSensor:
    """Asks for a procedure's description in a format."""

    procedure: str
    description_format: str


@dataclass(frozen=True, slots=True)
class GetObservation:
    """Asks for observations; several temporal filters must all hold."""

    offerings: tuple[str, ...] = ()
    procedures: tuple[str, ...] = ()
    observed_properties: tuple[str, ...] = ()
    features_of_interest: tuple[str, ...] = ()
    temporal_filters: tuple[TemporalFilter, ...] = ()
    bounding_box: BoundingBox | None = None
    response_format: str | None = None


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


Request: TypeAlias = GetCapabilities | DescribeSensor | GetObservation | InsertSensor | InsertObservation
