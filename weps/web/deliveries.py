"""
The ledger of deliveries over HTTP, as JSON.

    GET  /deliveries                     newest first; ?subscription= target= status= limit= before=
    GET  /deliveries/{id}                one with all its attempts
    POST /deliveries/{id}/retry          send what failed or was given up, at once
    POST /deliveries/{id}/replay         send an alert to a target once more
    POST /deliveries/retry               send all that was given up; ?subscription= target=
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from starlette.routing import Route

from sos_server.time import format_instant
from weps.errors import InputError, NotFoundError
from weps.groups import GroupAlert
from weps.ledger import LedgerSelection
from weps.model import DeliveryStatus
from weps.notify.targets import parse_target, written_target
from weps.web.bodies import MOST, answer_found, answer_json, read_number, read_query
from weps.web.documents import now, refused

if TYPE_CHECKING:
    from datetime import datetime

    from starlette.requests import Request
    from starlette.responses import Response

    from weps.ledger import Attempt, LedgerEntry
    from weps.model import Alert
    from weps.store import Store

LIMIT = 50
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
            given = read_query(request, _NAMES)
            selection, limit = _selection(given), min(read_number(given, "limit", LIMIT, most=None), MOST)
            before = read_number(given, "before", 1, most=None) if "before" in given else None
        except InputError as error:
            return refused(400, str(error))
        entries = self.store.deliveries(selection, limit + 1, before)
        members: dict[str, Any] = {"deliveries": [_members(entry) for entry in entries[:limit]]}
        if len(entries) > limit:
            following = given | {"before": str(entries[limit - 1].delivery.id)}
            members["next"] = f"{request.url.path}?{urlencode(following)}"
        return answer_json(members)

    def one(self, request: Request) -> Response:
        """Answer one delivery with all its attempts."""

        def find() -> dict[str, Any]:
            entry = self.store.delivery(request.path_params["id"])
            more = {"alerts": list(entry.alerts), "attempts": [_attempt(each) for each in entry.attempts]}
            return _members(entry) | more

        return answer_found(find)

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
            selection = _selection(read_query(request, ("subscription", "target")))
        except InputError as error:
            return refused(400, str(error))
        count = self.store.retry_deliveries(selection, now())
        self.wake()
        return answer_json({"retried": count})

    def _steer(self, act: Callable[[], Any], which: Callable[[Any], int], status: int = 200) -> Response:
        try:
            entry = self.store.delivery(which(act()))
        except NotFoundError as error:
            return refused(404, error.message)
        except InputError as error:
            return refused(409, str(error))
        self.wake()
        headers = {"Location": f"/deliveries/{entry.delivery.id}"} if status == 201 else None
        return answer_json(_members(entry), status, headers)


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


def _selection(given: dict[str, str]) -> LedgerSelection:
    status, target = given.get("status"), given.get("target")
    if status is not None and status not in set(DeliveryStatus):
        raise InputError(f"is none of {', '.join(DeliveryStatus)}", where="status")
    return LedgerSelection(
        subscription=given.get("subscription"),
        target=None if target is None else parse_target(target),
        status=None if status is None else DeliveryStatus(status),
    )
