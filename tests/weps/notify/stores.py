"""A store of alerts in a file, filled as the engine fills it, for the tests of delivery and web."""

from __future__ import annotations

import functools
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.weps.notify.samples import CREATED, make_alert
from weps.model import NewSubscription, RuleText, Source, Subscription, Target
from weps.store import Store


def open_store(folder: Path) -> Store:
    """Open the store of a folder, a new one where there is none."""
    file = folder / "weps.db"
    if not file.exists():
        file.write_bytes(_empty_store())
    return Store(f"sqlite:///{file}")


@functools.cache
def _empty_store() -> bytes:
    """Give the file of a store without rows: to make one takes longer than most tests."""
    with TemporaryDirectory() as folder:
        store = Store(f"sqlite:///{folder}/weps.db")
        store.migrate()
        store.dispose()
        return (Path(folder) / "weps.db").read_bytes()


def subscribe(store: Store, *addresses: str) -> Subscription:
    """Subscribe with a target of the pilot's channel for each address."""
    new = NewSubscription(
        rule=RuleText("threshold", "{}", "crowded"),
        source=Source("kvp", "http://sos.example.org/sos", "service=SOS"),
        sampling_rate=timedelta(seconds=5),
        title="Flinders Street",
        targets=tuple(Target("insert-rss", address) for address in addresses),
    )
    return store.add_subscription(new, "crowded", CREATED, CREATED)


def add_alerts(store: Store, subscription: Subscription, numbers: range, stored: datetime) -> None:
    """Store alerts for all targets of a subscription, as one batch."""
    made = [replace(make_alert(n), id=f"{subscription.id}-{n}", subscription_id=subscription.id) for n in numbers]
    with store.batch(subscription.feed_id) as batch:
        batch.add_alerts([(alert, subscription.targets) for alert in made], stored)
