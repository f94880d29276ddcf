"""A service over an empty database, and the same behind HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.sos_server.make import Asked, open_service

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def sos(tmp_path: Path) -> Iterator[Asked]:
    """A service over an empty database."""
    service = open_service(tmp_path)
    yield Asked(service)
    service.storage.close()
