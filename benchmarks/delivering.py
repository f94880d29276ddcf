"""
Pushing alerts to webhooks: to one, to ten and to a thousand, with every tenth hanging and with none.

Time on the wall, since hanging takes no CPU time. As many deliveries can succeed with the hanging ones as without;
those come on top. Every post is signed, and every attempt is written into the ledger, synced to the disk.
"""

from __future__ import annotations

import logging
import time
import uuid
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from benchmarks.alerts import hot, new_subscription
from benchmarks.frame import Line, Scale, WrongAnswer, at_most
from benchmarks.server import Server, serving_webhooks
from weps.channels import create_channels
from weps.delivery.worker import DeliveryWorker
from weps.ledger import LedgerSelection
from weps.model import AlertStatus, DeliveryStatus, Target
from weps.settings import Settings
from weps.store import Store

if TYPE_CHECKING:
    from collections.abc import Sequence

SECONDS_LIMIT = 120.0
SIZES = ((1, 300), (10, 50), (1_000, 2))
"""How many targets, and how many alerts for each."""


def run(scale: Scale) -> list[Line]:
    """Deliver in turn with and without hanging targets."""
    lines = []
    logging.getLogger("weps").setLevel(logging.CRITICAL)  # what hangs is told at the end, when nobody cares
    with TemporaryDirectory() as folder, serving_webhooks(Path(folder)) as server:
        for targets, alerts in SIZES:
            many = scale.of(targets, least=min(targets, 100))
            lines += _compare(server, many, scale.of(alerts, least=2), scale)
    return lines


def _compare(server: Server, targets: int, alerts: int, scale: Scale) -> list[Line]:
    hanging = targets // 10
    free: list[float] = []
    burdened: list[float] = []
    for _ in range(min(scale.rounds, 3)):
        free.append(_seconds(server, targets - hanging, 0, alerts))
        if hanging:
            burdened.append(_seconds(server, targets - hanging, hanging, alerts))
    count = (targets - hanging) * alerts
    name = f"{targets:,} webhooks"
    lines = [_line(name, free, count)]
    if hanging:
        ratios = [one / other for one, other in zip(burdened, free, strict=True)]
        line = _line(f"{name}, one of ten of them hanging", burdened, count)
        spread = min(ratios), max(ratios)
        relation = "times the time with none hanging"
        lines.append(replace(line, figure=median(ratios), relation=relation, spread=spread, target=at_most(1.1)))
    return lines


def _line(name: str, seconds: Sequence[float], count: int) -> Line:
    cost = median(seconds) / count
    return Line(f"{name}: {1 / cost:,.0f} deliveries/s", cost * 1e6)


def _seconds(server: Server, good: int, hanging: int, alerts: int) -> float:
    """Give the seconds until all that can be delivered is delivered and in the ledger."""
    with TemporaryDirectory() as folder:
        store = Store(f"sqlite:///{folder}/weps.db")
        store.migrate()
        _fill(store, server, good, hanging, alerts)
        taken = int(server.ask("/count"))
        channels = create_channels(Settings(), store, "http://weps.example.org", frozenset({"127.0.0.1"}))
        worker = DeliveryWorker(store, channels)
        begin = time.monotonic()
        worker.start()
        while store.count_deliveries(LedgerSelection(status=DeliveryStatus.DELIVERED)) < good * alerts:
            if time.monotonic() - begin > SECONDS_LIMIT:
                raise WrongAnswer(f"not all was delivered within {SECONDS_LIMIT:g} s")
            time.sleep(0.01)
        spent = time.monotonic() - begin
        worker.stop(0.5)
        store.dispose()
    if int(server.ask("/count")) - taken != good * alerts:
        raise WrongAnswer("a webhook was posted to more or less often than there are deliveries")
    return spent


def _fill(store: Store, server: Server, good: int, hanging: int, alerts: int) -> None:
    names = [*(f"good/{n}" for n in range(good)), *(f"hang/{n}" for n in range(hanging))]
    targets = tuple(Target("webhook", f"{server.url}/{name}") for name in names)
    now = datetime.now(UTC)
    subscription = store.add_subscription(new_subscription(), "heat", now, now)
    made = [hot(str(uuid.uuid4()), subscription.id, AlertStatus.EVENT, now) for _ in range(alerts)]
    with store.batch(subscription.feed_id) as batch:
        batch.add_alerts([(alert, targets) for alert in made], now)
