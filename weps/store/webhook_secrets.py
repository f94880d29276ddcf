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
from weps.store.tables import WEBHOOK_SECRETS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement, Connection

SALT_OCTETS = 32
FIRST = ""
TOGETHER = 500
"""Webhooks whose secrets are changed in one transaction."""


class WebhookSecrets(Database):
    """The salts of webhooks."""

    def webhook_salts(self, subscription_id: str, address: str, now: datetime) -> tuple[str, ...]:
        """Give the salts of the secrets that a webhook is signed with, the newest first."""
        still = or_(WEBHOOK_SECRETS.c.ends.is_(None), WEBHOOK_SECRETS.c.ends > now)
        query = select(WEBHOOK_SECRETS.c.salt).where(*_of(subscription_id, address), still)
        with self.reading() as connection:
            found = connection.execute(query.order_by(WEBHOOK_SECRETS.c.id.desc())).scalars().all()
        return tuple(found) or (FIRST,)

    def signed_webhook(self, subscription_id: str, address: str, now: datetime) -> SignedWebhook:
        """Tell since when a webhook has its secret, and until when older ones go on."""
        query = select(WEBHOOK_SECRETS.c.made, WEBHOOK_SECRETS.c.ends).where(*_of(subscription_id, address))
        with self.reading() as connection:
            rows = connection.execute(query).all()
        rotated = next((made for made, ends in rows if ends is None), None)
        old = max((ends for _, ends in rows if ends is not None and ends > now), default=None)
        return SignedWebhook(subscription_id, address, rotated, old)

    def rotate_webhooks(self, webhooks: Sequence[tuple[str, str]], now: datetime, old_until: datetime) -> None:
        """Give webhooks (a subscription and an address each) other secrets; those of now go on for a while."""
        for start in range(0, len(webhooks), TOGETHER):
            with self.writing() as connection:
                for subscription_id, address in webhooks[start : start + TOGETHER]:
                    _rotate(connection, subscription_id, address, now, old_until)


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
