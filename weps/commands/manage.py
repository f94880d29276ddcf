"""`weps subscribe`, `list`, `renew`, `pause`, `resume`, `cancel`, `dry-run`: subscriptions of a running service."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from pathlib import Path

from weps.client import ComplexInput, execute
from weps.commands.check_rule import read_rule
from weps.rules.languages import LANGUAGES, detect_language

DEFAULT_URL = "http://127.0.0.1:8080/wps"
JSON = "application/json"
FORMATS = {"json": JSON, "csv": "text/csv", "georss": "application/rss+xml"}
CHANGES = {
    "renew": ("weps:Renew", "give another lifetime to a subscription"),
    "pause": ("weps:Pause", "stop watching for a while for a subscription"),
    "resume": ("weps:Resume", "go on watching for a paused subscription"),
    "cancel": ("weps:Unsubscribe", "cancel a subscription"),
}
DRY_RUN = (
    "Sends a WPS Execute of weps:DryRun: the rule is run over the history of the source, nothing is stored or sent."
)
SUBSCRIBE = """\
Sends a WPS Execute of weps:Subscribe and prints the subscription as JSON; its `feed` is where alerts appear.

    weps subscribe --rule config/rules/heat.json --template 'http://…/sos?service=SOS&version=2.0.0&request=GetObservation&…'
"""


def add_to(parsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the commands."""
    subscribe = parsers.add_parser(
        "subscribe",
        help="subscribe at a running service",
        description=SUBSCRIBE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    _add_source(subscribe)
    _add_options(
        subscribe,
        ("--every", "how often to ask, as ISO 8601 duration (default: PT10M)"),
        ("--for", "how long to watch, as ISO 8601 duration (default: until cancelled)"),
        ("--since", "the time from which to watch (default: now)"),
    )
    subscribe.set_defaults(run=run_subscribe)
    dry_run = parsers.add_parser(
        "dry-run", help="tell what a subscription would have found in the past", description=DRY_RUN
    )
    _add_source(dry_run)
    dry_run.add_argument("--since", required=True, metavar="TIME", help="where the time range begins")
    dry_run.add_argument("--until", required=True, metavar="TIME", help="where the time range ends")
    dry_run.add_argument("--format", choices=FORMATS, default="json", help="how to print it (default: json)")
    dry_run.set_defaults(run=run_dry_run)
    listing = parsers.add_parser("list", help="list the subscriptions of a running service as JSON")
    listing.set_defaults(run=run_list)
    for name, (process, meaning) in CHANGES.items():
        change = parsers.add_parser(name, help=f"{meaning} of a running service")
        change.add_argument("id", help="the id of the subscription")
        change.set_defaults(run=run_change, process=process, runtime=None, end=None)
        if name == "renew":
            lifetime = change.add_mutually_exclusive_group(required=True)
            lifetime.add_argument("--for", dest="runtime", help="how long from now on: ISO 8601, or unlimited")
            lifetime.add_argument("--until", dest="end", metavar="TIME", help="when to end")
        _add_address(change)
    for parser in (subscribe, dry_run, listing):
        _add_address(parser)


def _add_address(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--url", default=DEFAULT_URL, help=f"the WPS (default: {DEFAULT_URL})")


def _add_source(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--rule", type=Path, required=True, metavar="FILE", help="a rule in any of the languages")
    parser.add_argument("--template", metavar="URL", help="the GetObservation request without its time filter")
    _add_options(
        parser,
        ("--endpoint", "the SOS, when it is not the service's own"),
        ("--procedure", "the procedure to watch, instead of a template"),
        ("--property", "the observed property to watch, instead of a template"),
        ("--title", "the title of the alerts"),
        ("--severity", "Extreme, Severe, Moderate, Minor or Unknown"),
    )


def _add_options(parser: argparse.ArgumentParser, *options: tuple[str, str]) -> None:
    for option, meaning in options:
        parser.add_argument(option, dest=option.strip("-").replace("for", "runtime"), help=meaning)


def run_subscribe(arguments: argparse.Namespace) -> int:
    """Subscribe."""
    given = {
        "samplingRate": arguments.every,
        "runtime": arguments.runtime,
        "startTime": arguments.since,
    }
    inputs = _source(arguments) | _given(given)
    outputs = execute(arguments.url, "weps:Subscribe", inputs, {"subscription": JSON})
    _show(outputs["subscription"])
    return 0


def run_dry_run(arguments: argparse.Namespace) -> int:
    """Print what would have been found."""
    inputs = _source(arguments) | {"startTime": arguments.since, "endTime": arguments.until}
    outputs = execute(arguments.url, "weps:DryRun", inputs, {"detections": FORMATS[arguments.format]})
    if arguments.format == "json":
        _show(outputs["detections"])
    else:
        print(outputs["detections"])
    return 0


def run_list(arguments: argparse.Namespace) -> int:
    """List the subscriptions."""
    outputs = execute(arguments.url, "weps:ListSubscriptions", {}, {"subscriptions": JSON})
    _show(outputs["subscriptions"])
    return 0


def run_change(arguments: argparse.Namespace) -> int:
    """Renew, pause, resume or cancel a subscription."""
    given = {"subscriptionId": arguments.id, "runtime": arguments.runtime, "endTime": arguments.end}
    outputs = execute(arguments.url, arguments.process, _given(given), {"subscription": JSON})
    _show(outputs["subscription"])
    return 0


def _source(arguments: argparse.Namespace) -> dict[str, str | ComplexInput]:
    text = read_rule(arguments.rule)
    rule = ComplexInput(text, LANGUAGES[detect_language(text)].mime_type)
    given = {
        "getObservationTemplate": arguments.template,
        "sosEndpoint": arguments.endpoint,
        "procedure": arguments.procedure,
        "observedProperty": arguments.property,
        "title": arguments.title,
        "severity": arguments.severity,
    }
    return {"rule": rule, **_given(given)}


def _given(members: Mapping[str, str | None]) -> dict[str, str | ComplexInput]:
    return {name: member for name, member in members.items() if member is not None}


def _show(document: str) -> None:
    print(json.dumps(json.loads(document), indent=2, ensure_ascii=False))
