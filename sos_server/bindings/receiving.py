"""The time within which a request has to arrive, so that slow clients do not keep what others need."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from sos_server.errors import RequestTooSlow

if TYPE_CHECKING:
    from starlette.types import Message, Receive


class InTime:
    """Receives a request; raises `RequestTooSlow` once its time is over and its body is not whole, and ever after."""

    def __init__(self, receive: Receive, seconds: float) -> None:
        self._receive = receive
        self._seconds = seconds
        self._until = asyncio.get_running_loop().time() + seconds
        self._is_whole = False

    async def __call__(self) -> Message:
        """Receive the next part; after the last one, that the client went away, however late."""
        if self._is_whole:
            return await self._receive()
        if asyncio.get_running_loop().time() >= self._until:
            raise self._too_slow()
        try:
            async with asyncio.timeout_at(self._until):
                message = await self._receive()
        except TimeoutError as error:
            raise self._too_slow() from error
        self._is_whole = message["type"] != "http.request" or not message.get("more_body", False)
        return message

    def _too_slow(self) -> RequestTooSlow:
        return RequestTooSlow(f"The request did not arrive within {self._seconds:g} s; send it faster, or in parts.")
