"""`weps subscribe`, `list`, `show`, `renew`, `pause`, `resume`, `cancel`: subscriptions of a running service."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from pathlib import Path

from weps.client import ComplexInput, Given, execute
from weps.commands.address import add_address
from weps.commands.check_rule import read_rule
from weps.rules.languages import LANGUAGES, detect_language

JSON = "application/json"
ONE = {
    "show": ("weps:GetSubscription", "print a subscription with all versions of its rule"),
    "renew": ("weps:Renew", "give another lifetime to a subscription"),
    "pause": ("weps:Pause", "stop watching for a while for a subscription"),
    "resume": ("weps:Resume", "go on watching for a paused subscription"),
    "cancel": ("weps:Unsubscribe", "cancel a subscription"),
}
OPTIONS = (
    ("--every", "samplingRate", "how often to ask, as ISO 8601 duration (default: PT10M)"),
    ("--for", "runtime", "how long to watch, as ISO 8601 duration (default: until cancelled)"),
    ("--since", "startTime", "the time from which to watch (default: now)"),
    ("--language", "language", "the language of the alerts: en (default), de, fr, es or it"),
    ("--title-template", "titleTemplate", "how titles are written, such as '{feature}: {value} {uom}'"),
    ("--message-template", "messageTemplate", "how texts are written"),
    ("--alert-status", "alertStatus", "what the alerts are for: Test (default), Actual or Exercise"),
    ("--late-policy", "latePolicy", "what is done with late observations: arrival (default), reorder or drop"),
    ("--late-bound", "lateBound", "how long observations are held back with reorder, as ISO 8601 duration"),
    ("--corrections", "corrections", "what is done with changed values: ignore (default) or evaluate"),
    ("--repeat", "repeat", "how often an open alert is told again, as ISO 8601 duration (default: never)"),
    ("--escalate-after", "escalateAfter", "how long nobody may acknowledge an alert until others are told"),
    (
        "--group",
        "group",
        "how long alerts wait for others, to be pushed as one, as ISO 8601 duration (default: never)",
    ),
    ("--group-up-to", "groupUpTo", "up to which severity they wait (default: Severe; what is worse is pushed at once)"),
    (
        "--flapping",
        "flapping",
        "how many changes may come within which time, such as '6 in PT1H' (default: never too many)",
    ),
    ("--push-hub", "pushHub", "the hub of WebSub, or the publisher of OGC Pub/Sub, that is asked to push"),
    ("--push-topic", "pushTopic", "the topic, or the publication, that it is asked for"),
    ("--push-protocol", "pushProtocol", "how it is asked: websub (default) or pubsub"),
)
PAGE = (("--limit", "so many (default: 50)"), ("--offset", "after so many"))
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
    add_source(subscribe)
    for option, name, meaning in OPTIONS:
        shown = option.strip("-").replace("-", "_").upper()
        subscribe.add_argument(option, dest=name, metavar=shown, help=meaning)
    subscribe.add_argument(
        "--push-secret", type=Path, metavar="FILE", help="a file with the secret that signs what is pushed"
    )
    subscribe.add_argument(
        "--sink",
        action="append",
        metavar="URL",
        help="where alerts are pushed: webhook+https://…, mailto:…, mqtt://…, or a data store; may be given again",
    )
    subscribe.add_argument(
        "--escalate-to",
        action="append",
        metavar="URL",
        help="who is told too when nobody has acknowledged; may be given again",
    )
    subscribe.set_defaults(run=run_subscribe)
    listing = parsers.add_parser("list", help="list the subscriptions of a running service as JSON")
    add_options(listing, ("--status", "active, paused, ended, cancelled or failed (default: all)"), *PAGE)
    listing.set_defaults(run=run_list)
    for name, (process, meaning) in ONE.items():
        change = parsers.add_parser(name, help=f"{meaning} of a running service")
        change.add_argument("id", help="the id of the subscription")
        change.set_defaults(run=run_one, process=process, runtime=None, end=None)
        if name == "renew":
            lifetime = change.add_mutually_exclusive_group(required=True)
            lifetime.add_argument("--for", dest="runtime", help="how long from now on: ISO 8601, or unlimited")
            lifetime.add_argument("--until", dest="end", metavar="TIME", help="when to end")
        add_address(change)
    add_address(subscribe, listing)


def add_source(parser: argparse.ArgumentParser) -> None:
    """Add the options that say what is watched by which rule."""
    parser.add_argument("--rule", type=Path, required=True, metavar="FILE", help="a rule in any of the languages")
    parser.add_argument("--template", metavar="URL", help="the GetObservation request without its time filter")
    parser.add_argument("--mapping", type=Path, metavar="FILE", help="where in other data an observation stands (JSON)")
    add_options(
        parser,
        (
            "--endpoint",
            "the SOS, when it is not the service's own, or another source: mqtt://broker/topic, …/Datastreams(1)",
        ),
        ("--source-type", "sos, sta, sta-mqtt, mqtt, push, csv or json, where the endpoint does not tell"),
        ("--procedure", "the procedure to watch, instead of a template"),
        ("--property", "the observed property to watch, instead of a template"),
        ("--title", "the title of the alerts"),
        ("--severity", "Extreme, Severe, Moderate, Minor or Unknown"),
    )


def add_options(parser: argparse.ArgumentParser, *options: tuple[str, str]) -> None:
    """Add options that take a text, with what they mean."""
    for option, meaning in options:
        parser.add_argument(option, help=meaning)


def run_subscribe(arguments: argparse.Namespace) -> int:
    """Subscribe."""
    given = {name: getattr(arguments, name) for _, name, _ in OPTIONS}
    given["pushSecret"] = arguments.push_secret and read_rule(arguments.push_secret).strip()
    listed = {"sink": arguments.sink, "escalateTo": arguments.escalate_to}
    targets: dict[str, Given] = {name: tuple(urls) for name, urls in listed.items() if urls}
    inputs = source_inputs(arguments) | _given(given) | targets
    outputs = execute(arguments.url, "weps:Subscribe", inputs, {"subscription": JSON, "targets": JSON})
    # the secrets of webhooks are told now, and never again
    show(json.dumps(json.loads(outputs["subscription"]) | {"targets": json.loads(outputs["targets"])}))
    return 0


def run_list(arguments: argparse.Namespace) -> int:
    """List the subscriptions."""
    given = {name: getattr(arguments, name) for name in ("status", "limit", "offset")}
    outputs = execute(arguments.url, "weps:ListSubscriptions", _given(given), {"subscriptions": JSON})
    show(outputs["subscriptions"])
    return 0


def run_one(arguments: argparse.Namespace) -> int:
    """Show, renew, pause, resume or cancel a subscription."""
    given = {"subscriptionId": arguments.id, "runtime": arguments.runtime, "endTime": arguments.end}
    outputs = execute(arguments.url, arguments.process, _given(given), {"subscription": JSON})
    show(outputs["subscription"])
    return 0


def source_inputs(arguments: argparse.Namespace) -> dict[str, Given]:
    """Give those options as inputs of a process."""
    text = read_rule(arguments.rule)
    rule = ComplexInput(text, LANGUAGES[detect_language(text)].mime_type)
    given = {
        "getObservationTemplate": arguments.template,
        "sosEndpoint": arguments.endpoint,
        "sourceType": arguments.source_type,
        "procedure": arguments.procedure,
        "observedProperty": arguments.property,
        "title": arguments.title,
        "severity": arguments.severity,
    }
    mapping = None if arguments.mapping is None else ComplexInput(read_rule(arguments.mapping), JSON)
    return {"rule": rule, **_given(given), **({} if mapping is None else {"mapping": mapping})}


def _given(members: Mapping[str, str | None]) -> dict[str, Given]:
    return {name: member for name, member in members.items() if member is not None}


def show(document: str) -> None:
    """Print a JSON document for people."""
    print(json.dumps(json.loads(document), indent=2, ensure_ascii=False))
