"""A client of ASGI applications, without a socket between."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from urllib.parse import urlsplit

from starlette.applications import Starlette


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()


@dataclass(frozen=True)
class Client:
    """Asks an ASGI application as a server would."""

    app: Starlette

    def ask(self, method: str, url: str, *chunks: bytes, **headers: str) -> Answer:
        parts = urlsplit(url)
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "server": ("weps.example.org", 80),
            "path": parts.path,
            "raw_path": parts.path.encode(),
            "query_string": parts.query.encode(),
            "root_path": "",
            "headers": [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()],
        }
        waiting = list(chunks or (b"",))
        sent: list[dict] = []

        async def receive() -> dict:
            return {"type": "http.request", "body": waiting.pop(0), "more_body": bool(waiting)}

        async def send(message: dict) -> None:
            sent.append(message)

        asyncio.run(self.app(scope, receive, send))
        answer_headers = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
        return Answer(sent[0]["status"], answer_headers, b"".join(message.get("body", b"") for message in sent))

    def get(self, url: str, **headers: str) -> Answer:
        return self.ask("GET", url, **headers)

    def post(self, url: str, *chunks: bytes, **headers: str) -> Answer:
        return self.ask("POST", url, *chunks, content_type="application/xml", **headers)
