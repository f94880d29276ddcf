"""How a server ends: what is under way may end by itself for a while, and is cut off then."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from granian.server.embed import Server
    from starlette.types import ASGIApp, Receive, Scope, Send

SECONDS_TO_END, SECONDS_TO_BREAK_OFF = 2.0, 1.0


class Requests:
    """An application around another, which knows what is under way and can cut it off."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._tasks: set[asyncio.Task[Any]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; the life of the application itself is none."""
        task = asyncio.current_task()
        if scope["type"] == "lifespan" or task is None:
            await self._app(scope, receive, send)
            return
        self._tasks.add(task)
        try:
            await self._app(scope, receive, send)
        finally:
            self._tasks.discard(task)

    def cut_off(self) -> None:
        """End what is under way."""
        for task in tuple(self._tasks):
            task.cancel()


async def end(server: Server, serving: asyncio.Task[None], requests: Requests) -> None:
    """
    Stop a server within a few seconds.

    Told to stop it waits for all connections, for ever: for listeners, for clients that do not read on, and for those
    that have not sent their whole request. So requests are cut off after a while, and soon after that the server is
    given up with the connections that are left; then the end of the application's life is not told to it.
    """
    server.stop()  # type: ignore[no-untyped-call]
    await asyncio.wait({serving}, timeout=SECONDS_TO_END)
    if not serving.done():
        requests.cut_off()
        await asyncio.wait({serving}, timeout=SECONDS_TO_BREAK_OFF)
    if not serving.done():
        asyncio.get_running_loop().set_exception_handler(_without_those_given_up)
        for worker in server.wrks:
            worker.kill()  # type: ignore[no-untyped-call]
        with suppress(asyncio.CancelledError):
            await serving
    else:
        await serving


def _without_those_given_up(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Leave out that a server that was given up still wants to tell that it has ended."""
    if not isinstance(context.get("exception"), asyncio.InvalidStateError):
        loop.default_exception_handler(context)
