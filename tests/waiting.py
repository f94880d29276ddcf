"""
Waiting for what is to come: no longer than needed, never without end, and in vain never without saying so.

How long is enough is said in one place, and is long: a machine may be slow, and only who waits in vain waits that long.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterable

PATIENCE = 60.0
"""Seconds; below the time-out of a test, so that it fails with what it waited for."""


def wait_for(
    condition: Callable[[], Any],
    seconds: float = PATIENCE,
    pause: float = 0.05,
    told: Callable[[], object] | None = None,
) -> Any:
    """Wait until a condition gives something true, and give it; `told` is how things stand where that was in vain."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds:g} s in vain; at last: {told() if told else repr(value)}")
        time.sleep(pause)
    return value


def join(threads: Iterable[threading.Thread], seconds: float = PATIENCE) -> None:
    """Wait until all of the threads have ended."""
    deadline = time.monotonic() + seconds
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
        if thread.is_alive():
            raise AssertionError(f"{thread.name} has not ended within {seconds:g} s")
