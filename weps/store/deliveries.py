"""The ledger as it is read and steered: which alerts went where, every attempt, and what is to be sent again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import func, select, update

from weps.errors import InputError, NotFoundError
from weps.ledger import Attempt, LedgerEntry, Receipt
from weps.model import DeliveryStatus
from weps.store.alerts import alerts_by_sequence
from weps.store.database import Database
from weps.store.groups import alerts_of_group
from weps.store.outbox import enable_target, read_delivery
from weps.store.tables import DELIVERY_ATTEMPTS, OUTBOX

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import ColumnElement, Connection, RowMapping, Update

    from weps.ledger import LedgerSelection
    from weps.model import Target


class Deliveries(Database):
    """What was pushed, or is to be."""

    def deliveries(self, selection: LedgerSelection, limit: int, before: int | None = None) -> tuple[LedgerEntry, ...]:
        """Give deliveries, newest first, those before a delivery's id where one is given; without their attempts."""
        conditions = _conditions(selection)
        if before is not None:
            conditions.append(OUTBOX.c.id < before)
        query = select(OUTBOX).where(*conditions).order_by(OUTBOX.c.id.desc()).limit(limit)
        with self.reading() as connection:
            rows = connection.execute(query).mappings().all()
            alerts = alerts_by_sequence(connection, {row["alert_sequence"] for row in rows})
        return tuple(
            LedgerEntry(read_delivery(row, alerts[row["alert_sequence"]]), row["queued"], row["finished"])
            for row in rows
        )

    def count_deliveries(self, selection: LedgerSelection) -> int:
        """Count deliveries."""
        query = select(func.count()).select_from(OUTBOX).where(*_conditions(selection))
        with self.reading() as connection:
            return connection.execute(query).scalar_one()

    def delivery(self, delivery_id: int) -> LedgerEntry:
        """Give one delivery with all its attempts, oldest first; raises `NotFoundError`."""
        mine = DELIVERY_ATTEMPTS.c.delivery_id == delivery_id
        query = select(DELIVERY_ATTEMPTS).where(mine).order_by(DELIVERY_ATTEMPTS.c.id)
        with self.reading() as connection:
            row = _row(connection, delivery_id)
            alert = alerts_by_sequence(connection, {row["alert_sequence"]})[row["alert_sequence"]]
            attempts = tuple(_read_attempt(each) for each in connection.execute(query).mappings())
            delivery = read_delivery(row, alert)
            told = alerts_of_group(connection, row["group_id"], delivery.target) if row["group_id"] else (alert.id,)
        return LedgerEntry(delivery, row["queued"], row["finished"], attempts, told)

    def sent_since(self, target: Target, since: datetime) -> tuple[datetime, ...]:
        """Tell when something was delivered to a target after an instant; what went out together counts once."""
        query = (
            select(DELIVERY_ATTEMPTS.c.began)
            .join(OUTBOX, OUTBOX.c.id == DELIVERY_ATTEMPTS.c.delivery_id)
            .where(OUTBOX.c.channel == target.channel, OUTBOX.c.address == target.address)
            .where(OUTBOX.c.status == DeliveryStatus.DELIVERED, OUTBOX.c.finished > since)
            .where(DELIVERY_ATTEMPTS.c.successful, DELIVERY_ATTEMPTS.c.ended > since)
        )
        with self.reading() as connection:
            return tuple(connection.execute(query.distinct().order_by(DELIVERY_ATTEMPTS.c.began)).scalars())

    def retry_delivery(self, delivery_id: int, now: datetime) -> None:
        """
        Send at once what waits for its next time or was given up, and ask its target again if it was left alone.

        Raises `NotFoundError`, and `InputError` for what has been delivered.
        """
        with self.writing() as connection:
            row = _row(connection, delivery_id)
            if row["status"] == DeliveryStatus.DELIVERED:
                raise InputError("has been delivered; replay it to send it once more", where=f"delivery {delivery_id}")
            connection.execute(_requeue(now).where(OUTBOX.c.id == delivery_id))
            enable_target(connection, row["channel"], row["address"])

    def retry_deliveries(self, selection: LedgerSelection, now: datetime) -> int:
        """Send again all that was given up, as far as it meets the conditions; gives how many."""
        dead = [*_conditions(selection), OUTBOX.c.status == DeliveryStatus.GIVEN_UP]
        with self.writing() as connection:
            places = connection.execute(select(OUTBOX.c.channel, OUTBOX.c.address).where(*dead).distinct()).all()
            count = connection.execute(_requeue(now).where(*dead)).rowcount
            for channel, address in places:
                enable_target(connection, channel, address)
        return count

    def replay_delivery(self, delivery_id: int, now: datetime) -> int:
        """Send an alert to a target once more, as a delivery of its own, whose id is given; raises `NotFoundError`."""
        with self.writing() as connection:
            row = _row(connection, delivery_id)
            kept = ("alert_sequence", "subscription_id", "episode", "channel", "address", "group_id", "message")
            columns = {name: row[name] for name in kept}
            columns |= {"attempts": 0, "queued": now, "due": now, "status": DeliveryStatus.QUEUED}
            (identifier,) = connection.execute(OUTBOX.insert().values(columns)).inserted_primary_key or (0,)
            enable_target(connection, row["channel"], row["address"])
            return int(identifier)


def _row(connection: Connection, delivery_id: int) -> RowMapping:
    row = connection.execute(select(OUTBOX).where(OUTBOX.c.id == delivery_id)).mappings().one_or_none()
    if row is None:
        raise NotFoundError(f"there is no delivery {delivery_id}")
    return row


def _requeue(now: datetime) -> Update:
    return update(OUTBOX).values(status=DeliveryStatus.QUEUED, due=now, attempts=0, finished=None)


def _conditions(selection: LedgerSelection) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if selection.subscription is not None:
        conditions.append(OUTBOX.c.subscription_id == selection.subscription)
    if selection.target is not None:
        conditions += [OUTBOX.c.channel == selection.target.channel, OUTBOX.c.address == selection.target.address]
    if selection.status is DeliveryStatus.FAILED:
        conditions += [OUTBOX.c.status == DeliveryStatus.QUEUED, OUTBOX.c.attempts > 0]
    elif selection.status is DeliveryStatus.QUEUED:
        conditions += [OUTBOX.c.status == DeliveryStatus.QUEUED, OUTBOX.c.attempts == 0]
    elif selection.status is not None:
        conditions.append(OUTBOX.c.status == selection.status)
    return conditions


def _read_attempt(row: RowMapping) -> Attempt:
    receipt = Receipt(row["answer_status"], row["answer"] or "")
    return Attempt(row["began"], row["ended"], row["successful"], receipt, row["error"])
