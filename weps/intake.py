"""
Taking in what is pushed: messages of brokers, and what is posted to our own address.

Each enters the engine where polled observations do. A message is acknowledged when all feeds that want it have
committed it, so none is lost; one that comes again is known by the ids of its observations, so none is doubled. One
that cannot be read is logged and counted, and stops no other.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Sequence
from dataclasses import replace

from weps.engine import Engine
from weps.errors import InputError, SourceUnreachable
from weps.feeders.broker import Message
from weps.feeders.brokers import Brokers, is_wanted
from weps.feeders.hubs import Hubs
from weps.feeders.messages import read_message
from weps.feeders.pushed import Faults
from weps.feeders.sources import BROKERED, PUSH, topics_of
from weps.health import Counters
from weps.model import Feed, Observation, Source
from weps.reading import Horizon, read_from

LOG = logging.getLogger("weps.intake")

MOST_AT_ONCE = 500
MOST_TRIES = 5
SECONDS_BETWEEN_LOOKS = 2.0
SECONDS_TO_PRIME = 5.0
LONGEST_PAUSE = 30.0


class Intake:
    """Hands what is pushed to the engine; one thread of its own reads the messages of all brokers."""

    def __init__(self, engine: Engine, brokers: Brokers, hubs: Hubs, faults: Faults, horizon: Horizon) -> None:
        self._engine = engine
        self._brokers = brokers
        self._hubs = hubs
        self._faults = faults
        self._horizon = horizon
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._work, name="intake", daemon=True)
        self._looked = -SECONDS_BETWEEN_LOOKS

    def start(self) -> None:
        """Begin to listen in the background to what subscriptions want."""
        self._thread.start()

    def stop(self, timeout: float) -> None:
        """Take nothing more; what was not acknowledged comes again after the next start."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(timeout)
        self._brokers.close()

    def take(self, source: Source, data: bytes, topic: str = "") -> int:
        """
        Take in a document that somebody pushed to a source; gives the number of its observations.

        It is committed when this returns. Raises `InputError` for what cannot be read, which is counted.
        """
        observations = self._read(source, data, topic)
        for feed in self._feeds(source):
            self._receive(feed, observations)
        return len(observations)

    def look_at(self, source: Source) -> None:
        """Look at a source soon, because of something that was heard of it."""
        for feed in self._feeds(source):
            self._engine.poll_soon(feed.id)

    def _read(self, source: Source, data: bytes, topic: str) -> tuple[Observation, ...]:
        try:
            batch = read_message(source, data, topic)
        except InputError as error:
            self._refuse(source, topic, str(error))
            raise
        except Exception as error:
            self._refuse(source, topic, "an internal error, see the log")
            LOG.exception("message broke source=%s topic=%s", source.endpoint, topic)
            raise InputError("it cannot be read") from error
        self._faults.note(source, None)
        return batch.observations

    def _refuse(self, source: Source, topic: str, reason: str) -> None:
        self._faults.note(source, reason)
        good, bad = self._faults.count(source)
        LOG.warning(
            "message not read source=%s topic=%s why=%s read=%d unread=%d", source.endpoint, topic, reason, good, bad
        )

    def _feeds(self, source: Source) -> list[Feed]:
        return [feed for feed in self._engine.store.feeds_at((source.endpoint,)) if feed.source == source]

    def _receive(self, feed: Feed, observations: Sequence[Observation]) -> None:
        feed = self._primed(feed)
        if feed.start is not None:
            # A source that is asked would not be asked for what is older either.
            observations = [one for one in observations if one.phenomenon_time >= feed.start]
        positions = self._engine.store.positions(feed.id)
        limit = read_from(feed, positions.values(), self._horizon)
        # What is older was forgotten, so nobody could tell any more whether it had been here before.
        known = [
            one
            for one in observations
            if one.series not in positions or one.end > positions[one.series] or one.phenomenon_time >= limit
        ]
        # The time of rules is moved by what was observed, and by the regular looks; a message may have waited long.
        until, overdue = feed.polled_until or feed.activation, len(observations) - len(known)
        if overdue:
            LOG.info("too late feed=%d count=%d", feed.id, overdue)
        self._engine.receive(feed.id, known, until, overdue=overdue)

    def _primed(self, feed: Feed) -> Feed:
        """Give the feed when it has begun; its first look begins it."""
        if feed.primed:
            return feed
        deadline = time.monotonic() + SECONDS_TO_PRIME
        self._engine.poll_soon(feed.id)
        while not feed.primed:
            if time.monotonic() > deadline or self._stopping.is_set():
                raise SourceUnreachable("the first look is not over", feed.source.endpoint)
            time.sleep(0.02)
            feed = self._engine.store.feed(feed.id)
        return feed

    def _work(self) -> None:
        while not self._stopping.is_set():
            try:
                self._look()
                messages = self._waiting()
            except Exception:  # the loop must go on when the database does not answer
                LOG.exception("intake broke")
                self._stopping.wait(1)
                continue
            if messages:
                self._take_in(messages)

    def _look(self) -> None:
        """Listen to what is wanted now."""
        if time.monotonic() - self._looked < SECONDS_BETWEEN_LOOKS:
            return
        self._looked = time.monotonic()
        feeds = self._engine.store.feeds_of(BROKERED)
        self._brokers.keep({(feed.source.endpoint, topic) for feed in feeds for topic in topics_of(feed.source)})
        pushed = self._engine.store.feeds_of((PUSH,))
        self._hubs.keep(feed.source for feed in pushed)
        for feed in pushed:
            # What is granted may be over before the next poll.
            if self._hubs.must_renew(feed.source):
                self._engine.poll_soon(feed.id)

    def _waiting(self) -> list[Message]:
        """Give the messages that wait, and wait a moment for the first."""
        found: list[Message] = []
        try:
            found.append(self._brokers.messages.get(timeout=0.1))
            while len(found) < MOST_AT_ONCE:
                found.append(self._brokers.messages.get_nowait())
        except queue.Empty:
            pass
        return found

    def _take_in(self, messages: list[Message]) -> None:
        """Take messages in, together where that is possible, else one by one; acknowledge what is committed."""
        if self._persist(messages, tries=1 if len(messages) > 1 else MOST_TRIES):
            self._acknowledge(messages)
            return
        for message in messages if len(messages) > 1 else ():
            if self._stopping.is_set():
                return
            if self._persist([message], tries=MOST_TRIES):
                self._acknowledge([message])
            elif not self._stopping.is_set():
                self._give_up(message)
        if len(messages) == 1 and not self._stopping.is_set():
            self._give_up(messages[0])

    def _give_up(self, message: Message) -> None:
        """Take a message as lost: it is told in the log, and counted at each source that wanted it."""
        LOG.error("message given up broker=%s topic=%s octets=%d", message.broker, message.topic, len(message.payload))
        try:
            for feed in self._engine.store.feeds_of(BROKERED):
                if _wants(feed, message):
                    self._count_lost(feed.id)
        except Exception:  # it is given up all the same, and must not come again and again
            LOG.exception("message given up not counted topic=%s", message.topic)
        self._acknowledge([message])

    def _count_lost(self, feed_id: int) -> None:
        with self._engine.store.batch(feed_id) as transaction:
            health = transaction.health()
            transaction.save_health(replace(health, counters=health.counters.plus(Counters(lost=1))))

    def _acknowledge(self, messages: Sequence[Message]) -> None:
        for message in messages:
            self._brokers.done(message)

    def _persist(self, messages: Sequence[Message], tries: int) -> bool:
        """Commit messages, again and again; it is given up only where all goes well without them."""
        failures, pause = 0, 0.5
        while not self._stopping.is_set():
            try:
                self._commit(messages)
            except Exception:  # one message must not stop the others
                LOG.exception("messages not taken in count=%d try=%d", len(messages), failures + 1)
            else:
                return True
            failures += self._goes_well_without(messages)
            if failures >= tries:
                return False
            self._stopping.wait(pause)
            pause = min(pause * 2, LONGEST_PAUSE)
        return False

    def _goes_well_without(self, messages: Sequence[Message]) -> bool:
        """Tell whether the feeds of messages take in nothing at all: then it is the messages that they fail on."""
        try:
            for feed in self._engine.store.feeds_of(BROKERED):
                if any(_wants(feed, message) for message in messages):
                    self._receive(feed, ())
        except Exception as error:
            LOG.warning("feeds take in nothing at present", exc_info=error)
            return False
        return True

    def _commit(self, messages: Sequence[Message]) -> None:
        found: dict[int, tuple[Feed, list[Observation]]] = {}
        read: dict[tuple[int, Source], tuple[Observation, ...]] = {}
        feeds = self._engine.store.feeds_of(BROKERED)
        for number, message in enumerate(messages):
            for feed in feeds:
                if not _wants(feed, message):
                    continue
                place = number, feed.source
                if place not in read:
                    read[place] = self._try_read(feed.source, message)
                found.setdefault(feed.id, (feed, []))[1].extend(read[place])
        for feed, observations in found.values():
            if observations:
                self._receive(feed, observations)

    def _try_read(self, source: Source, message: Message) -> tuple[Observation, ...]:
        try:
            return self._read(source, message.payload, message.topic)
        except InputError:
            return ()


def _wants(feed: Feed, message: Message) -> bool:
    """Tell whether a message is for a feed; one that the broker does not let listen never begins."""
    has_begun = feed.primed or not feed.failures
    return has_begun and is_wanted(message, feed.source)
