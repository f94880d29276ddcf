"""Tasks side by side in a few threads, in lanes that do not hold up one another."""

from __future__ import annotations

import logging
import threading
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

LOG = logging.getLogger(__name__)


class Lanes:
    """
    Runs tasks in at most `at_once` threads; those of one lane one after the other, in their order.

    A lane whose task hangs holds up itself and one thread. The threads end when there is nothing to do, and do not
    keep the process from ending.
    """

    def __init__(self, name: str, at_once: int) -> None:
        self._name, self._at_once = name, at_once
        self._tasks: dict[str, deque[Callable[[], None]]] = {}
        self._ready: deque[str] = deque()
        self._threads = 0
        self._lock = threading.Lock()

    def put(self, lane: str, task: Callable[[], None]) -> None:
        """Run a task as soon as its lane and a thread are free."""
        with self._lock:
            if lane in self._tasks:
                self._tasks[lane].append(task)
                return
            self._tasks[lane] = deque([task])
            self._ready.append(lane)
            if self._threads < self._at_once:
                self._threads += 1
                threading.Thread(target=self._work, daemon=True, name=self._name).start()

    def _work(self) -> None:
        while (lane := self._next()) is not None:
            task = self._tasks[lane].popleft()
            try:
                task()
            except Exception:  # one task must not take the others with it
                LOG.exception("task broke thread=%s lane=%s", self._name, lane)
            with self._lock:
                if self._tasks[lane]:
                    self._ready.append(lane)
                else:
                    del self._tasks[lane]

    def _next(self) -> str | None:
        with self._lock:
            if self._ready:
                return self._ready.popleft()
            self._threads -= 1
            return None
