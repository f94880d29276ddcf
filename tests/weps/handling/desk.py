"""A desk to work with episodes at: a real store, and a clock that stands still until it is moved."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from sqlalchemy import select

from tests.weps.notify.samples import make_alert
from weps.composing import flapping_alert
from weps.handling.episodes import Handling
from weps.handling.reminders import Reminding
from weps.handling.silences import Silencing
from weps.matching import Matcher
from weps.model import (
    Alert,
    AlertStatus,
    Attention,
    NewSubscription,
    Page,
    RuleText,
    Severity,
    Source,
    Subscription,
    Target,
)
from weps.store import Store
from weps.store.tables import ALERTS, OUTBOX

MONDAY = datetime(2024, 3, 4, 12, tzinfo=UTC)
DUTY, BOSS = Target("insert-rss", "http://duty.example.org"), Target("insert-rss", "http://boss.example.org")
HOUR = timedelta(hours=1)
ALL = Matcher(severities=tuple(Severity))


@dataclass
class Desk:
    """A store with a subscription to work on, and a clock that the test moves in hours."""

    store: Store
    hour: float = 0
    count: int = 0
    turns: dict[str, int] = field(default_factory=dict)

    @property
    def now(self) -> datetime:
        return MONDAY + self.hour * HOUR

    @property
    def work(self) -> Handling:
        return Handling(self.store, lambda: self.now)

    @property
    def quiet(self) -> Silencing:
        return Silencing(self.store, lambda: self.now)

    @property
    def due(self) -> Reminding:
        return Reminding(self.store, lambda: self.now)

    def subscribe(self, **attention) -> Subscription:
        new = NewSubscription(
            RuleText("threshold", "{}", "crowded"),
            Source("kvp", "http://sos.example.org/sos", "service=SOS"),
            timedelta(seconds=5),
            targets=(DUTY,),
            attention=Attention(**attention),
        )
        return self.store.add_subscription(new, "crowded", self.now, self.now)

    def tell(self, subscription: Subscription, status=AlertStatus.FIRING, episode="e-1", **changes) -> str:
        """Store an alert as the engine does; gives its id."""
        alert = self.alert(subscription, status, episode, **changes)
        self.take(subscription, alert)
        return alert.id

    def alert(self, subscription: Subscription, status: AlertStatus, episode: str, **changes) -> Alert:
        """An alert that has not been stored yet; what it tells of has happened just now."""
        self.count += 1
        alert = make_alert(self.count, status=status, subscription=subscription)
        return replace(alert, id=f"a-{self.count}", episode=episode, **{"event_time": self.now} | changes)

    def take(self, subscription: Subscription, *alerts: Alert) -> None:
        """Store alerts in one transaction."""
        with self.store.batch(subscription.feed_id) as batch:
            batch.add_alerts([(alert, subscription.targets) for alert in alerts], self.now, flapping_alert)

    def change(self, subscription: Subscription, *minutes: float, key: str = "north") -> None:
        """Let one thing begin and end in turns, so many minutes after noon."""
        for minute in minutes:
            self.run(minute / 60)
            turn = self.turns[key] = self.turns.get(key, -1) + 1
            status = (AlertStatus.FIRING, AlertStatus.RESOLVED)[turn % 2]
            self.tell(subscription, status, f"{key}-{turn // 2 + 1}", key=key)

    def run(self, *hours: float) -> None:
        """Let the scheduler look at these hours."""
        for hour in hours:
            self.hour = hour
            self.due.run_due()

    def pushes(self) -> list[tuple[str, str]]:
        """What was pushed to whom: the reason to tell it again, or the state."""
        with self.store.reading() as connection:
            query = select(ALERTS.c.status, ALERTS.c.reminder, OUTBOX.c.address).order_by(OUTBOX.c.id)
            rows = connection.execute(query.join_from(OUTBOX, ALERTS)).all()
        return [(row.reminder or row.status, row.address.split(".")[0].removeprefix("http://")) for row in rows]

    def feed(self, subscription: Subscription) -> list[tuple[str, bool]]:
        """What stands in the feed, oldest first, and whether it was silenced."""
        return [
            (alert.reminder or alert.status.value, alert.silenced is not None) for alert in self.alerts(subscription)
        ]

    def told(self, subscription: Subscription) -> Iterator[tuple[tuple[str, bool], Alert]]:
        """What stands in the feed, each with its alert."""
        return zip(self.feed(subscription), self.alerts(subscription), strict=True)

    def alerts(self, subscription: Subscription) -> list[Alert]:
        """The alerts of a subscription, oldest first."""
        return list(self.store.alerts(subscription.id, Page(0, 100)))[::-1]

    def restart(self) -> None:
        self.store.dispose()
        self.store = Store(self.store.url)
