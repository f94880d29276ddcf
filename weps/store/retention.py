"""
What is not kept for ever: deliveries that are over, and alerts whose episodes are.

Each call deletes a portion in a transaction of its own, so that nobody waits long for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, exists, or_, select

from weps.episodes import OPEN
from weps.model import SubscriptionStatus
from weps.store.database import Database
from weps.store.tables import ALERTS, OUTBOX, SUBSCRIPTIONS

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import ColumnElement, Select

PORTION = 500
KEPT_IN_FEEDS = 100
"""Alerts that the feed of a subscription that is not over has at least, however old they are."""

OVER = (SubscriptionStatus.CANCELLED, SubscriptionStatus.ENDED, SubscriptionStatus.FAILED)


class Retention(Database):
    """Deleting what is old."""

    def purge_deliveries(self, before: datetime, limit: int = PORTION) -> int:
        """Delete deliveries that were over before a time, with their attempts; gives how many. What waits is kept."""
        old = select(OUTBOX.c.id).where(OUTBOX.c.finished < before).order_by(OUTBOX.c.finished).limit(limit)
        with self.reading() as connection:
            identifiers = connection.execute(old).scalars().all()
        if identifiers:
            with self.writing() as connection:
                connection.execute(delete(OUTBOX).where(OUTBOX.c.id.in_(identifiers), OUTBOX.c.finished < before))
        return len(identifiers)

    def purge_alerts(self, before: datetime, limit: int = PORTION) -> int:
        """
        Delete alerts of episodes of which nothing was stored since a time; gives how many.

        Kept are episodes that are still open, alerts of which a delivery is in the ledger, and the newest alerts of
        each subscription that is not over.
        """
        with self.reading() as connection:
            old = _old_alerts(before).order_by(ALERTS.c.sequence).limit(limit)
            sequences = connection.execute(old).scalars().all()
        if sequences:
            with self.writing() as connection:
                in_ledger = exists().where(OUTBOX.c.alert_sequence == ALERTS.c.sequence)
                connection.execute(delete(ALERTS).where(ALERTS.c.sequence.in_(sequences), ~in_ledger))
        return len(sequences)


def _old_alerts(before: datetime) -> Select[tuple[int]]:
    later, last, after, newer = ALERTS.alias(), ALERTS.alias(), ALERTS.alias(), ALERTS.alias()
    is_over = SUBSCRIPTIONS.c.status.in_(OVER)
    goes_on = exists().where(later.c.episode == ALERTS.c.episode, later.c.stored >= before)
    last_of_all = ~exists().where(after.c.episode == last.c.episode, after.c.sequence > last.c.sequence)
    is_open = exists().where(last.c.episode == ALERTS.c.episode, last.c.status.in_(list(OPEN)), last_of_all)
    in_ledger = exists().where(OUTBOX.c.alert_sequence == ALERTS.c.sequence)
    shown = select(newer.c.sequence).where(newer.c.subscription_id == ALERTS.c.subscription_id)
    oldest_shown = shown.order_by(newer.c.sequence.desc()).offset(KEPT_IN_FEEDS - 1).limit(1).scalar_subquery()
    not_needed: ColumnElement[bool] = or_(is_over, ~is_open)
    not_shown: ColumnElement[bool] = or_(is_over, ALERTS.c.sequence < oldest_shown)
    query = select(ALERTS.c.sequence).join(SUBSCRIPTIONS, SUBSCRIPTIONS.c.id == ALERTS.c.subscription_id)
    return query.where(ALERTS.c.stored < before, ~goes_on, ~in_ledger, not_needed, not_shown)
