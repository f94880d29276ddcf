"""Subscriptions and the feeds that they share."""

from __future__ import annotations

import hashlib
import secrets
import uuid
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, delete, func, select, update

from weps.errors import NotFoundError
from weps.model import Flapping, NewSubscription, Page, Source, Subscription, SubscriptionStatus
from weps.store.database import Database
from weps.store.rows import read_subscription
from weps.store.rule_versions import add_rule_version
from weps.store.storing import close_episodes
from weps.store.tables import CORRECTIONS, FEED_SERIES, FEEDS, HELD, SEEN, SOURCE_HEALTH, SUBSCRIPTIONS

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Select

ACTIVE = SubscriptionStatus.ACTIVE
ALIVE = (SubscriptionStatus.ACTIVE, SubscriptionStatus.PAUSED)
BESIDE_FEEDS = (FEED_SERIES, SEEN, HELD, CORRECTIONS, SOURCE_HEALTH)
"""The tables of what is known of a feed."""


@dataclass(frozen=True, slots=True)
class FeedWish:
    """What somebody wants to be polled: a source, from when on, and how often."""

    source: Source
    start: datetime | None
    sampling_rate: timedelta
    activation: datetime


class Subscriptions(Database):
    """What clients asked for."""

    def add_subscription(
        self, new: NewSubscription, rule_name: str, now: datetime, activation: datetime
    ) -> Subscription:
        """Store a subscription and the feed that it needs, unless that feed is there already."""
        identifier = str(uuid.uuid4())
        with self.writing() as connection:
            wish = FeedWish(new.source, new.start, new.sampling_rate, activation)
            feed_id = feed_for(connection, wish, now)
            # As parameters, because a statement with values in it is built anew each time.
            connection.execute(
                SUBSCRIPTIONS.insert(),
                {
                    "id": identifier,
                    "token": secrets.token_urlsafe(24),
                    "owner": new.owner,
                    "process": new.process,
                    "title": new.title,
                    "severity": new.severity,
                    "rule_language": new.rule.language,
                    "rule_text": new.rule.text,
                    "rule_name": new.rule.name or rule_name,
                    "rule_version": 1,
                    "feed_id": feed_id,
                    "sampling_rate": new.sampling_rate,
                    "created": now,
                    "activation": new.start or activation,
                    "expires": None if new.runtime is None else now + new.runtime,
                    "start": new.start,
                    "status": ACTIVE,
                    "primed": new.start is not None,
                    "targets": [[target.channel, target.address] for target in new.targets],
                    "alert_count": 0,
                    "newest_alert": 0,
                    "language": new.language,
                    "title_template": new.title_template,
                    "message_template": new.message_template,
                    "alert_status": new.alert_status,
                    "late_policy": new.ordering.late,
                    "late_bound": new.ordering.bound,
                    "corrections": new.ordering.corrections,
                    "repeat_interval": new.attention.repeat,
                    "escalate_after": new.attention.escalate_after,
                    "escalate_to": [[target.channel, target.address] for target in new.attention.escalate_to],
                    **flapping_columns(new.attention.flapping),
                    "group_window": new.attention.group,
                    "group_up_to": new.attention.group_up_to,
                },
            )
            add_rule_version(connection, identifier, 1, replace(new.rule, name=new.rule.name or rule_name), now)
            refresh_feed(connection, feed_id, now)
        return self.subscription(identifier)

    def subscription(self, identifier: str) -> Subscription:
        """Give one subscription; raises `NotFoundError`."""
        with self.reading() as connection:
            return one_subscription(connection, identifier)

    def subscription_by_token(self, token: str) -> Subscription:
        """Give the subscription whose feed a token opens; raises `NotFoundError`."""
        with self.reading() as connection:
            return _one(connection, SUBSCRIPTIONS.c.token == token, "there is no such feed")

    def subscriptions(self, page: Page, status: SubscriptionStatus | None = None) -> tuple[Subscription, ...]:
        """Give a page of the subscriptions, oldest first; raises `NotFoundError` for a page after nobody."""
        query = subscription_query().order_by(SUBSCRIPTIONS.c.number).offset(page.offset).limit(page.limit)
        if status is not None:
            query = query.where(SUBSCRIPTIONS.c.status == status)
        with self.reading() as connection:
            if page.after is not None:
                last = select(SUBSCRIPTIONS.c.number).where(SUBSCRIPTIONS.c.id == page.after)
                number = connection.execute(last).scalar_one_or_none()
                if number is None:
                    raise NotFoundError(f"there is no subscription {page.after!r}", where="after")
                query = query.where(SUBSCRIPTIONS.c.number > number)
            return tuple(read_subscription(row) for row in connection.execute(query).mappings())

    def count_subscriptions(self, status: SubscriptionStatus | None = None) -> int:
        """Count the subscriptions."""
        query = select(func.count()).select_from(SUBSCRIPTIONS)
        if status is not None:
            query = query.where(SUBSCRIPTIONS.c.status == status)
        with self.reading() as connection:
            return connection.execute(query).scalar_one()

    def end_subscription(self, identifier: str, status: SubscriptionStatus, now: datetime) -> Subscription:
        """End a subscription that is active or paused; one that has ended stays so. Raises `NotFoundError`."""
        ending = (
            update(SUBSCRIPTIONS)
            .where(SUBSCRIPTIONS.c.id == identifier, SUBSCRIPTIONS.c.status.in_(ALIVE))
            .values(status=status, ended=now)
            .returning(SUBSCRIPTIONS.c.feed_id)
        )
        with self.writing() as connection:
            feed_id = connection.execute(ending).scalar_one_or_none()
            if feed_id is not None:
                refresh_feed(connection, feed_id, now)
                close_episodes(connection, (identifier,), now)
        return self.subscription(identifier)

    def end_expired(self, now: datetime) -> tuple[str, ...]:
        """End the subscriptions whose lifetime is over; gives their ids."""
        over = SUBSCRIPTIONS.c.status.in_(ALIVE), SUBSCRIPTIONS.c.expires <= now
        with self.reading() as connection:
            if connection.execute(select(SUBSCRIPTIONS.c.id).where(*over).limit(1)).first() is None:
                return ()
        ending = update(SUBSCRIPTIONS).where(*over).values(status=SubscriptionStatus.ENDED, ended=now)
        with self.writing() as connection:
            ended = connection.execute(ending.returning(SUBSCRIPTIONS.c.id, SUBSCRIPTIONS.c.feed_id)).all()
            for feed_id in {row.feed_id for row in ended}:
                refresh_feed(connection, feed_id, now)
            close_episodes(connection, [row.id for row in ended], now)
        return tuple(row.id for row in ended)


