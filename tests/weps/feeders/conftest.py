"""What the tests of feeders share: a badly behaved server on loopback, and a fetcher that may ask it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.misbehaving_sos import MisbehavingSos
from weps.feeders.http import Fetcher
from weps.feeders.sos import SosFeeder
from weps.feeders.template import read_kvp
from weps.model import Source


@pytest.fixture
def server() -> Iterator[MisbehavingSos]:
    """A server whose behaviour the test chooses."""
    with MisbehavingSos() as running:
        yield running


@pytest.fixture
def fetcher(server: MisbehavingSos) -> Iterator[Fetcher]:
    """A fetcher that may ask the server and nothing else on this machine, with short patience."""
    fetcher = Fetcher(frozenset({server.host}), timeout=0.4, limit=1024 * 1024, deadline=0.8)
    yield fetcher
    fetcher.close()


@pytest.fixture
def feeder(fetcher: Fetcher) -> SosFeeder:
    """A feeder over the fetcher."""
    return SosFeeder(fetcher)


@pytest.fixture
def source(server: MisbehavingSos) -> Source:
    """The source of a KVP template for the server."""
    template = "?service=SOS&version=2.0.0&request=GetObservation&procedure=gauge&observedProperty=Level"
    return read_kvp(server.url("/sos") + template)
