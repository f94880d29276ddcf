"""
The feeder for the SensorThings API 1.0 and 1.1 (OGC 15-078r6, 18-088): Observations by phenomenon time, page by page.

Each Observation is asked for together with its Datastream, sensor, property, thing and feature, so that it tells its
series, unit and place itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from sos_server.time import format_instant
from weps.errors import InputError, SourceException, SourceGarbled, SourceTooLarge
from weps.feeders.answers import read_content
from weps.feeders.base import Batch
from weps.feeders.convert import observation_id
from weps.feeders.http import HttpRequest
from weps.feeders.json_documents import decode_json
from weps.feeders.json_sensorthings import next_page
from weps.feeders.secrets import is_secret
from weps.feeders.sources import members_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from weps.feeders.http import Answer, Fetcher
    from weps.model import Observation, Source

# Services keep fewer digits of a second than they are told, and take borders of intervals as in or as out.
STEP = timedelta(seconds=1)
PAGE = 1000
MOST_PAGES = 1000
MOST_OCTETS = 256 * 1024 * 1024

_THING = "Thing($expand=Locations)"
_STREAM = f"Datastream($expand=Sensor,ObservedProperty,{_THING})"
_MULTI_STREAM = f"MultiDatastream($expand=Sensor,ObservedProperties,{_THING})"
_NEWEST = "Observations($orderby=phenomenonTime desc;$top=1;$expand=FeatureOfInterest)"


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
            return self._read(source, _get(source.endpoint, options), most_pages=1)
        if "$filter" in _own(source):
            raise SourceException("the newest of what a filter leaves cannot be asked for", source.endpoint)
        options = {**_own(source), "$expand": f"{_NEWEST},Sensor,ObservedProperty,{_THING}"}
        return self._read(source, _get(f"{root}/Datastreams", options))

    def series_exists(self, source: Source) -> bool:
        """Ask whether there is such a Datastream. Raises `FeedError` when the service cannot be asked."""
        answer = self._fetcher.send(_get(source.endpoint, {**_own(source), "$top": "1"}))
        if answer.status == 404:
            return False
        read_content(answer)
        return True

    def evidence_url(self, source: Source, begin: datetime, end: datetime) -> str | None:
        """Give the address of the Observations of the time span; parameters that look like keys are left out."""
        own = {name: value for name, value in _own(source).items() if not is_secret(name)}
        return _get(source.endpoint, {**own, "$filter": _filter(source, _during(begin, end))}).url

    def describe(self, source: Source) -> dict[str, Any]:
        """
        Read what is known of a Datastream: its entities as they stand around each of its Observations.

        Raises a `FeedError`. The feature is that of its newest Observation.
        """
        _, entity = _parts(source)
        kind, properties = _kind(entity)
        options = {**_own(source), "$expand": f"{_NEWEST},Sensor,{properties},{_THING}"}
        answer = self._fetcher.send(_get(source.endpoint.removesuffix("/Observations"), options))
        found = read_content(answer).json
        if not isinstance(found, dict) or "Sensor" not in found:
            raise SourceGarbled("the service answered no Datastream with its sensor", answer.place)
        newest: Any = next(iter(found.pop("Observations", [])), {})
        around = {kind: {name: found[name] for name in _KEPT if name in found}}
        if isinstance(newest, dict) and "FeatureOfInterest" in newest:
            around["FeatureOfInterest"] = newest["FeatureOfInterest"]
        return around

    def brokers(self, source: Source) -> tuple[str, ...]:
        """Read the brokers of MQTT that a service names in its settings (18-088 clause 14.2). Raises a `FeedError`."""
        root, _ = _parts(source)
        answer = self._fetcher.send(_get(root, _own(source)))
        settings = (read_content(answer).json or {}).get("serverSettings", {})
        told = [value for name, value in settings.items() if name.endswith("receive-updates-via-mqtt/receive-updates")]
        return tuple(str(one) for members in told if isinstance(members, dict) for one in members.get("endpoints", ()))

    def _read(self, source: Source, request: HttpRequest, most_pages: int = MOST_PAGES) -> Batch:
        found: list[Observation] = []
        nils, octets = 0, 0
        for answer, document in self._pages(request, _own(source), most_pages):
            octets += len(answer.body)
            if octets > MOST_OCTETS:
                raise SourceException("the pages are too many octets", answer.place, code="ResponseExceedsSizeLimit")
            try:
                page = tuple(decode_json(document))
            except InputError as error:
                place = f" ({error.where})" if error.where else ""
                raise SourceGarbled(f"the answer cannot be read: {error.message}{place}", answer.place) from error
            some = [one._replace(id=observation_id(one)) for one in page if one.value is not None]
            nils += len(page) - len(some)
            found += some
        return Batch(tuple(found), nils, octets)

    def _pages(self, request: HttpRequest, own: Mapping[str, str], most: int) -> Iterator[tuple[Answer, Any]]:
        """Give the pages one after the other."""
        asked: set[str] = set()
        for _ in range(most):
            try:
                answer = self._fetcher.send(request)
            except SourceTooLarge as error:
                raise SourceException(error.message, error.where, code="ResponseExceedsSizeLimit") from error
            document = read_content(answer).json
            if not isinstance(document, dict) or not isinstance(document.get("value"), list):
                raise SourceGarbled("the service answered no collection of SensorThings", answer.place)
            yield answer, document
            following = next_page(document)
            if following is None or most == 1:
                return
            asked.add(request.url)
            url = _following(request.url, following, own)
            if url in asked:
                raise SourceGarbled("the next page is one that was read before", answer.place)
            request = replace(request, url=url)
        raise SourceException(f"more than {most} pages", request.url, code="ResponseExceedsSizeLimit")


_KEPT = (
    *("@iot.id", "@iot.selfLink", "name", "unitOfMeasurement", "unitOfMeasurements"),
    *("Sensor", "ObservedProperty", "ObservedProperties", "Thing"),
)


def _request(source: Source, condition: str) -> HttpRequest:
    _, entity = _parts(source)
    options = {
        "$filter": _filter(source, condition),
        "$expand": _expand(entity),
        "$orderby": "phenomenonTime asc",
        "$top": str(PAGE),
    }
    return _get(source.endpoint, {**_own(source), **options})


def _get(address: str, options: Mapping[str, str]) -> HttpRequest:
    query = urlencode(options, quote_via=quote, safe="$(),:;='/") if options else ""
    return HttpRequest("GET", f"{address}?{query}" if query else address, {"Accept": "application/json"})


def _following(url: str, link: str, own: Mapping[str, str]) -> str:
    """
    Give the address of the next page: that of this one with the query of the link.

    Services behind a proxy link to names that only they know, and without the keys that they were asked with.
    """
    query = dict(parse_qsl(urlsplit(link).query, keep_blank_values=True))
    kept = {name: value for name, value in own.items() if not name.startswith("$")}
    return _get(url.partition("?")[0], {**kept, **query}).url


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
    first, last = format_instant(begin - STEP), format_instant(end + STEP)
    return f"phenomenonTime ge {first} and phenomenonTime le {last}"


def _filter(source: Source, condition: str) -> str:
    own = _own(source).get("$filter")
    return f"({own}) and {condition}" if own else condition
