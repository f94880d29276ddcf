"""Loops that must go on, whatever happens in one of their steps."""

from __future__ import annotations

import logging
from collections.abc import Callable

LOG = logging.getLogger(__name__)


def survived(step: Callable[[], object], told: str, *values: object) -> bool:
    """Run a step of a loop that must survive it; tells whether it ended well, and logs what happened if not."""
    try:
        step()
    except Exception:
        LOG.exception(told, *values)
        return False
    return True
