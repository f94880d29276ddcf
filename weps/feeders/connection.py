"""How `requests` is made to connect through the guard, and to give up when the time for a whole exchange is over."""

from __future__ import annotations

import contextlib
import http.cookiejar
import socket
import threading
from typing import TYPE_CHECKING, Any

from requests import Response, Session
from requests.adapters import HTTPAdapter
from requests.structures import CaseInsensitiveDict
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.poolmanager import PoolManager

if TYPE_CHECKING:
    from collections.abc import Mapping

    from weps.feeders.guard import Guard

_CONNECTIONS = 32


class Deadline:
    """
    Ends an exchange after so many seconds, however slowly the other side trickles its octets.

    Time-outs of a socket count from octet to octet, so a server that sends one now and then could hold us for ever.
    Shutting the socket down from a second thread ends any read of headers or body that is under way.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.expired = False
        self._socket: socket.socket | None = None
        self._timer = threading.Timer(seconds, self._expire)
        self._timer.daemon = True

    def __enter__(self) -> Deadline:
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()

    def watch(self, connection: socket.socket) -> None:
        """Take the socket that this exchange goes over."""
        self._socket = connection
        if self.expired:
            self._shut_down()

    def _expire(self) -> None:
        self.expired = True
        self._shut_down()

    def _shut_down(self) -> None:
        if self._socket is not None:
            with contextlib.suppress(OSError):
                # Not the method of an SSLSocket, which takes its TLS layer apart under the reading thread's hands.
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)


class Exchange(threading.local):
    """The deadline of the request that the current thread makes; connections are pooled, so they look it up here."""

    deadline: Deadline | None = None

    def watch(self, connection: socket.socket) -> None:
        """Put a socket under the deadline of the current thread."""
        if self.deadline is not None:
            self.deadline.watch(connection)


class GuardedAdapter(HTTPAdapter):
    """Sends requests over connections that the guard has made."""

    def __init__(self, guard: Guard, exchange: Exchange, connections: int) -> None:
        self._guard = guard
        self._exchange = exchange
        super().__init__(pool_connections=connections, pool_maxsize=connections)

    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **pool_kwargs: Any) -> None:
        """Make a pool manager whose connections ask the guard before they connect."""
        guard, exchange = self._guard, self._exchange

        class Connection(HTTPConnection):
            def _new_conn(self) -> socket.socket:
                made = guard.connect(self._dns_host, self.port, _seconds(self.timeout))
                exchange.watch(made)
                return made

            def request(self, *arguments: Any, **options: Any) -> None:
                if self.sock is not None:
                    exchange.watch(self.sock)
                super().request(*arguments, **options)

        class SecureConnection(Connection, HTTPSConnection):
            pass

        class Pool(HTTPConnectionPool):
            ConnectionCls = Connection

        class SecurePool(HTTPSConnectionPool):
            ConnectionCls = SecureConnection

        self.poolmanager = PoolManager(num_pools=connections, maxsize=maxsize, block=block, **pool_kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": Pool, "https": SecurePool}


class _Session(Session):
    """A session that leaves redirects to us: it would read their bodies whole, however large they are."""

    def get_redirect_target(self, resp: Response) -> str | None:
        """Tell that there is none to look at."""
        return None


def guarded_session(guard: Guard, exchange: Exchange, headers: Mapping[str, str]) -> Session:
    """Give a session that connects through the guard only, and keeps no cookies."""
    session = _Session()
    # Without the environment's proxies and passwords: a proxy would resolve names where the guard does not see it.
    session.trust_env = False
    session.headers = CaseInsensitiveDict({"Accept-Encoding": "gzip, deflate", **headers})
    session.cookies.set_policy(http.cookiejar.DefaultCookiePolicy(allowed_domains=[]))
    adapter = GuardedAdapter(guard, exchange, _CONNECTIONS)
    session.mount("http://", adapter)
    session.mount("https://", adapter)
    return session


def _seconds(timeout: object) -> float | None:
    return float(timeout) if isinstance(timeout, int | float) else None
