"""How a feed that began in the past goes on as the one that polls its source from now on, or joins it."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from sqlalchemy import Connection, and_, delete, exists, func, literal, select, update

from weps.model import SubscriptionStatus
from weps.store.database import Database
from weps.store.feeds import one_feed
from weps.store.health import read_health
from weps.store.rows import read_feed
from weps.store.subscriptions import BESIDE_FEEDS, refresh_feed, source_key
from weps.store.tables import CORRECTIONS, FEED_SERIES, FEEDS, HELD, SUBSCRIPTIONS

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Table

    from weps.model import Feed

_SERIES = ("procedure", "observed_property", "feature_of_interest")
_SHOWN = ("ordering", *_SERIES, "time", "shown")


class Joining(Database):
    """The part of the store that makes one feed of two."""

    def shared_feed(self, feed: Feed) -> Feed | None:
        """Give the feed that polls the source of a feed for all who came without a beginning; None without such."""
        wanted = FEEDS.c.source_key == source_key(feed.source, None), FEEDS.c.next_poll.is_not(None)
        with self.reading() as connection:
            row = connection.execute(select(FEEDS).where(*wanted)).mappings().one_or_none()
        return None if row is None else read_feed(row)

    def share(self, feed_id: int) -> bool:
        """Let a feed be the one that polls its source for all; tells whether it is, as there may be one by now."""
        with self.writing() as connection:
            feed = one_feed(connection, feed_id)
            key = source_key(feed.source, None)
            other = connection.execute(select(FEEDS.c.id, FEEDS.c.next_poll).where(FEEDS.c.source_key == key)).first()
            if other is not None and other.next_poll is not None:
                return False
            if other is not None:
                gone = f"{key[:31]}-{secrets.token_hex(16)}"
                connection.execute(update(FEEDS).where(FEEDS.c.id == other.id).values(source_key=gone))
            values = {"source_key": key, "start": None, "revision": FEEDS.c.revision + 1}
            connection.execute(update(FEEDS).where(FEEDS.c.id == feed_id).values(**values))
        return True

    def join(self, feed_id: int, shared_id: int, until: datetime, now: datetime, *, reaches_as_far: bool) -> bool:
        """
        Let the subscriptions of a feed go on with another that has the same source; tells whether they do.

        Both must have taken in the same answer, up to `until`, and the other must look back as far
        (`reaches_as_far`), so that nothing is shown to anybody twice or not at all. What keeps them apart today may be
        gone tomorrow: until then both are polled.
        """
        with self.writing() as connection:
            feed, shared = one_feed(connection, feed_id), one_feed(connection, shared_id)
            if feed.polled_until != until or shared.polled_until != until or shared.next_poll is None:
                return False
            _know_as_much(connection, feed, shared)
            if not reaches_as_far or not _are_alike(connection, feed, shared):
                return False
            _hand_over(connection, feed, shared)
            for each in (feed.id, shared.id):
                refresh_feed(connection, each, now)
            _remove(connection, feed)
        return True


def _know_as_much(connection: Connection, feed: Feed, shared: Feed) -> None:
    """Let a feed know the series and the periods that another has seen: then it will look back as far as that."""
    mine, other = FEED_SERIES.alias("mine"), FEED_SERIES.alias("other")
    same = and_(other.c.feed_id == shared.id, *(other.c[name] == mine.c[name] for name in _SERIES))
    # how often something comes is counted in each feed's own time
    kept = [column for column in FEED_SERIES.c if column.name not in ("feed_id", "hearing")]
    missing = select(literal(shared.id), *(mine.c[column.name] for column in kept)).where(
        mine.c.feed_id == feed.id, ~exists(select(1).select_from(other).where(same))
    )
    connection.execute(FEED_SERIES.insert().from_select(["feed_id", *(column.name for column in kept)], missing))
    if feed.longest > shared.longest:
        connection.execute(update(FEEDS).where(FEEDS.c.id == shared.id).values(longest=feed.longest))


def _are_alike(connection: Connection, feed: Feed, shared: Feed) -> bool:
    """Tell whether rules of both see the same from now on: nothing is told as silent, and the same is held back."""
    if any(read_health(connection, each.id).silent_since is not None for each in (feed, shared)):
        return False
    if _told_silent(connection, feed) - _told_silent(connection, shared):
        return False
    mine, others = (_held(connection, each, shared.since) for each in (feed, shared))
    return all(ordering not in others or others[ordering] == held for ordering, held in mine.items())


def _told_silent(connection: Connection, feed: Feed) -> set[tuple[object, ...]]:
    mine = FEED_SERIES.c.feed_id == feed.id, FEED_SERIES.c.hearing.is_not(None)
    rows = connection.execute(select(*(FEED_SERIES.c[name] for name in _SERIES), FEED_SERIES.c.hearing).where(*mine))
    return {tuple(row[:3]) for row in rows if row.hearing.get("told")}


def _held(connection: Connection, feed: Feed, since: datetime | None = None) -> dict[str, set[tuple[object, ...]]]:
    """Give what is held back and what was shown last, by ordering; what is shown from now on is not before `since`."""
    found: dict[str, set[tuple[object, ...]]] = {}
    for row in connection.execute(select(*(HELD.c[name] for name in _SHOWN)).where(HELD.c.feed_id == feed.id)):
        held = found.setdefault(row.ordering, set())
        if since is None or not row.shown or row.time >= since:
            held.add(tuple(row[1:]))
    return found


def _hand_over(connection: Connection, feed: Feed, shared: Feed) -> None:
    for ordering in _held(connection, feed).keys() - _held(connection, shared).keys():
        mine = HELD.c.feed_id == feed.id, HELD.c.ordering == ordering
        connection.execute(update(HELD).where(*mine).values(feed_id=shared.id))
    _add_corrections(connection, feed, shared)
    active = SUBSCRIPTIONS.c.feed_id == feed.id, SUBSCRIPTIONS.c.status == SubscriptionStatus.ACTIVE
    connection.execute(update(SUBSCRIPTIONS).where(*active).values(feed_id=shared.id))


def _add_corrections(connection: Connection, feed: Feed, shared: Feed) -> None:
    mine, other = CORRECTIONS.alias("mine"), CORRECTIONS.alias("other")
    same = and_(
        other.c.feed_id == shared.id,
        other.c.phenomenon_time == mine.c.phenomenon_time,
        other.c.slot == mine.c.slot,
    )
    names = [column.name for column in CORRECTIONS.c if column.name != "feed_id"]
    missing = select(literal(shared.id), *(mine.c[name] for name in names)).where(
        mine.c.feed_id == feed.id, ~exists(select(1).select_from(other).where(same))
    )
    connection.execute(CORRECTIONS.insert().from_select(["feed_id", *names], missing))
    counting = select(func.coalesce(func.sum(CORRECTIONS.c.times), 0)).where(CORRECTIONS.c.feed_id == shared.id)
    connection.execute(update(FEEDS).where(FEEDS.c.id == shared.id).values(corrected=counting.scalar_subquery()))


def _remove(connection: Connection, feed: Feed) -> None:
    """Forget a feed; where subscriptions that are over or paused were its own, it stays as one that nobody wants."""
    tables: tuple[Table, ...] = BESIDE_FEEDS
    for table in tables:
        connection.execute(delete(table).where(table.c.feed_id == feed.id))
    referred = exists(select(1).where(SUBSCRIPTIONS.c.feed_id == feed.id))
    connection.execute(delete(FEEDS).where(FEEDS.c.id == feed.id, ~referred))
