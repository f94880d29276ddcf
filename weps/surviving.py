"""Loops that must go on, whatever happens in one of their steps."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

Result = TypeVar("Result")
LOG = logging.getLogger(__name__)


def survived(step: Callable[[], object], told: str, *values: object) -> bool:
    """Run a step of a loop that must survive it; tells whether it ended well, and logs what happened if not."""

    def run() -> bool:
        step()
        return True

    return result_of(run, told, *values) is not None


def result_of(step: Callable[[], Result], told: str, *values: object) -> Result | None:
    """Give the result of a step of a loop that must survive it, None and a line in the log where it has none."""
    try:
        return step()
    except Exception:
        LOG.exception(told, *values)
        return None


async def survived_waiting(step: Callable[[], Awaitable[object]], told: str, *values: object) -> bool:
    """Run a step as `survived` does that waits for others."""
    try:
        await step()
    except Exception:
        LOG.exception(told, *values)
        return False
    return True