def one_subscription(connection: Connection, identifier: str) -> Subscription:
    """Give one subscription; raises `NotFoundError`."""
    return _one(connection, SUBSCRIPTIONS.c.id == identifier, f"there is no subscription {identifier!r}")


def _one(connection: Connection, condition: ColumnElement[bool], missing: str) -> Subscription:
    row = connection.execute(subscription_query().where(condition)).mappings().one_or_none()
    if row is None:
        raise NotFoundError(missing)
    return read_subscription(row)


def subscription_query() -> Select[Any]:
    """Give the query of subscriptions with their feed."""
    feed = FEEDS.c.binding, FEEDS.c.endpoint, FEEDS.c.template, FEEDS.c.next_poll, FEEDS.c.corrected
    return select(SUBSCRIPTIONS, *feed).join_from(SUBSCRIPTIONS, FEEDS)


def flapping_columns(flapping: Flapping | None) -> dict[str, Any]:
    """Give the columns of what flaps; nothing does with a count of 0."""
    if flapping is None or not flapping.count:
        return {"flap_count": None, "flap_window": None}
    return {"flap_count": flapping.count, "flap_window": flapping.window}


def source_key(source: Source, start: datetime | None) -> str:
    """Give the same text for sources that can be polled as one: same request, and the same beginning."""
    parts = source.binding, source.endpoint, source.template, start.isoformat() if start else ""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def feed_for(connection: Connection, wish: FeedWish, now: datetime) -> int:
    """Give the feed that polls what is wished for; one that nobody wanted any more begins anew."""
    key = source_key(wish.source, wish.start)
    columns = FEEDS.c.id, FEEDS.c.next_poll, FEEDS.c.polled_until
    found = connection.execute(select(*columns).where(FEEDS.c.source_key == key)).one_or_none()
    if found is not None and wish.start is not None and found.polled_until is not None:
        # That feed has left the beginning behind; who wants history needs one that begins there.
        found, key = None, f"{key[:31]}-{secrets.token_hex(16)}"
    if found is not None:
        if found.next_poll is None:
            _begin_anew(connection, found.id, wish, now)
        return int(found.id)
    inserted = connection.execute(
        FEEDS.insert().values(
            source_key=key,
            binding=wish.source.binding,
            endpoint=wish.source.endpoint,
            template=wish.source.template,
            start=wish.start,
            revision=0,
            **_beginning(wish, now),
        )
    )
    (identifier,) = inserted.inserted_primary_key or (0,)
    return int(identifier)


def _begin_anew(connection: Connection, feed_id: int, wish: FeedWish, now: datetime) -> None:
    """Forget how far a feed had been read that nobody wanted any more: what came meanwhile was nobody's."""
    for table in BESIDE_FEEDS:
        connection.execute(delete(table).where(table.c.feed_id == feed_id))
    values = _beginning(wish, now) | {"last_error": None, "down_since": None, "step": None, "corrected": 0}
    connection.execute(update(FEEDS).where(FEEDS.c.id == feed_id).values(**values))


def _beginning(wish: FeedWish, now: datetime) -> dict[str, Any]:
    return {
        "activation": wish.activation,
        "primed": wish.start is not None,
        "since": wish.start,
        "interval": wish.sampling_rate,
        "polled_until": None,
        "next_poll": now,
        "failures": 0,
    }


def refresh_feed(connection: Connection, feed_id: int, now: datetime) -> None:
    """Set the interval of a feed to the shortest that is wished for; a feed that nobody wants is not polled."""
    mine = SUBSCRIPTIONS.c.feed_id == feed_id, SUBSCRIPTIONS.c.status == ACTIVE
    # In the order of the index, the first is the shortest: ten thousand subscribers are not looked through.
    wished = select(SUBSCRIPTIONS.c.sampling_rate).where(*mine).order_by(SUBSCRIPTIONS.c.sampling_rate).limit(1)
    interval: timedelta | None = connection.execute(wished).scalar_one_or_none()
    due: datetime | None = connection.execute(select(FEEDS.c.next_poll).where(FEEDS.c.id == feed_id)).scalar_one()
    values: dict[str, Any] = {"revision": FEEDS.c.revision + 1, "next_poll": None}
    if interval is not None:
        values |= {"interval": interval, "next_poll": min(due or now, now + interval)}
    connection.execute(update(FEEDS).where(FEEDS.c.id == feed_id).values(**values))
