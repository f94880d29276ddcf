"""`weps episodes`, `acknowledge`, `assign`, `comment`, `withdraw`, `silences`, `silence`, `unsilence`: what is open."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from urllib.parse import quote, urlencode

from weps.client import ask_json
from weps.commands.address import add_address
from weps.commands.manage import PAGE, add_options, show

FILTERS = {
    "subscription": "those of one subscription",
    "state": "those in a state, such as firing or resolved; several with commas",
    "open": "true: those that are open; false: the others",
    "acknowledged": "true: those that somebody takes care of; false: the others",
    "limit": "so many (default: 50)",
    "after": "those that stand behind the one with this id",
}
MEANT = {
    "subscription": "alerts of this subscription",
    "procedure": "alerts of this procedure",
    "property": "alerts of this observed property",
    "feature": "alerts of this feature of interest",
    "severity": "alerts of this severity",
}
NAMES = {"property": "observedProperty", "feature": "featureOfInterest"}
ACTIONS = {
    "acknowledge": ("acknowledge", "take care of an episode, so that it is not told again", ("until", "for", "text")),
    "assign": ("assign", "say who is to take care of an episode", ("to", "text")),
    "comment": ("comment", "say something about an episode", ("text",)),
    "withdraw": ("cancel", "cancel an episode", ("reason",)),
}
MEANINGS = {
    "begins": "from when on, such as 2026-01-31T12:00:00Z (default: now)",
    "ends": "until when, such as 2026-01-31T12:00:00Z",
    "until": "until when, such as 2026-01-31T12:00:00Z",
    "for": "for how long, as ISO 8601 duration such as PT2H",
    "text": "what is to be said of it",
    "to": "who is to take care",
    "reason": "why",
}
NEEDED = {("assign", "to"), ("comment", "text"), ("withdraw", "reason")}


def add_to(parsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the commands."""
    listing = parsers.add_parser("episodes", help="print what alerts tell of, and who takes care, as JSON")
    listing.add_argument("id", nargs="?", help="one episode, with its alerts and what people did with it")
    for name, meaning in FILTERS.items():
        listing.add_argument(f"--{name}", help=meaning)
    listing.set_defaults(run=run_list)
    made = [listing]
    for name, (action, meaning, options) in ACTIONS.items():
        parser = parsers.add_parser(name, help=meaning)
        parser.add_argument("id", help="the id of the episode")
        parser.add_argument("--by", required=True, help="who does it")
        for option in options:
            parser.add_argument(f"--{option}", required=(name, option) in NEEDED, help=MEANINGS[option])
        parser.set_defaults(run=run_action, action=action, members=("by", *options))
        made.append(parser)
    silences = parsers.add_parser("silences", help="print what is not pushed, by whom and why, as JSON")
    silences.add_argument("--all", action="store_true", help="those that are over too")
    add_options(silences, *PAGE)
    silences.set_defaults(run=run_silences)
    silence = parsers.add_parser("silence", help="push nothing of certain alerts for a while")
    for name, meaning in MEANT.items():
        silence.add_argument(f"--{name}", action="append", help=f"{meaning}; may be given again")
    silence.add_argument("--bbox", help="alerts in this area: west,south,east,north")
    silence.add_argument("--author", required=True, help="who wants it")
    silence.add_argument("--reason", required=True, help="why")
    for name in ("begins", "ends", "for"):
        silence.add_argument(f"--{name}", help=MEANINGS[name])
    silence.add_argument(
        "--weekly",
        nargs=4,
        metavar=("DAYS", "FROM", "UNTIL", "ZONE"),
        help="in which hours of the week: Mon-Fri 22:00 06:00 UTC",
    )
    silence.set_defaults(run=run_silence)
    unsilence = parsers.add_parser("unsilence", help="end a silence")
    unsilence.add_argument("id", help="the id of the silence")
    unsilence.set_defaults(run=run_unsilence)
    add_address(*made, silences, silence, unsilence)


def run_list(arguments: argparse.Namespace) -> int:
    """Print one episode, or a page of them."""
    given = {name: getattr(arguments, name) for name in FILTERS if getattr(arguments, name) is not None}
    place = f"/{quote(arguments.id, safe='')}" if arguments.id else asked(given)
    show(ask_json("GET", f"{arguments.url}/episodes{place}"))
    return 0


def run_action(arguments: argparse.Namespace) -> int:
    """Do something with an episode."""
    body = {name: getattr(arguments, name) for name in arguments.members}
    show(ask_json("POST", f"{arguments.url}/episodes/{quote(arguments.id, safe='')}/{arguments.action}", body))
    return 0


def run_silences(arguments: argparse.Namespace) -> int:
    """Print the silences."""
    show(ask_json("GET", f"{arguments.url}/silences{asked_page(arguments)}"))
    return 0


def asked_page(arguments: argparse.Namespace) -> str:
    """Give the query of a page of what mutes alerts."""
    given = {"all": "true" if arguments.all else None, "limit": arguments.limit, "offset": arguments.offset}
    return asked({name: value for name, value in given.items() if value is not None})


def asked(given: Mapping[str, str]) -> str:
    """Give what was given as a query; nothing where that is nothing."""
    return f"?{urlencode(given)}" if given else ""


def run_silence(arguments: argparse.Namespace) -> int:
    """Silence certain alerts."""
    body = {NAMES.get(name, name): getattr(arguments, name) for name in MEANT}
    body |= {name: getattr(arguments, name) for name in ("bbox", "author", "reason", "begins", "ends", "for")}
    if arguments.weekly:
        body["weekly"] = dict(zip(("days", "from", "until", "timeZone"), arguments.weekly, strict=True))
    show(ask_json("POST", f"{arguments.url}/silences", body))
    return 0


def run_unsilence(arguments: argparse.Namespace) -> int:
    """End a silence."""
    show(ask_json("POST", f"{arguments.url}/silences/{quote(arguments.id, safe='')}/end"))
    return 0
