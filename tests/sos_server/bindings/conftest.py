"""What tests of the bindings watch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture
def threads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Note each request that goes to a thread of its own."""
    seen: list[str] = []

    async def call(work: Callable[..., Any], *rest: object) -> Any:
        seen.append("thread")
        return work(*rest)

    monkeypatch.setattr("sos_server.app.run_in_threadpool", call)
    return seen
