"""
Changing the secrets that webhooks are signed with, while receivers go on to check signatures.

A webhook whose secret is changed is signed with both until the old one ends, as Standard Webhooks provides for.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from weps.errors import InputError, NotFoundError
from weps.model import Page, Subscription, Target
from weps.notify.targets import WEBHOOK
from weps.store.subscriptions import ALIVE

if TYPE_CHECKING:
    from weps.ledger import SignedWebhook
    from weps.notify.webhook import WebhookChannel
    from weps.store import Store

OLD_FOR = timedelta(days=1)
LONGEST = timedelta(days=30)
TOGETHER = 500


@dataclass(frozen=True, slots=True)
class Rotation:
    """Changes the secrets of webhooks."""

    store: Store
    channel: WebhookChannel

    def webhooks(self, now: datetime, subscription: str | None, target: Target | None) -> tuple[SignedWebhook, ...]:
        """Give the webhooks of subscriptions that are not over: of one, to one target, or all; raises as `rotate`."""
        return self.store.signed_webhooks(self._meant(subscription, target), now)

    def rotate(
        self, now: datetime, subscription: str | None, target: Target | None, old_for: timedelta = OLD_FOR
    ) -> tuple[tuple[SignedWebhook, str], ...]:
        """
        Give webhooks other secrets, and tell them; those of now go on for `old_for`.

        Raises `NotFoundError` where there is no such webhook, and `InputError`.
        """
        if not timedelta(0) <= old_for <= LONGEST:
            raise InputError(f"is from PT0S, for secrets that strangers know, to P{LONGEST.days}D", where="oldFor")
        meant = self._meant(subscription, target)
        self.store.rotate_webhooks(meant, now, now + old_for)
        signed = self.store.signed_webhooks(meant, now)
        return tuple((each, self.channel.secret(each.subscription_id, each.address)) for each in signed)

    def _meant(self, subscription: str | None, target: Target | None) -> list[tuple[str, str]]:
        """Give subscriptions with the addresses of their webhooks; raises `NotFoundError` where nothing is named so."""
        if target is not None and target.channel != WEBHOOK:
            raise InputError("is no webhook (webhook+https://…); nothing else is signed", where="target")
        known = self._all() if subscription is None else iter((self.store.subscription(subscription),))
        found = [
            (each.id, address)
            for each in known
            for address in _webhooks_of(each)
            if target is None or address == target.address
        ]
        if not found and (subscription, target) != (None, None):
            raise NotFoundError("no subscription that is not over has such a webhook", where="target")
        return found

    def _all(self) -> Iterator[Subscription]:
        page = Page(limit=TOGETHER)
        while some := self.store.subscriptions(page):
            yield from some
            page = Page(limit=TOGETHER, after=some[-1].id)


def _webhooks_of(subscription: Subscription) -> Iterator[str]:
    if subscription.status in ALIVE:
        targets = (*subscription.targets, *subscription.attention.escalate_to)
        yield from dict.fromkeys(each.address for each in targets if each.channel == WEBHOOK)
