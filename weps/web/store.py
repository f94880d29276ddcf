"""
Posting to the data store for notifications: InsertRSS, for whoever has a token.

    201  stored            400  no RSS document with items that can be kept    413  too large
    200  known already     401  no token, or a wrong one    403  nobody may    409  another item under its guid
    429  too often; Retry-After says when again
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import time
from collections import OrderedDict
from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.responses import PlainTextResponse, Response

from weps.errors import InputError
from weps.notify.posted import DOCUMENT_LIMIT, read_items
from weps.processes.bodies import read_body
from weps.web.bodies import refused_body
from weps.web.documents import EVERYWHERE, now, refused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from starlette.requests import Request

    from weps.store import Store

LOG = logging.getLogger(__name__)

HASHED = "sha256:"
POSTS_PER_MINUTE = 600
POSTERS_KEPT = 10_000


@dataclass(frozen=True, slots=True)
class Publishers:
    """Who may post: whoever has one of the tokens, of which only hashes are kept; everybody where it is open."""

    hashes: tuple[str, ...] = ()
    is_open: bool = True

    def refusal(self, request: Request) -> Response | None:
        """Give the answer to who may not post, None to who may."""
        if not self.hashes:
            text = "Nobody may post here; the operator can set publish_tokens."
            return None if self.is_open else refused(403, text)
        given = _token(request)
        if given is None:
            text = "Posting needs a token: Authorization: Bearer, X-API-Key, or api-key= behind the address."
            return refused(401, text, {"WWW-Authenticate": "Bearer"})
        digest = hashlib.sha256(given.encode()).hexdigest()
        if not any(hmac.compare_digest(digest, known) for known in self.hashes):
            return refused(401, "The token is not known.", {"WWW-Authenticate": 'Bearer error="invalid_token"'})
        return None


def publishers(tokens: Iterable[str], *, is_open: bool) -> Publishers:
    """Give who may post; a token stands in the settings as it is, or hashed as `sha256:` and its SHA-256 in hex."""
    hashes = (
        token.removeprefix(HASHED).lower() if token.startswith(HASHED) else hashlib.sha256(token.encode()).hexdigest()
        for token in tokens
    )
    return Publishers(tuple(sorted(hashes)), is_open)


class PostLimit:
    """
    How often one poster may post: so many times at once, and then evenly so many times a minute; 0 is no limit.

    Who posts with a token is told apart by it, others by their address.
    """

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_minute = per_minute
        self._clock = clock
        self._free_at: OrderedDict[str, float] = OrderedDict()

    def refusal(self, request: Request) -> Response | None:
        """Give the answer to who posts too often, None to all others; their post is counted."""
        if not self._per_minute:
            return None
        poster = hashlib.sha256((_token(request) or "").encode()).hexdigest()
        if _token(request) is None:
            poster = request.client.host if request.client else ""
        moment, apart = self._clock(), 60 / self._per_minute
        # As if each post took its share of a minute: too many are waiting when that would be more than a minute.
        free_at = max(self._free_at.pop(poster, moment), moment) + apart
        if free_at - moment > 60 + apart / 2:
            self._free_at[poster] = free_at - apart
            wait = str(ceil(free_at - moment - 60))
            told = f"More than {self._per_minute} posts a minute are not taken"
            text = f"{told}; post again in {wait} s, or more items at once."
            return refused(429, text, {"Retry-After": wait})
        self._free_at[poster] = free_at
        if len(self._free_at) > POSTERS_KEPT:
            self._free_at.popitem(last=False)
        return None


@dataclass(frozen=True, slots=True)
class StoreFace:
    """Answers who posts."""

    store: Store
    public_url: str | None
    publishers: Publishers
    limit: PostLimit

    async def insert_rss(self, request: Request) -> Response:
        """Store what is posted, all of it or nothing; the guids are answered, one a line."""
        refusal = self.publishers.refusal(request) or self.limit.refusal(request)
        if refusal is not None:
            return refusal
        body = await read_body(request, DOCUMENT_LIMIT)
        if body.refusal is not None:
            return refused_body(body.refusal)
        base = self.public_url or str(request.base_url).rstrip("/")
        return await run_in_threadpool(self._insert, body.content, f"{base}/store/GetRSS")

    def _insert(self, body: bytes, address: str) -> Response:
        try:
            items = read_items(body, received=now())
        except InputError as error:
            return refused(400, str(error))
        outcome = self.store.insert_items(items)
        if outcome.conflicting:
            guids = ", ".join(outcome.conflicting)
            return refused(409, f"Another item is stored under the guid {guids}. Nothing was stored or changed.")
        LOG.info("items posted stored=%d known=%d first=%s", len(outcome.stored), len(outcome.known), items[0].guid)
        headers = dict(EVERYWHERE)
        if len(items) == 1:
            headers["Location"] = f"{address}?id={quote(items[0].guid, safe='')}"
        text = "\n".join(item.guid for item in items)
        return PlainTextResponse(text, status_code=201 if outcome.stored else 200, headers=headers)


def _token(request: Request) -> str | None:
    """Give the token of a request, in whichever of its places it stands."""
    scheme, _, credentials = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and credentials.strip():
        return credentials.strip()
    return request.headers.get("x-api-key") or request.query_params.get("api-key")
