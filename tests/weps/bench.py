"""An engine on a real store and a real SOS, with a clock that stands still until it is moved."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from tests.flaky_sos import FlakySos
from tests.flows.rules import HEAT
from weps.engine import Engine
from weps.feeders.http import Fetcher
from weps.feeders.sos import SosFeeder
from weps.feeders.template import read_kvp
from weps.model import Alert, NewSubscription, Page, RuleText, Subscription
from weps.rules.languages import detect_language
from weps.store import Store

NOON = datetime(2024, 3, 1, 12, tzinfo=UTC)


def at(minutes: float) -> datetime:
    """So many minutes after noon."""
    return NOON + timedelta(minutes=minutes)


class Bench:
    """An engine whose clock the test moves."""

    def __init__(self, sos: FlakySos, database_url: str) -> None:
        self.now = NOON
        self.sos = sos
        self.fetcher_limit = 2**24
        self.timeout = 5.0
        self.store = Store(database_url)
        self.store.migrate()
        self.engine = self.start()

    def start(self) -> Engine:
        feeder = SosFeeder(Fetcher(frozenset({"127.0.0.1"}), timeout=self.timeout, limit=self.fetcher_limit))
        return Engine(self.store, feeder, {}, "http://weps.example", clock=lambda: self.now, first_look=30)

    def restart(self) -> None:
        """Throw away all memory."""
        self.engine.close(5)
        self.engine = self.start()

    def subscribe(self, rule: str = HEAT, **changes) -> Subscription:
        new = NewSubscription(
            RuleText(detect_language(rule), rule), read_kvp(self.sos.template()), timedelta(minutes=1)
        )
        return self.engine.subscribe(replace(new, **changes))

    def poll(self, minutes: float) -> None:
        """Poll so many minutes after noon whatever is due by then."""
        self.now = at(minutes)
        for feed in self.engine.due_feeds():
            self.engine.poll(feed.id)

    def alerts(self, subscription: Subscription) -> list[Alert]:
        return list(self.store.alerts(subscription.id, Page(0, 1000)))[::-1]

    def times(self, subscription: Subscription) -> list[tuple[str, datetime]]:
        return [(alert.status.value, alert.phenomenon_time) for alert in self.alerts(subscription)]
