"""
The clock of the service: polls what is due, ends what is over, tells again what nobody cared for.

What is due stands in the database, so a restart goes on where it was, and ten thousand feeds are one indexed query
and not ten thousand jobs.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from datetime import UTC, datetime
from urllib.parse import urlsplit

from apscheduler.schedulers.background import BackgroundScheduler

from weps.engine import Engine
from weps.handling.groups import Grouping
from weps.handling.reminders import Reminding
from weps.housekeeping import Housekeeping
from weps.live import LiveFeeds
from weps.model import Feed
from weps.sources import ServiceWatch

LOG = logging.getLogger("weps.scheduler")
SECONDS_BETWEEN_LOOKS = 0.2
SECONDS_TO_PURGE = 3600
SECONDS_TO_FORGET = 600
SECONDS_TO_READ = 30
"""From one look for services whose capabilities are due to the next."""


class Scheduler:
    """Runs the engine's regular work on APScheduler. No host is polled more than `per_host` times at once."""

    def __init__(
        self,
        engine: Engine,
        live: LiveFeeds,
        per_host: int = 4,
        housekeeping: Housekeeping | None = None,
        services: ServiceWatch | None = None,
    ) -> None:
        self._engine = engine
        self._live = live
        self._per_host = per_host
        self._housekeeping = housekeeping
        self._services = services
        self._busy: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._last_beat = 0.0
        self._scheduler = BackgroundScheduler(
            timezone="UTC", job_defaults={"max_instances": 1, "coalesce": True, "misfire_grace_time": None}
        )

    def start(self) -> None:
        """Begin to work in the background."""
        self._beat()
        self._scheduler.add_job(self._poll_due, "interval", seconds=SECONDS_BETWEEN_LOOKS, id="poll")
        self._scheduler.add_job(self._engine.expire, "interval", seconds=1, id="expire")
        self._scheduler.add_job(self._engine.forget_ended, "interval", seconds=SECONDS_TO_FORGET, id="forget")
        self._scheduler.add_job(Reminding(self._engine.store).run_due, "interval", seconds=1, id="episodes")
        gathered = Grouping(self._engine.store, self._engine.feed_url)
        self._scheduler.add_job(gathered.run_due, "interval", seconds=1, id="groups")
        if self._housekeeping is not None:
            self._scheduler.add_job(self._housekeeping.run, "interval", seconds=SECONDS_TO_PURGE, id="purge")
        if self._services is not None:
            first = datetime.now(UTC)
            self._scheduler.add_job(
                self._services.read_due, "interval", seconds=SECONDS_TO_READ, id="services", next_run_time=first
            )
        self._scheduler.start()

    def stop(self, timeout: float) -> None:
        """Start nothing new, and wait at most so many seconds for the polls under way."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)
        self._engine.close(timeout)

    def seconds_since_beat(self) -> float:
        """Tell how long ago the scheduler last looked for work: the heartbeat that `/readyz` shows."""
        return time.monotonic() - self._last_beat

    def _poll_due(self) -> None:
        for feed in (*self._engine.due_feeds(), *self._live.due()):
            self._poll(feed)
        self._beat()

    def _poll(self, feed: Feed) -> None:
        host = urlsplit(feed.source.endpoint).netloc
        with self._lock:
            if self._busy[host] >= self._per_host:
                return
            self._busy[host] += 1
        polling = self._engine.poll_soon(feed.id)
        if polling is None:
            self._free(host)
        else:
            self._live.taken(feed.id)
            polling.add_done_callback(lambda _done: self._free(host))

    def _free(self, host: str) -> None:
        with self._lock:
            self._busy[host] -= 1
            if not self._busy[host]:
                del self._busy[host]

    def _beat(self) -> None:
        self._last_beat = time.monotonic()
