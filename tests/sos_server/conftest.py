"""A service over an empty database: called directly, through ASGI, and as a running process."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from starlette.applications import Starlette

from sos_server.app import create_app, mount
from sos_server.settings import Settings
from tests.sos_server.asgi import Client
from tests.sos_server.make import Asked, open_service
from tests.sos_server.server import RunningSos, running_sos

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def sos(database_url: str) -> Iterator[Asked]:
    """A service over an empty database, of each kind."""
    service = open_service(database_url)
    yield Asked(service)
    service.storage.close()


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Client]:
    """The application over an empty database, mounted at `/sos`; it takes bodies of at most 1 MiB."""
    app = create_app(Settings(data=tmp_path, request_limit_bytes=2**20))
    yield Client(Starlette(routes=[mount("/sos", app)]))
    app.state.storage.close()


@pytest.fixture(scope="session")
def live_sos(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSos]:
    """A service that runs as a process for the whole session; tests register sensors of their own in it."""
    with running_sos(tmp_path_factory.mktemp("sos")) as running:
        yield running
