"""`weps dry-run`: what would a subscription have found in the past?"""

from __future__ import annotations

import argparse
import sys
import time
from typing import TYPE_CHECKING

from weps.client import dismiss_job, job_progress, job_result, start_job
from weps.commands.address import add_address
from weps.commands.manage import JSON, add_source, show, source_inputs

if TYPE_CHECKING:
    from weps.client import JobProgress

FORMATS = {"json": JSON, "csv": "text/csv", "georss": "application/rss+xml"}
HELP = "tell what a subscription would have found in the past"
DESCRIPTION = """\
Starts weps:DryRun as a job of a running service: the rule is run over the history of the source, nothing is stored or
sent. At a terminal it shows how far it is; Ctrl-C stops the job. Exits 1 when the service refuses or cannot do it.
"""
SECONDS_BETWEEN_LOOKS = 0.5
_WIDTH = 40


def add_to(parsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = parsers.add_parser(
        "dry-run", help=HELP, description=DESCRIPTION, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add_source(parser)
    parser.add_argument("--since", required=True, metavar="TIME", help="where the time range begins")
    parser.add_argument("--until", required=True, metavar="TIME", help="where the time range ends")
    parser.add_argument("--format", choices=FORMATS, default="json", help="how to print it (default: json)")
    add_address(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print what would have been found."""
    inputs = source_inputs(arguments) | {"startTime": arguments.since, "endTime": arguments.until}
    job = start_job(arguments.url, "weps:DryRun", inputs, "detections", FORMATS[arguments.format])
    try:
        while not job.is_finished:
            _show_progress(job)
            time.sleep(SECONDS_BETWEEN_LOOKS)
            job = job_progress(arguments.url, job.id)
        _end_progress()
        found = job_result(arguments.url, job.id)
    finally:
        # Its result is here, or nobody waits for it any more.
        dismiss_job(arguments.url, job.id)
    if arguments.format == "json":
        show(found)
    else:
        print(found, end="" if found.endswith("\n") else "\n")
    return 0


def _show_progress(job: JobProgress) -> None:
    """Draw a bar where somebody looks: results go to stdout, talk to a terminal."""
    if sys.stderr.isatty():
        percent = job.percent or 0
        done = "#" * (percent * _WIDTH // 100)
        print(f"\r[{done:<{_WIDTH}}] {percent:3d} %", end="", file=sys.stderr, flush=True)


def _end_progress() -> None:
    if sys.stderr.isatty():
        print(f"\r{'':<{_WIDTH + 8}}\r", end="", file=sys.stderr, flush=True)
