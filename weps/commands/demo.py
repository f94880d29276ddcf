"""`weps demo`: the main job before one's eyes."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import math
import sys
import tempfile
import threading
from datetime import UTC, datetime
from pathlib import Path

from weps.app import Service
from weps.commands.serve import leave
from weps.demo import Demonstration, FastClock, is_unreachable
from weps.logs import log_to_stderr
from weps.serving import check_free, free_port, serve
from weps.settings import read_settings

HELP = "watch the main job on a real series"
DESCRIPTION = """\
Starts the whole service in a temporary directory, registers two sensors in its SOS, publishes the hourly temperatures
of Seattle and San Francisco of 2010 while time runs faster than life, sends a WPS Execute for a threshold and one for
an EML rule, and prints every alert as it appears in the RSS feeds. Ctrl-C ends it.

With --once it ends by itself: with exit code 0 when both subscriptions have an alert, with 1 when not in time.
"""
START = datetime(2010, 6, 12, 8, tzinfo=UTC)


def add_to(parsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = parsers.add_parser(
        "demo", help=HELP, description=DESCRIPTION, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--once", action="store_true", help="end when both subscriptions have alerted")
    parser.add_argument(
        "--timeout", type=float, default=60, metavar="S", help="seconds that --once waits (default: 60)"
    )
    parser.add_argument("--port", type=int, default=0, help="port to listen on (default: a free one)")
    parser.add_argument(
        "--speed", type=float, default=14400, metavar="N", help="seconds of the world per second (default: 14400, 4 h)"
    )
    parser.add_argument("--verbose", action="store_true", help="show the log of the service as well")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Run the demonstration; 0 when every subscription has alerted."""
    if not all(0 < number < math.inf for number in (arguments.speed, arguments.timeout)):
        print("weps demo: --speed and --timeout must be numbers above 0", file=sys.stderr)
        return 2
    log_to_stderr("INFO" if arguments.verbose else "ERROR")
    with tempfile.TemporaryDirectory(prefix="weps-demo-", ignore_cleanup_errors=True) as directory:
        done = asyncio.run(_demonstrate(arguments, Path(directory)))
    return leave(0 if done or not arguments.once else 1)


async def _demonstrate(arguments: argparse.Namespace, data: Path) -> bool:
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
