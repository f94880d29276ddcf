"""
The feeder for the SensorThings API 1.0 and 1.1 (OGC 15-078r6, 18-088): Observations by phenomenon time, page by page.

Each Observation is asked for together with its Datastream, sensor, property, thing and feature, so that it tells its
series, unit and place itself.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from sos_server.time import format_instant, shifted
from weps.errors import InputError, SourceException, SourceGarbled
from weps.feeders.answers import read_content
from weps.feeders.base import Batch, Counted
from weps.feeders.convert import observation_id, require_usable
from weps.feeders.http import HttpRequest
from weps.feeders.json_documents import decode_json
from weps.feeders.secrets import is_secret
from weps.feeders.sources import members_of
from weps.feeders.sta_requests import NEWEST, THING, get, pages

if TYPE_CHECKING:
    from datetime import datetime

    from weps.feeders.http import Fetcher
    from weps.model import Observation, Source

# Services keep fewer digits of a second than they are told, and take borders of intervals as in or as out.
STEP = timedelta(seconds=1)
PAGE = 1000
MOST_PAGES = 1000
MOST_OCTETS = 256 * 1024 * 1024

_STREAM = f"Datastream($expand=Sensor,ObservedProperty,{THING})"
_MULTI_STREAM = f"MultiDatastream($expand=Sensor,ObservedProperties,{THING})"


class SensorThingsFeeder:
    """Asks SensorThings services through a fetcher, so one feeder serves all sources."""

    def __init__(self, fetcher: Fetcher) -> None:
        self._fetcher = fetcher

    def fetch(self, source: Source, begin: datetime, end: datetime) -> Batch:
        """
        Ask for the observations whose phenomenon time lies in [begin, end], all pages of them.

        Raises a `FeedError`; more than is taken at once is `ResponseExceedsSizeLimit`, to be asked for less.
        """
        batch = self._read(source, _request(source, _during(begin, end)))
        inside = tuple(one for one in batch.observations if begin <= one.phenomenon_time and one.end <= end)
        return replace(batch, observations=inside)

    def latest(self, source: Source) -> Batch:
        """Ask for the newest observation of a Datastream, or of every one where all Observations are watched."""
        root, entity = _parts(source)
        if entity:
            options = {**_own(source), "$expand": _expand(entity), "$orderby": "phenomenonTime desc", "$top": "1"}
            return self._read(source, get(source.endpoint, options), most_pages=1)
        if "$filter" in _own(source):
            raise SourceException("the newest of what a filter leaves cannot be asked for", source.endpoint)
        options = {**_own(source), "$expand": f"{NEWEST},Sensor,ObservedProperty,{THING}"}
        return self._read(source, get(f"{root}/Datastreams", options))

    def counts(self, source: Source) -> tuple[Counted, ...] | None:
        """Such a source does not tell how many observations it has."""
        return None

    def series_exists(self, source: Source) -> bool:
        """Ask whether there is such a Datastream. Raises `FeedError` when the service cannot be asked."""
        answer = self._fetcher.send(get(source.endpoint, {**_own(source), "$top": "1"}))
        if answer.status == 404:
            return False
        read_content(answer)
        return True

    def evidence_url(self, source: Source, begin: datetime, end: datetime) -> str | None:
        """Give the address of the Observations of the time span; parameters that look like keys are left out."""
        own = {name: value for name, value in _own(source).items() if not is_secret(name)}
        return get(source.endpoint, {**own, "$filter": _filter(source, _during(begin, end))}).url

    def _read(self, source: Source, request: HttpRequest, most_pages: int = MOST_PAGES) -> Batch:
        found: list[Observation] = []
        nils, octets = 0, 0
        for answer, document in pages(self._fetcher.send, request, _own(source), most_pages, MOST_OCTETS):
            octets += len(answer.body)
            try:
                page = tuple(decode_json(document))
                some = [one._replace(id=observation_id(one)) for one in page if one.value is not None]
                for each in some:
                    require_usable(each)
            except InputError as error:
                place = f" ({error.where})" if error.where else ""
                raise SourceGarbled(f"the answer cannot be read: {error.message}{place}", answer.place) from error
            nils += len(page) - len(some)
            found += some
        return Batch(tuple(found), nils, octets, len(found) + nils)


def _request(source: Source, condition: str) -> HttpRequest:
    _, entity = _parts(source)
    options = {
        "$filter": _filter(source, condition),
        "$expand": _expand(entity),
        "$orderby": "phenomenonTime asc",
        "$top": str(PAGE),
    }
    return get(source.endpoint, {**_own(source), **options})


def _own(source: Source) -> dict[str, str]:
    return dict(members_of(source).get("query", {}))


def _parts(source: Source) -> tuple[str, str]:
    """Give the root of the service, and the Datastream or MultiDatastream below it, empty for all Observations."""
    path = source.endpoint.removesuffix("/Observations")
    root, _, entity = path.rpartition("/")
    return (root, entity) if entity.endswith(")") else (path, "")


def _kind(entity: str) -> tuple[str, str]:
    if entity.lower().startswith("multi"):
        return "MultiDatastream", "ObservedProperties"
    return "Datastream", "ObservedProperty"


def _expand(entity: str) -> str:
    return f"{_MULTI_STREAM if _kind(entity)[0] == 'MultiDatastream' else _STREAM},FeatureOfInterest"


def _during(begin: datetime, end: datetime) -> str:
    first, last = format_instant(shifted(begin, -STEP)), format_instant(shifted(end, STEP))
    return f"phenomenonTime ge {first} and phenomenonTime le {last}"


def _filter(source: Source, condition: str) -> str:
    own = _own(source).get("$filter")
    return f"({own}) and {condition}" if own else condition
