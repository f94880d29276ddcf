"""`weps sources`: how the sources of a running service fare."""

from __future__ import annotations

import argparse
from urllib.parse import urlencode

from weps.client import ask_json
from weps.commands.address import add_address
from weps.commands.manage import show

FILTERS = ("state", "limit", "after")


def add_to(parsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    listing = parsers.add_parser("sources", help="print how sources fare and what they serve, as JSON")
    listing.add_argument(
        "id", type=int, nargs="?", help="one source, with the offerings of its service and their changes"
    )
    for name, meaning in (
        ("state", "ok, stale, failing, down or idle; several with commas"),
        ("limit", "so many (default: 100)"),
        ("after", "those after the one with this id"),
    ):
        listing.add_argument(f"--{name}", help=meaning)
    add_address(listing)
    listing.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print one source, or a page of them."""
    base = f"{arguments.url}/sources"
    given = {name: getattr(arguments, name) for name in FILTERS if getattr(arguments, name) is not None}
    query = f"?{urlencode(given)}" if given else ""
    show(ask_json("GET", f"{base}{query}" if arguments.id is None else f"{base}/{arguments.id}"))
    return 0
