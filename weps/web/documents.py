"""Documents as they are answered: built once for a version, compressed once, and not at all for who has it already."""

from __future__ import annotations

import gzip
import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from starlette.convertors import Convertor, register_url_convertor
from starlette.responses import PlainTextResponse, Response

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from starlette.requests import Request

    from weps.notify.freshness import Freshness

KEPT_LIMIT = 32 * 1024 * 1024
"""Octets of documents that are kept in memory; what was not asked for the longest goes first."""

# whatever strangers posted: it is shown as a document of its own, and nothing in it runs or is fetched
EVERYWHERE = {"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "default-src 'none'; sandbox"}


class RowNumber(Convertor[int]):
    """A number in an address that a database can hold: `{id:row}`; longer ones lead to no page."""

    regex = "[0-9]{1,18}"

    def convert(self, value: str) -> int:
        """Read a number."""
        return int(value)

    def to_string(self, value: int) -> str:
        """Write a number."""
        return str(value)


class Name(Convertor[str]):
    """A name in an address that a database can hold: `{id:name}`; nothing has one with NUL in it."""

    regex = r"[^/\x00]+"

    def convert(self, value: str) -> str:
        """Read a name."""
        return value

    def to_string(self, value: str) -> str:
        """Write a name."""
        return value


register_url_convertor("row", RowNumber())
register_url_convertor("name", Name())


@dataclass(slots=True)
class Document:
    """One version of a document, plain and compressed; `counted` are the octets that its cache knows of."""

    etag: str = ""
    plain: bytes = b""
    gzipped: bytes | None = None
    counted: int = 0
    making: threading.Lock = field(default_factory=threading.Lock)

    @property
    def size(self) -> int:
        """The octets that it takes."""
        return len(self.plain) + len(self.gzipped or b"")


class DocumentCache:
    """The newest version of documents, by their addresses. Many may ask at once: each version is built by one."""

    def __init__(self, limit: int = KEPT_LIMIT) -> None:
        self._limit = limit
        self._size = 0
        self._documents: OrderedDict[Hashable, Document] = OrderedDict()
        self._lock = threading.Lock()

    def body(self, address: Hashable, etag: str, gzipped: bool, build: Callable[[], bytes]) -> bytes:
        """Give a document in the version of a tag; `build` is called when it is not at hand."""
        with self._lock:
            document = self._documents.setdefault(address, Document())
            self._documents.move_to_end(address)
        with document.making:
            if document.etag != etag:
                document.plain, document.gzipped, document.etag = build(), None, etag
            if gzipped and document.gzipped is None:
                document.gzipped = gzip.compress(document.plain, 6, mtime=0)
            found = document.gzipped if gzipped and document.gzipped is not None else document.plain
            size = document.size
        if size != document.counted:
            self._account(address, document, size)
        return found

    def _account(self, address: Hashable, document: Document, size: int) -> None:
        with self._lock:
            if self._documents.get(address) is document:
                self._size += size - document.counted
                document.counted = size
            while self._size > self._limit and self._documents:
                _, oldest = self._documents.popitem(last=False)
                self._size -= oldest.counted


def answer(
    request: Request, fresh: Freshness, media_type: str, cache: DocumentCache, build: Callable[[], bytes]
) -> Response:
    """Answer a document: 304 to who has it, its headers alone to HEAD, compressed to who takes that."""
    gzipped = _takes_gzip(request.headers.get("accept-encoding", ""))
    if fresh.is_known(request.headers.get("if-none-match"), request.headers.get("if-modified-since")):
        return Response(status_code=304, headers=fresh.headers(gzipped=gzipped))
    # what the links in it are made of; put together from the scope, because every reader pays for it
    scope = request.scope
    address = (scope["scheme"], request.headers.get("host"), scope["path"], scope["query_string"])
    body = cache.body(address, fresh.etag, gzipped, build)
    headers = EVERYWHERE | fresh.headers(gzipped=gzipped) | {"Content-Length": str(len(body))}
    if gzipped:
        headers["Content-Encoding"] = "gzip"
    content = b"" if request.method == "HEAD" else body
    charset = "; charset=utf-8" if media_type.endswith("xml") else ""
    return Response(content, media_type=f"{media_type}{charset}", headers=headers)


def refused(status: int, text: str, headers: dict[str, str] | None = None) -> Response:
    """Say in one plain sentence why there is no answer."""
    return PlainTextResponse(text, status_code=status, headers=EVERYWHERE | (headers or {}))


def now() -> datetime:
    """Give the time on the wall."""
    return datetime.now(UTC)


def _takes_gzip(accepted: str) -> bool:
    """Read Accept-Encoding (RFC 9110 clause 12.5.3): gzip has to be named, and not with the weight nought."""
    for coding in accepted.lower().split(","):
        name, _, weight = coding.partition(";")
        if name.strip() in ("gzip", "x-gzip"):
            return weight.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False
