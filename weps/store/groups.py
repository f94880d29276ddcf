"""Alerts that gather to be told together: the windows, and the one transaction in which one is closed."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import fields
from typing import TYPE_CHECKING

from sqlalchemy import delete, exists, func, select, update

from weps.groups import Standing, Window
from weps.model import AlertStatus, DeliveryStatus, Target
from weps.store.alerts import alerts_by_sequence
from weps.store.bulk import insert_rows
from weps.store.database import Database
from weps.store.group_rows import write_group
from weps.store.muting import Muting
from weps.store.outbox import enqueue
from weps.store.portions import portions
from weps.store.retention import PORTION
from weps.store.rows import read_episode
from weps.store.subscriptions import one_subscription
from weps.store.tables import ALERTS, EPISODES, GROUP_MEMBERS, GROUPS, OUTBOX, TARGETS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from sqlalchemy import Connection

    from weps.groups import GroupAlert
    from weps.model import Alert, Subscription


class Groups(Database):
    """What gathers."""

    def due_windows(self, now: datetime, limit: int = 100) -> tuple[str, ...]:
        """Give the windows that are over and not told, the longest waiting first."""
        query = select(GROUPS.c.id).where(GROUPS.c.closed.is_(None), GROUPS.c.due <= now)
        with self.reading() as connection:
            return tuple(connection.execute(query.order_by(GROUPS.c.due).limit(limit)).scalars())

    def put_off_window(self, identifier: str, due: datetime) -> None:
        """Let a window be looked at later that could not be told."""
        with self.writing() as connection:
            connection.execute(update(GROUPS).where(GROUPS.c.id == identifier).values(due=due))

    @contextmanager
    def closing_window(self, identifier: str, now: datetime) -> Iterator[WindowTransaction | None]:
        """Open the transaction in which a window is closed; None where it is closed already."""
        with self.writing() as connection:
            mine = GROUPS.c.id == identifier, GROUPS.c.closed.is_(None)
            row = connection.execute(select(GROUPS).where(*mine)).mappings().one_or_none()
            if row is None:
                yield None
                return
            names = [each.name for each in fields(Window)]
            yield WindowTransaction(connection, Window(**{name: row[name] for name in names}), now)
            connection.execute(update(GROUPS).where(*mine).values(closed=now))

    def purge_windows(self, before: datetime, limit: int = PORTION) -> int:
        """Forget what gathered in windows that were closed before a time and are not in the ledger; gives how many."""
        in_ledger = exists().where(OUTBOX.c.group_id == GROUPS.c.id)
        old = GROUPS.c.closed < before, ~in_ledger
        with self.reading() as connection:
            identifiers = connection.execute(select(GROUPS.c.id).where(*old).limit(limit)).scalars().all()
        if identifiers:
            with self.writing() as connection:
                connection.execute(delete(GROUPS).where(GROUPS.c.id.in_(identifiers), *old))
        return len(identifiers)


class WindowTransaction:
    """What is read and written while a window is closed."""

    def __init__(self, connection: Connection, window: Window, now: datetime) -> None:
        self._connection = connection
        self._now = now
        self.window = window

    def subscription(self) -> Subscription:
        """Give the subscription whose alerts have gathered."""
        return one_subscription(self._connection, self.window.subscription_id)

    def gathered(self) -> dict[Target, tuple[Alert, ...]]:
        """Give the alerts for each target, oldest first."""
        mine = GROUP_MEMBERS.c.group_id == self.window.id
        places = select(GROUP_MEMBERS.c.alert_sequence, GROUP_MEMBERS.c.channel, GROUP_MEMBERS.c.address).where(mine)
        rows = self._connection.execute(places.order_by(GROUP_MEMBERS.c.alert_sequence)).all()
        alerts = alerts_by_sequence(self._connection, (sequence for sequence, _, _ in rows))
        found: dict[Target, list[Alert]] = {}
        for sequence, channel, address in rows:
            found.setdefault(Target(channel, address), []).append(alerts[sequence])
        return {target: tuple(told) for target, told in found.items()}

    def beginnings(self, alerts: Iterable[Alert]) -> frozenset[int]:
        """Give the first alerts of the episodes of alerts that were more than pending, by their sequences."""
        episodes = sorted({alert.episode for alert in alerts})
        found: set[int] = set()
        for some in portions(episodes):
            told = ALERTS.c.episode.in_(some), ALERTS.c.status != AlertStatus.PENDING
            first = select(func.min(ALERTS.c.sequence)).where(*told).group_by(ALERTS.c.episode)
            found.update(self._connection.execute(first).scalars())
        return frozenset(found)

    def standings(self, alerts: Iterable[Alert]) -> dict[str, Standing]:
        """Tell how the episodes of a few alerts stand now, by their ids."""
        mine = EPISODES.c.id.in_({alert.episode for alert in alerts})
        rows = self._connection.execute(select(EPISODES).where(mine)).mappings()
        known = {row["newest_alert"]: read_episode(row) for row in rows}
        newest = alerts_by_sequence(self._connection, known).values()
        muting = Muting(self._connection, self._now)
        episodes = [(known[alert.sequence], alert) for alert in newest]
        return {each.id: Standing(each, muting.muter(alert, each)) for each, alert in episodes}

    def push(self, alert: Alert, target: Target) -> None:
        """Push one alert, as it is."""
        enqueue(self._connection, [(alert.sequence, alert, (target,))], self._now, frozenset({alert.subscription_id}))

    def push_group(self, group: GroupAlert, target: Target) -> None:
        """Push what tells several alerts."""
        place = {"channel": target.channel, "address": target.address}
        insert_rows(self._connection, TARGETS, ("channel", "address"), [(target.channel, target.address)], ())
        row = {"alert_sequence": group.sequence, "subscription_id": group.subscription_id, **place}
        row |= {"episode": group.subscription_id, "attempts": 0, "queued": self._now, "due": self._now}
        row |= {"status": DeliveryStatus.QUEUED, "group_id": self.window.id, "message": write_group(group)}
        self._connection.execute(OUTBOX.insert(), row)


def alerts_of_group(connection: Connection, group_id: str, target: Target) -> tuple[str, ...]:
    """Give the ids of the alerts that a target was told in a group, oldest first."""
    mine = GROUP_MEMBERS.c.group_id == group_id, GROUP_MEMBERS.c.channel == target.channel
    joined = select(ALERTS.c.id).join(GROUP_MEMBERS, GROUP_MEMBERS.c.alert_sequence == ALERTS.c.sequence)
    query = joined.where(*mine, GROUP_MEMBERS.c.address == target.address).order_by(ALERTS.c.sequence)
    return tuple(connection.execute(query).scalars())
