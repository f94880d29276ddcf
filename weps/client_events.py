"""A client of server-sent events, as far as the command line needs one: it comes back by itself and misses nothing."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

import requests

from weps.client_http import IS_IT_WEPS, require_success, unanswered
from weps.errors import InputError

SECONDS_TO_CONNECT = 10.0
SECONDS_OF_SILENCE = 60.0
"""The service gives a sign of life every 15 seconds; what is silent for longer is dead."""

FIRST_WAIT, LONGEST_WAIT = 1.0, 30.0


@dataclass(frozen=True, slots=True)
class ServerEvent:
    """An event: its id, by which a stream is taken up again behind it, and what it tells."""

    id: str
    data: dict[str, Any]


def events_address(place: str, default: str) -> str:
    """
    Give the address of the events of a feed, a service, or of `/events` itself.

    A place that is no URL is the token of a feed at the service `default`.
    """
    if "://" not in place:
        return f"{default.rstrip('/')}/events?feed={quote(place, safe='')}"
    parts = urlsplit(place)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise InputError(f"{place[:200]!r} is no address of a feed or a service")
    path, query = parts.path, parts.query
    before, feeds, name = path.partition("/feeds/")
    if feeds:
        path, query = f"{before}/events", f"feed={quote(name, safe='')}"
    elif not path.endswith("/events"):
        path = f"{path.removesuffix('/wps').rstrip('/')}/events"
    return urlunsplit((parts.scheme, parts.netloc, path, query, ""))


def follow(address: str, last: str | None, say: Callable[[str], None]) -> Iterator[ServerEvent]:
    """
    Give events as they come, for ever; a connection that breaks is made again, behind the last event.

    `say` is told of that. Raises `InputError` when the service refuses the request, and `WepsError` when it is not
    reached even once.
    """
    wait, reached = FIRST_WAIT, False
    while True:
        try:
            headers = {"Accept": "text/event-stream", **({"Last-Event-ID": last} if last else {})}
            timeout = SECONDS_TO_CONNECT, SECONDS_OF_SILENCE
            with requests.get(address, headers=headers, stream=True, timeout=timeout) as answer:
                _check(answer, address, reached)
                reached, wait = True, FIRST_WAIT
                for identifier, data in read_events(answer.iter_content(chunk_size=None)):
                    last = identifier or last
                    if data:
                        yield ServerEvent(last or "", _read(data, address))
            reason = "the stream ended"
        except (requests.RequestException, ValueError) as error:
            if not reached:
                raise unanswered(error, address) from error
            reason = type(error).__name__
        say(f"{reason}; trying again in {wait:g} s")
        time.sleep(wait)
        wait = min(2 * wait, LONGEST_WAIT)


def read_events(chunks: Iterable[bytes]) -> Iterator[tuple[str, str]]:
    """Read a stream into ids and data, as blocks end (HTML Living Standard, server-sent events)."""
    buffer, identifier = b"", ""
    data: list[str] = []
    for chunk in chunks:
        *lines, buffer = (buffer + chunk).split(b"\n")
        for line in lines:
            name, _, value = line.rstrip(b"\r").decode("utf-8", "replace").partition(":")
            if not name and not value:
                yield identifier, "\n".join(data)
                data = []
            elif name == "id":
                identifier = value.removeprefix(" ")
            elif name == "data":
                data.append(value.removeprefix(" "))


def _check(answer: requests.Response, address: str, reached: bool) -> None:
    if reached and answer.status_code >= 500:
        answer.raise_for_status()  # it may be starting again
    require_success(answer, address)
    if not answer.headers.get("Content-Type", "").startswith("text/event-stream"):
        raise InputError(f"there are no events at this address; {IS_IT_WEPS}", where=address)


def _read(data: str, address: str) -> dict[str, Any]:
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise InputError(f"the events at this address tell of no alerts; {IS_IT_WEPS}", where=address)
    return found
