"""
Alerts as server-sent events: `/events` tells of every alert as it is stored, and from any earlier one on.

One reader asks the database for all who listen, and each event is written once. A client is a place in the list of
alerts: what is near its end comes from memory, what lies further back is read from the database a page at a time. So
a client that is slow, or comes back with `Last-Event-ID`, misses nothing and holds nobody back.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from bisect import bisect_right
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from weps.errors import InputError, NotFoundError
from weps.notices import Selection
from weps.notify.cloud_event import alert_data
from weps.surviving import survived_waiting
from weps.web.documents import refused
from weps.web.event_queries import Listening, matches, read_listening

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

    from weps.model import Alert
    from weps.store import Store

LOG = logging.getLogger(__name__)
KEPT = 1_000
PAGE = 200
SECONDS_BETWEEN_LOOKS = 1.0
SECONDS_BETWEEN_SIGNS = 15.0
"""A sign of life keeps proxies from closing what is silent, and finds clients that have gone."""

CLIENTS_LIMIT = 10_000
RETRY_MILLISECONDS = 3_000
_HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
    (b"x-content-type-options", b"nosniff"),
]


@dataclass(frozen=True, slots=True)
class Event:
    """An alert with its event as it is sent."""

    sequence: int
    alert: Alert
    data: bytes


@dataclass(slots=True, eq=False)
class Client:
    """Somebody who listens: how far it has been told, and what wakes it."""

    position: int
    woken: asyncio.Event = field(default_factory=asyncio.Event)
    has_gone: bool = False


class EventStream:
    """Tells clients what is stored; `wake` may be called from any thread."""

    def __init__(self, store: Store, alerts_url: str) -> None:
        self._store = store
        self._alerts_url = alerts_url
        self._clients: set[Client] = set()
        self._recent: deque[Event] = deque(maxlen=KEPT)
        self._read_until = 0
        self._wanted = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._closing = False
        self._signs = 0

    async def start(self) -> None:
        """Begin to read."""
        self._loop = asyncio.get_running_loop()
        self._closing = False
        self._read_until = await run_in_threadpool(self._store.newest_sequence)
        self._tasks = [asyncio.create_task(self._read()), asyncio.create_task(self._show_life())]

    def wake(self) -> None:
        """Look for new alerts at once."""
        if self._loop is not None and not self._closing:
            with contextlib.suppress(RuntimeError):  # the loop has just been closed
                self._loop.call_soon_threadsafe(self._wanted.set)

    def close(self) -> None:
        """End all streams, so that nothing waits for their clients."""
        self._closing = True
        for task in self._tasks:
            task.cancel()
        for client in self._clients:
            client.woken.set()

    @property
    def client_count(self) -> int:
        """How many listen."""
        return len(self._clients)

    async def serve(self, listening: Listening, receive: Receive, send: Send) -> None:
        """Tell one client until it goes."""
        newest = await run_in_threadpool(self._store.newest_sequence)
        if not self._clients:
            # nobody listened, so nobody read on
            self._recent.clear()
            self._read_until = newest
        client = Client(newest if listening.position is None else min(listening.position, newest))
        self._clients.add(client)
        self._wanted.set()
        watching = asyncio.create_task(_watch(client, receive))
        try:
            await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
            await _send(send, f"retry: {RETRY_MILLISECONDS}\nid: {client.position}\n\n".encode())
            await self._tell(client, listening.selection, send)
            if not client.has_gone:
                await send({"type": "http.response.body", "body": b"", "more_body": False})
        except OSError:
            LOG.debug("listener gone")
        finally:
            self._clients.discard(client)
            watching.cancel()

    async def _tell(self, client: Client, selection: Selection, send: Send) -> None:
        everything, signs = selection == Selection(), self._signs
        while not (client.has_gone or self._closing):
            client.woken.clear()
            events = await self._after(client.position)
            if events:
                client.position = events[-1].sequence
                told = b"".join(each.data for each in events if everything or matches(selection, each.alert))
                if told:
                    await _send(send, told)
                continue
            if signs != self._signs:
                signs = self._signs
                await _send(send, f": \nid: {client.position}\n\n".encode())
                continue
            await client.woken.wait()

    async def _after(self, position: int) -> Sequence[Event]:
        """Give what comes behind a place, from memory where that goes back so far."""
        if position >= self._read_until:
            return ()
        if self._recent and position >= self._recent[0].sequence - 1:
            recent = self._recent
            return [recent[n] for n in range(bisect_right(recent, position, key=attrgetter("sequence")), len(recent))]
        alerts = await run_in_threadpool(self._store.alerts_after, position, PAGE)
        return [self._event(alert) for alert in alerts]

    async def _read(self) -> None:
        """Read what is new for all who listen; while nobody does, nothing is read."""
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wanted.wait(), SECONDS_BETWEEN_LOOKS)
            self._wanted.clear()
            if not await survived_waiting(self._look, "alerts unreadable"):
                await asyncio.sleep(SECONDS_BETWEEN_LOOKS)

    async def _look(self) -> None:
        while True:
            if not self._clients:
                return
            alerts = await run_in_threadpool(self._store.alerts_after, self._read_until, PAGE)
            if not alerts:
                return
            self._recent.extend(self._event(alert) for alert in alerts)
            self._read_until = alerts[-1].sequence
            self._wake_all()

    async def _show_life(self) -> None:
        while True:
            await asyncio.sleep(SECONDS_BETWEEN_SIGNS)
            self._signs += 1
            self._wake_all()

    def _wake_all(self) -> None:
        for client in self._clients:
            client.woken.set()

    def _event(self, alert: Alert) -> Event:
        data = json.dumps(alert_data(alert, self._alerts_url), ensure_ascii=False, allow_nan=False)
        return Event(alert.sequence, alert, f"id: {alert.sequence}\ndata: {data}\n\n".encode())


class EventFace:
    """The address: an ASGI application of its own, since a stream is no answer that is built and then sent."""

    def __init__(self, store: Store, stream: EventStream) -> None:
        self._store = store
        self._stream = stream

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one client."""
        request = Request(scope, receive)
        refusal, listening = None, None
        if request.method != "GET":
            refusal = refused(405, "Only GET is answered here.", {"Allow": "GET"})
        elif self._stream.client_count >= CLIENTS_LIMIT:
            refusal = refused(503, "Too many listen already; come back later.", {"Retry-After": "60"})
        else:
            refusal, listening = await run_in_threadpool(self._read, request)
        if listening is not None:
            await self._stream.serve(listening, receive, send)
        elif refusal is not None:
            await refusal(scope, receive, send)

    def _read(self, request: Request) -> tuple[Response | None, Listening | None]:
        def subscription_of(token: str) -> str:
            return self._store.subscription_by_token(token).id

        try:
            return None, read_listening(request.query_params, request.headers.get("last-event-id"), subscription_of)
        except InputError as error:
            return refused(400, str(error)), None
        except NotFoundError:
            return refused(404, "There is no such feed."), None


def create_event_routes(store: Store, stream: EventStream) -> list[Route]:
    """Give the routes of this face."""
    return [Route("/events", EventFace(store, stream), name="events")]


async def _watch(client: Client, receive: Receive) -> None:
    """Notice that a client has gone."""
    while (await receive())["type"] != "http.disconnect":
        pass
    client.has_gone = True
    client.woken.set()


async def _send(send: Send, body: bytes) -> None:
    await send({"type": "http.response.body", "body": body, "more_body": True})
