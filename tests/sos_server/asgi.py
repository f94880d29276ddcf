"""A client that speaks ASGI to an application, so that a test sees exactly what goes in and out."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from lxml import etree

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

OWS = "{http://www.opengis.net/ows/1.1}"


@dataclass
class Answer:
    """What came back: `chunks` are the parts of the body as they were sent."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    chunks: list[bytes] = field(default_factory=list)

    @property
    def body(self) -> bytes:
        return b"".join(self.chunks)

    @property
    def root(self) -> Any:
        return etree.fromstring(self.body)

    @property
    def exception(self) -> tuple[str | None, str | None]:
        """Code and locator of an exception report."""
        element = self.root.find(f"{OWS}Exception")
        return element.get("exceptionCode"), element.get("locator")

    @property
    def text(self) -> str:
        """The text of an exception report."""
        return self.root.findtext(f".//{OWS}ExceptionText")


class Client:
    """Sends requests to an application at an address; `leave_after` chunks the client goes away, or only `stalls`."""

    def __init__(self, app: Any, path: str = "/sos") -> None:
        self.app = app
        self.path = path
        self.last = Answer()
        self.received = 0
        """How many parts of the last body were received."""

    def get(self, parameters: Mapping[str, str] | str = "", **more: Any) -> Answer:
        query = parameters if isinstance(parameters, str) else urlencode(parameters)
        return self.send("GET", query=query, **more)

    def post(self, body: bytes | Sequence[bytes], content_type: str | None = "application/xml", **more: Any) -> Answer:
        headers = {} if content_type is None else {"content-type": content_type}
        return self.send("POST", body=body, headers=headers | more.pop("headers", {}), **more)

    def send(
        self,
        method: str,
        *,
        query: str = "",
        body: bytes | Sequence[bytes] = b"",
        headers: Mapping[str, str] | None = None,
        path: str | None = None,
        leave_after: int | None = None,
        stalls: bool = False,
    ) -> Answer:
        given = {"host": "sos.example:8080"} | dict(headers or {})
        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": path or self.path,
            "raw_path": (path or self.path).encode(),
            "root_path": "",
            "query_string": query.encode(),
            "headers": [(name.encode(), value.encode()) for name, value in given.items()],
            "client": ("127.0.0.1", 50000),
            "server": ("127.0.0.1", 8080),
            "state": {},
        }
        parts = [body] if isinstance(body, bytes) else list(body)
        return asyncio.run(self._exchange(scope, parts, leave_after, stalls))

    async def _exchange(
        self, scope: dict[str, Any], parts: list[bytes], leave_after: int | None, stalls: bool
    ) -> Answer:
        answer = self.last = Answer()
        gone = asyncio.Event()
        left = list(parts)
        self.received = 0

        async def receive() -> dict[str, Any]:
            if left:
                self.received += 1
                part = left.pop(0)
                return {"type": "http.request", "body": part, "more_body": bool(left)}
            await gone.wait()
            return {"type": "http.disconnect"}

        async def send(message: dict[str, Any]) -> None:
            if message["type"] == "http.response.start":
                answer.status = message["status"]
                answer.headers = {name.decode(): value.decode() for name, value in message["headers"]}
            elif message.get("body"):
                answer.chunks.append(message["body"])
                if leave_after is not None and len(answer.chunks) >= leave_after:
                    if stalls:
                        await gone.wait()
                    gone.set()
                    await asyncio.sleep(0.05)

        await self.app(scope, receive, send)
        return answer
