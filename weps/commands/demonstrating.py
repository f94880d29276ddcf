"""What `weps demo` does: the whole service and a demonstration beside it, until both subscriptions have alerted."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path

from weps.app import Service
from weps.demo import Demonstration, FastClock, is_unreachable
from weps.serving import check_free, free_port, serve
from weps.settings import read_settings

START = datetime(2010, 6, 12, 8, tzinfo=UTC)


async def demonstrate(arguments: argparse.Namespace, data: Path) -> bool:
    """Serve from a folder and demonstrate; tells whether every subscription has alerted."""
    settings = read_settings(host="127.0.0.1", port=arguments.port or free_port("127.0.0.1"), data=data)
    check_free(settings.host, settings.port)
    clock = FastClock(START, arguments.speed)
    service = Service(settings, settings.port, world=clock)
    demonstration = Demonstration(service.own_url, clock, START, _tell)
    outcome: list[bool] = []
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def show() -> None:
        try:
            outcome.append(demonstration.run(arguments.once, arguments.timeout))
        except Exception as error:  # the service must be stopped whatever happens here
            # It is in this process, so that it cannot be reached only where a signal ended it already.
            if not is_unreachable(error):
                print(f"weps demo: {error}", file=sys.stderr)
        with contextlib.suppress(RuntimeError):  # nothing runs there any more
            loop.call_soon_threadsafe(stop.set)

    def begin(_service: Service) -> None:
        _tell(f"service  {service.base_url}/ with its data in {data}")
        threading.Thread(target=show, name="demonstration", daemon=True).start()

    await serve(service, settings.host, settings.port, begin, stop)
    demonstration.stop()
    return bool(outcome and outcome[0])


def _tell(line: str) -> None:
    print(line, flush=True)
