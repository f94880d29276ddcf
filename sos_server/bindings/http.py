"""HTTP around all bindings: bodies with a limit, streamed answers, compression."""

from __future__ import annotations

import sys
import zlib
from typing import TYPE_CHECKING

import anyio
from starlette.concurrency import run_in_threadpool
from starlette.responses import StreamingResponse

from sos_server.errors import RequestTooLarge

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable

    from starlette.requests import Request
    from starlette.types import Receive, Scope, Send

_CHUNK = 64 * 1024
_GZIP = 16 + zlib.MAX_WBITS  # a gzip header and trailer around the stream
_LEVEL = 5
_DIGITS = 19  # fewer are less than sys.maxsize


async def read_body(request: Request, limit: int) -> bytes:
    """Read a body of at most `limit` bytes; one that is longer by its own account is refused before it is read."""
    too_large = RequestTooLarge(f"The body has more than {limit} bytes; send the request in parts.")
    if stated_length(request.scope) > limit:
        raise too_large
    parts = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > limit:
            raise too_large
        parts.append(part)
    return b"".join(parts)


def stated_length(scope: Scope) -> int:
    """Give the length that the headers of a request state, 0 where they state none."""
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit():
            return int(value) if len(value) < _DIGITS else sys.maxsize
    return 0


def in_chunks(parts: Iterable[bytes]) -> Generator[bytes]:
    """Put small parts together to chunks that are worth sending."""
    waiting: list[bytes] = []
    size = 0
    for part in parts:
        waiting.append(part)
        size += len(part)
        if size >= _CHUNK:
            yield b"".join(waiting)
            waiting.clear()
            size = 0
    if waiting:
        yield b"".join(waiting)


def compressed(chunks: Iterable[bytes]) -> Generator[bytes]:
    """Compress a stream to gzip."""
    packer = zlib.compressobj(_LEVEL, wbits=_GZIP)
    for chunk in chunks:
        packed = packer.compress(chunk)
        if packed:
            yield packed
    yield packer.flush()


class Stream(StreamingResponse):
    """An answer whose chunks are made as they are sent; its source is closed also when the client goes away."""

    def __init__(self, chunks: Generator[bytes], headers: dict[str, str]) -> None:
        super().__init__(chunks, headers=headers)
        self._chunks = chunks

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the answer."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            with anyio.CancelScope(shield=True):
                await run_in_threadpool(self._chunks.close)


def resumed(taken: Iterable[bytes], rest: Generator[bytes]) -> Generator[bytes]:
    """Give the chunks that were taken from a stream already, then the rest of it."""
    yield from taken
    yield from rest


def is_form(content_type: str, body: bytes) -> bool:
    """
    Whether a body is a form and not XML.

    Old clients send forms without saying so, and curl calls everything a form.
    """
    media_type = content_type.partition(";")[0].strip().lower()
    if body.lstrip()[:1] == b"<":
        return False
    return media_type == "application/x-www-form-urlencoded" or (not media_type and b"=" in body)


def accepts_gzip(header: str) -> bool:
    """Whether an Accept-Encoding header asks for gzip."""
    for each in header.lower().split(","):
        name, _, quality = each.partition(";")
        if name.strip() == "gzip":
            return quality.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False
