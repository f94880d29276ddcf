"""A webhook and a WebSub hub on loopback, for services that run."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Peer:
    """Takes every post; a path `/410` answers so, until it is mended, and `/hang` never."""

    def __init__(self) -> None:
        self.posts: list[tuple[str, bytes, dict[str, str]]] = []
        self.released = threading.Event()
        self.is_mended = False
        peer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                peer.posts.append((self.path, body, dict(self.headers)))
                if self.path == "/hang":
                    peer.released.wait(30)
                self.send_response(410 if self.path == "/410" and not peer.is_mended else 204)
                self.end_headers()

            def log_message(self, *arguments: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.host = f"127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def of(self, path: str) -> list[tuple[bytes, dict[str, str]]]:
        """Give what was posted to a path."""
        return [(body, headers) for where, body, headers in self.posts if where == path]

    def close(self) -> None:
        """Take nothing more."""
        self.released.set()
        self._server.shutdown()
        self._server.server_close()
