"""The feeder of all sources: hands each to the one for its binding."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from weps.feeders.base import Batch, Counted, Feeder
    from weps.model import Source


class FeederByBinding:
    """Finds feeders in a table by `Source.binding`; what is not there is an SOS."""

    def __init__(self, sos: Feeder, others: Mapping[str, Feeder]) -> None:
        self._sos = sos
        self._others = others

    def fetch(self, source: Source, begin: datetime, end: datetime) -> Batch:
        """Ask for a time span, see `Feeder`."""
        return self._feeder(source).fetch(source, begin, end)

    def latest(self, source: Source) -> Batch:
        """Ask for the newest, see `Feeder`."""
        return self._feeder(source).latest(source)

    def counts(self, source: Source) -> tuple[Counted, ...] | None:
        """Ask how many there are, see `Feeder`."""
        return self._feeder(source).counts(source)

    def series_exists(self, source: Source) -> bool:
        """Ask for the series, see `Feeder`."""
        return self._feeder(source).series_exists(source)

    def evidence_url(self, source: Source, begin: datetime, end: datetime) -> str | None:
        """Give a URL for a time span, see `Feeder`."""
        return self._feeder(source).evidence_url(source, begin, end)

    def _feeder(self, source: Source) -> Feeder:
        return self._others.get(source.binding, self._sos)
