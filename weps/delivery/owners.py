"""What owners are told when alerts do not reach a target, or do again: alerts in the feeds of their subscriptions."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from weps.composing import ALERT_NAMESPACE
from weps.model import AlertStatus
from weps.notify.message import compose_target_alert
from weps.notify.targets import shown_target
from weps.store.subscriptions import ALIVE

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from weps.model import Alert, Subscription, Target
    from weps.store import Store

    Told: TypeAlias = tuple[Alert, tuple[Target, ...]]


@dataclass(frozen=True, slots=True)
class Owners:
    """Composes what owners are told; each has its id from its subscription, the target and since when it fails."""

    store: Store

    def down(
        self, target: Target, since: datetime, subscriptions: Collection[str], now: datetime, error: str
    ) -> tuple[Told, ...]:
        """Tell the given subscriptions, and all whose alerts wait for the target, that it fails; not those over."""
        told = []
        for identifier in sorted({*subscriptions, *self.store.owners_of(target)}):
            subscription = self.store.subscription(identifier)
            if subscription.status in ALIVE:
                episode = _alert_id(identifier, AlertStatus.TARGET_DOWN, target, since)
                members = {"id": episode, "episode": episode, "detected": now, "error": error}
                told.append(_compose(subscription, target, AlertStatus.TARGET_DOWN, **members))
        return tuple(told)

    def up(self, target: Target, since: datetime, now: datetime) -> tuple[Told, ...]:
        """Tell those who know that it failed that it takes alerts again."""
        told = []
        for known in self.store.open_target_alerts():
            identifier, episode = known.subscription_id, known.episode
            if episode == _alert_id(identifier, AlertStatus.TARGET_DOWN, target, since):
                subscription = self.store.subscription(identifier)
                alert_id = _alert_id(identifier, AlertStatus.TARGET_UP, target, since)
                members = {"id": alert_id, "episode": episode, "detected": now, "error": None}
                told.append(_compose(subscription, target, AlertStatus.TARGET_UP, **members))
        return tuple(told)


def _compose(subscription: Subscription, target: Target, status: AlertStatus, **members: Any) -> Told:
    """Give an alert about a target; it is not pushed to that one."""
    alert = compose_target_alert(subscription, status=status, target=shown_target(target), **members)
    return alert, tuple(each for each in subscription.targets if each != target)


def _alert_id(subscription_id: str, status: AlertStatus, target: Target, since: datetime) -> str:
    name = f"{subscription_id}/{status}/{target.channel}:{target.address}/{since.isoformat()}"
    return str(uuid.uuid5(ALERT_NAMESPACE, name))
