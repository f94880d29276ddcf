"""Alerts that wait for others while they are stored, each in the window of its subscription."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from weps.groups import gathers, window_id
from weps.store.bulk import insert_rows
from weps.store.tables import GROUP_MEMBERS, GROUPS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from sqlalchemy import Connection

    from weps.model import Alert, Attention, Target

_MEMBER = ("group_id", "alert_sequence", "channel", "address")


class GroupBook:
    """Gathers the alerts of one transaction that wait for others."""

    def __init__(self, connection: Connection, wishes: Mapping[str, Attention], now: datetime) -> None:
        self._connection = connection
        self._wishes = {name: wish for name, wish in wishes.items() if wish.group is not None}
        self._windows = {name: wish.group for name, wish in wishes.items() if wish.group is not None}
        self._now = now
        self._gathered: dict[str, list[tuple[int, Alert, Target]]] = {}

    @property
    def subscriptions(self) -> frozenset[str]:
        """The subscriptions whose alerts are told in groups, and so in order all together."""
        return frozenset(self._wishes)

    def take(self, sequence: int, alert: Alert, targets: tuple[Target, ...]) -> tuple[Target, ...]:
        """Gather an alert for targets; gives those that it is pushed to at once."""
        wish = self._wishes.get(alert.subscription_id)
        if wish is None or not targets or not gathers(wish, alert):
            return targets
        told = self._gathered.setdefault(alert.subscription_id, [])
        told += [(sequence, alert, target) for target in dict.fromkeys(targets)]
        return ()

    def save(self) -> None:
        """Keep what has gathered, in the windows that are open or opened now."""
        for subscription_id, told in self._gathered.items():
            mine = GROUPS.c.subscription_id == subscription_id, GROUPS.c.closed.is_(None), GROUPS.c.due > self._now
            group = self._connection.execute(select(GROUPS.c.id).where(*mine)).scalars().first()
            if group is None:
                group = window_id(subscription_id, told[0][1].id)
                due = self._now + self._windows[subscription_id]
                row = {"id": group, "subscription_id": subscription_id, "opened": self._now, "due": due}
                self._connection.execute(GROUPS.insert(), row)
            rows = [(group, sequence, target.channel, target.address) for sequence, _, target in told]
            insert_rows(self._connection, GROUP_MEMBERS, _MEMBER, rows, ())
