"""
The ledger of deliveries over HTTP, as JSON.

    GET  /deliveries                     newest first; ?subscription= target= status= limit= before=
    GET  /deliveries/{id}                one with all its attempts
    POST /deliveries/{id}/retry          send what failed or was given up, at once
    POST /deliveries/{id}/replay         send an alert to a target once more
    POST /deliveries/retry               send all that was given up; ?subscription= target=
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sos_server.time import format_instant
from weps.errors import InputError, NotFoundError
from weps.groups import GroupAlert
from weps.ledger import LedgerSelection
from weps.model import DeliveryStatus
from weps.notify.targets import parse_target, written_target
from weps.web.documents import EVERYWHERE, now, refused

if TYPE_CHECKING:
    from datetime import datetime

    from starlette.requests import Request

    from weps.ledger import Attempt, LedgerEntry
    from weps.model import Alert
    from weps.store import Store

LIMIT, MOST = 50, 500
_NAMES = ("subscription", "target", "status", "limit", "before")


def create_delivery_routes(store: Store, wake: Callable[[], None]) -> list[Route]:
    """Give the routes; `wake` says that there may be something to send."""
    face = DeliveryFace(store, wake)
    return [
        Route("/deliveries", face.list, name="deliveries"),
        Route("/deliveries/retry", face.retry_all, methods=["POST"], name="retry-deliveries"),
        Route("/deliveries/{id:row}", face.one, name="delivery"),
        Route("/deliveries/{id:row}/retry", face.retry, methods=["POST"], name="retry-delivery"),
        Route("/deliveries/{id:row}/replay", face.replay, methods=["POST"], name="replay-delivery"),
    ]


@dataclass(frozen=True, slots=True)
class DeliveryFace:
    """Answers who reads and steers the ledger."""

    store: Store
    wake: Callable[[], None]

    def list(self, request: Request) -> Response:
        """Answer a page of deliveries, and where the next one is."""
        try:
            given = _given(request, _NAMES)
            selection, limit, before = _selection(given), _number(given, "limit", LIMIT), _number(given, "before")
        except InputError as error:
            return refused(400, str(error))
        limit = min(limit or LIMIT, MOST)
        entries = self.store.deliveries(selection, limit + 1, before)
        members: dict[str, Any] = {"deliveries": [_members(entry) for entry in entries[:limit]]}
        if len(entries) > limit:
            following = given | {"before": str(entries[limit - 1].delivery.id)}
            members["next"] = f"{request.url.path}?{urlencode(following)}"
        return _answer(members)

    def one(self, request: Request) -> Response:
        """Answer one delivery with all its attempts."""
        try:
            entry = self.store.delivery(request.path_params["id"])
        except NotFoundError as error:
            return refused(404, error.message)
        more = {"alerts": list(entry.alerts), "attempts": [_attempt(each) for each in entry.attempts]}
        return _answer(_members(entry) | more)

    def retry(self, request: Request) -> Response:
        """Send one delivery at once."""
        identifier = request.path_params["id"]
        return self._steer(lambda: self.store.retry_delivery(identifier, now()), lambda _: identifier)

    def replay(self, request: Request) -> Response:
        """Send one alert to a target once more."""
        identifier = request.path_params["id"]
        return self._steer(lambda: self.store.replay_delivery(identifier, now()), lambda made: made, status=201)

    def retry_all(self, request: Request) -> Response:
        """Send all that was given up and meets the conditions."""
        try:
            selection = _selection(_given(request, ("subscription", "target")))
        except InputError as error:
            return refused(400, str(error))
        count = self.store.retry_deliveries(selection, now())
        self.wake()
        return _answer({"retried": count})

    def _steer(self, act: Callable[[], Any], which: Callable[[Any], int], status: int = 200) -> Response:
        try:
            entry = self.store.delivery(which(act()))
        except NotFoundError as error:
            return refused(404, error.message)
        except InputError as error:
            return refused(409, str(error))
        self.wake()
        headers = {"Location": f"/deliveries/{entry.delivery.id}"} if status == 201 else None
        return _answer(_members(entry), status, headers)


def status_of(entry: LedgerEntry) -> DeliveryStatus:
    """Give how far a delivery has come: one that waits after a failed attempt has failed so far."""
    delivery = entry.delivery
    waits_again = delivery.status is DeliveryStatus.QUEUED and delivery.attempts > 0
    return DeliveryStatus.FAILED if waits_again else delivery.status


def _members(entry: LedgerEntry) -> dict[str, Any]:
    delivery, status = entry.delivery, status_of(entry)
    is_waiting = status in (DeliveryStatus.QUEUED, DeliveryStatus.FAILED)
    members = {
        "id": delivery.id,
        **_about(delivery.alert),
        "subscription": delivery.alert.subscription_id,
        "title": delivery.alert.title,
        "channel": delivery.target.channel,
        "target": written_target(delivery.target),
        "status": status.value,
        "attemptCount": delivery.attempts,
        "queued": format_instant(entry.queued),
        "due": format_instant(delivery.due) if is_waiting else None,
        "finished": _instant(entry.finished),
        "lastError": delivery.last_error,
    }
    return {name: value for name, value in members.items() if value is not None}


def _about(alert: Alert) -> dict[str, Any]:
    """Tell which alert was sent, or how many as one."""
    if isinstance(alert, GroupAlert):
        return {"group": alert.id, "alertCount": alert.alert_count}
    return {"alert": alert.id, "episode": alert.episode}


def _attempt(attempt: Attempt) -> dict[str, Any]:
    members = {
        "began": format_instant(attempt.began),
        "ended": format_instant(attempt.ended),
        "successful": attempt.successful,
        "status": attempt.receipt.status,
        "answer": attempt.receipt.text or None,
        "error": attempt.error,
    }
    return {name: value for name, value in members.items() if value is not None}


def _instant(instant: datetime | None) -> str | None:
    return None if instant is None else format_instant(instant)


def _given(request: Request, names: tuple[str, ...]) -> dict[str, str]:
    given = dict(request.query_params.multi_items())
    unknown = [name for name in given if name not in names]
    if unknown:
        raise InputError(f"there is no parameter {unknown[0][:100]!r}; there are {', '.join(names)}")
    return given


def _selection(given: dict[str, str]) -> LedgerSelection:
    status, target = given.get("status"), given.get("target")
    if status is not None and status not in set(DeliveryStatus):
        raise InputError(f"is none of {', '.join(DeliveryStatus)}", where="status")
    return LedgerSelection(
        subscription=given.get("subscription"),
        target=None if target is None else parse_target(target),
        status=None if status is None else DeliveryStatus(status),
    )


def _number(given: dict[str, str], name: str, default: int | None = None) -> int | None:
    if name not in given:
        return default
    if not re.fullmatch("[1-9][0-9]{0,17}", given[name]):
        raise InputError("is a whole number from 1 on", where=name)
    return int(given[name])


def _answer(members: dict[str, Any], status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return JSONResponse(
        members, status_code=status, headers=EVERYWHERE | {"Cache-Control": "no-store"} | (headers or {})
    )
