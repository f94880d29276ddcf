"""A service that is ready for results."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sos_server.requests import InsertResultTemplate
from tests.sos_server.make import Asked, open_service
from tests.sos_server.results import SENSOR, template

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def ready(sos: Asked) -> Asked:
    """
    A thermometer with a template.
    """
    sos.ask(SENSOR)
    sos.ask(InsertResultTemplate(template()))
    return sos


@pytest.fixture
def refusing(tmp_path: Path) -> Iterator[Asked]:
    """
    A thermometer without a template, on one kind of database: what is refused does not get there.
    """
    sos = Asked(open_service(tmp_path))
    sos.ask(SENSOR)
    yield sos
    sos.service.storage.close()
