"""
With what the secrets of webhooks are derived beside the key of this service, and for how long old ones go on.

A webhook that is not in the table has the secret that it began with, whose salt is empty.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from sqlalchemy import delete, or_, select, update

from weps.ledger import SignedWebhook
from weps.store.database import Database
from weps.store.portions import portions
from weps.store.tables import WEBHOOK_SECRETS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement, Connection

SALT_OCTETS = 32
FIRST = ""


class WebhookSecrets(Database):
    """The salts of webhooks."""

    def webhook_salts(self, subscription_id: str, address: str, now: datetime) -> tuple[str, ...]:
        """Give the salts of the secrets that a webhook is signed with, the newest first."""
        still = or_(WEBHOOK_SECRETS.c.ends.is_(None), WEBHOOK_SECRETS.c.ends > now)
        query = select(WEBHOOK_SECRETS.c.salt).where(*_of(subscription_id, address), still)
        with self.reading() as connection:
            found = connection.execute(query.order_by(WEBHOOK_SECRETS.c.id.desc())).scalars().all()
        return tuple(found) or (FIRST,)

    def signed_webhooks(self, webhooks: Sequence[tuple[str, str]], now: datetime) -> tuple[SignedWebhook, ...]:
        """Tell since when webhooks (a subscription and an address each) have their secrets, and how long old ones."""
        changed: dict[tuple[str, str], list[tuple[datetime, datetime | None]]] = {}
        with self.reading() as connection:
            for some in portions(list(dict.fromkeys(subscription_id for subscription_id, _ in webhooks))):
                query = select(WEBHOOK_SECRETS).where(WEBHOOK_SECRETS.c.subscription_id.in_(some))
                for row in connection.execute(query):
                    changed.setdefault((row.subscription_id, row.address), []).append((row.made, row.ends))
        return tuple(_signed(webhook, changed.get(webhook, []), now) for webhook in webhooks)

    def rotate_webhooks(self, webhooks: Sequence[tuple[str, str]], now: datetime, old_until: datetime) -> None:
        """Give webhooks (a subscription and an address each) other secrets; those of now go on for a while."""
        for some in portions(webhooks):
            with self.writing() as connection:
                for subscription_id, address in some:
                    _rotate(connection, subscription_id, address, now, old_until)


def _signed(
    webhook: tuple[str, str], changes: Sequence[tuple[datetime, datetime | None]], now: datetime
) -> SignedWebhook:
    rotated = next((made for made, ends in changes if ends is None), None)
    old = max((ends for _, ends in changes if ends is not None and ends > now), default=None)
    return SignedWebhook(*webhook, rotated, old)


def _rotate(connection: Connection, subscription_id: str, address: str, now: datetime, old_until: datetime) -> None:
    mine = _of(subscription_id, address)
    row = {"subscription_id": subscription_id, "address": address, "made": now}
    ending = update(WEBHOOK_SECRETS).where(*mine, WEBHOOK_SECRETS.c.ends.is_(None)).values(ends=old_until)
    if not connection.execute(ending).rowcount:
        connection.execute(WEBHOOK_SECRETS.insert(), row | {"salt": FIRST, "ends": old_until})
    # who says that the old ones end now means all of them
    over = WEBHOOK_SECRETS.c.ends <= now if old_until > now else WEBHOOK_SECRETS.c.ends.is_not(None)
    connection.execute(delete(WEBHOOK_SECRETS).where(*mine, over))
    connection.execute(WEBHOOK_SECRETS.insert(), row | {"salt": secrets.token_hex(SALT_OCTETS), "ends": None})


def _of(subscription_id: str, address: str) -> tuple[ColumnElement[bool], ...]:
    return WEBHOOK_SECRETS.c.subscription_id == subscription_id, WEBHOOK_SECRETS.c.address == address
