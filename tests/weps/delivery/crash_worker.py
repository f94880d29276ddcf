"""What is killed: a process that stores alerts and delivers them; forked where all of this is imported already."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime
from multiprocessing.connection import Connection

from tests.weps.delivery.receiver import post
from tests.weps.notify.samples import make_alert
from weps.delivery.dispatcher import BackOff
from weps.delivery.worker import DeliveryWorker
from weps.model import Page
from weps.notify.webhook import WebhookChannel
from weps.store import Store

ALERTS_URL = "http://weps.example.org/alerts"


def store_and_deliver(url: str, wanted: int, tell: Connection, is_last: bool) -> None:
    """
    Store what is still missing of so many alerts, a few at a time, and deliver until nothing waits.

    Tells when it begins, and when it has stored something or has nothing to store any more. Only the last one ends by
    itself: however quick the machine, the others are killed.
    """
    store = Store(url)
    (subscription,) = store.subscriptions(Page())
    channel = WebhookChannel(post, ALERTS_URL, lambda: store.service_key("webhooks"))
    worker = DeliveryWorker(store, {"webhook": channel}, back_off=BackOff(first=BackOff().first / 500))
    worker.start()
    tell.send("begun")
    done = store.subscription(subscription.id).alert_count
    while done < wanted:
        made = [make_alert(n) for n in range(done + 1, min(done + 4, wanted + 1))]
        mine = [replace(one, id=f"alert-{one.sequence}", subscription_id=subscription.id) for one in made]
        with store.batch(subscription.feed_id) as batch:
            batch.add_alerts([(alert, subscription.targets) for alert in mine], datetime.now(UTC))
        worker.wake()
        tell.send("stored")
        done += len(made)
        time.sleep(0.01)
    tell.send("stored")
    while store.next_delivery_due() or not is_last:
        time.sleep(0.01)
    worker.stop()
    store.dispose()
