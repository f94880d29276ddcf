"""
How a feed begins, and how far back its source is asked.

What the source held before is no news; over how long periods it observes is learned; what is forgotten is never asked
for again.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from sos_server.time import shifted
from weps.asking import Asker
from weps.errors import SourceException
from weps.feeders.forms import is_asked_by_result_time
from weps.model import Feed, Observation
from weps.pace import longest_of
from weps.reading import Horizon, read_from
from weps.store import BatchTransaction, Store
from weps.streams import newest_of

LOG = logging.getLogger("weps.engine")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def prime(store: Store, asker: Asker, horizon: Horizon, feed: Feed, until: datetime) -> Feed:
    """
    Learn what the source of a feed held when it was asked for: that is not news. Gives the feed.

    Only the newest observation of each series from before the activation is looked at by rules, when they are added.
    What came since the activation is left for the poll that follows.
    """
    known, since = _latest(asker, horizon, feed, until)
    feed = replace(feed, since=since, longest=longest_of(known))
    if known:
        begin = min(read_from(feed, [each.end for each in newest_of(known).values()], horizon), until)
        known += tuple(each for _, batch in asker.span(feed, begin, until) for each in batch.observations)
        if longest_of(known) > feed.longest:
            # Before that it is not known what was there, so nobody could tell later what is news.
            since = max(since, begin)
    old = [observation for observation in known if observation.end < feed.activation]
    with store.batch(feed.id) as transaction:
        if not transaction.feed.primed:
            news = transaction.news(old)
            transaction.mark_seen([*news.fresh, *news.repeated, *(each.observation for each in news.corrected)])
            transaction.save_latest(newest_of(news.fresh))
            transaction.save_feed(primed=True, since=since, polled_until=until, longest=longest_of(known))
            LOG.info("primed feed=%d known=%d", feed.id, len(old))
    return store.feed(feed.id)


def learn_periods(store: Store, asker: Asker, feed: Feed, until: datetime) -> Feed:
    """Learn over how long periods a source observes, before its past is read. Gives the feed."""
    longest = asker.longest_period(feed, until)
    if longest <= feed.longest:
        return feed
    with store.batch(feed.id) as transaction:
        transaction.save_feed(longest=longest)
    return replace(feed, longest=longest)


def look_on(
    transaction: BatchTransaction,
    horizon: Horizon,
    before: Sequence[datetime],
    positions: Sequence[datetime],
    observations: Sequence[Observation],
) -> None:
    """
    Forget what is not asked for any more, and never ask for it again, whatever series comes or falls behind.

    `before` are the positions of its series before the observations came.
    """
    feed = _with_periods(transaction, horizon, before, observations)
    begin = read_from(feed, positions, horizon)
    by_result_time = is_asked_by_result_time(feed.source)
    transaction.forget_seen(begin, by_result_time=by_result_time)
    if not by_result_time and begin != feed.since:
        transaction.save_feed(since=begin)


def _with_periods(
    transaction: BatchTransaction, horizon: Horizon, positions: Sequence[datetime], observations: Sequence[Observation]
) -> Feed:
    """Look back further from now on where a longer period was observed than any before; gives the feed."""
    feed, longest = transaction.feed, longest_of(observations)
    if longest <= feed.longest or is_asked_by_result_time(feed.source):
        return feed
    # What is older was forgotten, so that it must not be asked for again.
    since = read_from(feed, positions, horizon)
    transaction.save_feed(longest=longest, since=since)
    return replace(feed, longest=longest, since=since)


def _latest(asker: Asker, horizon: Horizon, feed: Feed, until: datetime) -> tuple[tuple[Observation, ...], datetime]:
    """Give what the source holds as its newest, and the time before which nothing needs to be asked."""
    try:
        return asker.latest(feed, until), EPOCH
    except SourceException:
        # `latest` is an extension. Without it, what is older than the lookback is not known, and never asked for.
        since = shifted(feed.activation, -horizon.lookback)
        steps = asker.span(feed, since, feed.activation)
        return tuple(each for _, batch in steps for each in batch.observations), since
