"""Small inserts: read in the event loop, stored together by one thread, because a thread for each costs more."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from sos_server.bindings import pox
from sos_server.bindings.at_hand import log_answer, packed, send_whole
from sos_server.bindings.http import stated_length
from sos_server.codecs import xml
from sos_server.codecs.sos20.encode import encode
from sos_server.codecs.sos20.repeated import RepeatedInsertions
from sos_server.errors import SosError
from sos_server.requests import InsertObservation
from sos_server.responses import ObservationsInserted
from sos_server.storage.quick import TakesLong

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop, Future
    from collections.abc import Awaitable, Callable, MutableMapping
    from typing import Any

    from starlette.types import Receive, Scope, Send

    from sos_server.service import Service

    Messages = list[MutableMapping[str, Any]]

_LARGEST = 16 * 1024  # some ten observations, which are read in about a millisecond
_NAME = b"InsertObservation"
_LOOKED_AT = 1024  # bytes in which the name stands; where it does not, the usual way finds it
_ANSWER = b"".join(encode(ObservationsInserted(1)))


class Inserting:
    """
    Answers small InsertObservation documents over POX; `paths` are the addresses that take them.

    What is refused, or cannot be stored together with others, is done again the usual way; nothing of it was kept.
    """

    def __init__(self, service: Service, paths: frozenset[str]) -> None:
        found = service.storage.joined()
        self._paths = frozenset() if found is None else paths
        self._repeated = RepeatedInsertions()
        if found is not None:
            self._database, storage = found
            self._service = replace(service, storage=storage)

    async def answer(self, scope: Scope, receive: Receive, send: Send) -> Receive | None:
        """Answer a request, or give what the usual way has to receive."""
        if scope["type"] != "http" or scope["method"] != "POST":
            return receive
        if scope["path"].removeprefix(scope.get("root_path", "")) not in self._paths:
            return receive
        if stated_length(scope) > _LARGEST:
            return receive
        began = time.monotonic()
        messages, body = await _read(receive)
        request = None if body is None else self._decode(body)
        if request is None or not await self._insert(request):
            return _again(messages, receive)
        await send_whole(send, *packed(scope, _ANSWER))
        log_answer(request, "pox", began)
        return None

    def _decode(self, body: bytes) -> InsertObservation | None:
        """Read the request of a document, where it is one of these and nothing is wrong with it."""
        if _NAME not in body[:_LOOKED_AT]:
            return None
        try:
            text = body.decode()
            if (repeated := self._repeated.read(text)) is not None:
                return repeated
            root = xml.parse(body)
            request = pox.decode(root)
        except (SosError, UnicodeDecodeError):
            return None
        if not isinstance(request, InsertObservation):
            return None
        self._repeated.learn(text, root, request)
        return request

    async def _insert(self, request: InsertObservation) -> bool:
        """Store what a request publishes, and tell whether it is durable now."""
        loop = asyncio.get_running_loop()
        stored: Future[bool] = loop.create_future()
        work = partial(self._service.answer, request, "", datetime.now(UTC))
        try:
            self._database.insert(work, partial(_tell, loop, stored))
        except TakesLong:
            return False
        return await stored


def _tell(loop: AbstractEventLoop, stored: Future[bool], is_stored: bool) -> None:
    with suppress(RuntimeError):  # the loop has ended meanwhile: nobody waits any more
        loop.call_soon_threadsafe(_settle, stored, is_stored)


def _settle(stored: Future[bool], is_stored: bool) -> None:
    if not stored.done():  # a client that went away waits no more
        stored.set_result(is_stored)


async def _read(receive: Receive) -> tuple[Messages, bytes | None]:
    """Give what was received, and the body where that is small and whole."""
    messages: Messages = []
    parts: list[bytes] = []
    size = 0
    while size <= _LARGEST:
        message = await receive()
        messages.append(message)
        if message["type"] != "http.request":
            return messages, None
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if not message.get("more_body", False):
            return messages, b"".join(parts) if size <= _LARGEST else None
    return messages, None


def _again(messages: Messages, receive: Receive) -> Callable[[], Awaitable[MutableMapping[str, Any]]]:
    """Give a function that receives once more what was received already, then the rest."""
    waiting = iter(messages)

    async def receive_again() -> MutableMapping[str, Any]:
        for message in waiting:
            return message
        return await receive()

    return receive_again
