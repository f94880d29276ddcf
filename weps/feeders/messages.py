"""What comes without being asked for, or in a document of its own: read by a mapping, or as what it is."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from weps.errors import InputError
from weps.feeders import json_sensorthings
from weps.feeders.base import Batch
from weps.feeders.convert import observation_id
from weps.feeders.documents import read_observations
from weps.feeders.sources import STA_MQTT, decode_mapped, members_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from weps.model import Observation, Source

_ARRAYS = re.compile(rb"[<:](?:DataArray|SimpleDataArray|DataStream|MeasurementTimeseries|CategoricalTimeseries)[\s>]")


def read_message(source: Source, data: bytes, topic: str = "") -> Batch:
    """
    Read a message of a source, or a document that it holds; raises `InputError` for what cannot be read.

    The same message has the same observations with the same ids, however often it comes.
    """
    if source.binding == STA_MQTT:
        found: Iterable[Observation] = _with_ids(_read_entity(source, data))
    else:
        mapped = decode_mapped(source, data, topic)
        found = _read_document(data) if mapped is None else mapped
    everything = tuple(found)
    observations = tuple(one for one in everything if one.value is not None)
    return Batch(observations, len(everything) - len(observations), len(data))


def _read_document(data: bytes) -> tuple[Observation, ...]:
    # As when polled: result time and identifier of an array change with every observation that is added to it.
    return _with_ids(read_observations(data, include_nil=True), merged=_ARRAYS.search(data) is not None)


def _read_entity(source: Source, data: bytes) -> tuple[Observation, ...]:
    """Read an Observation of SensorThings, which tells nothing of the entities around it."""
    try:
        entity = json.loads(data, parse_constant=lambda _: None)
    except (ValueError, RecursionError) as error:
        raise InputError(f"the message is no JSON: {error}") from error
    if not isinstance(entity, dict) or "result" not in entity:
        raise InputError("the message is no Observation of SensorThings: it has no result")
    return tuple(json_sensorthings.decode({**members_of(source)["around"], **entity}))


def _with_ids(found: Iterable[Observation], *, merged: bool = False) -> tuple[Observation, ...]:
    return tuple(one._replace(id=observation_id(one, merged=merged)) for one in found)
