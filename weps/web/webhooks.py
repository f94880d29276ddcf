"""
The secrets of webhooks over HTTP, as JSON.

    GET  /webhooks           which are signed, and since when with their secret; ?subscription= target=
    POST /webhooks/rotate    {"subscription", "target"} or {"all": true}, and {"oldFor"}: give them other secrets

A new secret is told in the answer to the change, and in no other.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from starlette.routing import Route

from sos_server.time import format_instant
from weps.delivery.rotating import OLD_FOR, Rotation
from weps.errors import InputError, NotFoundError
from weps.model import Target
from weps.notify.targets import WEBHOOK, parse_target, written_target
from weps.web.bodies import answer_json, read_duration_of, read_query, read_text, with_body
from weps.web.documents import now, refused

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from weps.ledger import SignedWebhook
    from weps.notify.webhook import WebhookChannel
    from weps.store import Store

AT_ONCE = "PT0S"
"""How long old secrets go on that strangers know: durations are longer else."""


def create_webhook_routes(store: Store, channel: WebhookChannel) -> list[Route]:
    """Give the routes."""
    face = WebhookFace(Rotation(store, channel))
    return [
        Route("/webhooks", face.list, name="webhooks"),
        Route("/webhooks/rotate", face.rotate, methods=["POST"], name="rotate-webhooks"),
    ]


@dataclass(frozen=True, slots=True)
class WebhookFace:
    """Answers who looks after the secrets of webhooks."""

    rotation: Rotation

    def list(self, request: Request) -> Response:
        """Answer which webhooks there are, without their secrets."""
        try:
            given = read_query(request, ("subscription", "target"))
            found = self.rotation.webhooks(now(), given.get("subscription"), _target(given.get("target")))
        except InputError as error:
            return refused(400, str(error))
        except NotFoundError as error:
            return refused(404, error.message)
        return answer_json({"webhooks": [_members(each) for each in found]})

    async def rotate(self, request: Request) -> Response:
        """Give webhooks other secrets, and tell them this once."""
        return await with_body(request, ("subscription", "target", "all", "oldFor"), self._rotate)

    def _rotate(self, body: dict[str, Any]) -> Response:
        names = {name: read_text(body, name) for name in ("subscription", "target") if name in body}
        everything = body.get("all", False)
        if not isinstance(everything, bool) or everything is bool(names):
            raise InputError("name a subscription, a target, or both; or say true for all webhooks", where="all")
        old_for = timedelta(0) if body.get("oldFor") == AT_ONCE else read_duration_of(body, "oldFor")
        changed = self.rotation.rotate(
            now(),
            names.get("subscription"),
            _target(names.get("target")),
            OLD_FOR if old_for is None else old_for,
        )
        return answer_json({"webhooks": [_members(webhook) | {"secret": secret} for webhook, secret in changed]})


def _target(text: str | None) -> Target | None:
    return None if text is None else parse_target(text)


def _members(webhook: SignedWebhook) -> dict[str, Any]:
    members = {
        "subscription": webhook.subscription_id,
        "target": written_target(Target(WEBHOOK, webhook.address)),
        "rotated": None if webhook.rotated is None else format_instant(webhook.rotated),
        "oldUntil": None if webhook.old_until is None else format_instant(webhook.old_until),
    }
    return {name: value for name, value in members.items() if value is not None}
