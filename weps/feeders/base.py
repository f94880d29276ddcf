"""What every feeder is to the engine: something that can be asked for the observations of a time span."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from datetime import datetime

    from weps.model import Observation, Source


@dataclass(frozen=True, slots=True)
class Batch:
    """
    What one request brought: observations with a result, in the order of the answer.

    `nils` counts results that were nil and so are no observations; `octets` is the size of the answer. `given` is how
    many results the answer had before those of other times were left out. `elsewhere` counts results that stand outside
    of the answer, behind a reference, and were not read.
    """

    observations: tuple[Observation, ...]
    nils: int = 0
    octets: int = 0
    given: int | None = None
    elsewhere: int = 0

    @property
    def total(self) -> int:
        """How many results the answer had."""
        return len(self.observations) + self.nils if self.given is None else self.given


class Counted(NamedTuple):
    """How many observations a source says that a series has, and when the first and the last were (None: not told)."""

    number: int
    begin: datetime | None = None
    end: datetime | None = None


class Feeder(Protocol):
    """Reads sources of one kind. Holds no position: the engine says what it wants."""

    def fetch(self, source: Source, begin: datetime, end: datetime) -> Batch:
        """
        Ask for the observations whose phenomenon time lies in [begin, end], both borders included.

        Where the source's template filters the result time, that is the time that is meant.
        Raises a `FeedError` for anything that is not a complete, readable answer.
        """
        ...

    def latest(self, source: Source) -> Batch:
        """
        Ask for the newest observation of every series of a source.

        Raises `SourceException` when the source does not know how to, else a `FeedError` as `fetch` does.
        """
        ...

    def counts(self, source: Source) -> tuple[Counted, ...] | None:
        """Ask how many observations a source has, a member for each series; None where it does not tell."""
        ...

    def series_exists(self, source: Source) -> bool:
        """Ask whether the source knows the series of its template. Raises `FeedError` as `fetch` does."""
        ...

    def evidence_url(self, source: Source, begin: datetime, end: datetime) -> str | None:
        """Give a URL that fetches the observations of the time span with a plain GET, where that is possible."""
        ...
