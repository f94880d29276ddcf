"""From the observations of an SOS to those of WEPS: without nil results, with an identity that outlives the fetch."""

from __future__ import annotations

import re
from collections import Counter
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from sos_server.time import format_instant
from weps.errors import InputError
from weps.model import Observation

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from sos_server import model as sos

_NOT_TEXT = re.compile("[\\x00\\ud800-\\udfff]")
_LARGEST = 10**300


def convert(found: Iterable[sos.Observation], *, merged: bool = False) -> tuple[tuple[Observation, ...], int]:
    """
    Give the observations that have a result, in the same order, and how many had none.

    `merged` tells that the server put many observations into one, see `observation_id`; then those of one series and
    time that differ, as the depths of a profile do, are numbered.
    """
    everything = tuple(convert_each(found, merged=merged))
    observations = tuple(observation for observation in everything if observation.value is not None)
    nils = len(everything) - len(observations)
    return _numbered(observations) if merged else observations, nils


def _numbered(observations: tuple[Observation, ...]) -> tuple[Observation, ...]:
    """Give another id to each observation that has that of an earlier one, but not its value and place."""
    if len({observation.id for observation in observations}) == len(observations):
        return observations
    counts: Counter[str] = Counter()
    numbers: dict[tuple[Any, ...], int] = {}
    numbered = []
    for observation in observations:
        told = observation.id, observation.value, str(observation.geometry)
        if told not in numbers:
            counts[observation.id] += 1
            numbers[told] = counts[observation.id]
        number = numbers[told]
        numbered.append(observation if number == 1 else observation._replace(id=f"{observation.id}|{number}"))
    return tuple(numbered)


def convert_each(found: Iterable[sos.Observation], *, merged: bool = False) -> Iterator[Observation]:
    """
    Give the observations of one document as WEPS knows them, nil results too.

    Many services write a feature once, with its place, and only name it from then on: the place is that of the name.
    """
    places: dict[str, Mapping[str, Any]] = {}
    for observation in found:
        converted = convert_one(observation, merged=merged)
        if observation.feature is not None and observation.feature.geometry is not None:
            places[observation.feature_of_interest] = observation.feature.geometry
        elif converted.geometry is None and observation.feature_of_interest in places:
            converted = converted._replace(geometry=places[observation.feature_of_interest])
        yield converted


def convert_one(found: sos.Observation, *, merged: bool = False) -> Observation:
    """Give one observation as WEPS knows it, its `id` set; a nil result keeps its value None."""
    geometry = found.geometry
    if geometry is None and found.feature is not None:
        geometry = found.feature.geometry
    return Observation(
        phenomenon_time=found.phenomenon_time,
        procedure=found.procedure,
        observed_property=found.observed_property,
        feature_of_interest=found.feature_of_interest,
        value=found.value,
        uom=found.uom,
        phenomenon_time_end=found.phenomenon_time_end,
        result_time=found.result_time,
        offering=found.offering,
        nil_reason=found.nil_reason,
        geometry=geometry,
        identifier=found.identifier,
        id=observation_id(found, merged=merged),
        quality=found.quality,
    )


def require_usable(observation: Observation) -> None:
    """Refuse what no database can keep or no rule can compute with, as JSON may hold; raises `InputError`."""
    value = observation.value
    texts = (observation.id, observation.offering, observation.uom, observation.quality)
    if any(text and _NOT_TEXT.search(text) for text in (*texts, value if isinstance(value, str) else None)):
        raise InputError("it has characters that are no text, such as NUL or half of a pair")
    if isinstance(value, int) and abs(value) > _LARGEST:
        raise InputError("the value is a number of more than 300 digits")


def observation_id(observation: sos.Observation | Observation, *, merged: bool = False) -> str:
    """
    Give the key that tells an observation from all others of its source, the same at each fetch.

    `procedure|observedProperty|feature|phenomenonTime[/end]|resultTime`, and the identifier where there is no result
    time. A correction comes with a later result time and so is another observation. The value is no part of it.

    Where observations are merged into an array, result time and identifier are those of the array: they change with
    every observation that is added to it, so the key ends after the phenomenon time.
    """
    time = format_instant(observation.phenomenon_time)
    if merged:
        known = ""
    elif observation.result_time == observation.phenomenon_time:
        known = time
    elif observation.result_time is not None:
        known = format_instant(observation.result_time)
    else:
        known = observation.identifier or ""
    if observation.phenomenon_time_end is not None:
        time = f"{time}/{format_instant(observation.phenomenon_time_end)}"
    series = _series_key(observation.procedure, observation.observed_property, observation.feature_of_interest)
    return f"{series}|{time}|{known}"


@lru_cache(maxsize=1024)
def _series_key(*names: str) -> str:
    return "|".join(name.replace("|", "%7C") for name in names)
