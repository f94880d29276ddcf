"""A webhook and a WebSub hub on loopback, for services that run."""

from __future__ import annotations

import threading

from tests.loopback import Loopback, Request


class Peer:
    """Takes every post; a path `/410` answers so, until it is mended, and `/hang` never."""

    def __init__(self) -> None:
        self.posts: list[tuple[str, bytes, dict[str, str]]] = []
        self.released = threading.Event()
        self.is_mended = False
        peer = self

        class Handler(Request):
            def post(self) -> None:
                peer.posts.append((self.path, self.body(), dict(self.headers)))
                if self.path == "/hang":
                    peer.released.wait(30)
                self.answer(410 if self.path == "/410" and not peer.is_mended else 204)

        self._server = Loopback(Handler)
        self.host = self._server.host

    def of(self, path: str) -> list[tuple[bytes, dict[str, str]]]:
        """Give what was posted to a path."""
        return [(body, headers) for where, body, headers in self.posts if where == path]

    def close(self) -> None:
        """Take nothing more."""
        self.released.set()
        self._server.close()
