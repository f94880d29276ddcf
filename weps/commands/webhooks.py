"""`weps webhooks`, `weps rotate`: with which secrets the webhooks of a running service are signed."""

from __future__ import annotations

import argparse
from urllib.parse import urlencode

from weps.client import ask_json
from weps.commands.address import add_address
from weps.commands.manage import show

NAMES = ("subscription", "target")


def add_to(parsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the commands."""
    listing = parsers.add_parser("webhooks", help="print since when webhooks have their secrets, as JSON")
    listing.set_defaults(run=run_list)
    rotate = parsers.add_parser(
        "rotate", help="give webhooks other secrets and print them, as JSON; they are told this once"
    )
    rotate.add_argument("--all", action="store_true", help="all webhooks")
    rotate.add_argument(
        "--old-for", metavar="DURATION", help="how long the old ones go on, PT0S if strangers know them (default: P1D)"
    )
    rotate.set_defaults(run=run_rotate)
    for parser in (listing, rotate):
        parser.add_argument("--subscription", metavar="ID", help="those of one subscription")
        parser.add_argument("--target", metavar="SINK", help="those at one address: webhook+https://…")
        add_address(parser)


def run_list(arguments: argparse.Namespace) -> int:
    """Print which webhooks there are, without their secrets."""
    given = {name: getattr(arguments, name) for name in NAMES if getattr(arguments, name) is not None}
    show(ask_json("GET", f"{arguments.url}/webhooks{'?' if given else ''}{urlencode(given)}"))
    return 0


def run_rotate(arguments: argparse.Namespace) -> int:
    """Change secrets and print the new ones."""
    body = {name: getattr(arguments, name) for name in NAMES} | {"oldFor": arguments.old_for}
    if arguments.all:
        body |= {"all": True}
    show(ask_json("POST", f"{arguments.url}/webhooks/rotate", body))
    return 0
