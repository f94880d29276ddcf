"""`weps watch`: alerts of a running service, as they come."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

from weps.client_events import events_address, follow
from weps.commands.address import DEFAULT_URL

HELP = "print alerts of a running service as they come"
DESCRIPTION = """\
Follows the alerts of a feed, or all of a service, and prints a line for each until Ctrl-C. A connection that breaks is
made again, and what was missed meanwhile is told.

    weps watch http://127.0.0.1:8080/feeds/TOKEN.rss
    weps watch http://127.0.0.1:8080/ --json
    weps watch 'http://127.0.0.1:8080/events?severity=Severe&bbox=144,-38,146,-37'
"""


def add_to(parsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = parsers.add_parser(
        "watch", help=HELP, description=DESCRIPTION, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "place",
        metavar="FEED|URL",
        nargs="?",
        default=f"{DEFAULT_URL}/",
        help=f"the address of a feed or of a service, or a feed's token (default: {DEFAULT_URL}/)",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object a line")
    parser.add_argument("--after", metavar="ID", help="begin behind the alert of this sequence; 0 tells all there are")
    parser.add_argument("--count", type=int, metavar="N", help="stop after so many")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Follow until stopped."""
    address = events_address(arguments.place, DEFAULT_URL)
    for told, event in enumerate(follow(address, arguments.after, _say), start=1):
        print(json.dumps(event.data, ensure_ascii=False) if arguments.json else _line(event.data), flush=True)
        if told == arguments.count:
            break
    return 0


def _line(alert: dict[str, Any]) -> str:
    shown = (alert.get(name, "-") for name in ("detected", "status", "severity", "title"))
    return "  ".join(str(each) for each in shown)


def _say(text: str) -> None:
    print(f"weps: {text}", file=sys.stderr, flush=True)
