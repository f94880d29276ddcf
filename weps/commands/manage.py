"""`weps subscribe`, `weps list`, `weps cancel`: subscriptions of a running service, over its WPS."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from weps.client import ComplexInput, execute
from weps.commands.check_rule import read_rule
from weps.rules.languages import LANGUAGES, detect_language

DEFAULT_URL = "http://127.0.0.1:8080/wps"
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
    subscribe.add_argument("--rule", type=Path, required=True, metavar="FILE", help="a rule in any of the languages")
    subscribe.add_argument("--template", metavar="URL", help="the GetObservation request without its time filter")
    for option, meaning in (
        ("--endpoint", "the SOS, when it is not the service's own"),
        ("--procedure", "the procedure to watch, instead of a template"),
        ("--property", "the observed property to watch, instead of a template"),
        ("--every", "how often to ask, as ISO 8601 duration (default: PT10M)"),
        ("--for", "how long to watch, as ISO 8601 duration (default: until cancelled)"),
        ("--since", "the time from which to watch (default: now)"),
        ("--title", "the title of the alerts"),
        ("--severity", "Extreme, Severe, Moderate, Minor or Unknown"),
    ):
        subscribe.add_argument(option, dest=option.strip("-").replace("for", "runtime"), help=meaning)
    subscribe.set_defaults(run=run_subscribe)
    listing = parsers.add_parser("list", help="list the subscriptions of a running service as JSON")
    listing.set_defaults(run=run_list)
    cancel = parsers.add_parser("cancel", help="cancel a subscription of a running service")
    cancel.add_argument("id", help="the id of the subscription")
    cancel.set_defaults(run=run_cancel)
    for parser in (subscribe, listing, cancel):
        parser.add_argument("--url", default=DEFAULT_URL, help=f"the WPS (default: {DEFAULT_URL})")


def run_subscribe(arguments: argparse.Namespace) -> int:
    """Subscribe."""
    text = read_rule(arguments.rule)
    given = {
        "getObservationTemplate": arguments.template,
        "sosEndpoint": arguments.endpoint,
        "procedure": arguments.procedure,
        "observedProperty": arguments.property,
        "samplingRate": arguments.every,
        "runtime": arguments.runtime,
        "startTime": arguments.since,
        "title": arguments.title,
        "severity": arguments.severity,
    }
    rule = ComplexInput(text, LANGUAGES[detect_language(text)].mime_type)
    inputs: dict[str, str | ComplexInput] = {"rule": rule}
    inputs |= {name: value for name, value in given.items() if value is not None}
    outputs = execute(arguments.url, "weps:Subscribe", inputs, {"subscription": "application/json"})
    _show(outputs["subscription"])
    return 0


def run_list(arguments: argparse.Namespace) -> int:
    """List the subscriptions."""
    outputs = execute(arguments.url, "weps:ListSubscriptions", {}, {"subscriptions": "application/json"})
    _show(outputs["subscriptions"])
    return 0


def run_cancel(arguments: argparse.Namespace) -> int:
    """Cancel a subscription."""
    outputs = execute(
        arguments.url,
        "weps:Unsubscribe",
        {"subscriptionId": arguments.id},
        {"subscription": "application/json"},
    )
    _show(outputs["subscription"])
    return 0


def _show(document: str) -> None:
    print(json.dumps(json.loads(document), indent=2, ensure_ascii=False))
