"""
Pulling the plug between commit and delivery, and in the middle of one: whatever happens when, nothing is lost.

`CRASH_KILLS=200` says how often; `make crash` does so.
"""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import time
from collections import Counter
from dataclasses import dataclass

import pytest
from sqlalchemy import func, select
from standardwebhooks.webhooks import Webhook

from tests.loopback import Loopback, Request
from tests.waiting import PATIENCE
from tests.weps.delivery.crash_worker import store_and_deliver
from tests.weps.notify.stores import open_store, subscribe
from weps.ledger import LedgerSelection
from weps.model import Changes, DeliveryStatus, Target
from weps.notify.webhook import WebhookChannel
from weps.store import Store
from weps.store.tables import ALERTS

KILLS = int(os.environ.get("CRASH_KILLS", "6"))
ALERTS_IN_A_LIFE = 16
"""More than one worker stores before it is killed, mostly; so there is something left for each."""
ALERTS_IN_ALL = ALERTS_IN_A_LIFE * KILLS
FORKING = multiprocessing.get_context("forkserver")
"""A process that has imported everything, and forks the workers: they are killed as any other, and begin at once."""


class Receiver:
    """Two webhooks on loopback: one that takes all, one that now and then fails or hangs up in the middle."""

    def __init__(self) -> None:
        self.posts: list[tuple[str, bytes, dict[str, str]]] = []
        generator = random.Random(5)
        receiver = self

        class Handler(Request):
            protocol_version = "HTTP/1.1"

            def post(self) -> None:
                body = self.body()
                luck = generator.random() if self.path == "/unsteady" else 1.0
                if luck < 0.03:
                    self.close_connection = True
                    return
                if luck > 0.06:
                    receiver.posts.append((self.path, body, dict(self.headers)))
                self.answer(503 if luck <= 0.06 else 204)

        self._server = Loopback(Handler)
        self.url = self._server.url

    def close(self) -> None:
        self._server.close()


@pytest.fixture
def receiver():
    running = Receiver()
    yield running
    running.close()


@dataclass(frozen=True)
class Kill:
    """How things stood when the worker was killed."""

    stored: int
    waiting: int


def run_until_killed(url: str, wanted: int, seconds: float | None, since: str = "begun") -> None:
    """Run the worker, and kill it so long after it told something; without a time it ends when all is delivered."""
    told, tell = FORKING.Pipe(duplex=False)
    worker = FORKING.Process(target=store_and_deliver, args=(url, wanted, tell, seconds is None))
    worker.start()
    heard = ""
    while heard != since:
        assert told.poll(PATIENCE), f"the worker does not tell that it has {since}"
        heard = told.recv()
    if seconds is None:
        worker.join(60 + 2 * KILLS)
        assert worker.exitcode == 0
    else:
        time.sleep(seconds)
        worker.kill()
        worker.join(PATIENCE)
        assert worker.exitcode == -signal.SIGKILL
    worker.close()


def look(store: Store) -> Kill:
    """See what is stored, and what of it waits to be delivered or was on its way."""
    with store.reading() as connection:
        stored = connection.execute(select(func.count()).select_from(ALERTS)).scalar_one()
    return Kill(stored, store.count_deliveries(LedgerSelection(status=DeliveryStatus.QUEUED)))


@pytest.mark.timeout(60 + 5 * KILLS)
def test_killed_at_random_moments_every_alert_is_stored_once_and_arrives_at_least_once(tmp_path, receiver, capsys):
    """
    The feed is that of an undisturbed run; each webhook has every alert, under its id and in order, none never.
    """
    store = open_store(tmp_path)
    subscription = subscribe(store)
    targets = tuple(Target("webhook", f"{receiver.url}/{name}") for name in ("good", "unsteady"))
    store.update_subscription(subscription, Changes(targets=targets), "", subscription.created, None)
    FORKING.set_forkserver_preload(["tests.weps.delivery.crash_worker"])
    generator = random.Random(3)
    kills: list[Kill] = []

    for number in range(KILLS):
        wanted = ALERTS_IN_A_LIFE * (number + 1)
        run_until_killed(store.url, wanted, generator.uniform(0.0, 0.2), ("begun", "stored")[number % 2])
        kills.append(look(store))
    run_until_killed(store.url, ALERTS_IN_ALL, None)

    expected = [f"alert-{n}" for n in range(1, ALERTS_IN_ALL + 1)]
    with store.reading() as connection:
        stored = list(connection.execute(select(ALERTS.c.id).order_by(ALERTS.c.sequence)).scalars())
        told = connection.execute(select(func.count()).where(ALERTS.c.pattern == "target")).scalar_one()
    channel = WebhookChannel(None, "", lambda: store.service_key("webhooks"))
    assert [each for each in stored if each.startswith("alert-")] == expected
    assert len(stored) == ALERTS_IN_ALL + told
    doubles = 0
    for target in targets:
        mine = [(body, headers) for path, body, headers in receiver.posts if target.address.endswith(path)]
        arrived = [headers["webhook-id"] for _, headers in mine]
        webhook = Webhook(channel.secret(subscription.id, target.address))
        again = sum(Counter(arrived).values()) - len(set(arrived))
        assert [each for each in dict.fromkeys(arrived) if each.startswith("alert-")] == expected
        assert again <= KILLS
        assert {webhook.verify(body, headers)["id"] for body, headers in mine[-20:]} == set(arrived[-20:])
        doubles += again
    delivered = store.count_deliveries(LedgerSelection(status=DeliveryStatus.DELIVERED))
    store.dispose()
    assert delivered >= 2 * ALERTS_IN_ALL
    # else nothing was killed between commit and delivery
    between = sum(kill.waiting > 0 for kill in kills)
    assert between >= KILLS // 4
    if "CRASH_KILLS" in os.environ:
        with capsys.disabled():
            print(
                f"\n{KILLS} kills, {between} of them with deliveries waiting or under way; {ALERTS_IN_ALL} alerts "
                f"stored once each, {delivered} deliveries made, {doubles} of them heard twice, none never"
            )
