"""`weps check-rule`: is this rule right?"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from weps.errors import Fault, RuleError
from weps.model import RuleText
from weps.rules.languages import compile_rule, detect_language

HELP = "tell every fault of a rule, with its line"
DESCRIPTION = """\
Compiles a rule without subscribing to it. Prints nothing and exits 0 when it is right; else prints every fault as
FILE:LINE: what is wrong, and what to do, and exits 1. The language is told from the text: EML, threshold JSON, an OGC
filter, CQL2 (text or JSON), or an eventing template.
"""


def add_to(parsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = parsers.add_parser("check-rule", help=HELP, description=DESCRIPTION)
    parser.add_argument("file", type=Path, metavar="FILE", help="a rule in any of the languages; - for standard input")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Check one rule."""
    try:
        text = read_rule(arguments.file)
        compile_rule(RuleText(detect_language(text), text))
    except RuleError as error:
        for fault in error.faults:
            # A fault of the whole text is one of its beginning for editors, whose lines begin with 1.
            print(f"{arguments.file}:{max(fault.line, 1)}: {fault.message}")
        return 1
    return 0


def read_rule(file: Path) -> str:
    """Give the text of a rule file; raises `OSError`, or `RuleError` when it is no text."""
    data = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise RuleError((Fault(line, "this is no UTF-8 text; save the rule as UTF-8"),)) from error
