"""The bodies of requests: read within a size and a time, and never decompressed."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from weps.processes.faults import WpsError

if TYPE_CHECKING:
    from starlette.requests import Request

SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Body:
    """What was read of a body; where it is not taken, `refusal` says why, and `content` may be its beginning only."""

    content: bytes
    refusal: WpsError | None = None


async def read_body(request: Request, limit: int, seconds: float = SECONDS, *, needs_beginning: bool = False) -> Body:
    """
    Read the body of a request, whether it states its length or not.

    It may have `limit` octets, and all of it must arrive within so many seconds. What is too large by its own account
    is not read; or no further than its beginning, where that is needed to know in which version to answer.
    """
    too_large = WpsError("FileSizeExceeded", f"The request is larger than {limit} bytes; make it smaller.", None, 413)
    if request.headers.get("content-encoding", "identity").strip().lower() not in {"", "identity"}:
        return Body(b"", WpsError("NoApplicableCode", "The request is compressed; send it as it is.", None, 415))
    is_too_large = _stated_length(request) > limit
    if is_too_large and not needs_beginning:
        return Body(b"", too_large)
    most = 0 if is_too_large else limit
    content = bytearray()
    try:
        async with asyncio.timeout(seconds):
            async for piece in request.stream():
                content += piece
                if len(content) > most:
                    return Body(bytes(content), too_large)
    except TimeoutError:
        text = f"The request did not arrive within {seconds:g} s; send it in one go."
        return Body(bytes(content), WpsError("NoApplicableCode", text, None, 408))
    return Body(bytes(content))


def _stated_length(request: Request) -> float:
    """Give the length that the headers of a request state, 0 where they state none."""
    stated = request.headers.get("content-length", "")
    # not as an integer: of several thousand digits there is none
    return float(stated) if stated.isascii() and stated.isdigit() else 0
