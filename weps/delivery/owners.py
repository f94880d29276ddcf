"""Telling owners that alerts do not reach a target, or do again: by an alert in the feeds of their subscriptions."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

from weps.composing import ALERT_NAMESPACE
from weps.errors import NotFoundError
from weps.model import AlertStatus, Subscription
from weps.notify.message import compose_target_alert
from weps.notify.targets import shown_target

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from weps.model import Target
    from weps.store import Store


@dataclass(frozen=True, slots=True)
class Owners:
    """Tells owners; what was told once is not told again, also after a restart in between."""

    store: Store

    def tell_down(
        self, target: Target, since: datetime, subscriptions: Collection[str], now: datetime, error: str
    ) -> None:
        """Tell the given subscriptions, and all whose alerts wait for the target, that it fails."""
        for identifier in sorted({*subscriptions, *self.store.owners_of(target)}):
            subscription = self._subscription(identifier)
            if subscription is not None:
                episode = _alert_id(subscription, AlertStatus.TARGET_DOWN, target, since)
                self._tell(
                    subscription, target, AlertStatus.TARGET_DOWN, id=episode, episode=episode, now=now, error=error
                )

    def tell_up(self, target: Target, since: datetime, now: datetime) -> None:
        """Tell those who were told that it failed that it takes alerts again."""
        for alert in self.store.open_target_alerts():
            subscription = self._subscription(alert.subscription_id)
            if subscription is None:
                continue
            if alert.episode == _alert_id(subscription, AlertStatus.TARGET_DOWN, target, since):
                identifier = _alert_id(subscription, AlertStatus.TARGET_UP, target, since)
                self._tell(subscription, target, AlertStatus.TARGET_UP, id=identifier, episode=alert.episode, now=now)

    def _tell(
        self,
        subscription: Subscription,
        target: Target,
        status: AlertStatus,
        *,
        id: str,
        episode: str,
        now: datetime,
        error: str | None = None,
    ) -> None:
        try:
            self.store.alert(id)
        except NotFoundError:
            alert = compose_target_alert(
                subscription,
                id=id,
                episode=episode,
                status=status,
                target=shown_target(target),
                detected=now,
                error=error,
            )
            others = tuple(each for each in subscription.targets if each != target)
            with self.store.batch(subscription.feed_id) as transaction:
                transaction.add_alerts([(alert, others)], now)

    def _subscription(self, identifier: str) -> Subscription | None:
        try:
            return self.store.subscription(identifier)
        except NotFoundError:
            return None


def _alert_id(subscription: Subscription, status: AlertStatus, target: Target, since: datetime) -> str:
    name = f"{subscription.id}/{status}/{target.channel}:{target.address}/{since.isoformat()}"
    return str(uuid.uuid5(ALERT_NAMESPACE, name))
