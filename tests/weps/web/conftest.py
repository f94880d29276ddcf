"""A store that counts how often its items are read, and a client of the HTTP face on it."""

from __future__ import annotations

import pytest
from starlette.applications import Starlette

from tests.weps.asgi import Client
from tests.weps.notify.stores import open_store, subscribe
from tests.weps.web.posting import ReadsCounted
from weps.web.routes import create_routes


@pytest.fixture
def store(tmp_path):
    open_store(tmp_path).dispose()
    opened = ReadsCounted(f"sqlite:///{tmp_path / 'weps.db'}")
    yield opened
    opened.dispose()


@pytest.fixture
def client(store):
    return Client(Starlette(routes=create_routes(store)))


@pytest.fixture
def subscription(store):
    return subscribe(store)
