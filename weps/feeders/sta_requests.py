"""Requests to SensorThings services, and collections that come page by page."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, quote, urlencode

from weps.errors import SourceException, SourceGarbled, SourceTooLarge
from weps.feeders.answers import read_content
from weps.feeders.http import HttpRequest, without_query
from weps.feeders.json_sensorthings import next_page

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from weps.feeders.http import Answer

THING = "Thing($expand=Locations)"
NEWEST = "Observations($orderby=phenomenonTime desc;$top=1;$expand=FeatureOfInterest)"


def get(address: str, options: Mapping[str, str]) -> HttpRequest:
    """Give the request of an address with options."""
    query = urlencode(options, quote_via=quote, safe="$(),:;='/") if options else ""
    return HttpRequest("GET", f"{address}?{query}" if query else address, {"Accept": "application/json"})


def pages(
    send: Callable[[HttpRequest], Answer],
    request: HttpRequest,
    own: Mapping[str, str],
    most: int,
    most_octets: int,
) -> Iterator[tuple[Answer, dict[str, Any]]]:
    """
    Give the pages of a collection one after the other; `own` are the parameters that links may lack.

    Raises a `FeedError`; more than `most` pages or octets are `ResponseExceedsSizeLimit`, but of one page no more is
    asked for.
    """
    asked: set[str] = set()
    octets = 0
    for _ in range(most):
        answer, document = _page(send, request)
        octets += len(answer.body)
        if octets > most_octets:
            raise SourceException("the pages are too many octets", answer.place, code="ResponseExceedsSizeLimit")
        yield answer, document
        following = next_page(document)
        if following is None or most == 1:
            return
        asked.add(request.url)
        url = _following(request.url, following, own)
        if url in asked:
            raise SourceGarbled("the next page is one that was read before", answer.place)
        request = replace(request, url=url)
    raise SourceException(f"more than {most} pages", without_query(request.url), code="ResponseExceedsSizeLimit")


def _page(send: Callable[[HttpRequest], Answer], request: HttpRequest) -> tuple[Answer, dict[str, Any]]:
    try:
        answer = send(request)
    except SourceTooLarge as error:
        raise SourceException(error.message, error.where, code="ResponseExceedsSizeLimit") from error
    document = read_content(answer).json
    if not isinstance(document, dict) or not isinstance(document.get("value"), list):
        raise SourceGarbled("the service answered no collection of SensorThings", answer.place)
    return answer, document


def _following(url: str, link: str, own: Mapping[str, str]) -> str:
    """
    Give the address of the next page: that of this one with the query of the link.

    Services behind a proxy link to names that only they know, and without the keys that they were asked with.
    """
    query = dict(parse_qsl(link.partition("#")[0].partition("?")[2], keep_blank_values=True))
    kept = {name: value for name, value in own.items() if not name.startswith("$")}
    return get(url.partition("?")[0], {**kept, **query}).url
