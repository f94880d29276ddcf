"""Sources as they are watched, told of and shown."""

from __future__ import annotations

import json
from datetime import timedelta

from starlette.applications import Starlette

from tests.weps.asgi import Client
from tests.weps.bench import Bench, at
from weps.feeders.contents import ContentsReader
from weps.feeders.http import Fetcher
from weps.sources import ServiceWatch
from weps.web.sources import create_source_routes

DAY = 24 * 60


def read_services(bench: Bench, minutes: float, announcer=None) -> int:
    """Read the services that are due so many minutes after noon, with nothing in memory from before."""
    bench.now = at(minutes)
    reader = announcer or ContentsReader(Fetcher(frozenset({"127.0.0.1"}), timeout=5, limit=2**24))
    return ServiceWatch(bench.store, reader, timedelta(days=1), lambda: bench.now).read_due()


def told(bench: Bench, subscription) -> list[str]:
    return [alert.status.value for alert in bench.alerts(subscription)]


def web(bench: Bench) -> Client:
    return Client(Starlette(routes=create_source_routes(bench.store, lambda: bench.now, lambda: bench.now)))


def shown(bench: Bench, path: str) -> dict:
    answer = web(bench).get(path)
    assert answer.status == 200, answer.text
    return json.loads(answer.body)
