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


async def read_body(request: Request, limit: int, seconds: float = SECONDS) -> Body:
    """
    Read the body of a request, whether it states its length or not.

    It may have `limit` octets, and all of it must arrive within so many seconds.
    """
    if request.headers.get("content-encoding", "identity").strip().lower() not in {"", "identity"}:
        return Body(b"", WpsError("NoApplicableCode", "The request is compressed; send it as it is.", None, 415))
    stated = request.headers.get("content-length", "")
    # Of what is too large by its own account only the first piece is read, which tells its version.
    most = 0 if stated.isdecimal() and int(stated) > limit else limit
    content = bytearray()
    try:
        async with asyncio.timeout(seconds):
            async for piece in request.stream():
                content += piece
                if len(content) > most:
                    text = f"The request is larger than {limit} bytes; make it smaller."
                    return Body(bytes(content), WpsError("FileSizeExceeded", text, None, 413))
    except TimeoutError:
        text = f"The request did not arrive within {seconds:g} s; send it in one go."
        return Body(bytes(content), WpsError("NoApplicableCode", text, None, 408))
    return Body(bytes(content))
