"""What is pushed enters an engine here, with a clock that stands still until it is moved."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from tests.weps.bench import NOON, at
from weps.engine import Engine
from weps.feeders.brokers import Brokers
from weps.feeders.guard import Guard
from weps.feeders.http import Fetcher
from weps.feeders.hubs import Hubs
from weps.feeders.pushed import Faults, PushedFeeder
from weps.intake import Intake
from weps.model import NewSubscription, Page, RuleText, Source, Subscription
from weps.reading import Horizon
from weps.rules.languages import detect_language
from weps.store import Store

HIGH = json.dumps({"type": "threshold", "condition": "greaterThan", "threshold": 30, "trigger": "every"})


@dataclass
class IntakeBench:
    """An engine that takes what is pushed, from `with` on; `stop` and `start` again throw away all memory."""

    folder: Path
    allowed: frozenset[str] = frozenset({"127.0.0.1"})
    now: datetime = NOON
    store: Store = field(init=False)

    def __enter__(self) -> IntakeBench:
        self.store = Store(f"sqlite:///{self.folder / 'weps.db'}")
        self.store.migrate()
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self.store.dispose()

    def start(self) -> None:
        self.faults, self.brokers = Faults(), Brokers(Guard(self.allowed), "installation", longest_pause=1)
        self.hubs = Hubs(Fetcher(self.allowed, timeout=5).send, "http://weps.example/push")
        feeder = PushedFeeder(self.brokers, self.hubs, self.faults)
        self.engine = Engine(self.store, feeder, {}, "http://weps.example", clock=lambda: self.now, first_look=30)
        self.intake = Intake(self.engine, self.brokers, self.hubs, self.faults, Horizon())
        self.intake.start()

    def stop(self) -> None:
        self.intake.stop(5)
        self.engine.close(5)

    def subscribe(self, source: Source, rule: str = HIGH, start: datetime | None = None) -> Subscription:
        new = NewSubscription(RuleText(detect_language(rule), rule), source, timedelta(minutes=1), start=start)
        return self.engine.subscribe(new)

    def poll(self, minutes: float) -> None:
        self.now = at(minutes)
        for feed in self.engine.due_feeds():
            self.engine.poll(feed.id)

    def told(self, subscription: Subscription) -> list[tuple[str, datetime]]:
        alerts = self.store.alerts(subscription.id, Page(0, 1000))
        return [(alert.status.value, alert.event_time) for alert in alerts][::-1]

    def values(self, subscription: Subscription) -> list[object]:
        return [alert.value for alert in self.store.alerts(subscription.id, Page(0, 1000))][::-1]
