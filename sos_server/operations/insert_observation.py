"""InsertObservation (OGC 12-006 clause 10.4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sos_server.errors import MissingParameterValue
from sos_server.model import OM_COUNT, OM_MEASUREMENT, OM_TEXT, OM_TRUTH, SWE_ARRAY, Feature
from sos_server.operations.inserting import are_shapeless, find_offerings, insert_batches
from sos_server.responses import ObservationsInserted
from sos_server.storage.batches import batch_of
from sos_server.storage.series import SeriesKey

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sos_server.model import Observation, OfferingContent
    from sos_server.operations.base import Context
    from sos_server.requests import InsertObservation
    from sos_server.storage.batches import SeriesBatch

_TYPE_OF_VALUE = {float: OM_MEASUREMENT, int: OM_COUNT, bool: OM_TRUTH, str: OM_TEXT}


def insert_observation(context: Context, request: InsertObservation) -> ObservationsInserted:
    """Store all observations of a request, or none where one is refused."""
    if not request.offerings:
        raise MissingParameterValue("The request names no offering; name the one of the sensor.", "offering")
    if not request.observations:
        raise MissingParameterValue("The request has no observation; put at least one into it.", "observation")
    offerings = tuple(dict.fromkeys(request.offerings))
    contents = find_offerings(context, offerings)
    batches = tuple(_batches(request.observations, contents))
    return ObservationsInserted(insert_batches(context, offerings, contents, batches))


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
    shapeless = are_shapeless(contents)
    for (procedure, observed_property, identifier, kind, uom), found in members.items():
        if kind is None:
            raise MissingParameterValue("A nil result does not say its observation type.", "observationType")
        feature = next((each.feature for each in found if each.feature is not None), None)
        if feature is None and shapeless:
            feature = Feature(identifier)
        yield batch_of(SeriesKey(procedure, observed_property, identifier, kind), uom, found, feature)


def _only_type(contents: Sequence[OfferingContent]) -> str | None:
    types = {kind for content in contents for kind in content.observation_types}
    return types.pop() if len(types) == 1 else None
