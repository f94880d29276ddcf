"""`weps read`: the observations of a document."""

from __future__ import annotations

import argparse
import io
import json
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast
from urllib.parse import urlsplit

from weps.errors import InputError
from weps.feeders.documents import stream_observations, to_json_line
from weps.feeders.http import Fetcher, HttpRequest, require_success

HELP = "print the observations of a document as JSON lines"
DESCRIPTION = """\
Prints one JSON object a line for each value in a document that holds observations: O&M 1.0 and 2.0, SWE Common and
WaterML 2.0 in any envelope, the JSON of 52°North, istSOS and SensorThings, CSV, or JSON lines. Nil results are left out
unless --nil says otherwise. They are printed as they are read: what stands before a fault is printed before it is told.
Values that the document only refers to are not read; where they are is told on standard error.
"""
MOST_IN_MEMORY = 1 << 20
_SCHEMES = ("http://", "https://")


def add_to(parsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = parsers.add_parser("read", help=HELP, description=DESCRIPTION)
    parser.add_argument("source", metavar="FILE|URL", help="the document; - for standard input")
    parser.add_argument("--nil", action="store_true", help='print nil results too, as "value": null with "nil_reason"')
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print the observations."""
    told: set[str] = set()
    with _open(arguments.source) as file, told_of(arguments.source):
        for observation in stream_observations(file, arguments.nil, lambda reference: _tell(reference, told)):
            print(json.dumps(to_json_line(observation), ensure_ascii=False))
    return 0


def _tell(reference: str, told: set[str]) -> None:
    """Tell once that values are not in the document."""
    if reference not in told:
        told.add(reference)
        print(f"weps: values were not read: the document only refers to {reference}", file=sys.stderr)


@contextmanager
def told_of(source: str) -> Iterator[None]:
    """Tell what is wrong in a document as something of the file or URL that it came from."""
    try:
        yield
    except InputError as error:
        raise InputError(str(error), where="standard input" if source == "-" else source) from error


def _open(source: str) -> BinaryIO:
    """Open a file, or what stands for one so that it can be read twice."""
    if source == "-":
        kept = tempfile.SpooledTemporaryFile(MOST_IN_MEMORY)  # noqa: SIM115 -- closed by who reads it
        shutil.copyfileobj(sys.stdin.buffer, kept)
        kept.seek(0)
        return cast("BinaryIO", kept)
    if source.startswith(_SCHEMES):
        return io.BytesIO(read_source(source))
    return Path(source).open("rb")


def read_source(source: str) -> bytes:
    """Give the bytes of a file, a URL, or standard input (`-`); raises `OSError` or `FeedError`."""
    if source == "-":
        return sys.stdin.buffer.read()
    if source.startswith(_SCHEMES):
        # Whoever runs the command may ask any address that this machine can reach.
        try:
            host = urlsplit(source).netloc
        except ValueError as error:
            raise InputError("is no URL; write one such as http://127.0.0.1:8080/…", where=source) from error
        answer = Fetcher(frozenset({host})).send(HttpRequest("GET", source, {}, None))
        # What a service refuses is told in its own words, which are read from its report.
        if b"ExceptionReport" not in answer.body:
            require_success(answer)
        return answer.body
    return Path(source).read_bytes()
