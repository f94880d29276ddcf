"""What InsertObservation and InsertResult share: checking observations against their offerings, storing all of them."""

from __future__ import annotations

from math import isfinite
from operator import gt
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
)
from sos_server.operations.base import require_known
from sos_server.time import to_microseconds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sos_server.model import OfferingContent
    from sos_server.operations.base import Context
    from sos_server.storage.batches import SeriesBatch

_VALUE_TYPES: dict[str, frozenset[type]] = {
    OM_MEASUREMENT: frozenset({float, int}),
    OM_COUNT: frozenset({int}),
    OM_TRUTH: frozenset({bool}),
    OM_CATEGORY: frozenset({str}),
    OM_TEXT: frozenset({str}),
    OM_GEOMETRY: frozenset({str}),
    OM_COMPLEX: frozenset({str}),
}
_LARGEST_COUNT = 2**53  # counts are kept as 64 bit floating point numbers


def find_offerings(context: Context, offerings: tuple[str, ...]) -> Sequence[OfferingContent]:
    """Give what offerings take; refuses the name of one that is not here."""
    contents = context.storage.terms(offerings)
    if len(contents) != len(offerings):
        require_known(context.storage, "offering", offerings)
    return contents


def are_shapeless(contents: Sequence[OfferingContent]) -> bool:
    """
    Whether offerings take features of which nobody tells more than the identifier.

    A sampling feature of no certain kind has no shape: then its identifier is all that there is to tell.
    """
    return all(SAMPLING_FEATURE in content.feature_types for content in contents)


def insert_batches(
    context: Context,
    offerings: tuple[str, ...],
    contents: Sequence[OfferingContent],
    batches: Sequence[SeriesBatch],
) -> int:
    """Store all observations under offerings, whose contents these are, or none where one is refused."""
    for batch in batches:
        _check_place(context, batch, contents)
        if context.strict_places and (not batch.geometries or None in batch.geometries):
            raise MissingParameterValue(
                f"An observation of {batch.key.observed_property} does not tell where it was made, which this service "
                "asks for; add the parameter samplingGeometry.",
                "samplingGeometry",
            )
        _check_values(batch)
        if batch.rows.ends is not batch.rows.begins and any(map(gt, batch.rows.begins, batch.rows.ends)):
            raise InvalidParameterValue("A phenomenon time ends before it begins.", "phenomenonTime")
    return context.storage.insert_observations(offerings, batches, to_microseconds(context.now))


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
    values = batch.rows.values
    types = set(map(type, values))
    found = types - {type(None)}
    if not found <= _VALUE_TYPES[batch.key.observation_type]:
        raise InvalidParameterValue(
            f"A result of {batch.key.observed_property} is not what {batch.key.observation_type} says.", "resultType"
        )
    floats: Sequence[Any] = values if types == {float} else [value for value in values if isinstance(value, float)]
    if not all(map(isfinite, floats)):
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
