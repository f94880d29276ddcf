"""
Stations and sensors in the profile of IOOS: a record of constants beside the array of what the sensors observed.

An item of the array's choice is named as the record of its sensor, which stands in the record of its station.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sos_server.codecs.swe_structure import Field, Node, Record


@dataclass(frozen=True, slots=True)
class _Sensor:
    sensor: str | None
    station: str | None
    place: dict[str, Any] | None


class Stations:
    """The sensors of a result by the names of their records."""

    def __init__(self, parts: Iterable[Node]) -> None:
        self._sensors: dict[str, _Sensor] = {}
        for part in parts:
            if isinstance(part, Record):
                self._collect(part, _Sensor(None, None, None))

    def __bool__(self) -> bool:
        return bool(self._sensors)

    def _collect(self, record: Record, outer: _Sensor) -> None:
        texts = {_word(each): each.value for each in record.parts if isinstance(each, Field) and each.kind == "Text"}
        found = _Sensor(
            texts.get("sensorid") or outer.sensor,
            texts.get("stationid") or outer.station,
            next(filter(None, map(_place, record.parts)), None) or outer.place,
        )
        if found.sensor or found.station:
            for name in {record.name, record.identifier}:
                if name:
                    self._sensors[name] = found
        for part in record.parts:
            if isinstance(part, Record):
                self._collect(part, found)

    def tell(self, chosen: Sequence[str], columns: dict[str, Iterable[Any]]) -> None:
        """Put what is known of the chosen sensors into the columns of observations."""
        found = [self._sensors.get(name) for name in chosen]
        if not all(found):
            return
        columns["procedure"] = [each.sensor or each.station for each in found if each]
        columns["feature_of_interest"] = [each.station or each.sensor for each in found if each]
        columns["geometry"] = [each.place for each in found if each]


def _word(told: Field) -> str:
    return told.meaning.rpartition("/")[2].lower().replace("_", "")


def _place(node: Node) -> dict[str, Any] | None:
    """Give the point of a vector of constants."""
    if not isinstance(node, Record):
        return None
    numbers = dict(_coordinates(node))
    if not {"lat", "lon"} <= numbers.keys():
        return None
    return {"type": "Point", "coordinates": [numbers["lon"], numbers["lat"]]}


def _coordinates(node: Record) -> Iterator[tuple[str, float]]:
    for part in node.parts:
        if isinstance(part, Field) and part.in_vector and part.value is not None:
            try:
                yield part.name.lower()[:3], float(part.value)
            except ValueError:
                continue
