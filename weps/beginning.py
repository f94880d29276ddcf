"""How a feed begins: what its source held before is no news, and over how long periods it observes is learned."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import UTC, datetime

from weps.asking import Asker
from weps.errors import SourceException
from weps.model import Feed, Observation
from weps.pace import longest_of
from weps.reading import Horizon, read_from
from weps.store import Store
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


def _latest(asker: Asker, horizon: Horizon, feed: Feed, until: datetime) -> tuple[tuple[Observation, ...], datetime]:
    """Give what the source holds as its newest, and the time before which nothing needs to be asked."""
    try:
        return asker.latest(feed, until), EPOCH
    except SourceException:
        # `latest` is an extension. Without it, what is older than the lookback is not known, and never asked for.
        since = feed.activation - horizon.lookback
        return asker.fetch(feed, since, feed.activation).observations, since
