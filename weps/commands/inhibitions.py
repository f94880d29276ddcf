"""`weps inhibit`, `inhibitions`, `uninhibit`: alerts that mute others."""

from __future__ import annotations

import argparse
from urllib.parse import quote

from weps.client import ask_json
from weps.commands.address import add_address
from weps.commands.episodes import MEANINGS, NAMES, asked_page
from weps.commands.manage import PAGE, add_options, show

MEANT = ("subscription", "procedure", "property", "feature", "severity", "status")
EQUAL = ("subscription", "procedure", "property", "feature")


def add_to(parsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the commands."""
    inhibit = parsers.add_parser("inhibit", help="push nothing of certain alerts while others are open")
    for side, meaning in (("source", "muted by alerts"), ("target", "mutes alerts")):
        for name in MEANT:
            inhibit.add_argument(
                f"--{side}-{name}", action="append", help=f"{meaning} of this {name}; may be given again"
            )
        inhibit.add_argument(f"--{side}-bbox", help=f"{meaning} in this area: west,south,east,north")
    inhibit.add_argument("--equal", action="append", choices=EQUAL, help="what has to be the same in both")
    inhibit.add_argument("--author", required=True, help="who wants it")
    inhibit.add_argument("--reason", required=True, help="why")
    for name in ("ends", "for"):
        inhibit.add_argument(f"--{name}", help=MEANINGS[name])
    inhibit.set_defaults(run=run_inhibit)
    listing = parsers.add_parser("inhibitions", help="print which alerts mute others, as JSON")
    listing.add_argument("--all", action="store_true", help="those that are over too")
    add_options(listing, *PAGE)
    listing.set_defaults(run=run_list)
    uninhibit = parsers.add_parser("uninhibit", help="end an inhibition")
    uninhibit.add_argument("id", help="the id of the inhibition")
    uninhibit.set_defaults(run=run_uninhibit)
    add_address(inhibit, listing, uninhibit)


def run_inhibit(arguments: argparse.Namespace) -> int:
    """Let certain alerts mute others."""
    body = {name: getattr(arguments, name) for name in ("author", "reason", "ends", "for")}
    body |= {side: _meant(arguments, side) for side in ("source", "target")}
    body["equal"] = [NAMES.get(name, name) for name in arguments.equal or ()]
    show(ask_json("POST", f"{arguments.url}/inhibitions", body))
    return 0


def run_list(arguments: argparse.Namespace) -> int:
    """Print the inhibitions."""
    show(ask_json("GET", f"{arguments.url}/inhibitions{asked_page(arguments)}"))
    return 0


def run_uninhibit(arguments: argparse.Namespace) -> int:
    """End an inhibition."""
    show(ask_json("POST", f"{arguments.url}/inhibitions/{quote(arguments.id, safe='')}/end"))
    return 0


def _meant(arguments: argparse.Namespace, side: str) -> dict[str, object]:
    given = {NAMES.get(name, name): getattr(arguments, f"{side}_{name}") for name in (*MEANT, "bbox")}
    return {name: value for name, value in given.items() if value}
