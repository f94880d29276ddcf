"""Asking other people's servers over HTTP: guarded addresses, limits on time and size, redirects followed by hand."""

from __future__ import annotations

import http.client
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from urllib.parse import urljoin, urlsplit

import requests
import urllib3.exceptions

from weps.errors import FeedError, SourceGarbled, SourceRefused, SourceTooLarge, SourceTooSlow, SourceUnreachable
from weps.feeders.connection import Deadline, Exchange, guarded_session
from weps.feeders.guard import Guard
from weps.feeders.kept_answers import KeptAnswers
from weps.feeders.limits import HostLimits, read_retry_after

MEGABYTE = 1024 * 1024
USER_AGENT = "WEPS (Web Event Processing Service)"

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_REDIRECT_LIMIT = 5
_CHUNK = 64 * 1024
_CHAIN_LIMIT = 10
_MOST_DIGITS = 18
_FRAMING = frozenset({"connection", "content-length", "host", "te", "trailer", "transfer-encoding", "upgrade"})
_UNSENDABLE = (
    UnicodeError,
    requests.exceptions.InvalidURL,
    requests.exceptions.InvalidHeader,
    urllib3.exceptions.LocationValueError,
)
_LEAVE_ALONE = frozenset({429, 503})
KEPT_OCTETS = 16 * MEGABYTE
"""So much of the answers that have a version is kept, in case that they are asked for again."""
_CREDENTIALS = ("Authorization", "X-API-Key", "Cookie")


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """A request to make; the URL is complete and encoded."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """
    What came back, whole and decompressed, whatever its status is.

    `url` is where it came from after all redirects; `retry_after` the server's wish in seconds, if it stated one;
    `link` the links in its headers, as they were written.
    """

    status: int
    content_type: str
    body: bytes
    url: str
    retry_after: float | None = None
    link: str = ""

    @property
    def successful(self) -> bool:
        """Whether the status says that the request was carried out."""
        return 200 <= self.status < 300

    @property
    def place(self) -> str:
        """Where it came from, as it may be shown to people."""
        return without_query(self.url)


class Fetcher:
    """
    Makes requests; may be used by many threads at once.

    `timeout` is how many seconds one connect and each read may take, `deadline` how many the whole exchange with all
    redirects (a name server that is asked meanwhile has the limits of the machine's resolver), `limit` how many octets
    an answer may have after decompression. `limits` is how much each host is asked (None: no matter).
    """

    def __init__(
        self,
        allowed_hosts: frozenset[str] = frozenset(),
        timeout: float = 30.0,
        limit: int = 64 * MEGABYTE,
        deadline: float = 120.0,
        limits: HostLimits | None = None,
    ) -> None:
        self._guard = Guard(allowed_hosts)
        self._timeout = timeout
        self._limit = limit
        self._deadline = deadline
        self._limits = limits
        self._kept = KeptAnswers(KEPT_OCTETS)
        self._exchange = Exchange()
        self._session = guarded_session(self._guard, self._exchange, {"User-Agent": USER_AGENT})

    def send(self, request: HttpRequest, deadline: float | None = None) -> Answer:
        """
        Make a request, follow redirects and read the whole answer, where it is said within so many seconds.

        Gives the answer whatever its status is. Raises `SourceRefused` for an address that is not allowed,
        `SourceUnreachable` when no complete answer came in time, `SourceTooLarge`, and `SourceGarbled` when the
        answer's compression is damaged. What the server says is as before is given as it was.
        """
        if self._limits is None:
            return self._send(request, deadline)
        host = urlsplit(request.url).netloc.rpartition("@")[2].lower()
        with self._limits.turn(host):
            answer = self._send(request, deadline)
        if answer.retry_after is not None and answer.status in _LEAVE_ALONE:
            self._limits.pause(host, answer.retry_after)
        return answer

    def _send(self, request: HttpRequest, deadline: float | None) -> Answer:
        with Deadline(min(self._deadline, deadline or self._deadline)) as end:
            self._exchange.deadline = end
            try:
                answer = self._follow(request)
            except (requests.RequestException, urllib3.exceptions.HTTPError, OSError, UnicodeError) as error:
                raise self._explained(error, request.url, end) from error
            except FeedError as error:
                if end.expired:
                    raise self._too_late(request.url, end) from error
                raise
            finally:
                self._exchange.deadline = None
        if end.expired:
            # Our own hanging up looks like the end of an answer whose length was not stated.
            raise self._too_late(request.url, end)
        return answer

    def get(self, url: str) -> Answer:
        """Get a document; raises as `send` does, and for a status that says that there is no document."""
        answer = self.send(HttpRequest("GET", url))
        require_success(answer)
        return answer

    def check(self, url: str) -> None:
        """Refuse a URL of HTTP or MQTT that can never be asked, without asking it; raises `SourceRefused`."""
        is_broker = url.lower().startswith(("mqtt:", "mqtts:"))
        self._guard.check_written(self._guard.check_broker(url) if is_broker else self._guard.check_url(url))

    def close(self) -> None:
        """Close the connections that are kept open."""
        self._session.close()

    def _follow(self, request: HttpRequest) -> Answer:
        if not _FRAMING.isdisjoint(name.strip().lower() for name in request.headers):
            raise SourceRefused("headers that frame a message are not for callers to set", without_query(request.url))
        for _ in range(_REDIRECT_LIMIT + 1):
            self._guard.check_url(request.url)
            kept = self._kept.find(request.url, request.headers) if request.method == "GET" else None
            with self._session.request(
                request.method,
                request.url,
                headers={**(kept.conditions if kept else {}), **request.headers},
                data=request.body,
                timeout=self._timeout,
                allow_redirects=False,
                stream=True,
            ) as response:
                location = response.headers.get("Location")
                if kept is not None and response.status_code == HTTPStatus.NOT_MODIFIED:
                    return Answer(HTTPStatus.OK, kept.content_type, kept.body, response.url, link=kept.link)
                if response.status_code not in _REDIRECTS or not location:
                    return self._keep(request, response, self._read(response))
            request = _redirected(request, response.status_code, location)
        raise SourceUnreachable(f"more than {_REDIRECT_LIMIT} redirects", where=without_query(request.url))

    def _keep(self, request: HttpRequest, response: requests.Response, answer: Answer) -> Answer:
        if request.method == "GET" and answer.status == HTTPStatus.OK:
            self._kept.keep(request.url, request.headers, response.headers, answer.content_type, answer.body)
        return answer

    def _read(self, response: requests.Response) -> Answer:
        body = bytearray()
        stated = response.headers.get("Content-Length", "")
        if stated.isdecimal() and (len(stated) > _MOST_DIGITS or int(stated) > self._limit):
            raise self._too_large(response.url)
        # Piece by piece as it comes, so that the limit holds before the rest is received and decompressed.
        while piece := response.raw.read1(_CHUNK, decode_content=True):
            body += piece
            if len(body) > self._limit:
                raise self._too_large(response.url)
        return Answer(
            status=response.status_code,
            content_type=response.headers.get("Content-Type", ""),
            body=bytes(body),
            url=response.url,
            retry_after=read_retry_after(response.headers.get("Retry-After")),
            link=response.headers.get("Link", ""),
        )

    def _too_large(self, url: str) -> SourceTooLarge:
        return SourceTooLarge(
            f"the answer is larger than {self._limit} octets; ask for less at a time", where=without_query(url)
        )

    def _too_late(self, url: str, deadline: Deadline) -> SourceTooSlow:
        return SourceTooSlow(f"no complete answer within {deadline.seconds:g} s", where=without_query(url))

    def _explained(self, error: Exception, url: str, deadline: Deadline) -> FeedError:
        place = without_query(url)
        if deadline.expired:
            return self._too_late(url, deadline)
        if isinstance(error, requests.Timeout | urllib3.exceptions.TimeoutError | TimeoutError):
            kind = SourceUnreachable if isinstance(error, requests.ConnectTimeout) else SourceTooSlow
            return kind(f"no answer for {self._timeout:g} s", where=place)
        if isinstance(error, requests.exceptions.SSLError | urllib3.exceptions.SSLError):
            return SourceUnreachable(f"no secure connection: {_innermost_text(error)}", where=place)
        if isinstance(error, _UNSENDABLE):
            return SourceRefused("the address or a header has characters that cannot be sent", where=place)
        if isinstance(error, urllib3.exceptions.DecodeError):
            return SourceGarbled("the answer's compression is damaged", where=place)
        return SourceUnreachable(f"the connection broke off: {_innermost_text(error)}", where=place)


def require_success(answer: Answer) -> None:
    """
    Raise for an answer that was not successful.

    A server that is overloaded or failed (408, 429, 5xx) is `SourceUnreachable` and may be asked again, with its own
    wish in `retry_after`; any other status is `SourceGarbled`: asking the same again will not help.
    """
    if answer.successful:
        return
    phrase = http.client.responses.get(answer.status, "an unknown status")
    if answer.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        raise SourceTooLarge(f"the server answered {answer.status} ({phrase})", where=answer.place)
    if answer.status in (408, 429) or answer.status >= 500:
        message = f"the server answered {answer.status} ({phrase})"
        kind = SourceTooSlow if answer.status in (408, 504) else SourceUnreachable
        raise kind(message, where=answer.place, retry_after=answer.retry_after)
    raise SourceGarbled(f"the server answered {answer.status} ({phrase}); check the address", where=answer.place)


def without_query(url: str) -> str:
    """Give a URL as it may be shown to people and logged: keys and tokens stand in the query."""
    return url.partition("?")[0]


def _redirected(request: HttpRequest, status: int, location: str) -> HttpRequest:
    """
    Give the request to make after a redirect.

    Unlike browsers a POST stays a POST after 301 and 302: a GetObservation that lost its body would ask for nothing.
    """
    try:
        url = urljoin(request.url, location)
    except ValueError as error:
        raise SourceGarbled("the server redirects to what is no address", without_query(request.url)) from error
    headers = dict(request.headers)
    if _origin(url) != _origin(request.url):
        headers = {name: value for name, value in headers.items() if name.title() not in map(str.title, _CREDENTIALS)}
    if status == HTTPStatus.SEE_OTHER:
        headers = {name: value for name, value in headers.items() if name.lower() != "content-type"}
        return HttpRequest("GET", url, headers)
    return HttpRequest(request.method, url, headers, request.body)


def _origin(url: str) -> str:
    return "/".join(url.split("/", 3)[:3]).lower()


def _innermost_text(error: BaseException) -> str:
    """Give the text at the bottom of a chain of wrapped errors: the outer ones show memory addresses and pools."""
    for _ in range(_CHAIN_LIMIT):
        reason = getattr(error, "reason", None)
        inner = reason if isinstance(reason, BaseException) else error.__cause__ or error.__context__
        if inner is None:
            break
        error = inner
    return getattr(error, "strerror", None) or str(error.args[-1] if error.args else type(error).__name__)
