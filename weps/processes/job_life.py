"""Signs of life for the jobs that this process works for: they tell them from jobs that nobody works for any more."""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING

from weps.processes.faults import WpsError

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from weps.store import Store

LOG = logging.getLogger(__name__)

BEAT_SECONDS = 5.0


class SignsOfLife:
    """Says of each unfinished job again and again that it is worked for, in a thread that ends when there is none."""

    def __init__(self, store: Store, clock: Callable[[], datetime], most_unfinished: int) -> None:
        self._store, self._clock, self._most_unfinished = store, clock, most_unfinished
        self._lock = threading.Lock()
        self._unfinished: set[str] = set()
        self._beating = False

    def enter(self, identifier: str) -> None:
        """Take a job in; raises `WpsError` where there are too many."""
        with self._lock:
            if len(self._unfinished) >= self._most_unfinished:
                raise WpsError("ServerBusy", f"{self._most_unfinished} jobs are under way; try later.", None, 503)
            self._unfinished.add(identifier)
            if not self._beating:
                self._beating = True
                threading.Thread(target=self._beat, daemon=True, name="job beat").start()

    def leave(self, identifier: str) -> None:
        """Let a job go that is finished."""
        with self._lock:
            self._unfinished.discard(identifier)

    def _beat(self) -> None:
        while True:
            time.sleep(BEAT_SECONDS)
            with self._lock:
                running = tuple(self._unfinished)
                self._beating = bool(running)
            if not running:
                return
            try:
                for identifier in running:
                    self._store.change_job(identifier, self._clock())
            except Exception:  # a database that is away for a while must not end the signs of life
                LOG.exception("no sign of life could be given jobs=%d", len(running))
