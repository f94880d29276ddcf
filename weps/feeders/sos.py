"""The feeder for Sensor Observation Services, version 2.0 with O&M 2.0, by KVP and POX."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from sos_server.codecs import om20, xml
from sos_server.errors import SosError
from weps.errors import FeedError, SourceException, SourceGarbled, SourceTooLarge
from weps.feeders import template
from weps.feeders.answers import read_document
from weps.feeders.base import Batch
from weps.feeders.convert import convert

if TYPE_CHECKING:
    from datetime import datetime

    from lxml import etree

    from weps.feeders.http import Fetcher, HttpRequest
    from weps.model import Observation, Source

# Servers disagree whether During includes its borders, and some know only whole seconds. So a span is asked with a
# second more on both sides, and what lies outside is dropped here.
STEP = timedelta(seconds=1)

_OBSERVATION = xml.tag("om:OM_Observation")
_ANSWERS = frozenset({xml.tag("sos:GetObservationResponse"), xml.tag("sos:GetObservationByIdResponse"), _OBSERVATION})
_MERGE = "mergeobservationsintodataarray"
_SERIES_LOCATORS = frozenset({"offering", "procedure", "observedproperty", "featureofinterest"})


class SosFeeder:
    """Asks SOS servers through a fetcher; holds nothing else, so one feeder serves all sources."""

    def __init__(self, fetcher: Fetcher) -> None:
        self._fetcher = fetcher

    def fetch(self, source: Source, begin: datetime, end: datetime) -> Batch:
        """
        Ask for the observations whose phenomenon time lies in [begin, end], periods with both of their ends.

        Raises a `FeedError` for anything that is not a complete, readable answer. An answer that is larger than we
        take is reported as the server's own `ResponseExceedsSizeLimit`: it too is to be asked for less.
        """
        batch = self._ask(source, template.build_request(source, begin - STEP, end + STEP))
        return replace(batch, observations=tuple(one for one in batch.observations if _lies_in(one, begin, end)))

    def latest(self, source: Source) -> Batch:
        """
        Ask for the newest observation of every series, an extension of 52°North that other servers have too.

        A server without it may answer anything; whatever is no observations is reported as `SourceException`.
        """
        try:
            return self._ask(source, template.build_latest_request(source))
        except SourceGarbled as error:
            message = f"the server does not know the time filter latest: {error.message}"
            raise SourceException(message, error.where, code="OptionNotSupported") from error

    def series_exists(self, source: Source) -> bool:
        """
        Ask whether the service has, or announces, a series as the template asks for.

        First by GetDataAvailability, where it is not offered by the newest observation; a sensor that has not
        observed yet is found in the capabilities. Raises `FeedError` when the service cannot be asked.
        """
        try:
            return self._has_observations(source) or self._is_announced(source)
        except SourceException as error:
            if _is_unknown_series(error):
                return False
            raise

    def evidence_url(self, source: Source, begin: datetime, end: datetime) -> str | None:
        """Give a URL that fetches the observations of the time span with a plain GET, where that is possible."""
        return template.evidence_url(source, begin - STEP, end + STEP)

    def _ask(self, source: Source, request: HttpRequest) -> Batch:
        try:
            answer = self._fetcher.send(request)
        except SourceTooLarge as error:
            raise SourceException(error.message, error.where, code="ResponseExceedsSizeLimit") from error
        root = read_document(answer)
        _require_observations(root, answer.place)
        try:
            found, nils = convert(om20.decode_observations(root), merged=_is_merged(source, root))
        except SosError as error:
            raise SourceGarbled(f"the server's answer cannot be read: {error.message}", where=answer.place) from error
        return Batch(found, nils, len(answer.body))

    def _has_observations(self, source: Source) -> bool:
        available = self._try(template.build_availability_request(source))
        if available is not None and xml.local_name(available) == "GetDataAvailabilityResponse":
            return next(available.iter("{*}dataAvailabilityMember"), None) is not None
        newest = self._try(template.build_latest_request(source))
        return newest is not None and next(newest.iter(_OBSERVATION), None) is not None

    def _try(self, request: HttpRequest) -> etree._Element | None:
        """Ask what a service may not offer: None when it answers anything but a document or "no such series"."""
        answer = self._fetcher.send(request)
        try:
            return read_document(answer)
        except SourceException as error:
            if _is_unknown_series(error):
                raise
            return None
        except FeedError:
            return None

    def _is_announced(self, source: Source) -> bool:
        answer = self._fetcher.send(template.build_capabilities_request(source))
        root = read_document(answer)
        if xml.local_name(root) != "Capabilities":
            raise SourceGarbled(f"the server answered {root.tag} to GetCapabilities", where=answer.place)
        wanted = template.read_selection(source)
        return any(
            _names(offering, "identifier", wanted.get("offering"))
            and _names(offering, "procedure", wanted.get("procedure"))
            and _names(offering, "observableProperty", wanted.get("observedProperty"))
            for offering in root.iter("{*}ObservationOffering")
        )


def _require_observations(root: etree._Element, place: str) -> None:
    """Refuse a document that holds no O&M 2.0: read as "no observations" it would be a loss nobody sees."""
    if root.tag not in _ANSWERS:
        raise SourceGarbled(f"the server answered {root.tag}, not a GetObservationResponse of SOS 2.0", where=place)
    for member in root.iterchildren("{*}observationData", "{*}observation"):
        if next(member.iter(_OBSERVATION), None) is None:
            raise SourceGarbled(f"the answer has something else than O&M 2.0 at {xml.where(member)}", where=place)


def _is_merged(source: Source, root: etree._Element) -> bool:
    """Tell whether a server puts many observations into one; asked to, it may still leave a single one as it is."""
    return _MERGE in source.template.lower() or next(root.iter(xml.tag("swe:DataArray")), None) is not None


def _lies_in(observation: Observation, begin: datetime, end: datetime) -> bool:
    return begin <= observation.phenomenon_time and observation.end <= end


def _is_unknown_series(error: SourceException) -> bool:
    return error.code == "InvalidParameterValue" and (error.locator or "").lower() in _SERIES_LOCATORS


def _names(offering: etree._Element, name: str, wanted: tuple[str, ...] | None) -> bool:
    """Tell whether an offering names one of the wanted; its properties may stand once for all offerings, above it."""
    if wanted is None:
        return True
    holders = [offering, *offering.iterancestors("{*}Contents")]
    return any(xml.text_of(element) in wanted for holder in holders for element in holder.iterchildren(f"{{*}}{name}"))
