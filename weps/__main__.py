"""The command `weps`."""

from __future__ import annotations

import argparse
import os
import sys

from weps import __version__
from weps.commands import (
    backtest,
    check_rule,
    deliveries,
    demo,
    dry_run,
    episodes,
    follow,
    inhibitions,
    manage,
    read,
    serve,
    sources,
    webhooks,
)
from weps.errors import RuleError, WepsError

COMMANDS = (
    demo,
    serve,
    manage,
    sources,
    episodes,
    inhibitions,
    follow,
    deliveries,
    webhooks,
    dry_run,
    check_rule,
    backtest,
    read,
)
EPILOG = """\
first steps:
  weps demo                                  watch the whole thing work on a real series
  weps serve                                 run it; then see http://127.0.0.1:8080/
  weps check-rule config/rules/heat.json     is this rule right?
  weps backtest --rule RULE --observations FILE   what would it have found?
"""


def main(arguments: list[str] | None = None) -> int:
    """Run one command; gives the exit code."""
    parser = argparse.ArgumentParser(
        prog="weps",
        description="Watches Sensor Observation Services with event rules and publishes alerts.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"weps {__version__}")
    parsers = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for command in COMMANDS:
        command.add_to(parsers)
    chosen = parser.parse_args(arguments)
    try:
        return int(chosen.run(chosen))
    except RuleError as error:
        for fault in error.faults:
            line = f", line {fault.line}" if fault.line else ""
            print(f"weps: {getattr(chosen, 'rule', 'rule')}{line}: {fault.message}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        # Whoever read our output has seen enough.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except WepsError as error:
        print(f"weps: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"weps: {error.filename}: {error.strerror}" if error.filename else f"weps: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
