"""How targets fare: pauses, refusals and wishes, and who is told."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import select

from tests.weps.delivery.receiver import NOW, SECOND, add, events, outbox, run
from tests.weps.notify.samples import make_alert
from tests.weps.notify.stores import subscribe
from weps.delivery.dispatcher import Dispatcher
from weps.episodes import EpisodeSelection
from weps.ledger import LedgerSelection
from weps.model import (
    AlertStatus,
    Page,
    SubscriptionStatus,
    Target,
)
from weps.notify.posting import Reply
from weps.notify.websub import WebSubChannel
from weps.store.tables import TARGETS


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


def test_owners_hear_of_a_target_that_takes_alerts_again_because_somebody_asked_it(store, channels, receiver):
    """
    Also of one that was gone: the episode ends, whoever named the target again or tried again by hand.
    """
    owner = subscribe(store, f"{receiver.url}/unsteady")
    receiver.failures_left = 6
    add(store, owner, *events(5))
    run(store, channels, NOW)
    retried = store.deliveries(LedgerSelection(), 1)[0].delivery.id
    for seconds in (1, 2):
        store.retry_delivery(retried, NOW + seconds * SECOND)
        run(store, channels, NOW + seconds * SECOND)

    assert told(store, owner) == [AlertStatus.TARGET_DOWN, AlertStatus.TARGET_UP]
    assert store.episodes(EpisodeSelection(states=(AlertStatus.TARGET_DOWN,)), Page()) == ()


def test_who_comes_later_is_told_that_a_target_still_fails(store, channels, receiver):
    """
    Whoever knows it already is not told again.
    """
    target = f"{receiver.url}/410"
    first, second = subscribe(store, target), subscribe(store, target)
    add(store, first, *events(1))
    run(store, channels, NOW)
    store.enable_targets(second.targets)
    add(store, second, *events(1, first=2), stored=NOW + SECOND)

    run(store, channels, NOW + SECOND)

    assert [told(store, each) for each in (first, second)] == [[AlertStatus.TARGET_DOWN]] * 2


def test_nobody_is_told_of_targets_of_what_is_over(store, channels, receiver):
    """
    Neither that one fails nor that it takes alerts again: what was open of it expired with the subscription.
    """
    target = f"{receiver.url}/unsteady"
    knows, never_knew = subscribe(store, target), subscribe(store, target)
    receiver.failures_left = 5
    add(store, knows, *events(5))
    store.end_subscription(never_knew.id, SubscriptionStatus.CANCELLED, NOW)
    add(store, never_knew, *events(1, first=6))
    run(store, channels, NOW)
    store.end_subscription(knows.id, SubscriptionStatus.CANCELLED, NOW)

    run(store, channels, NOW + 10 * SECOND, 3)

    assert {row[0] for row in outbox(store)} == {"delivered"}
    assert [told(store, each) for each in (knows, never_knew)] == [[AlertStatus.TARGET_DOWN], []]


def test_what_was_tried_and_who_is_told_of_it_are_kept_together(store, channels, receiver):
    """
    Where the ledger cannot be written nobody is told; later each is told once, of one episode.
    """
    owner = subscribe(store, f"{receiver.url}/404")
    add(store, owner, *events(1))
    with store.writing() as connection:
        full = "CREATE TRIGGER full BEFORE UPDATE ON targets BEGIN SELECT RAISE(ABORT, 'disk full'); END"
        connection.exec_driver_sql(full)
    dispatcher = Dispatcher(store, channels, clock=lambda: NOW)
    assert (dispatcher.run_due(NOW), dispatcher.wait(10)) == (1, True)
    untold = told(store, owner)
    with store.writing() as connection:
        connection.exec_driver_sql("DROP TRIGGER full")

    run(store, channels, NOW + SECOND)

    assert (untold, told(store, owner)) == ([], [AlertStatus.TARGET_DOWN])
    assert len(store.episodes(EpisodeSelection(states=(AlertStatus.TARGET_DOWN,)), Page())) == 1


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
