"""What all tests share: the folder of real documents beside the checkout, databases, and servers on loopback."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.postgres import postgres  # noqa: F401 -- a fixture

SHARED = Path(__file__).resolve().parents[2] / "shared"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip what needs the folder of real documents where it is absent; in CI its absence is a failure."""
    if SHARED.is_dir():
        return
    if os.environ.get("CI"):
        raise pytest.UsageError(f"the folder of real documents is needed in CI, beside the checkout: {SHARED.name}/")
    for item in items:
        if item.get_closest_marker("shared"):
            item.add_marker(pytest.mark.skip(reason="needs the folder of real documents beside the checkout"))


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of an empty database: each test is run on both kinds."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'database.sqlite'}"
        return
    cluster = request.getfixturevalue("postgres")
    url = cluster.new_database()
    yield url
    cluster.drop_database(url)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real documents, series and schemas."""
    return SHARED


@pytest.fixture(scope="session")
def validate(shared: Path):
    """Validate a document against the OGC schemas in both profiles; gives the list of problems."""
    sys.path.insert(0, str(shared / "bin"))
    import validate_ogc  # noqa: PLC0415 -- stands beside the checkout, not in it

    def problems(document: bytes) -> list[str]:
        return [
            str(problem)
            for profile in ("current", "cite")
            for problem in validate_ogc.validate(document, profile=profile)
        ]

    return problems
