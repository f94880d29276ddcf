"""That nobody knows how an episode goes on reaches the targets: of rules that fail, and of those that begin anew."""

from __future__ import annotations

import pytest

from tests.weps.delivery.receiver import NO_JITTER, Receiver, send_all
from tests.weps.handling.desk import ALL, HOUR, Desk
from weps.delivery.dispatcher import Dispatcher
from weps.model import AlertStatus, Changes, Page, SubscriptionStatus, Target

FAILED, FIRING, EXPIRED = AlertStatus.RULE_FAILED, AlertStatus.FIRING, AlertStatus.EXPIRED


@pytest.fixture
def subscription(desk: Desk, receiver: Receiver):
    made = desk.subscribe(repeat=HOUR)
    targets = (Target("insert-rss", f"{receiver.url}/good"),)
    return desk.store.update_subscription(made, Changes(targets=targets), "", desk.now, None)


def arrive(desk: Desk, channels, receiver: Receiver) -> list[str]:
    """Deliver what is due; gives what has arrived so far: the statuses of the alerts, in order."""
    send_all(Dispatcher(desk.store, channels, back_off=NO_JITTER, clock=lambda: desk.now), desk.now)
    return [desk.store.alert(guid).status.value for guid in receiver.guids.get("/good/InsertRSS", [])]


def fail(desk: Desk, subscription) -> None:
    """Let the rule fail as the engine does: its alert, and the end of the subscription."""
    alert = desk.alert(subscription, FAILED, "failure")
    with desk.store.batch(subscription.feed_id) as batch:
        batch.add_alerts([(alert, subscription.targets)], desk.now)
        batch.end_failed([subscription.id], desk.now)


def test_what_a_failed_rule_had_open_expires_and_its_targets_hear_of_it(desk, channels, receiver, subscription):
    """
    After the alert that the rule failed, once for each open episode, also by a service that was restarted in between.
    """
    desk.tell(subscription, episode="one")
    desk.tell(subscription, episode="other")
    desk.tell(subscription, AlertStatus.RESOLVED, episode="other")
    fail(desk, subscription)
    before = arrive(desk, channels, receiver)
    desk.restart()

    desk.run(0.1, 2, 30)
    after = arrive(desk, channels, receiver)

    assert desk.store.subscription(subscription.id).status is SubscriptionStatus.FAILED
    assert before == ["firing", "firing", "resolved", "rule-failed"]
    assert after == [*before, "expired"]
    assert [each.status for each in desk.store.alerts_of_episode("one")] == [FIRING, EXPIRED]
    assert desk.store.episode("one").closed == desk.now - 30 * HOUR


def test_what_was_open_before_a_pause_expires_when_it_is_over(desk, channels, receiver, subscription):
    """
    A subscription that is resumed begins anew and may tell of the same again, as another episode.
    """
    desk.tell(subscription, episode="one")
    desk.store.pause_subscription(subscription.id, desk.now)
    desk.run(0.5)
    paused = arrive(desk, channels, receiver)

    resumed = desk.store.resume_subscription(subscription.id, desk.now, desk.now)
    desk.tell(resumed, episode="two")
    desk.run(0.6)

    assert paused == ["firing"]
    assert arrive(desk, channels, receiver) == ["firing", "firing", "expired"]
    assert {each.episode: each.status for each in desk.store.alerts(subscription.id, Page())[::-1]} == {
        "one": EXPIRED,
        "two": FIRING,
    }
    assert desk.store.episode("two").is_open


def test_of_what_nobody_heard_nobody_hears_that_it_expired(desk, channels, receiver, subscription):
    """
    It stands in the feed alone: what was silenced from its beginning would only puzzle.
    """
    desk.quiet.silence(ALL, author="Ada", reason="works", begins=desk.now, lasting=2 * HOUR)
    desk.tell(subscription, episode="one")
    desk.store.pause_subscription(subscription.id, desk.now)
    desk.store.resume_subscription(subscription.id, desk.now, desk.now)

    desk.run(0.1, 3)

    assert arrive(desk, channels, receiver) == []
    assert desk.feed(subscription) == [("firing", True), ("expired", True)]
