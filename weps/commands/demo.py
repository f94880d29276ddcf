"""`weps demo`: the main job before one's eyes."""

from __future__ import annotations

import argparse
import asyncio
import math
import sys
import tempfile
from pathlib import Path

from weps.commands.serve import leave
from weps.logs import log_to_stderr

HELP = "watch the main job on a real series"
DESCRIPTION = """\
Starts the whole service in a temporary directory, registers two sensors in its SOS, publishes the hourly temperatures
of Seattle and San Francisco of 2010 while time runs faster than life, sends a WPS Execute for a threshold and one for
an EML rule, and prints every alert as it appears in the RSS feeds. Ctrl-C ends it.

With --once it ends by itself: with exit code 0 when both subscriptions have an alert, with 1 when not in time.
"""


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
    # the whole service takes a second to import, which no other command waits for
    from weps.commands.demonstrating import demonstrate  # noqa: PLC0415

    log_to_stderr("INFO" if arguments.verbose else "ERROR")
    with tempfile.TemporaryDirectory(prefix="weps-demo-", ignore_cleanup_errors=True) as directory:
        done = asyncio.run(demonstrate(arguments, Path(directory)))
    return leave(0 if done or not arguments.once else 1)
