"""
The feeder for documents in CSV or JSON at an address, which is asked again and again.

Where the address has `{begin}` and `{end}`, the time span is put in; else it is the same document, of which only what
lies in the span is taken.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import quote

from sos_server.time import format_instant
from weps.errors import InputError, SourceException, SourceGarbled, SourceTooLarge
from weps.feeders.base import Batch, Counted
from weps.feeders.http import HttpRequest, require_success
from weps.feeders.messages import read_message
from weps.feeders.sources import CSV, members_of

if TYPE_CHECKING:
    from datetime import datetime

    from weps.feeders.http import Fetcher
    from weps.model import Observation, Series, Source

_ACCEPT = {CSV: "text/csv, text/plain;q=0.9, */*;q=0.5"}
_ACCEPT_JSON = "application/json, */*;q=0.5"


class DocumentFeeder:
    """Gets documents through a fetcher, so one feeder serves all sources."""

    def __init__(self, fetcher: Fetcher) -> None:
        self._fetcher = fetcher

    def fetch(self, source: Source, begin: datetime, end: datetime) -> Batch:
        """Get the document and take the observations in [begin, end]. Raises a `FeedError`."""
        batch = self._get(source, _address(source, begin, end))
        inside = tuple(one for one in batch.observations if begin <= one.phenomenon_time and one.end <= end)
        return replace(batch, observations=inside)

    def latest(self, source: Source) -> Batch:
        """Give the newest observation of every series, where the document is the same for every time span."""
        if _is_by_time(source):
            raise SourceException("the address asks for a time span", source.endpoint, code="OptionNotSupported")
        batch = self._get(source, _address(source))
        newest: dict[Series, Observation] = {}
        for one in batch.observations:
            if one.series not in newest or newest[one.series].end <= one.end:
                newest[one.series] = one
        return replace(batch, observations=tuple(newest.values()))

    def counts(self, source: Source) -> tuple[Counted, ...] | None:
        """Such a source does not tell how many observations it has."""
        return None

    def series_exists(self, source: Source) -> bool:
        """Tell that the series exists: a document announces none that it does not hold yet."""
        return True

    def evidence_url(self, source: Source, begin: datetime, end: datetime) -> str | None:
        """Give the address without its query, where keys may stand; None where it then tells nothing."""
        if members_of(source).get("query"):
            return None
        return _address(source, begin, end)

    def _get(self, source: Source, url: str) -> Batch:
        request = HttpRequest("GET", url, {"Accept": _ACCEPT.get(source.binding, _ACCEPT_JSON)})
        try:
            answer = self._fetcher.send(request)
        except SourceTooLarge as error:
            if _is_by_time(source):
                raise SourceException(error.message, error.where, code="ResponseExceedsSizeLimit") from error
            raise
        require_success(answer)
        if not answer.body.strip():
            return Batch(())
        try:
            return read_message(source, answer.body)
        except InputError as error:
            place = f" ({error.where})" if error.where else ""
            raise SourceGarbled(f"the document cannot be read: {error.message}{place}", answer.place) from error


def _is_by_time(source: Source) -> bool:
    return "{begin}" in _template(source) or "{end}" in _template(source)


def _template(source: Source) -> str:
    query = members_of(source).get("query")
    return f"{source.endpoint}?{query}" if query else source.endpoint


def _address(source: Source, begin: datetime | None = None, end: datetime | None = None) -> str:
    url = _template(source)
    for name, instant in (("{begin}", begin), ("{end}", end)):
        if instant is not None:
            url = url.replace(name, quote(format_instant(instant), safe=":"))
    return url
