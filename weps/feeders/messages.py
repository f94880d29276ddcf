"""What comes without being asked for, or in a document of its own: read by a mapping, or as what it is."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from weps.errors import InputError
from weps.feeders import json_sensorthings
from weps.feeders.base import Batch
from weps.feeders.convert import observation_id, require_usable
from weps.feeders.documents import read_observations
from weps.feeders.sources import STA_MQTT, around_of, decode_mapped
from weps.json_faults import json_fault

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any

    from weps.model import Observation, Source

_ARRAYS = re.compile(rb"[<:](?:DataArray|SimpleDataArray|DataStream|MeasurementTimeseries|CategoricalTimeseries)[\s>]")

_FIRST_YEAR, _LAST_YEAR = 1000, 9000


def read_message(source: Source, data: bytes, topic: str = "") -> Batch:
    """
    Read a message of a source, or a document that it holds; raises `InputError` for what cannot be read.

    The same message has the same observations with the same ids, however often it comes.
    """
    elsewhere: list[str] = []
    if source.binding == STA_MQTT:
        found: Iterable[Observation] = _with_ids(_read_entity(around_of(source, topic), data))
    else:
        mapped = decode_mapped(source, data, topic)
        found = _read_document(data, elsewhere.append) if mapped is None else mapped
    everything = tuple(found)
    for one in everything:
        require_usable(one)
        _require_time(one)
    observations = tuple(one for one in everything if one.value is not None)
    return Batch(observations, len(everything) - len(observations), len(data), elsewhere=len(elsewhere))


def _require_time(one: Observation) -> None:
    """Refuse a time that nobody can have observed at: where spans are asked for it would never be given."""
    if not (one.phenomenon_time.year >= _FIRST_YEAR and one.end.year <= _LAST_YEAR):
        raise InputError(f"the phenomenon time is before the year {_FIRST_YEAR} or after {_LAST_YEAR}")


def _read_document(data: bytes, elsewhere: Callable[[str], object]) -> tuple[Observation, ...]:
    # As when polled: result time and identifier of an array change with every observation that is added to it.
    return _with_ids(
        read_observations(data, include_nil=True, elsewhere=elsewhere), merged=_ARRAYS.search(data) is not None
    )


def _read_entity(around: Mapping[str, Any], data: bytes) -> tuple[Observation, ...]:
    """Read an Observation of SensorThings, which tells nothing of the entities around it."""
    try:
        entity = json.loads(data, parse_constant=lambda _: None)
    except (ValueError, RecursionError) as error:
        raise InputError(f"the message is no JSON: {json_fault(error)}") from error
    if not isinstance(entity, dict) or "result" not in entity:
        raise InputError("the message is no Observation of SensorThings: it has no result")
    return tuple(json_sensorthings.decode({**around, **entity}))


def _with_ids(found: Iterable[Observation], *, merged: bool = False) -> tuple[Observation, ...]:
    return tuple(one._replace(id=observation_id(one, merged=merged)) for one in found)
