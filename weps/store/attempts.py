"""What came of attempts to deliver: written into the ledger with what owners are told of it, in one transaction."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, exists, func, select, update

from weps.model import AlertStatus, DeliveryStatus
from weps.store.database import Database
from weps.store.outbox import ON_TARGET
from weps.store.rows import read_alert
from weps.store.storing import store_alerts
from weps.store.tables import ALERTS, DELIVERY_ATTEMPTS, EPISODES, OUTBOX

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from weps.ledger import Outcome
    from weps.model import Alert

ERROR_LIMIT = 2_000
QUEUED = DeliveryStatus.QUEUED
_NOTE = (
    update(OUTBOX)
    .where(OUTBOX.c.id == bindparam("delivery"), OUTBOX.c.status == QUEUED)
    .values(
        attempts=OUTBOX.c.attempts + 1,
        status=bindparam("becomes"),
        due=func.coalesce(bindparam("retry", type_=OUTBOX.c.due.type), OUTBOX.c.due),
        last_error=bindparam("told"),
        finished=bindparam("ended"),
    )
)


class Attempts(Database):
    """What was tried, and what that means for targets and for those whose alerts they are to get."""

    def record(self, outcomes: Sequence[Outcome]) -> None:
        """Note what came of attempts, and store what owners are told of it, unless they are told already."""
        if not outcomes:
            return
        with self.writing() as connection:
            connection.execute(DELIVERY_ATTEMPTS.insert(), [_attempt_columns(outcome) for outcome in outcomes])
            connection.execute(_NOTE, [_note(outcome) for outcome in outcomes])
            fares = {each.delivery.target: each.health for each in outcomes if each.health is not None}
            for target, health in fares.items():
                place = {"on": target.channel, "at": target.address}
                connection.execute(ON_TARGET.values(**asdict(health)), place)
            for outcome in outcomes:
                told = [(alert, targets) for alert, targets in outcome.told if not _is_stored(connection, alert)]
                if told:
                    store_alerts(connection, told, outcome.attempt.ended, self.standing_targets)

    def open_target_alerts(self) -> tuple[Alert, ...]:
        """Give the newest alerts of the episodes in which owners know that a target fails."""
        is_open = EPISODES.c.closed.is_(None), EPISODES.c.state == AlertStatus.TARGET_DOWN
        query = select(ALERTS).join(EPISODES, EPISODES.c.newest_alert == ALERTS.c.sequence).where(*is_open)
        with self.reading() as connection:
            return tuple(read_alert(row) for row in connection.execute(query).mappings())


def _is_stored(connection: Connection, alert: Alert) -> bool:
    return connection.execute(select(exists().where(ALERTS.c.id == alert.id))).scalar_one()


def _attempt_columns(outcome: Outcome) -> dict[str, Any]:
    attempt = outcome.attempt
    return {
        "delivery_id": outcome.delivery.id,
        "began": attempt.began,
        "ended": attempt.ended,
        "successful": attempt.successful,
        "answer_status": attempt.receipt.status,
        "answer": attempt.receipt.text or None,
        "error": attempt.error,
    }


def _note(outcome: Outcome) -> dict[str, Any]:
    attempt = outcome.attempt
    becomes = DeliveryStatus.DELIVERED if attempt.successful else QUEUED if outcome.retry else DeliveryStatus.GIVEN_UP
    return {
        "delivery": outcome.delivery.id,
        "becomes": becomes,
        "retry": outcome.retry,
        "told": attempt.error[:ERROR_LIMIT] if attempt.error else None,
        "ended": None if becomes is QUEUED else attempt.ended,
    }
