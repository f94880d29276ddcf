"""`weps deliveries`, `retry`, `replay`: the ledger of a running service."""

from __future__ import annotations

import argparse
from urllib.parse import urlencode

from weps.client import ask_json
from weps.commands.address import add_address
from weps.commands.manage import show

FILTERS = ("subscription", "target", "status", "limit", "before")


def add_to(parsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the commands."""
    listing = parsers.add_parser("deliveries", help="print where alerts were pushed, and what came of it, as JSON")
    listing.add_argument("id", type=int, nargs="?", help="one delivery, with all its attempts")
    for name, meaning in (
        ("subscription", "of one subscription"),
        ("target", "to one target, as it was subscribed"),
        ("status", "queued, failed, delivered or given-up"),
        ("limit", "so many (default: 50)"),
        ("before", "those before the one with this id"),
    ):
        listing.add_argument(f"--{name}", help=meaning)
    listing.set_defaults(run=run_list)
    retry = parsers.add_parser("retry", help="send at once what failed or was given up")
    which = retry.add_mutually_exclusive_group(required=True)
    which.add_argument("id", type=int, nargs="?", help="the id of the delivery")
    which.add_argument("--all", action="store_true", help="all that was given up")
    for name in ("subscription", "target"):
        retry.add_argument(f"--{name}", help=f"with --all: of one {name}")
    retry.set_defaults(run=run_retry)
    replay = parsers.add_parser("replay", help="send an alert to a target once more")
    replay.add_argument("id", type=int, help="the id of the delivery")
    replay.set_defaults(run=run_replay)
    add_address(listing, retry, replay)


def run_list(arguments: argparse.Namespace) -> int:
    """Print one delivery, or a page of them."""
    base = f"{arguments.url}/deliveries"
    place = base if arguments.id is None else f"{base}/{arguments.id}"
    show(ask_json("GET", _with_query(place, arguments, FILTERS)))
    return 0


def run_retry(arguments: argparse.Namespace) -> int:
    """Send again what was given up."""
    base = f"{arguments.url}/deliveries"
    place = f"{base}/retry" if arguments.all else f"{base}/{arguments.id}/retry"
    show(ask_json("POST", _with_query(place, arguments, ("subscription", "target") if arguments.all else ())))
    return 0


def run_replay(arguments: argparse.Namespace) -> int:
    """Send once more."""
    show(ask_json("POST", f"{arguments.url}/deliveries/{arguments.id}/replay"))
    return 0


def _with_query(place: str, arguments: argparse.Namespace, names: tuple[str, ...]) -> str:
    given = {name: getattr(arguments, name) for name in names if getattr(arguments, name, None) is not None}
    return f"{place}?{urlencode(given)}" if given else place
