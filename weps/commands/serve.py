"""`weps serve`: everything in one process."""

from __future__ import annotations

import argparse
import os
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from weps.logs import log_to_stderr
from weps.settings import read_settings

if TYPE_CHECKING:
    from weps.app import Service

HELP = "run the SOS, the WPS, the feeds and the engine in one process"
DESCRIPTION = """\
Runs the whole service in one process: a Sensor Observation Service at /sos, the Web Processing Service at /wps,
alert feeds at /feeds, the data store for notifications at /store. Everything is kept in the data directory.
Ctrl-C stops it; the next start goes on where it was.

Settings come from config/weps.toml, WEPS_* variables, and the options below, each over the one before.
"""


def add_to(parsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = parsers.add_parser(
        "serve", help=HELP, description=DESCRIPTION, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--config", type=Path, metavar="FILE", help="settings as TOML (default: config/weps.toml)")
    parser.add_argument("--host", help="address to listen on (default: 127.0.0.1)")
    parser.add_argument("--port", type=int, help="port to listen on, 0 for a free one (default: 8080)")
    parser.add_argument("--data", type=Path, metavar="DIR", help="directory of everything that is kept (default: var)")
    parser.add_argument("--open", action="store_true", default=None, help="allow an address that others can reach")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Serve until a signal comes."""
    # the whole service takes a second to import, which no other command waits for
    from weps.serving import run as serve  # noqa: PLC0415

    settings = read_settings(
        arguments.config, host=arguments.host, port=arguments.port, data=arguments.data, open=arguments.open
    )
    log_to_stderr(settings.log_level)
    serve(settings, ready=_announce)
    return leave(0)


def leave(code: int) -> int:
    """
    Give the exit code, or end the process with it at once where a request to a slow source still hangs.

    All that is kept has been committed, so nothing is lost by not waiting for it.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    if any(thread.name.startswith("poll") and thread.is_alive() for thread in threading.enumerate()):
        os._exit(code)
    return code


def _announce(service: Service) -> None:
    print(f"WEPS serves {service.base_url}/ (Ctrl-C stops it)", file=sys.stderr, flush=True)
