"""Which series requests found before: looked up once, until a series comes, goes or is told of differently."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from sqlalchemy import func, select

from sos_server.storage.tables import SERIES, SERVICE

if TYPE_CHECKING:
    from sos_server.model import SeriesInfo
    from sos_server.requests import GetObservation
    from sos_server.storage.cursor import Reader

_Names: TypeAlias = "tuple[tuple[str, ...], ...]"
_Version: TypeAlias = "tuple[int, int | None]"

_MOST_REQUESTS = 1000
_MOST_SERIES = 100  # of one request; where there are more, finding them is not what takes the time

# a new series has a higher number; whatever else changes what is told of series moves the generation on
_VERSION = str(select(SERVICE.c.generation, select(func.max(SERIES.c.id)).scalar_subquery()))


class Selections:
    """What requests without spatial filter found, whose names are known to exist; safe to use from many threads."""

    def __init__(self) -> None:
        self._found: dict[_Names, tuple[_Version, tuple[SeriesInfo, ...]]] = {}

    def may_have(self, request: GetObservation) -> bool:
        """Whether it is worth a look into the database whether what is remembered still holds."""
        return request.spatial_filter is None and _names(request) in self._found

    def find(self, reader: Reader, request: GetObservation) -> tuple[SeriesInfo, ...] | None:
        """Give the series that a request finds, None where they are not remembered."""
        version, series = self._found.get(_names(request), (None, ()))
        return series if version == _version(reader) else None

    def remember(self, reader: Reader, request: GetObservation, series: tuple[SeriesInfo, ...]) -> None:
        """Remember what a request finds in the moment that the reader sees."""
        if request.spatial_filter is not None or len(series) > _MOST_SERIES:
            return
        if len(self._found) >= _MOST_REQUESTS:
            self._found.clear()
        self._found[_names(request)] = _version(reader), series


def _names(request: GetObservation) -> _Names:
    return request.offerings, request.procedures, request.observed_properties, request.features_of_interest


def _version(reader: Reader) -> _Version:
    generation, highest = reader.driver.execute(_VERSION).fetchone()
    return generation, highest
