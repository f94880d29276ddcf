"""
The values of the service: sensors, features, observations. No I/O; standard library only.

Instants are aware `datetime` in UTC; coordinates are longitude first whatever the encoding's axis order; units UCUM.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, TypeAlias

Value: TypeAlias = float | int | bool | str | None

OM_MEASUREMENT = "http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_Measurement"
OM_COUNT = "http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_CountObservation"
OM_TRUTH = "http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_TruthObservation"
OM_CATEGORY = "http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_CategoryObservation"
OM_TEXT = "http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_TextObservation"
SWE_ARRAY = "http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_SWEArrayObservation"
OM_GEOMETRY = "http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_GeometryObservation"
OM_COMPLEX = "http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_ComplexObservation"
OM_OBSERVATION = "http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_Observation"  # of any result
SCALAR_TYPES = (OM_MEASUREMENT, OM_COUNT, OM_TRUTH, OM_CATEGORY, OM_TEXT)

STRUCTURED_TYPES = (OM_GEOMETRY, OM_COMPLEX)  # their values are JSON texts: see `Observation`

SAMPLING_POINT = "http://www.opengis.net/def/samplingFeatureType/OGC-OM/2.0/SF_SamplingPoint"
SAMPLING_CURVE = "http://www.opengis.net/def/samplingFeatureType/OGC-OM/2.0/SF_SamplingCurve"
SAMPLING_SURFACE = "http://www.opengis.net/def/samplingFeatureType/OGC-OM/2.0/SF_SamplingSurface"
SAMPLING_FEATURE = "http://www.opengis.net/def/samplingFeatureType/OGC-OM/2.0/SF_SamplingFeature"


class NamedValue(NamedTuple):
    """A parameter of an observation (OGC 10-025r1 clause 7.2.2); `kind` is the observation type of such a result."""

    name: str
    value: Value
    uom: str | None
    kind: str


class Quality(NamedTuple):
    """
    What is told of the quality of a result: a code or flag, and its title.

    `document` is the quality element of ISO 19139 as XML where it stood inline; the code is then what it says.
    """

    code: str
    title: str | None = None
    document: str | None = None


class Annotations(NamedTuple):
    """What an observation tells besides its result and its place: parameters and qualities, in their order."""

    parameters: tuple[NamedValue, ...] = ()
    qualities: tuple[Quality, ...] = ()


class Observation(NamedTuple):
    """
    One value of one property of one feature at one time (OGC 10-004r3 clause 7).

    A tuple and not a dataclass: it is made millions of times, and a tuple is made four times as fast. An array
    observation is as many of these as it has values. `phenomenon_time` is the instant or the begin of the period,
    `phenomenon_time_end` the end of a period. `feature_of_interest` is the identifier; the feature itself, when the
    document had it inline, is `feature`. `value` None is a nil result, then `nil_reason` may say why. The value of a
    geometry observation is GeoJSON as text, that of a complex one the JSON text of its record (`swe20_record`).
    `quality` is the code of the first of its qualities; `annotations` where there is more to tell than that.
    """

    phenomenon_time: datetime
    procedure: str
    observed_property: str
    feature_of_interest: str
    value: Value
    uom: str | None = None
    phenomenon_time_end: datetime | None = None
    result_time: datetime | None = None
    observation_type: str | None = None
    offering: str | None = None
    nil_reason: str | None = None
    feature: Feature | None = None
    identifier: str | None = None
    valid_time: tuple[datetime, datetime] | None = None
    geometry: Mapping[str, Any] | None = None
    quality: str | None = None
    annotations: Annotations | None = None


def annotations_of(observation: Observation) -> Annotations | None:
    """Give what an observation tells besides its result, None where that is nothing."""
    if observation.annotations is not None:
        return observation.annotations
    return None if observation.quality is None else Annotations(qualities=(Quality(observation.quality),))


@dataclass(frozen=True, slots=True)
class Feature:
    """A feature of interest; `geometry` is GeoJSON, longitude first, or None where it has no shape."""

    identifier: str
    name: str | None = None
    description: str | None = None
    geometry: Mapping[str, Any] | None = None
    feature_type: str = SAMPLING_FEATURE
    sampled_feature: str | None = None


@dataclass(frozen=True, slots=True)
class Offering:
    """A group of observations with exactly one procedure (OGC 12-006 clause 7.3)."""

    identifier: str
    procedure: str
    name: str | None = None


@dataclass(frozen=True, slots=True)
class SensorDescription:
    """
    A procedure description as it was inserted, and what a service must know of it.

    `document` is the SensorML as UTF-8 XML without declaration; `description_format` its URI.
    """

    procedure: str
    description_format: str
    document: bytes
    name: str | None = None
    offerings: tuple[Offering, ...] = ()


@dataclass(frozen=True, slots=True)
class ValidDescription:
    """A description of a procedure that holds from `begin` (None: unknown) until before `end` (None: open)."""

    description_format: str
    document: bytes
    begin: datetime | None = None
    end: datetime | None = None


@dataclass(frozen=True, slots=True)
class ResultTemplate:
    """
    Structure and encoding agreed once for many results (OGC 12-006 clause 9.4), with what their observations share.

    `structure` and `encoding` are SWE Common 2.0 as UTF-8 XML without declaration. `feature_of_interest` None: each
    result names its feature.
    """

    identifier: str
    offering: str
    procedure: str
    observed_property: str
    feature_of_interest: str | None
    observation_type: str
    structure: bytes
    encoding: bytes
    feature: Feature | None = None


@dataclass(frozen=True, slots=True)
class Extent:
    """What is there: bounds in time (None: nothing) and space (west, south, east, north in degrees; None: no place)."""

    begin: datetime | None = None
    end: datetime | None = None
    result_begin: datetime | None = None
    result_end: datetime | None = None
    bounds: tuple[float, float, float, float] | None = None


@dataclass(frozen=True, slots=True)
class OfferingContent:
    """An offering with everything that capabilities tell of it."""

    offering: Offering
    observed_properties: tuple[str, ...]
    description_formats: tuple[str, ...]
    observation_types: tuple[str, ...]
    feature_types: tuple[str, ...]
    related_features: tuple[str, ...] = ()
    extent: Extent = Extent()


@dataclass(frozen=True, slots=True)
class SeriesInfo:
    """
    A stored series: the part that all its observations share. `key` is the storage's own number.

    The observations of a `mobile` series may tell where they were made (the sampling geometry, GeoJSON). They are told
    in parts, each with its `geometry`. So are those of an `annotated` series, by their `annotations`.
    """

    key: int
    offering: str
    procedure: str
    observed_property: str
    feature: Feature
    observation_type: str
    uom: str | None
    mobile: bool = False
    geometry: Mapping[str, Any] | None = None
    annotated: bool = False
    annotations: Annotations | None = None


@dataclass(frozen=True, slots=True)
class SeriesExtent:
    """How much there is of a series: as many observations in this time, known at these times; never empty."""

    offerings: tuple[str, ...]
    procedure: str
    observed_property: str
    feature: Feature
    observation_types: tuple[str, ...]
    begin: datetime
    end: datetime
    result_begin: datetime
    result_end: datetime
    count: int


class StoredRow(NamedTuple):
    """One observation of a series as it is stored; times in microseconds since 1970-01-01T00:00:00Z."""

    id: int
    begin: int
    end: int
    result_time: int
    value: Value
    identifier: str | None = None
    nil_reason: str | None = None
    valid_begin: int | None = None
    valid_end: int | None = None


class ResultRows(NamedTuple):
    """
    What results tell of some observations of a series, column by column because they are read in millions.

    Times in microseconds since 1970-01-01T00:00:00Z, values as they are stored. `nil_reasons` is empty where no value
    is nil, `result_times` where they were not asked for.
    """

    begins: Sequence[int]
    ends: Sequence[int]
    result_times: Sequence[int]
    values: Sequence[Value]
    nil_reasons: Sequence[str | None] = ()


@dataclass(frozen=True, slots=True)
class RowSummary:
    """What is to be known of rows before the first is read; there is at least one. Times as in the rows."""

    count: int
    begin: int
    end: int
    result_time: int  # the last of them
    has_periods: bool
    has_result_times: bool  # there is more than one
    nil_reasons: tuple[str, ...] = ()
