"""A target on loopback that fails as it is told, and what is sent to it."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import feedparser
import requests
from sqlalchemy import select

from tests.loopback import Loopback, Request
from tests.weps.notify.samples import make_alert
from weps.delivery.dispatcher import BackOff, Dispatcher
from weps.errors import SourceUnreachable
from weps.notify.posting import Reply
from weps.store.tables import OUTBOX

NOW = datetime(2016, 1, 11, 5, tzinfo=UTC)
SECOND = timedelta(seconds=1)
NO_JITTER = BackOff(jitter=0.0)


class Receiver:
    """A data store for notifications that behaves as the first part of the path says."""

    def __init__(self) -> None:
        self.guids: dict[str, list[str]] = {}
        self.failures_left = 2
        self.wish = ""
        self.released = threading.Event()
        receiver = self

        class Handler(Request):
            def post(self) -> None:
                body = self.body()
                behaviour = self.path.split("/")[1]
                if behaviour == "hang":
                    receiver.released.wait(30)
                if behaviour in ("hang", "close"):
                    self.close_connection = True
                    return
                status = 200 if behaviour in ("good", "other") else receiver.status(behaviour)
                guid = feedparser.parse(body).entries[0].id
                receiver.guids.setdefault(self.path, []).append(guid)
                wished = {"Retry_After": receiver.wish} if status in (429, 503) and receiver.wish else {}
                self.answer(status, b"because", **wished)

        self._server = Loopback(Handler)
        self.url = self._server.url

    def status(self, behaviour: str) -> int:
        """Answer the status that the path names; `unsteady` fails twice."""
        if behaviour != "unsteady":
            return int(behaviour)
        self.failures_left -= 1
        return 503 if self.failures_left >= 0 else 200

    def close(self) -> None:
        self.released.set()
        self._server.close()


def post(url: str, body: bytes, headers: Mapping[str, str]) -> Reply:
    try:
        answer = requests.post(url, body, headers=headers, timeout=5)
        wish = answer.headers.get("Retry-After")
        return Reply(answer.status_code, answer.content, float(wish) if wish else None)
    except requests.RequestException as error:
        raise SourceUnreachable(type(error).__name__) from error


def outbox(store):
    with store.reading() as connection:
        rows = connection.execute(select(OUTBOX.c.status, OUTBOX.c.attempts, OUTBOX.c.due).order_by(OUTBOX.c.id))
        return [tuple(row) for row in rows]


def send_all(dispatcher: Dispatcher, now: datetime = NOW) -> int:
    """Send what is due until nothing is; gives how many were sent."""
    sent = 0
    while taken := dispatcher.run_due(now):
        sent += taken
        assert dispatcher.wait(10)
    return sent


def add(store, subscription, *alerts, stored=NOW) -> None:
    """Store alerts for all targets of a subscription, as they are."""
    mine = [replace(alert, subscription_id=subscription.id) for alert in alerts]
    with store.batch(subscription.feed_id) as batch:
        batch.add_alerts([(alert, subscription.targets) for alert in mine], stored)


def events(count: int, first: int = 1):
    """Alerts that are each an episode of its own."""
    return [replace(make_alert(n), id=f"a-{n}", episode=f"a-{n}") for n in range(first, first + count)]


def run(store, channels, now, times: int = 1) -> None:
    for _ in range(times):
        send_all(Dispatcher(store, channels, back_off=NO_JITTER, clock=lambda: now), now)
