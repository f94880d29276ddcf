"""Serving one process over HTTP: where it listens, how many may connect, and how it ends."""

from __future__ import annotations

import asyncio
import resource
import signal
import socket
from typing import TYPE_CHECKING

from granian.constants import Interfaces
from granian.server.embed import Server

from sos_server.serving import Requests, end
from weps.app import Service
from weps.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable

    from weps.settings import Settings

CONNECTIONS_LIMIT = 16_384
FILES_OF_OUR_OWN = 256


def run(settings: Settings, ready: Callable[[Service], None] = lambda _service: None) -> None:
    """
    Serve until SIGINT or SIGTERM. `ready` is called once, when requests are answered.

    Raises `SettingsError` when the address cannot be listened on.
    """
    port = settings.port or free_port(settings.host)
    check_free(settings.host, port)
    asyncio.run(serve(Service(settings, port), settings.host, port, ready))


async def serve(
    service: Service, host: str, port: int, ready: Callable[[Service], None], stop: asyncio.Event | None = None
) -> None:
    """Serve until a signal comes or `stop` is set."""
    requests = Requests(service.app)
    server = Server(
        requests,
        address=host,
        port=port,
        interface=Interfaces.ASGI,
        websockets=False,
        log_enabled=False,
        backlog=1024,
        backpressure=_allow_connections(CONNECTIONS_LIMIT),
    )
    stop = stop or asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    serving = asyncio.create_task(server.serve())
    await _listening(host, port)
    ready(service)
    waiting = asyncio.create_task(stop.wait())
    await asyncio.wait({serving, waiting}, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    # Those who listen to events are told that it ends; they come again and are told what they missed.
    service.events.close()
    await end(server, serving, requests)
    if not service.is_stopped.is_set():
        await asyncio.to_thread(service.stop)


def free_port(host: str) -> int:
    """Give a port of an address that nobody listens on; raises `SettingsError` where nobody can."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        try:
            probe.bind((host, 0))
        except OSError as error:
            raise SettingsError(f"cannot listen on {host}: {error.strerror}") from error
        return int(probe.getsockname()[1])


def check_free(host: str, port: int) -> None:
    """Raise `SettingsError` where an address cannot be listened on: the server itself would not tell."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise SettingsError(f"cannot listen on {host} port {port}: {error.strerror}") from error


def _allow_connections(wanted: int) -> int:
    """Give how many connections can be open at once; each takes a file, of which the system allows only so many."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return max(soft - FILES_OF_OUR_OWN, 64)


async def _listening(host: str, port: int) -> None:
    while True:
        try:
            _reader, writer = await asyncio.open_connection(host, port)
        except OSError:
            await asyncio.sleep(0.02)
        else:
            writer.close()
            return
