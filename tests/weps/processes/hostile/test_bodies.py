"""Bodies that are too large, too slow or break off, in every protocol."""

from __future__ import annotations

import gzip
import time
from typing import TYPE_CHECKING

import pytest
import requests

from tests.weps.processes.hostile.conftest import RIGHT, SECONDS, TARGET_OF, Victim

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

pytestmark = pytest.mark.shared

MEGABYTE = b" " * 1024 * 1024


def whole(right: bytes, size: int = 50) -> Iterator[bytes]:
    """The beginning of a right document and then 50 MB of white space."""
    yield right[:300]
    for _ in range(size):
        yield MEGABYTE
    yield right[300:]


def without_end(right: bytes) -> Iterator[bytes]:
    """The same for ever."""
    yield right[:300]
    while True:
        yield MEGABYTE


def beginning(right: bytes) -> Iterator[bytes]:
    """Nothing comes behind the beginning; the client waits for an answer."""
    yield right[:300]


def drops(right: bytes) -> Iterator[bytes]:
    """An octet now and then."""
    yield right[:300]
    while True:
        time.sleep(0.05)
        yield b" "


LONG = str(50 * 1024 * 1024 + 1000)
BODIES: dict[str, tuple[Callable[[bytes], Iterable[bytes]], dict[str, str], int, str, str]] = {
    "50 MB": (whole, {"Content_Length": LONG}, 413, "FileSizeExceeded", "SizeExceeded"),
    "50 MB in chunks": (whole, {}, 413, "FileSizeExceeded", "SizeExceeded"),
    "chunks without end": (without_end, {}, 413, "FileSizeExceeded", "SizeExceeded"),
    "less than stated": (beginning, {"Content_Length": "10000"}, 408, "NoApplicableCode", "NoApplicableCode"),
    "chunks that stop": (beginning, {}, 408, "NoApplicableCode", "NoApplicableCode"),
    "drops": (drops, {}, 408, "NoApplicableCode", "NoApplicableCode"),
}


@pytest.mark.parametrize("protocol", TARGET_OF)
@pytest.mark.parametrize("name", BODIES)
def test_bodies_that_take_too_much_or_too_long_are_refused(refused, name: str, protocol: str):
    """
    Whether the length is stated or not, in the version that the beginning tells.
    """
    send, headers, status, in_10, in_20 = BODIES[name]

    answered = refused(protocol, send(RIGHT[protocol].encode()), **headers)

    assert answered == (status, {"1.0.0": in_10, "2.0": in_20}.get(protocol), None)


@pytest.mark.parametrize("body", [RIGHT["1.0.0"].encode(), bytes(100 * 1024 * 1024)], ids=["right", "bomb"])
@pytest.mark.parametrize("protocol", ["1.0.0", "OGC API"])
def test_compressed_bodies_are_not_taken(refused, protocol: str, body: bytes):
    """
    Nothing is decompressed; what version they are in cannot be seen.
    """
    compressed = gzip.compress(body, compresslevel=1)

    answered = refused(protocol, [compressed, b""], Content_Encoding="gzip")

    assert answered[0] == 415


def test_a_good_request_is_carried_out_all_the_same(served: Victim):
    """
    After all that was done to it, the service works.
    """
    before = served.store.count_subscriptions()

    answer = requests.post(f"http://127.0.0.1:{served.port}/wps", data=RIGHT["1.0.0"].encode(), timeout=SECONDS)

    assert answer.status_code == 200
    assert served.store.count_subscriptions() == before + 1
