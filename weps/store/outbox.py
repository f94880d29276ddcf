"""
The outbox: alerts on their way to their targets, and how targets fare; what came of attempts is in `attempts`.

What is ready is read for many targets at once. Of one target and episode only what has no older part that still waits
for its time is ready, so that their order is kept.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, and_, bindparam, exists, func, or_, select, tuple_, update

from weps.ledger import Ready, TargetHealth
from weps.model import Alert, Delivery, DeliveryStatus, Target
from weps.store.alerts import alerts_by_sequence
from weps.store.bulk import insert_rows
from weps.store.database import Database
from weps.store.group_rows import read_group
from weps.store.tables import OUTBOX, TARGETS

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from sqlalchemy import Connection, RowMapping


LATEST = 500
"""Deliveries among which the newest alert that was published is looked for."""

PUBLISHED = "mqtt"
"""The channel that keeps the newest alert of a subscription for whoever comes later."""

QUEUED = DeliveryStatus.QUEUED


def _sendable() -> Any:
    """Give the query of what can be sent to one target: nothing older of its episode waits for its time."""
    older = OUTBOX.alias()
    held = exists().where(
        older.c.channel == OUTBOX.c.channel,
        older.c.address == OUTBOX.c.address,
        older.c.status == QUEUED,
        older.c.episode == OUTBOX.c.episode,
        older.c.id < OUTBOX.c.id,
        older.c.due > bindparam("now"),
    )
    mine = OUTBOX.c.channel == bindparam("channel"), OUTBOX.c.address == bindparam("address")
    query = select(OUTBOX).where(*mine, OUTBOX.c.status == QUEUED, OUTBOX.c.due <= bindparam("now"), ~held)
    return query.order_by(OUTBOX.c.id).limit(bindparam("most"))


_WAITING = (
    "alert_sequence",
    "subscription_id",
    "episode",
    "channel",
    "address",
    "attempts",
    "queued",
    "due",
    "status",
)
_SENDABLE = _sendable()
ON_TARGET = update(TARGETS).where(TARGETS.c.channel == bindparam("on"), TARGETS.c.address == bindparam("at"))


class Outbox(Database):
    """Alerts on their way to their targets."""

    def ready(self, now: datetime, most: int, each: int, leave_out: Collection[Target] = ()) -> tuple[Ready, ...]:
        """Give at most `most` targets that can be sent to, with at most `each` deliveries, but not the left out."""
        with self.reading() as connection:
            found = _ready_targets(connection, now, most, leave_out)
            rows: list[RowMapping] = []
            for target, health in found:
                place = {"channel": target.channel, "address": target.address, "now": now}
                # one that failed again and again is tried with one alert, and gets more when it takes that
                rows += connection.execute(_SENDABLE, place | {"most": 1 if health.failures else each}).mappings()
            alerts = alerts_by_sequence(connection, {row["alert_sequence"] for row in rows})
        deliveries: dict[Target, list[Delivery]] = {}
        for row in rows:
            delivery = read_delivery(row, alerts[row["alert_sequence"]])
            deliveries.setdefault(delivery.target, []).append(delivery)
        return tuple(
            Ready(target, health, tuple(deliveries[target])) for target, health in found if target in deliveries
        )

    def next_delivery_due(self) -> datetime | None:
        """Tell when the next delivery is due; None when nothing waits."""
        query = select(OUTBOX.c.due).where(OUTBOX.c.status == QUEUED).order_by(OUTBOX.c.due).limit(1)
        with self.reading() as connection:
            return connection.execute(query).scalar_one_or_none()

    def give_up_disabled(self, now: datetime) -> int:
        """Give up what waits for targets that are gone; gives how much."""
        gone = select(TARGETS.c.channel, TARGETS.c.address).where(TARGETS.c.disabled.is_not(None))
        waiting = OUTBOX.c.status == QUEUED, tuple_(OUTBOX.c.channel, OUTBOX.c.address).in_(gone)
        with self.reading() as connection:
            if not connection.execute(select(exists().where(TARGETS.c.disabled.is_not(None)))).scalar_one():
                return 0
            if connection.execute(select(OUTBOX.c.id).where(*waiting).limit(1)).first() is None:
                return 0
        giving_up = update(OUTBOX).where(*waiting)
        with self.writing() as connection:
            values = {"status": DeliveryStatus.GIVEN_UP, "finished": now, "last_error": "the target is gone (410)"}
            return connection.execute(giving_up.values(**values)).rowcount

    def enable_targets(self, targets: Sequence[Target]) -> None:
        """Ask targets again that were left alone, or were gone."""
        with self.writing() as connection:
            for target in targets:
                enable_target(connection, target.channel, target.address)

    def owners_of(self, target: Target) -> tuple[str, ...]:
        """Give the subscriptions whose alerts wait for a target."""
        mine = OUTBOX.c.channel == target.channel, OUTBOX.c.address == target.address, OUTBOX.c.status == QUEUED
        with self.reading() as connection:
            return tuple(connection.execute(select(OUTBOX.c.subscription_id).where(*mine).distinct()).scalars())

    def newest_alert(self, subscription_id: str) -> int:
        """
        Give the sequence of the newest alert of a subscription that was to be published, 0 where there is none.

        What is silenced or pending is not published, so that the state of before remains the one that is known.
        """
        mine = OUTBOX.c.subscription_id == subscription_id, OUTBOX.c.channel == PUBLISHED
        # what was told again by hand is older than what was enqueued before it
        last = select(OUTBOX.c.alert_sequence).where(*mine).order_by(OUTBOX.c.id.desc()).limit(LATEST).subquery()
        with self.reading() as connection:
            return connection.execute(select(func.max(last.c.alert_sequence))).scalar_one() or 0


def enqueue(
    connection: Connection,
    alerts: Sequence[tuple[int, Alert, tuple[Target, ...]]],
    now: datetime,
    grouped: Collection[str] = (),
) -> None:
    """
    Put a row into the outbox for each target of each alert, by the alert's sequence.

    What is told of `grouped` subscriptions is kept in order all together, else by its episodes.
    """
    rows = [
        (sequence, alert.subscription_id, _thread(alert, grouped), target.channel, target.address, 0, now, now, QUEUED)
        for sequence, alert, targets in alerts
        for target in dict.fromkeys(targets)
    ]
    places = sorted({(target.channel, target.address) for _, _, targets in alerts for target in targets})
    insert_rows(connection, TARGETS, ("channel", "address"), places, ())
    insert_rows(connection, OUTBOX, _WAITING, rows)


def _thread(alert: Alert, grouped: Collection[str]) -> str:
    return alert.subscription_id if alert.subscription_id in grouped else alert.episode


def read_delivery(row: RowMapping, alert: Alert) -> Delivery:
    """Give the delivery of a row."""
    return Delivery(
        id=row["id"],
        alert=alert if row["message"] is None else read_group(row["message"]),
        target=Target(row["channel"], row["address"]),
        attempts=row["attempts"],
        due=row["due"],
        status=DeliveryStatus(row["status"]),
        last_error=row["last_error"],
        thread=row["episode"],
        group_id=row["group_id"],
    )


def enable_target(connection: Connection, channel: str, address: str) -> None:
    """Ask a target again that was left alone, or was gone; since when it fails is kept, as its owners know of that."""
    asked = ON_TARGET.values(failures=0, open_until=None, disabled=None, told=False)
    connection.execute(asked, {"on": channel, "at": address})


def _ready_targets(
    connection: Connection, now: datetime, most: int, leave_out: Collection[Target]
) -> list[tuple[Target, TargetHealth]]:
    """Give targets that are not left alone and for which something is due, the longest waiting first."""
    mine = OUTBOX.c.channel == TARGETS.c.channel, OUTBOX.c.address == TARGETS.c.address
    oldest = select(func.min(OUTBOX.c.due)).where(*mine, OUTBOX.c.status == QUEUED).scalar_subquery()
    waited = oldest.label("waited")
    asked: ColumnElement[bool] = or_(TARGETS.c.open_until.is_(None), TARGETS.c.open_until <= now)
    query = select(TARGETS, waited).where(and_(asked, TARGETS.c.disabled.is_(None), oldest <= now))
    rows = connection.execute(query.order_by(waited).limit(most + len(leave_out))).mappings()
    found = []
    for row in rows:
        target = Target(row["channel"], row["address"])
        if target not in leave_out:
            found.append((target, _health(row)))
    return found[:most]


def _health(row: RowMapping) -> TargetHealth:
    names = ("failures", "failing_since", "open_until", "disabled", "told")
    return TargetHealth(**{name: row[name] for name in names})
