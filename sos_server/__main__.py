"""The command line: `python -m sos_server serve`, `load` and `check`."""

from __future__ import annotations

import argparse
import asyncio
import logging
import signal
import socket
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from granian.constants import Interfaces
from granian.server.embed import Server

from sos_server.app import PATH, create_standalone
from sos_server.check import check
from sos_server.load import LoadError, load
from sos_server.logs import LineFormatter
from sos_server.serving import Requests, end
from sos_server.settings import Settings, SettingsError, load_settings
from sos_server.storage.base import DatabaseError, open_database
from sos_server.workers import WorkerError, run_workers

if TYPE_CHECKING:
    from starlette.types import ASGIApp

DONE, WRONG_INPUT, MISUSE = 0, 1, 2


def main(arguments: list[str] | None = None) -> int:
    """Run a command and give the exit code: 0 done, 1 the input is wrong, 2 misuse."""
    parser = _parser()
    chosen = parser.parse_args(arguments)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(LineFormatter())
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    logging.getLogger("alembic").setLevel(logging.WARNING)
    # what no line of the log tells need not be found out for each (Optimization in the logging howto of Python)
    logging._srcfile = None
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    try:
        return int(chosen.run(chosen))
    except (SettingsError, LoadError, DatabaseError, WorkerError) as error:
        print(f"sos_server: {error}", file=sys.stderr)
        return WRONG_INPUT
    except OSError as error:
        print(f"sos_server: {error.filename or 'the system refused'}: {error.strerror or error}", file=sys.stderr)
        return WRONG_INPUT
    except KeyboardInterrupt:
        print("sos_server: interrupted", file=sys.stderr)
        return WRONG_INPUT


def serve(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT."""
    _check_address(settings)
    if settings.workers == 1:
        _work(settings)
        return
    if sys.platform != "linux":
        raise SettingsError("workers share their port on Linux only; set workers = 1")
    open_database(settings.database_url).close()  # so that its tables are there before the workers need them
    run_workers(settings.workers, partial(_work, settings))


def _work(settings: Settings) -> None:
    app = create_standalone(settings)
    try:
        asyncio.run(_serve(app, settings))
    finally:
        app.state.storage.close()


def _check_address(settings: Settings) -> None:
    """Raise where nothing can listen at the address: the server itself says so with a trace only."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            address = f"{settings.host}:{settings.port}"
            raise SettingsError(
                f"{address} cannot be listened at: {error.strerror}; set another port or host"
            ) from error


async def _serve(app: ASGIApp, settings: Settings) -> None:
    requests = Requests(app)
    server = Server(
        requests,
        address=settings.host,
        port=settings.port,
        interface=Interfaces.ASGI,
        websockets=False,
        log_enabled=False,
        backlog=1024,
        # each connection takes a file, of which most systems allow 1024
        backpressure=900,
    )
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    logging.getLogger("sos_server").info("serving url=http://%s:%d%s", settings.host, settings.port, PATH)
    serving = asyncio.create_task(server.serve())
    waiting = asyncio.create_task(stop.wait())
    await asyncio.wait({serving, waiting}, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    await end(server, serving, requests)


def _run_serve(chosen: argparse.Namespace) -> int:
    given = {"host": chosen.host, "port": chosen.port, "data": chosen.data, "workers": chosen.workers}
    serve(load_settings(chosen.config, **given))
    return DONE


def _run_load(chosen: argparse.Namespace) -> int:
    outcome = load(chosen.file, chosen.url, batch=chosen.batch)
    print(f"{outcome.rows} rows of {outcome.sensors} sensors are at {chosen.url}")
    return DONE


def _run_check(chosen: argparse.Namespace) -> int:
    settings = load_settings(chosen.config, data=chosen.data, database=chosen.database)
    return DONE if check(settings.database_url, print) else WRONG_INPUT


def _positive(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 0 < len(text) < 10 and int(text) > 0):
        raise argparse.ArgumentTypeError(f"must be a whole number of at least 1 (it is {text!r})")
    return int(text)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m sos_server",
        description="A Sensor Observation Service (SOS 2.0) on one machine, and a tool that fills it.",
        epilog="Exit codes: 0 done, 1 the input or a setting is wrong, 2 the command was misused.",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    server = commands.add_parser(
        "serve",
        help="answer requests until Ctrl-C",
        description=f"Serve SOS 2.0 over KVP, POX and SOAP at http://HOST:PORT{PATH} until Ctrl-C or SIGTERM.",
        epilog="Settings come from config/sos_server.toml, over that SOS_* variables, over that options. "
        f'Try: curl "http://127.0.0.1:8081{PATH}?service=SOS&request=GetCapabilities"',
    )
    server.add_argument(
        "--config", type=Path, help="the settings file (default: config/sos_server.toml, if it is there)"
    )
    server.add_argument("--host", help="the address to listen at (default: 127.0.0.1)")
    server.add_argument("--port", type=int, help="the port to listen at (default: 8081)")
    server.add_argument("--data", type=Path, help="the folder of the database (default: ./var)")
    server.add_argument(
        "--workers", type=_positive, help="processes that answer, about as many as there are processors (default: 1)"
    )
    server.set_defaults(run=_run_serve)
    loader = commands.add_parser(
        "load",
        help="publish the rows of a CSV file",
        description="Register the sensors of a CSV file at an SOS and publish its rows over HTTP. Run again after a "
        "failure it goes on: what is there already is not doubled.",
        epilog="Columns: time (ISO 8601), procedure, observed_property, feature_of_interest, lat, lon, value, "
        "uom (UCUM); others are left aside. Another value for a time that a series has already is a correction: "
        "it is published with a later result time.",
    )
    loader.add_argument("file", type=Path, metavar="FILE", help="the rows: a .csv or .csv.gz file with a header line")
    loader.add_argument("--url", required=True, help=f"the address of the service, such as http://127.0.0.1:8081{PATH}")
    loader.add_argument("--batch", type=_positive, default=1000, help="the number of rows in a request (default: 1000)")
    loader.set_defaults(run=_run_load)
    checker = commands.add_parser(
        "check",
        help="verify a database",
        description="Verify the database of a service without changing it: whether it is damaged, whether extents "
        "and counts are those of the observations, whether rows belong to nothing. It reads all observations once; "
        "the service may go on.",
        epilog="Prints what is wrong, a line each, and exits 1; or how much is there, and exits 0.",
    )
    checker.add_argument(
        "--config", type=Path, help="the settings file (default: config/sos_server.toml, if it is there)"
    )
    checker.add_argument("--data", type=Path, help="the folder of the database (default: ./var)")
    checker.add_argument("--database", metavar="URL", help="the URL of the database instead of a folder")
    checker.set_defaults(run=_run_check)
    return parser


if __name__ == "__main__":
    sys.exit(main())
