"""`weps backtest`: what would a rule have found?"""

from __future__ import annotations

import argparse
import json
from datetime import datetime
from pathlib import Path

from sos_server.time import parse_instant
from weps.commands.check_rule import read_rule
from weps.commands.read import read_source, told_of
from weps.errors import InputError
from weps.feeders.documents import read_recording
from weps.model import RuleText
from weps.rules.backtest import backtest
from weps.rules.languages import compile_rule, detect_language

HELP = "run a rule over recorded observations"
DESCRIPTION = """\
Runs a rule over recorded observations, with the engine that runs live, and prints one JSON object a line for each
detection. Observations may be any document that `weps read` reads, CSV (time, procedure, observed_property,
feature_of_interest, lat, lon, value, uom), or the JSON lines of `weps read`; also gzipped. In JSON lines the value null
is an event without a value; the nil results of documents are left out. An empty file is no observation at all.
"""


def add_to(parsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = parsers.add_parser(
        "backtest", help=HELP, description=DESCRIPTION, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rule", type=Path, required=True, metavar="FILE", help="the rule, in any of the languages")
    parser.add_argument("--observations", required=True, metavar="FILE|URL", help="the observations")
    parser.add_argument(
        "--start", type=_instant, metavar="TIME", help="when the rule begins (default: at the first observation)"
    )
    parser.add_argument("--end", type=_instant, metavar="TIME", help="move the clock on to this time at the end")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print the detections."""
    if arguments.start and arguments.end and arguments.end < arguments.start:
        raise InputError("is before --start; nothing could be found", where="--end")
    text = read_rule(arguments.rule)
    rule = compile_rule(RuleText(detect_language(text), text))
    with told_of(arguments.observations):
        observations = read_recording(read_source(arguments.observations))
    for detection in backtest(rule, observations, arguments.start, arguments.end):
        print(json.dumps(detection, ensure_ascii=False))
    return 0


def _instant(text: str) -> datetime:
    try:
        return parse_instant(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
