"""InsertObservation (OGC 12-006 clause 10.4)."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, Any

from sos_server.errors import InvalidParameterValue, MissingParameterValue
from sos_server.model import (
    OM_CATEGORY,
    OM_COMPLEX,
    OM_COUNT,
    OM_GEOMETRY,
    OM_MEASUREMENT,
    OM_OBSERVATION,
    OM_TEXT,
    OM_TRUTH,
    SAMPLING_FEATURE,
    STRUCTURED_TYPES,
    SWE_ARRAY,
    Feature,
)
from sos_server.operations.base import require_known
from sos_server.responses import ObservationsInserted
from sos_server.storage.insert import SeriesBatch
from sos_server.storage.series import SeriesKey
from sos_server.time import to_microseconds

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sos_server.model import Observation, OfferingContent
    from sos_server.operations.base import Context
    from sos_server.requests import InsertObservation

_VALUE_TYPES: dict[str, frozenset[type]] = {
    OM_MEASUREMENT: frozenset({float, int}),
    OM_COUNT: frozenset({int}),
    OM_TRUTH: frozenset({bool}),
    OM_CATEGORY: frozenset({str}),
    OM_TEXT: frozenset({str}),
    OM_GEOMETRY: frozenset({str}),
    OM_COMPLEX: frozenset({str}),
}
_TYPE_OF_VALUE = {float: OM_MEASUREMENT, int: OM_COUNT, bool: OM_TRUTH, str: OM_TEXT}
_LARGEST_COUNT = 2**53  # counts are kept as 64 bit floating point numbers


def insert_observation(context: Context, request: InsertObservation) -> ObservationsInserted:
    """Store all observations of a request, or none where one is refused."""
    if not request.offerings:
        raise MissingParameterValue("The request names no offering; name the one of the sensor.", "offering")
    if not request.observations:
        raise MissingParameterValue("The request has no observation; put at least one into it.", "observation")
    offerings = tuple(dict.fromkeys(request.offerings))
    contents = context.storage.terms(offerings)
    if len(contents) != len(offerings):
        require_known(context.storage, "offering", offerings)
    batches = tuple(_batches(request.observations, contents))
    for batch in batches:
        _check_place(context, batch, contents)
        if context.strict_places and any(each.geometry is None for each in batch.observations):
            raise MissingParameterValue(
                f"An observation of {batch.key.observed_property} does not tell where it was made, which this service "
                "asks for; add the parameter samplingGeometry.",
                "samplingGeometry",
            )
        _check_values(batch)
    count = context.storage.insert_observations(offerings, batches, to_microseconds(context.now))
    return ObservationsInserted(count)


def _batches(observations: Sequence[Observation], contents: Sequence[OfferingContent]) -> Iterable[SeriesBatch]:
    """Put together what belongs to one series in one unit, so that it is checked and looked up once."""
    nil_type = _only_type(contents)
    members: dict[tuple[Any, ...], list[Observation]] = {}
    for each in observations:
        kind = each.observation_type
        if kind is None or kind == SWE_ARRAY:
            kind = _TYPE_OF_VALUE.get(type(each.value), nil_type)
        key = (each.procedure, each.observed_property, each.feature_of_interest, kind, each.uom)
        try:
            members[key].append(each)
        except KeyError:
            members[key] = [each]
    # a sampling feature of no certain kind has no shape: then its identifier is all that there is to tell
    shapeless = all(SAMPLING_FEATURE in content.feature_types for content in contents)
    for (procedure, observed_property, identifier, kind, uom), found in members.items():
        if kind is None:
            raise MissingParameterValue("A nil result does not say its observation type.", "observationType")
        feature = next((each.feature for each in found if each.feature is not None), None)
        if feature is None and shapeless:
            feature = Feature(identifier)
        yield SeriesBatch(SeriesKey(procedure, observed_property, identifier, kind), uom, found, feature)


def _only_type(contents: Sequence[OfferingContent]) -> str | None:
    types = {kind for content in contents for kind in content.observation_types}
    return types.pop() if len(types) == 1 else None


def _check_place(context: Context, batch: SeriesBatch, contents: Sequence[OfferingContent]) -> None:
    key = batch.key
    for content in contents:
        offering = content.offering
        if key.procedure != offering.procedure:
            require_known(context.storage, "procedure", (key.procedure,))
            raise InvalidParameterValue(
                f"{key.procedure!r} is not the procedure of the offering {offering.identifier!r}; "
                f"that is {offering.procedure!r}.",
                "procedure",
            )
        if key.observed_property not in content.observed_properties:
            raise InvalidParameterValue(
                f"The offering {offering.identifier!r} has no property {key.observed_property!r}; "
                f"it has {', '.join(content.observed_properties)}.",
                "observedProperty",
            )
        # the scalars of an array have types of their own; a type of any result takes all of them
        general = {OM_OBSERVATION} if key.observation_type in STRUCTURED_TYPES else {OM_OBSERVATION, SWE_ARRAY}
        offered = {key.observation_type, *general} & set(content.observation_types)
        if key.observation_type not in _VALUE_TYPES or not offered:
            raise InvalidParameterValue(
                f"The offering {offering.identifier!r} takes no {key.observation_type}; "
                f"it takes {', '.join(content.observation_types)}.",
                "observationType",
            )


def _check_values(batch: SeriesBatch) -> None:
    values = [each.value for each in batch.observations if each.value is not None]
    found = set(map(type, values))
    allowed = _VALUE_TYPES[batch.key.observation_type]
    if not found <= allowed:
        raise InvalidParameterValue(
            f"A result of {batch.key.observed_property} is not what {batch.key.observation_type} says.", "resultType"
        )
    if not all(map(isfinite, (value for value in values if isinstance(value, float)))):
        raise InvalidParameterValue(
            f"A result of {batch.key.observed_property} is no finite number; send a nil result with its reason.",
            "result",
        )
    if found & {int} and max(abs(value) for value in values if isinstance(value, int)) > _LARGEST_COUNT:
        raise InvalidParameterValue(
            f"A result of {batch.key.observed_property} is above 2^53, which is not kept exactly.", "result"
        )
    if found and batch.key.observation_type == OM_MEASUREMENT and not batch.uom:
        raise MissingParameterValue(f"A measurement of {batch.key.observed_property} has no unit.", "uom")
    for each in batch.observations:
        end = each.phenomenon_time_end
        if end is not None and end < each.phenomenon_time:
            raise InvalidParameterValue("A phenomenon time ends before it begins.", "phenomenonTime")
