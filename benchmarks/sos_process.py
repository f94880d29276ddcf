"""Programs that answer over HTTP as processes of their own: the SOS alone, and the bare program beside it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.frame import WrongAnswer
from benchmarks.server import SECONDS_TO_START, Server

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def serving_sos(data: Path) -> Iterator[Server]:
    """Serve the SOS of a folder for as long as the block lasts."""
    port = _free_port()
    with _running(["sos_server", "serve", "--port", str(port), "--data", str(data)], port, data) as server:
        yield server


@contextmanager
def serving_bare(data: Path, database: str, file: Path) -> Iterator[Server]:
    """Serve the bare program over a database and a file."""
    port = _free_port()
    with _running(["benchmarks.sos_bare", str(port), str(data / database), str(file)], port, data) as server:
        yield server


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def _running(arguments: list[str], port: int, folder: Path) -> Iterator[Server]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("WEPS_", "SOS_"))}
    with (folder / "log.txt").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", *arguments],
            cwd=folder,
            stdout=log,
            stderr=log,
            env=environment | {"PYTHONPATH": str(Path(__file__).resolve().parents[1])},
        )
    try:
        _wait(process, port)
        yield Server(process, port)
    finally:
        process.kill()  # nothing that it keeps is needed again
        process.wait()


def _wait(process: subprocess.Popen[bytes], port: int) -> None:
    until = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < until:
        if process.poll() is not None:
            raise RuntimeError(f"the program ended with {process.returncode}")
        try:
            Server(process, port).ask("/no-such-path-but-an-answer", status=404)
        except OSError:
            time.sleep(0.05)
        except WrongAnswer:
            return
        else:
            return
    raise RuntimeError(f"the program does not answer within {SECONDS_TO_START} s")
