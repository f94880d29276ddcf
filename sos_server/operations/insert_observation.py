"""InsertObservation (OGC 12-006 clause 10.4)."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, Any

from sos_server.errors import InvalidParameterValue, MissingParameterValue
from sos_server.model import OM_CATEGORY, OM_COUNT, OM_MEASUREMENT, OM_TEXT, OM_TRUTH, SWE_ARRAY
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
}
_TYPE_OF_VALUE = {float: OM_MEASUREMENT, int: OM_COUNT, bool: OM_TRUTH, str: OM_TEXT}
_LARGEST_COUNT = 2**53  # counts are kept as 64 bit floating point numbers


def insert_observation(context: Context, request: InsertObservation) -> ObservationsInserted:
    """Store all observations of a request, or none where one is refused."""
    if not request.offerings:
        raise MissingParameterValue("The request names no offering; name the one of the sensor.", "offering")
    if not request.observations:
        raise MissingParameterValue("The request has no observation; put at least one into it.", "observation")
    require_known(context.storage, "offering", request.offerings)
    contents = context.storage.contents(request.offerings)
    batches = tuple(_batches(request.observations))
    for batch in batches:
        _check_place(context, batch, contents)
        _check_values(batch)
    offerings = tuple(dict.fromkeys(request.offerings))
    count = context.storage.insert_observations(offerings, batches, to_microseconds(context.now))
    return ObservationsInserted(count)


def _batches(observations: Sequence[Observation]) -> Iterable[SeriesBatch]:
    """Put together what belongs to one series in one unit, so that it is checked and looked up once."""
    members: dict[tuple[Any, ...], list[Observation]] = {}
    for each in observations:
        kind = each.observation_type
        if kind is None or kind == SWE_ARRAY:
            kind = _TYPE_OF_VALUE.get(type(each.value))
        key = (each.procedure, each.observed_property, each.feature_of_interest, kind, each.uom)
        try:
            members[key].append(each)
        except KeyError:
            members[key] = [each]
    for key, found in members.items():
        procedure, observed_property, feature_of_interest, kind, uom = key
        if kind is None:
            raise MissingParameterValue("An observation without a value does not say its type.", "observationType")
        feature = next((each.feature for each in found if each.feature is not None), None)
        yield SeriesBatch(SeriesKey(procedure, observed_property, feature_of_interest, kind), uom, found, feature)


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
        if key.observation_type not in _VALUE_TYPES or (
            not {key.observation_type, SWE_ARRAY} & set(content.observation_types)
        ):
            raise InvalidParameterValue(
                f"The offering {offering.identifier!r} takes no {key.observation_type}; "
                f"it takes {', '.join(content.observation_types)}.",
                "observationType",
            )


def _check_values(batch: SeriesBatch) -> None:
    values = [each.value for each in batch.observations]
    found = set(map(type, values)) - {type(None)}
    allowed = _VALUE_TYPES[batch.key.observation_type]
    if not found <= allowed:
        raise InvalidParameterValue(
            f"A result of {batch.key.observed_property} is not what {batch.key.observation_type} says.", "resultType"
        )
    if found & {float} and not all(isfinite(value) for value in values if isinstance(value, float)):
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
