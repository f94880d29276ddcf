"""Answers that are streamed to clients who read on, and broken off for those who do not: they hold a connection."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from sos_server.bindings.http import Stream

if TYPE_CHECKING:
    from collections.abc import Generator

    from starlette.types import Message, Send

_LOG = logging.getLogger("sos_server")


class PatientStream(Stream):
    """A streamed answer that waits only so many seconds for the client to take its next part."""

    def __init__(self, chunks: Generator[bytes], headers: dict[str, str], seconds: float) -> None:
        super().__init__(chunks, headers)
        self._seconds = seconds

    async def stream_response(self, send: Send) -> None:
        """Send the answer; a client that does not read on gets no more of it, which it can tell from its end."""

        async def send_in_time(message: Message) -> None:
            async with asyncio.timeout(self._seconds):
                await send(message)

        try:
            await super().stream_response(send_in_time)
        except TimeoutError:
            _LOG.info("abandoned reason='the client took nothing of the answer for %g s'", self._seconds)
