"""Answers that are at hand: given in the event loop, because a thread would cost more than they do."""

from __future__ import annotations

import logging
import time
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeAlias

from sos_server.bindings import kvp
from sos_server.bindings.http import accepts_gzip, compressed, in_chunks
from sos_server.codecs.sos20.encode import encode
from sos_server.errors import SosError
from sos_server.requests import GetObservation, GetResult
from sos_server.storage.quick import TakesLong

if TYPE_CHECKING:
    from starlette.types import Scope, Send

    from sos_server.requests import Request
    from sos_server.service import Service

Headers: TypeAlias = "list[tuple[bytes, bytes]]"

_LOG = logging.getLogger("sos_server")
_HEADERS = ((b"content-type", b"application/xml"), (b"vary", b"Accept-Encoding"))


class AtHand:
    """
    Answers small questions for observations over KVP in the event loop; `paths` are the addresses that take them.

    The way to a thread and back costs several times as much as such an answer. What is refused, takes long or has more
    than one part is done again the usual way; nothing of it was sent.
    """

    def __init__(self, service: Service, paths: frozenset[str]) -> None:
        found = service.storage.prompt()
        self._paths = frozenset() if found is None else paths
        if found is not None:
            self._database, storage = found
            self._service = replace(service, storage=storage)

    async def answer(self, scope: Scope, send: Send) -> bool:
        """Answer a request, or tell that the usual way has to be gone."""
        if scope["type"] != "http" or scope["method"] != "GET":
            return False
        if scope["path"].removeprefix(scope.get("root_path", "")) not in self._paths:
            return False
        began = time.monotonic()
        found = self._find(scope)
        if found is None:
            return False
        request, body, headers = found
        await send_whole(send, body, headers)
        log_answer(request, "kvp", began)
        return True

    def _find(self, scope: Scope) -> tuple[Request, bytes, Headers] | None:
        try:
            request = kvp.decode(scope["query_string"].decode())
            if not isinstance(request, GetObservation | GetResult):
                return None
            body, more = self._database.read(lambda: self._begin(request))
        except (SosError, TakesLong, UnicodeDecodeError):
            return None
        if more is not None:
            return None
        return request, *packed(scope, body)

    def _begin(self, request: Request) -> tuple[bytes, bytes | None]:
        """Give the first part of an answer, and the second where there is one."""
        found = self._service.answer(request, "", datetime.now(UTC))
        chunks = in_chunks(encode(found, counts_as_measures=self._service.counts_as_measures))
        return next(chunks), next(chunks, None)


def packed(scope: Scope, body: bytes) -> tuple[bytes, Headers]:
    """Give a whole answer, compressed where the client accepts that, and its headers."""
    headers = list(_HEADERS)
    for name, value in scope["headers"]:
        if name == b"accept-encoding" and accepts_gzip(value.decode("latin-1")):
            headers.append((b"content-encoding", b"gzip"))
            body = b"".join(compressed((body,)))
            break
    headers.append((b"content-length", b"%d" % len(body)))
    return body, headers


async def send_whole(send: Send, body: bytes, headers: Headers) -> None:
    """Send an answer that is whole."""
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def log_answer(request: Request, binding: str, began: float) -> None:
    """Note in the log what was answered, and how long it took until its first part."""
    operation = type(request).__name__
    _LOG.info("answered operation=%s binding=%s seconds=%.3f", operation, binding, time.monotonic() - began)
