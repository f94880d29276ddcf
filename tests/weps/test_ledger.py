"""What a ledger is for: pauses, refusals and wishes of targets, dead letters, owners told, and what is thrown away."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select
from starlette.applications import Starlette

from tests.weps.asgi import Answer, Client
from tests.weps.notify.samples import CREATED, make_alert
from tests.weps.notify.stores import open_store, subscribe
from tests.weps.notify.test_mail import box, serve  # noqa: F401 -- fixtures
from tests.weps.test_delivery import NO_JITTER, NOW, Receiver, outbox, post, send_all
from weps.delivery import Dispatcher
from weps.housekeeping import Housekeeping
from weps.ledger import LedgerSelection
from weps.model import (
    AlertStatus,
    Changes,
    DeliveryStatus,
    NewSubscription,
    Page,
    RuleText,
    Source,
    SubscriptionStatus,
    Target,
)
from weps.notify.insert_rss import InsertRssChannel
from weps.notify.mail import EmailChannel, MailServer, Pace
from weps.notify.posting import Reply
from weps.notify.websub import WebSubChannel
from weps.store.tables import ALERTS, TARGETS
from weps.web_deliveries import create_delivery_routes

SECOND = timedelta(seconds=1)


@pytest.fixture
def receiver():
    running = Receiver()
    yield running
    running.close()


@pytest.fixture
def store(tmp_path):
    opened = open_store(tmp_path)
    yield opened
    opened.dispose()


@pytest.fixture
def channels():
    return {"insert-rss": InsertRssChannel(post, "http://weps.example.org/alerts")}


def add(store, subscription, *alerts, stored=NOW) -> None:
    """Store alerts for all targets of a subscription, as they are."""
    mine = [replace(alert, subscription_id=subscription.id) for alert in alerts]
    with store.batch(subscription.feed_id) as batch:
        batch.add_alerts([(alert, subscription.targets) for alert in mine], stored)


def events(count: int, first: int = 1):
    """Alerts that are each an episode of its own."""
    return [replace(make_alert(n), id=f"a-{n}", episode=f"a-{n}") for n in range(first, first + count)]


def run(store, channels, now, times: int = 1) -> None:
    for _ in range(times):
        send_all(Dispatcher(store, channels, back_off=NO_JITTER, clock=lambda: now), now)


def told(store, subscription) -> list[AlertStatus]:
    """What the feed of a subscription says of its targets, oldest first."""
    alerts = store.alerts(subscription.id, Page(limit=100))
    return [alert.status for alert in reversed(alerts) if alert.pattern == "target"]


def test_a_failed_alert_holds_back_its_episode_and_no_other(store, channels, receiver):
    """
    What follows in the same episode waits for it; another episode goes on at once.
    """
    subscription = subscribe(store, f"{receiver.url}/unsteady")
    receiver.failures_left = 1
    first, follower, other = make_alert(1), make_alert(2), replace(make_alert(3), episode="e-2")
    add(store, subscription, first, follower, other)

    run(store, channels, NOW)
    now = [row[:2] for row in outbox(store)]
    run(store, channels, NOW + 5 * SECOND)

    assert now == [("queued", 1), ("queued", 0), ("delivered", 1)]
    assert receiver.guids["/unsteady/InsertRSS"] == ["a-1", "a-3", "a-1", "a-2"]


def test_a_target_that_fails_again_and_again_is_paused_and_tried_with_one_alert(store, channels, receiver):
    """
    After five failures of any alerts nothing is sent for 5 s; then one probes, and its success opens the way.
    """
    subscription = subscribe(store, f"{receiver.url}/unsteady")
    receiver.failures_left = 6
    add(store, subscription, *events(8))
    posts = receiver.guids.setdefault("/unsteady/InsertRSS", [])

    run(store, channels, NOW)
    until_pause = len(posts)
    run(store, channels, NOW + 4 * SECOND)
    in_pause = len(posts)
    run(store, channels, NOW + 5 * SECOND)
    probed = len(posts)
    run(store, channels, NOW + 16 * SECOND)

    assert (until_pause, in_pause, probed) == (5, 5, 6)
    assert {row[0] for row in outbox(store)} == {"delivered"}
    assert sorted(set(posts)) == [f"a-{n}" for n in range(1, 9)]


def test_owners_are_told_once_that_a_target_fails_and_once_that_it_takes_alerts_again(store, channels, receiver):
    """
    By alerts in their feed, which are one episode, do not show a key in the address, and go to their other targets.
    """
    failing, good = f"{receiver.url}/unsteady?key=geheim", f"{receiver.url}/good"
    owner = subscribe(store, failing, good)
    stranger = subscribe(store, good)
    receiver.failures_left = 5
    add(store, owner, *events(5))

    run(store, channels, NOW, 3)
    down = told(store, owner)
    run(store, channels, NOW + 10 * SECOND, 3)

    alerts = [alert for alert in store.alerts(owner.id, Page()) if alert.pattern == "target"]
    assert down == [AlertStatus.TARGET_DOWN]
    assert told(store, owner) == [AlertStatus.TARGET_DOWN, AlertStatus.TARGET_UP]
    assert told(store, stranger) == []
    assert len({alert.episode for alert in alerts}) == 1
    assert all("geheim" not in alert.title + alert.text for alert in alerts)
    assert {alert.id for alert in alerts} <= set(receiver.guids["/good/InsertRSS"])
    assert not {alert.id for alert in alerts} & set(receiver.guids["/unsteady/InsertRSS?key=geheim"])


def test_a_target_that_is_gone_is_not_asked_again(store, channels, receiver):
    """
    410 ends it for all that waits and all that comes, which are given up; the owner is told once.
    """
    subscription = subscribe(store, f"{receiver.url}/410")
    add(store, subscription, *events(3))

    run(store, channels, NOW)
    add(store, subscription, *events(2, first=4), stored=NOW + SECOND)
    run(store, channels, NOW + SECOND)

    assert [row[0] for row in outbox(store)] == ["given-up"] * 5
    assert len(receiver.guids["/410/InsertRSS"]) == 1
    assert told(store, subscription) == [AlertStatus.TARGET_DOWN]


def test_a_target_that_is_named_again_is_asked_again(store, channels, receiver):
    """
    Who subscribes with it means that it is there.
    """
    subscription = subscribe(store, f"{receiver.url}/410")
    add(store, subscription, *events(1))
    run(store, channels, NOW)

    store.enable_targets(subscription.targets)

    add(store, subscription, *events(1, first=2))
    run(store, channels, NOW)
    assert len(receiver.guids["/410/InsertRSS"]) == 2


@pytest.mark.parametrize("status", [429, 503])
def test_the_wish_of_retry_after_holds_for_all_alerts_to_the_target(store, channels, receiver, status):
    """
    For a minute nothing is sent, not even what has not been tried yet.
    """
    receiver.wish = "60"
    add(store, subscribe(store, f"{receiver.url}/{status}"), *events(2))
    posts = receiver.guids.setdefault(f"/{status}/InsertRSS", [])

    counts = []
    for seconds in (0, 30, 59, 60):
        run(store, channels, NOW + seconds * SECOND)
        counts.append(len(posts))

    assert counts == [1, 1, 1, 2]


def test_every_attempt_stands_in_the_ledger_with_its_answer(store, channels, receiver):
    """
    Two refusals and a success: when, which status, and the beginning of what was said.
    """
    subscription = subscribe(store, f"{receiver.url}/unsteady")
    add(store, subscription, *events(1))

    for seconds in (0, 5, 15):
        run(store, channels, NOW + seconds * SECOND)

    (entry,) = store.deliveries(LedgerSelection(subscription=subscription.id), 10)
    attempts = store.delivery(entry.delivery.id).attempts
    assert (entry.delivery.status, entry.queued, entry.finished) == ("delivered", NOW, NOW + 15 * SECOND)
    assert [(each.successful, each.receipt.status, each.receipt.text) for each in attempts] == [
        (False, 503, "because"),
        (False, 503, "because"),
        (True, 200, "because"),
    ]
    assert [each.began - NOW for each in attempts] == [0 * SECOND, 5 * SECOND, 15 * SECOND]
    assert attempts[0].error == f"{receiver.url}/unsteady/InsertRSS: the data store answered with HTTP status 503"


class Api:
    """The ledger over HTTP, and how often the delivery was woken."""

    def __init__(self, store) -> None:
        self.woken = 0
        self._client = Client(Starlette(routes=create_delivery_routes(store, self.wake)))

    def wake(self) -> None:
        self.woken += 1

    def get(self, path: str) -> Answer:
        return self._client.get(path)

    def post(self, path: str) -> Answer:
        return self._client.post(path)

    def read(self, path: str) -> dict:
        return json.loads(self.get(path).body)


@pytest.fixture
def api(store):
    return Api(store)


def test_the_ledger_is_read_and_filtered_over_http(store, channels, receiver, api):
    """
    Newest first, page by page, by subscription, target and status; addresses without their keys.
    """
    good = subscribe(store, f"{receiver.url}/good?key=geheim")
    bad = subscribe(store, f"{receiver.url}/500")
    add(store, good, *events(3))
    add(store, bad, *events(1, first=4))
    run(store, channels, NOW)
    add(store, good, *events(1, first=5))

    def ids(query: str) -> list[int]:
        return [each["id"] for each in api.read(f"/deliveries{query}")["deliveries"]]

    first = api.read("/deliveries?limit=2")
    assert ids("") == [5, 4, 3, 2, 1]
    assert [each["id"] for each in first["deliveries"]] == [5, 4]
    assert [each["id"] for each in api.read(first["next"])["deliveries"]] == [3, 2]
    assert ids(f"?subscription={bad.id}") == ids("?status=failed") == ids(f"?target={receiver.url}/500") == [4]
    assert (ids("?status=queued"), ids("?status=delivered"), ids("?status=given-up")) == ([5], [3, 2, 1], [])
    assert "geheim" not in api.get("/deliveries").text
    one = api.read("/deliveries/4")
    assert (one["status"], one["attemptCount"], one["attempts"][0]["status"]) == ("failed", 1, 500)
    assert one["lastError"].endswith("HTTP status 500")


WRONG = {
    "/deliveries?colour=red": 400,
    "/deliveries?status=red": 400,
    "/deliveries?target=red": 400,
    "/deliveries?limit=0": 400,
    "/deliveries?before=x": 400,
    "/deliveries/99": 404,
    "/deliveries/99999999999999999999": 404,
}


@pytest.mark.parametrize(("path", "status"), WRONG.items(), ids=WRONG)
def test_a_wrong_question_is_refused(api, path, status):
    """
    With what is allowed.
    """
    assert api.get(path).status == status


def test_what_was_given_up_is_sent_again_at_request(store, channels, receiver, api):
    """
    One, or all that meet conditions; the target is asked again also when it had been gone. Delivered is delivered.
    """
    subscription = subscribe(store, f"{receiver.url}/good")
    gone = subscribe(store, f"{receiver.url}/410")
    add(store, subscription, *events(1))
    add(store, gone, *events(2, first=2))
    run(store, channels, NOW)

    refused = api.post("/deliveries/1/retry")
    one = api.post("/deliveries/2/retry")
    rest = api.post(f"/deliveries/retry?target={receiver.url}/410")

    assert (refused.status, "replay it" in refused.text) == (409, True)
    assert (json.loads(one.body)["status"], json.loads(one.body)["attemptCount"]) == ("queued", 0)
    assert json.loads(rest.body) == {"retried": 1}
    assert [row[0] for row in outbox(store)] == ["delivered", "queued", "queued"]
    assert api.woken == 2
    assert api.post("/deliveries/99/retry").status == 404


def test_an_alert_is_sent_once_more_at_request(store, channels, receiver, api):
    """
    As a delivery of its own, with the same id for the receiver.
    """
    add(store, subscribe(store, f"{receiver.url}/good"), *events(1))
    run(store, channels, NOW)

    made = api.post("/deliveries/1/replay")

    run(store, channels, store.next_delivery_due())
    assert (made.status, made.headers["location"], json.loads(made.body)["alert"]) == (201, "/deliveries/2", "a-1")
    assert receiver.guids["/good/InsertRSS"] == ["a-1", "a-1"]
    assert [row[0] for row in outbox(store)] == ["delivered"] * 2


def ids_of(store) -> list[str]:
    with store.reading() as connection:
        return list(connection.execute(select(ALERTS.c.id).order_by(ALERTS.c.sequence)).scalars())


def test_deliveries_that_are_over_are_thrown_away_after_a_while_and_what_waits_is_kept(store, channels, receiver):
    """
    With their attempts, in portions; a queued one is kept however old it is.
    """
    subscription = subscribe(store, f"{receiver.url}/good", f"{receiver.url}/500")
    add(store, subscription, *events(5))
    run(store, channels, NOW)
    later = NOW + timedelta(days=31)

    Housekeeping(store, clock=lambda: NOW + timedelta(days=29), portion=2).run()
    kept = store.count_deliveries(LedgerSelection())
    Housekeeping(store, clock=lambda: later, portion=2).run()

    assert kept == 11  # ten, and what the owner was told of the one that fails
    assert store.count_deliveries(LedgerSelection()) == 5
    assert store.count_deliveries(LedgerSelection(status=DeliveryStatus.FAILED)) == 5
    assert len(ids_of(store)) == 6


def subscription_of_its_own(store, number: int):
    new = NewSubscription(
        RuleText("threshold", "{}", "crowded"),
        Source("kvp", f"http://sos.example.org/{number}", "service=SOS"),
        timedelta(seconds=5),
    )
    return store.add_subscription(new, "crowded", CREATED, CREATED)


def test_alerts_are_thrown_away_when_their_episodes_have_long_been_over(store):
    """
    Not while an episode is open or was until lately, nor the newest hundred of a subscription that goes on.
    """
    alive, over = subscription_of_its_own(store, 1), subscription_of_its_own(store, 2)
    firing, resolved = make_alert(1), replace(make_alert(2), status=AlertStatus.RESOLVED)
    add(store, alive, replace(firing, id="open", episode="open"))
    add(
        store, alive, replace(firing, id="closed", episode="closed"), replace(resolved, episode="closed", id="closed-2")
    )
    add(store, alive, replace(firing, id="lately", episode="lately"))
    add(store, alive, *[replace(alert, status=AlertStatus.EVENT) for alert in events(101, first=10)])
    add(store, over, replace(firing, id="left open", episode="left open"))
    store.end_subscription(over.id, SubscriptionStatus.CANCELLED, NOW)
    later = NOW + timedelta(days=401)
    add(store, alive, replace(resolved, id="lately-2", episode="lately"), stored=later - timedelta(days=2))

    Housekeeping(store, clock=lambda: later, portion=2).run()

    left = ids_of(store)
    assert left[:2] == ["open", "lately"]
    assert "left open" not in left
    assert not {"closed", "closed-2", "a-10", "a-11"} & set(left)
    assert left[2:] == [*(f"a-{n}" for n in range(12, 111)), "lately-2"]


def test_a_thousand_targets_of_one_alert_read_it_once(store, channels):
    """
    What is ready is read for many targets at once, and the alert once.
    """
    subscription = subscribe(store, *(f"http://store{n}.example.org/" for n in range(300)))
    add(store, subscription, *events(1))

    ready = store.ready(NOW, 300, 10)

    assert len(ready) == 300
    assert len({id(each.deliveries[0].alert) for each in ready}) == 1
    with store.reading() as connection:
        assert len(connection.execute(select(TARGETS.c.address)).all()) == 300
    assert len(store.ready(NOW, 300, 10, [Target("insert-rss", "http://store7.example.org/")])) == 299


def test_a_hub_is_told_once_of_all_that_waits(store, receiver):
    """
    One post stands for as many deliveries as there were alerts of the feed, and all of them are in the ledger.
    """
    hub = Target("websub", f"{receiver.url}/204")
    store.standing_targets = (hub,)
    subscription = subscribe(store)
    posts: list[bytes] = []

    def count(url, body, headers) -> Reply:
        posts.append(body)
        return Reply(204)

    add(store, subscription, *events(5))
    run(store, {"websub": WebSubChannel(count, lambda _: ("http://weps.example.org/feeds/t.rss",))}, NOW)

    assert len(posts) == 1
    assert outbox(store) == [("delivered", 1, NOW)] * 5


def test_mails_that_come_too_fast_wait_for_the_digest(store, serve, box):  # noqa: F811
    """
    Two go out at once, the rest waits without an attempt, and goes out as one mail.
    """
    moment = [0.0]
    server = MailServer("smtp", "127.0.0.1", serve())
    mail = EmailChannel(server, "weps@example.org", "http://a.example", Pace(2, 3600, 600), clock=lambda: moment[0])
    subscription = subscribe(store)
    targets = (Target("email", "duty@example.org"),)
    subscription = store.update_subscription(subscription, Changes(targets=targets), "", NOW, None)
    add(store, subscription, *events(6))

    run(store, {"email": mail}, NOW)
    before = len(box.mails), [row[:2] for row in outbox(store)]
    moment[0] = 600.0
    run(store, {"email": mail}, NOW)

    assert before == (2, [("delivered", 1)] * 2 + [("queued", 0)] * 4)
    assert len(box.mails) == 3
    assert {row[:2] for row in outbox(store)} == {("delivered", 1)}
