"""Alerts as they are read."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import bindparam, func, select

from weps.errors import NotFoundError
from weps.model import Alert, Page
from weps.notices import FeedVersion
from weps.store.database import Database
from weps.store.portions import portions
from weps.store.rows import read_alert
from weps.store.tables import ALERTS, SUBSCRIPTIONS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Connection

EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
_VERSION = select(
    *(SUBSCRIPTIONS.c.id, SUBSCRIPTIONS.c.created, SUBSCRIPTIONS.c.revision, SUBSCRIPTIONS.c.newest_alert),
    *(SUBSCRIPTIONS.c.alert_count, SUBSCRIPTIONS.c.newest_alert_stored),
).where(SUBSCRIPTIONS.c.token == bindparam("token"))


class Alerts(Database):
    """What was detected, for everybody to read."""

    def alert(self, identifier: str) -> Alert:
        """Give one alert by its id; raises `NotFoundError`."""
        with self.reading() as connection:
            row = connection.execute(select(ALERTS).where(ALERTS.c.id == identifier)).mappings().one_or_none()
        if row is None:
            raise NotFoundError(f"there is no alert {identifier!r}")
        return read_alert(row)

    def alerts(self, subscription_id: str, page: Page) -> tuple[Alert, ...]:
        """Give a page of a subscription's alerts, newest first."""
        query = (
            select(ALERTS)
            .where(ALERTS.c.subscription_id == subscription_id)
            .order_by(ALERTS.c.sequence.desc())
            .offset(page.offset)
            .limit(page.limit)
        )
        with self.reading() as connection:
            return tuple(read_alert(row) for row in connection.execute(query).mappings())

    def alerts_after(self, sequence: int, limit: int) -> tuple[Alert, ...]:
        """Give alerts of all subscriptions behind a sequence, oldest first."""
        query = select(ALERTS).where(ALERTS.c.sequence > sequence).order_by(ALERTS.c.sequence).limit(limit)
        with self.reading() as connection:
            return tuple(read_alert(row) for row in connection.execute(query).mappings())

    def newest_sequence(self) -> int:
        """Give the sequence of the newest alert, 0 where there is none."""
        with self.reading() as connection:
            return connection.execute(select(func.max(ALERTS.c.sequence))).scalar_one() or 0

    def feed_version(self, token: str) -> FeedVersion:
        """Tell which version a feed has, by its token, without looking at one alert; raises `NotFoundError`."""
        row = self.first_row(_VERSION, token=token)
        if row is None:
            raise NotFoundError("there is no such feed")
        identifier, created, revision, newest, alerts, stored = row
        return FeedVersion(identifier, created, revision, newest, alerts, max(stored or EPOCH, created))


def alerts_by_sequence(connection: Connection, sequences: Iterable[int]) -> dict[int, Alert]:
    """Give alerts by their sequences, as far as they are kept: each is read once, however often it is asked for."""
    found = {}
    for some in portions(sorted(set(sequences))):
        query = select(ALERTS).where(ALERTS.c.sequence.in_(some))
        found.update({row["sequence"]: read_alert(row) for row in connection.execute(query).mappings()})
    return found
