"""`weps sources`: how the sources of a running service fare."""

from __future__ import annotations

import argparse
from urllib.parse import urlencode

from weps.client import ask_json
from weps.commands.address import add_address
from weps.commands.manage import show

FILTERS = ("state", "limit", "after", "offset")
LISTS = ("series", "corrections")


def add_to(parsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    listing = parsers.add_parser("sources", help="print how sources fare and what they serve, as JSON")
    listing.add_argument(
        "id", type=int, nargs="?", help="one source, with the offerings of its service and their changes"
    )
    listing.add_argument(
        "list",
        choices=LISTS,
        nargs="?",
        help="of one source: its series with their newest observations, or the values that it has changed",
    )
    for name, meaning in (
        ("state", "ok, stale, failing, down or idle; several with commas"),
        ("limit", "so many (default: 100)"),
        ("after", "sources after the one with this id"),
        ("offset", "series or corrections after so many"),
    ):
        listing.add_argument(f"--{name}", help=meaning)
    add_address(listing)
    listing.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print one source, a page of them, or of what belongs to one."""
    given = {name: getattr(arguments, name) for name in FILTERS if getattr(arguments, name) is not None}
    named = [str(part) for part in (arguments.id, arguments.list) if part is not None]
    # one source is shown whole
    query = f"?{urlencode(given)}" if given and len(named) != 1 else ""
    show(ask_json("GET", "/".join([f"{arguments.url}/sources", *named]) + query))
    return 0
