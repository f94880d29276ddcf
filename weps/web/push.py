"""
The address that others push observations to: `/push/{token}`, for OGC Pub/Sub, WebSub and whoever can POST.

    200  taken in and committed          400  cannot be read       403  not signed with the secret
    404  there is no such address        410  nobody watches any more
    413  too large                       503  not now; try again

A hub of WebSub asks with GET whether it is wanted (W3C WebSub clause 5.3) and is answered with its own challenge.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from weps.errors import FeedError, InputError
from weps.feeders.hubs import LEASE
from weps.feeders.sources import is_pushed_by, members_of, push_digest, push_token
from weps.processes.bodies import read_body
from weps.web.bodies import refused_body
from weps.web.documents import EVERYWHERE

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from weps.feeders.hubs import Hubs
    from weps.intake import Intake
    from weps.model import Feed, Source
    from weps.store import Store

LOG = logging.getLogger(__name__)

_METHODS = ("sha1", "sha256", "sha384", "sha512")


def create_push_routes(store: Store, intake: Intake, hubs: Hubs, *, body_limit: int) -> list[Route]:
    """Give the routes."""
    face = PushFace(store, intake, hubs, body_limit)
    return [
        Route("/push/{token}", face.confirm, methods=["GET"], name="push-confirm"),
        Route("/push/{token}", face.push, methods=["POST"], name="push"),
    ]


@dataclass(frozen=True, slots=True)
class PushFace:
    """Answers who pushes."""

    store: Store
    intake: Intake
    hubs: Hubs
    body_limit: int

    def confirm(self, request: Request) -> Response:
        """Tell a hub whether it is wanted."""
        source = self._wanted(request)
        mode, topic = request.query_params.get("hub.mode"), request.query_params.get("hub.topic")
        challenge = request.query_params.get("hub.challenge")
        if mode == "unsubscribe" and source is None and challenge is not None:
            return PlainTextResponse(challenge, headers=EVERYWHERE)
        if source is None:
            return _nobody()
        if mode == "denied":
            reason = request.query_params.get("hub.reason", "it gives no reason")
            LOG.warning("hub denied source=%s topic=%r reason=%r", source.endpoint, topic, reason[:200])
            self.hubs.denied(source, reason[:200])
            self.intake.look_at(source)
            return PlainTextResponse("noted")
        if mode not in ("subscribe", "unsubscribe") or challenge is None:
            return PlainTextResponse("Observations are to be POSTed here.", 405, {"Allow": "POST"})
        wanted = members_of(source).get("topic")
        # While somebody watches, it must not end; and nothing else than what was asked for must begin.
        if mode == "unsubscribe" or (wanted is not None and wanted != topic):
            return _nobody()
        lease = request.query_params.get("hub.lease_seconds", "")
        LOG.info("hub confirmed source=%s lease=%r", source.endpoint, lease[:12])
        if self.hubs.confirmed(source, float(lease) if lease.isdecimal() and len(lease) < 12 else LEASE):
            self.intake.look_at(source)
        return PlainTextResponse(challenge, headers=EVERYWHERE)

    async def push(self, request: Request) -> Response:
        """Take in what is pushed; it is committed before it is answered."""
        feeds = await run_in_threadpool(self._feeds, request)
        source = next((feed.source for feed in feeds if feed.next_poll is not None), None)
        if source is None:
            for feed in feeds:
                self.hubs.end(feed.source)
            return PlainTextResponse("Nobody watches what comes here any more.", 410) if feeds else _nobody()
        body = await read_body(request, self.body_limit)
        if body.refusal is not None:
            return refused_body(body.refusal)
        secret = members_of(source).get("secret")
        if secret is not None and not is_signed(body.content, secret, request.headers.get("x-hub-signature", "")):
            LOG.warning("push not signed source=%s", source.endpoint)
            return PlainTextResponse("X-Hub-Signature is missing or wrong.", 403)
        return await run_in_threadpool(self._take, source, body.content)

    def _take(self, source: Source, body: bytes) -> Response:
        try:
            count = self.intake.take(source, body)
        except InputError as error:
            return PlainTextResponse(f"It cannot be read: {error}", 400)
        except FeedError as error:
            return PlainTextResponse(error.message, 503, {"Retry-After": "5"})
        return PlainTextResponse(f"{count} observations")

    def _wanted(self, request: Request) -> Source | None:
        """Give the source of the address that was asked, while somebody watches it."""
        return next((feed.source for feed in self._feeds(request) if feed.next_poll is not None), None)

    def _feeds(self, request: Request) -> tuple[Feed, ...]:
        """Give the feeds of the address that was asked, whether somebody watches them or not."""
        token = push_token(request.path_params["token"])
        if token is None:
            return ()
        # Not looked up by the whole endpoint, which has the address that this service had when the source was made.
        feeds = self.store.feeds_behind(push_digest(token))
        return tuple(feed for feed in feeds if is_pushed_by(feed.source, token))


def is_signed(body: bytes, secret: str, signature: str) -> bool:
    """Tell whether a signature `method=hex` is that of a body (WebSub clause 7.1)."""
    method, _, digest = signature.partition("=")
    if method.strip().lower() not in _METHODS:
        return False
    expected = hmac.new(secret.encode(), body, getattr(hashlib, method.strip().lower())).hexdigest()
    return hmac.compare_digest(expected.encode(), digest.strip().lower().encode())


def _nobody() -> Response:
    return PlainTextResponse("Nobody wants what comes here.", 404)
