"""The feeder for Sensor Observation Services 2.0 and 1.0.0: GetObservation and GetResult in every binding there is."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from sos_server.codecs import om_documents, xml
from sos_server.errors import SosError
from sos_server.time import shifted
from weps.errors import (
    FeedError,
    InputError,
    SourceException,
    SourceGarbled,
    SourceTooLarge,
    SourceTooSlow,
    SourceUnreachable,
)
from weps.feeders import announced, csv_sos, template
from weps.feeders.answers import Content, read_content
from weps.feeders.base import Batch, Counted
from weps.feeders.convert import convert, observation_id, require_usable
from weps.feeders.forms import KVP, read_asked
from weps.feeders.http import without_query
from weps.feeders.json_documents import decode_json
from weps.feeders.json_sensorthings import next_page
from weps.feeders.kvp import RESULT_TIME
from weps.feeders.results import ResultReader

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from lxml import etree

    from weps.feeders.http import Answer, HttpRequest
    from weps.feeders.own_sos import Sender
    from weps.model import Observation, Source

# Servers disagree whether During includes its borders, and some know only whole seconds. So a span is asked with a
# second more on both sides, in whole seconds, and what lies outside is dropped here.
STEP = timedelta(seconds=1)

_MERGE = "mergeobservationsintodataarray"
_ARRAYS = ("DataArray", "SimpleDataArray", "DataStream", "MeasurementTimeseries", "CategoricalTimeseries")
_SERIES_LOCATORS = frozenset({"offering", "procedure", "observedproperty", "featureofinterest"})


class SosFeeder:
    """
    Asks SOS servers through a fetcher, so one feeder serves all sources.

    It remembers of endpoints only what they had to be asked twice for: whether they refuse declared prefixes, what
    their results mean, and that they do not count what they have.
    """

    def __init__(self, fetcher: Sender) -> None:
        self._fetcher = fetcher
        self._results = ResultReader(fetcher.send)
        self._undeclared: set[str] = set()
        self._uncounted: set[str] = set()

    def fetch(self, source: Source, begin: datetime, end: datetime) -> Batch:
        """
        Ask for the observations whose phenomenon time lies in [begin, end], periods with both of their ends.

        Where the template filters the result time, that is what lies in [begin, end]. Raises a `FeedError` for anything
        that is not a complete, readable answer. An answer that is larger than we take is reported as the server's own
        `ResponseExceedsSizeLimit`: it too is to be asked for less.
        """
        first, last = _whole_second(shifted(begin, -STEP)), _whole_second(shifted(end, 2 * STEP - timedelta.resolution))
        batch = self._ask(
            source,
            lambda declared: template.build_request(source, first, last, declared=declared),
        )
        by_result = read_asked(source).time_reference == RESULT_TIME
        lies_in = _was_known_in if by_result else _lies_in
        return replace(batch, observations=tuple(one for one in batch.observations if lies_in(one, begin, end)))

    def latest(self, source: Source) -> Batch:
        """
        Ask for the newest observation of every series, an extension of 52°North that other servers have too.

        A server without it may answer anything; whatever is no observations is reported as `SourceException`, and so is
        SOS 1.0.0, which has no such filter.
        """
        try:
            return self._ask(source, lambda declared: _latest_request(source, declared))
        except SourceGarbled as error:
            message = f"the server does not know the time filter latest: {error.message}"
            raise SourceException(message, error.where, code="OptionNotSupported") from error

    def counts(self, source: Source) -> tuple[Counted, ...] | None:
        """
        Ask by GetDataAvailability how many observations each series has; None where the service does not tell.

        One that does not is remembered, and not asked again; that it does not know a series tells nothing of others.
        """
        request = template.build_availability_request(source, counted=True)
        if request is None or source.endpoint in self._uncounted:
            return None
        try:
            content = read_content(self._fetcher.send(request))
            counted = announced.read_counts(content) if announced.is_availability(content) else None
        except FeedError as error:
            is_unreachable = isinstance(error, SourceUnreachable) and not isinstance(error, SourceTooSlow)
            if is_unreachable or (isinstance(error, SourceException) and is_unknown_series(error)):
                return None
            counted = None
        if counted is None:
            self._uncounted.add(source.endpoint)
        return counted

    def series_exists(self, source: Source) -> bool:
        """
        Ask whether the service has, or announces, a series as the template asks for.

        First by GetDataAvailability, where it is not offered by the newest observation; a sensor that has not
        observed yet is found in the capabilities. Raises `FeedError` when the service cannot be asked.
        """
        try:
            return self._has_observations(source) or self._is_announced(source)
        except SourceException as error:
            if is_unknown_series(error):
                return False
            raise

    def evidence_url(self, source: Source, begin: datetime, end: datetime) -> str | None:
        """Give a URL that fetches the observations of the time span with a plain GET, where that is possible."""
        declared = source.endpoint not in self._undeclared
        return template.evidence_url(source, shifted(begin, -STEP), shifted(end, STEP), declared=declared)

    def _ask(self, source: Source, build: Callable[[bool], HttpRequest]) -> Batch:
        """Ask; where the server stumbles over the declaration of prefixes, once more the other way."""
        declared = source.endpoint not in self._undeclared
        try:
            return self._ask_once(source, build(declared))
        except SourceException as error:
            if source.binding != KVP or not _is_about_prefixes(error):
                raise
        batch = self._ask_once(source, build(not declared))
        (self._undeclared.add if declared else self._undeclared.discard)(source.endpoint)
        return batch

    def _ask_once(self, source: Source, request: HttpRequest) -> Batch:
        try:
            answer = self._fetcher.send(request)
        except SourceTooLarge as error:
            raise SourceException(error.message, error.where, code="ResponseExceedsSizeLimit") from error
        content = read_content(answer)
        elsewhere: list[str] = []
        try:
            found, nils = self._decode(source, content, answer, elsewhere.append)
        except (SosError, InputError) as error:
            place = f" ({error.where})" if isinstance(error, InputError) and error.where else ""
            message = f"the server's answer cannot be read: {error.message}{place}"
            raise SourceGarbled(message, where=answer.place) from error
        except RecursionError as error:
            message = "the server's answer cannot be read: it is nested too deeply"
            raise SourceGarbled(message, where=answer.place) from error
        return Batch(found, nils, len(answer.body), len(found) + nils, len(elsewhere))

    def _decode(
        self, source: Source, content: Content, answer: Answer, elsewhere: Callable[[str], object]
    ) -> tuple[tuple[Observation, ...], int]:
        if content.lines is not None:
            return _with_ids(source, csv_sos.read_csv_answer(content.lines))
        root = content.root
        if root is None:
            if next_page(content.json) is not None:
                message = "the server answered one page of several"
                raise SourceException(message, answer.place, code="ResponseExceedsSizeLimit")
            return _with_ids(source, decode_json(content.json))
        if xml.local_name(root) == "GetResultResponse":
            return convert(self._results.read(source, root))
        _require_observations(root, answer.place)
        return convert(om_documents.decode_observations(root, elsewhere), merged=_is_merged(source, root))

    def _has_observations(self, source: Source) -> bool:
        available = self._try(template.build_availability_request(source))
        if available is not None and announced.is_availability(available):
            return announced.has_data(available)
        newest = self._try(template.build_latest_request(source))
        return newest is not None and announced.has_observation(newest)

    def _try(self, request: HttpRequest | None) -> Content | None:
        """Ask what a service may not offer: None when it answers anything but a document or "no such series"."""
        if request is None:
            return None
        answer = self._fetcher.send(request)
        try:
            return read_content(answer)
        except SourceException as error:
            if is_unknown_series(error):
                raise
            return None
        except FeedError:
            return None

    def _is_announced(self, source: Source) -> bool:
        answer = self._fetcher.send(template.build_capabilities_request(source))
        root = read_content(answer).root
        if root is None or xml.local_name(root) != "Capabilities":
            what = "no XML" if root is None else root.tag
            raise SourceGarbled(f"the server answered {what} to GetCapabilities", where=answer.place)
        return announced.is_announced(root, template.read_selection(source))


def _whole_second(instant: datetime) -> datetime:
    return instant.replace(microsecond=0)


def _latest_request(source: Source, declared: bool) -> HttpRequest:
    request = template.build_latest_request(source, declared=declared)
    if request is None:
        place = without_query(source.endpoint)
        raise SourceException("SOS 1.0.0 has no time filter latest", place, code="OptionNotSupported")
    return request


def _require_observations(root: etree._Element, place: str) -> None:
    """Refuse a document that holds no observations: read as "no observations" it would be a loss nobody sees."""
    if not om_documents.holds_observations(root):
        raise SourceGarbled(f"the server answered {root.tag}, not a GetObservationResponse", where=place)
    for member in root.iterchildren("{*}observationData", "{*}observation", "{*}member"):
        is_nil = member.get("nilReason") or ":nil:" in (xml.href(member) or "")
        if not is_nil and next(member.iter(*om_documents.OBSERVATIONS), None) is None:
            raise SourceGarbled(f"the answer has something else than observations at {xml.where(member)}", where=place)


def _with_ids(source: Source, found: Iterable[Observation]) -> tuple[tuple[Observation, ...], int]:
    """Give the observations that have a result, each with its id, and how many had none."""
    everything = tuple(found)
    merged = _MERGE in source.template.lower()
    kept = (one._replace(id=observation_id(one, merged=merged)) for one in everything if one.value is not None)
    observations = tuple(kept)
    for each in observations:
        require_usable(each)
    return observations, len(everything) - len(observations)


def _is_merged(source: Source, root: etree._Element) -> bool:
    """Tell whether a server puts many observations into one; asked to, it may still leave a single one as it is."""
    if _MERGE in source.template.lower():
        return True
    return next(root.iter(*(f"{{*}}{name}" for name in _ARRAYS)), None) is not None


def _lies_in(observation: Observation, begin: datetime, end: datetime) -> bool:
    return begin <= observation.phenomenon_time and observation.end <= end


def _was_known_in(observation: Observation, begin: datetime, end: datetime) -> bool:
    """Tell whether the result became known in the span; where that is not told, the server is believed."""
    return observation.result_time is None or begin <= observation.result_time <= end


def is_unknown_series(error: SourceException) -> bool:
    """Tell whether a service refused a name of the series that it was asked for, which it does not know."""
    return error.code == "InvalidParameterValue" and (error.locator or "").lower() in _SERIES_LOCATORS


def _is_about_prefixes(error: SourceException) -> bool:
    return (error.locator or "").lower() == "namespaces" or "namespace" in error.message.lower()
