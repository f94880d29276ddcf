"""
What services announce, read once a day and compared with what they announced before.

A sensor that is gone or a property that was renamed gives no error: a template that names it is answered with nothing,
for ever. So whoever watches it is told, with the reading and in its transaction.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol

from weps.contents import Contents, compare, concerns
from weps.errors import FeedError
from weps.feeders.contents import service_address
from weps.feeders.template import read_selection
from weps.model import AlertStatus, Feed, Source, SourceChange
from weps.source_alerts import source_alerts
from weps.store import Store
from weps.store.services import Service, ServiceTransaction

LOG = logging.getLogger("weps.sources")
SOON = timedelta(hours=1)
CLAIMED = timedelta(minutes=10)
NOTHING = "the service announces nothing any more; it is asked again before that is believed"


class Announcer(Protocol):
    """What can be asked for what a service announces."""

    def read(self, source: Source) -> Contents:
        """Give what the service of a source announces; raises a `FeedError`."""
        ...


class ServiceWatch:
    """Reads what each service announces once in `every`; one that could not be read is asked again within an hour."""

    def __init__(
        self,
        store: Store,
        announcer: Announcer,
        every: timedelta,
        clock: Callable[[], datetime],
        wake_delivery: Callable[[], None] = lambda: None,
    ) -> None:
        self._store = store
        self._announcer = announcer
        self._every = every
        self._clock = clock
        self._wake_delivery = wake_delivery

    def read_due(self) -> int:
        """Read the services that are due, one after another; gives how many."""
        read, readings = 0, self._store.readings()
        for key, feeds in self._services().items():
            now = self._clock()
            if key not in readings or readings[key] <= now:
                read += self._store.claim_reading(key, now, now + CLAIMED) and self._read(key, feeds)
        return read

    def _services(self) -> dict[str, list[Feed]]:
        found: dict[str, list[Feed]] = {}
        for feed in self._store.wanted_feeds():
            key = service_key(feed.source)
            if key is not None:
                found.setdefault(key, []).append(feed)
        return found

    def _read(self, key: str, feeds: list[Feed]) -> bool:
        try:
            contents = self._announcer.read(feeds[0].source)
        except FeedError as error:
            self._failed(key, str(error))
            return True
        except Exception:  # one service must not keep the others from being read
            LOG.exception("capabilities broke service=%s", key[:12])
            self._failed(key, "an internal error, see the log")
            return True
        # Some services announce nothing while they start.
        if not contents.offerings and _is_doubted(self._store.service(key)):
            self._failed(key, NOTHING)
            return True
        with self._store.service_reading(key) as transaction:
            told = self._compare(transaction, contents, feeds)
        if told:
            self._wake_delivery()
        return True

    def _failed(self, key: str, error: str) -> None:
        LOG.warning("capabilities not read service=%s error=%s", key[:12], error)
        self._store.reading_failed(key, error, self._clock() + min(self._every, SOON))

    def _compare(self, transaction: ServiceTransaction, contents: Contents, feeds: list[Feed]) -> bool:
        now, before = self._clock(), transaction.before.contents
        changes = () if before is None else compare(before, contents)
        transaction.save(contents, changes, now, now + self._every)
        LOG.info("capabilities read offerings=%d changes=%d", len(contents.offerings), len(changes))
        if before is None or not changes:
            return False
        told = [_tell(transaction, feed, before, changes, now) for feed in feeds]
        return any(told)


def service_key(source: Source) -> str | None:
    """Give the key of the service of a source, None for sources that announce nothing; addresses may hold secrets."""
    address = service_address(source)
    return None if address is None else hashlib.sha256(address.encode()).hexdigest()


def _is_doubted(known: Service) -> bool:
    """Tell whether a service that announces nothing is to be asked again: it did before, and was not doubted yet."""
    return known.contents is not None and bool(known.contents.offerings) and known.last_error != NOTHING


def _tell(
    transaction: ServiceTransaction, feed: Feed, before: Contents, changes: tuple[SourceChange, ...], now: datetime
) -> bool:
    """Tell the subscribers of a feed of the changes that are theirs, each once however many offerings had it."""
    batch, subscriptions = transaction.batch(feed.id)
    selection, observed = read_selection(feed.source), batch.latest().keys()
    mine = {
        (change.kind, change.before, change.after): change
        for change in changes
        if concerns(change, before, selection, observed)
    }
    if not mine or not subscriptions:
        return False
    told = source_alerts(subscriptions, batch.feed, AlertStatus.SOURCE_CHANGED, now, changes=tuple(mine.values()))
    batch.add_alerts(told, now)
    return True
