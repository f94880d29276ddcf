"""What has begun and does not hold yet: it stands in feeds, and nobody is told of it; on a real store."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.weps.handling.desk import ALL, BOSS, HOUR
from weps.episodes import EpisodeSelection
from weps.model import AlertStatus, Changes, Page, Severity, SubscriptionStatus, Target

PENDING, FIRING, RESOLVED = AlertStatus.PENDING, AlertStatus.FIRING, AlertStatus.RESOLVED


def test_what_is_pending_stands_in_the_feed_and_is_not_pushed(desk):
    """
    Its episode is open; what becomes of it goes on in the same episode and is pushed.
    """
    subscription = desk.subscribe()
    desk.tell(subscription, PENDING)
    begun = desk.store.episode("e-1")
    desk.tell(subscription, FIRING)
    desk.tell(subscription, RESOLVED)

    assert (begun.state, begun.is_open, begun.told) == (PENDING, True, False)
    assert desk.pushes() == [("firing", "duty"), ("resolved", "duty")]
    assert [what for what, _ in desk.feed(subscription)] == ["pending", "firing", "resolved"]
    assert desk.store.episode("e-1").alert_count == 3


def test_what_ends_before_it_fires_is_not_pushed_either(desk):
    """
    Nobody was told that it began.
    """
    subscription = desk.subscribe()
    desk.tell(subscription, PENDING)
    desk.tell(subscription, PENDING, severity=Severity.EXTREME)
    desk.tell(subscription, RESOLVED)

    closed = desk.store.episode("e-1")

    assert desk.pushes() == []
    assert (closed.state, closed.is_open, closed.told, closed.muted) == (RESOLVED, False, False, False)


def test_what_is_pending_and_fires_in_one_batch_is_pushed_once(desk):
    """
    As it was one after the other.
    """
    subscription = desk.subscribe()
    alerts = [desk.alert(subscription, status, "e-1") for status in (PENDING, FIRING)]
    alerts += [desk.alert(subscription, status, "e-2") for status in (PENDING, RESOLVED)]

    desk.take(subscription, *alerts)

    assert desk.pushes() == [("firing", "duty")]


def test_nothing_is_repeated_or_escalated_before_it_fires(desk):
    """
    From then on it is as ever.
    """
    subscription = desk.subscribe(repeat=HOUR, escalate_after=2 * HOUR, escalate_to=(BOSS,))
    desk.tell(subscription, PENDING)
    desk.run(1, 2, 3)
    desk.tell(subscription, FIRING)

    desk.run(3.5, 4, 5)

    assert desk.pushes() == [("firing", "duty"), ("repeat", "duty"), ("escalation", "boss")]


def test_who_takes_care_of_what_is_pending_is_told_when_it_fires(desk):
    """
    The end of an acknowledgement tells nothing before that.
    """
    subscription = desk.subscribe(repeat=HOUR)
    desk.tell(subscription, PENDING)
    desk.work.acknowledge("e-1", "Ada", lasting=HOUR)
    desk.run(2)
    free = desk.store.episode("e-1")
    desk.work.acknowledge("e-1", "Ada")
    desk.tell(subscription, FIRING)

    desk.run(9)

    assert (free.acknowledged_by, free.state) == (None, PENDING)
    assert desk.pushes() == [("firing", "duty")]


def test_the_end_of_a_silence_does_not_tell_what_is_only_pending(desk):
    """
    What fired in it and is open is told, as ever.
    """
    subscription = desk.subscribe()
    desk.quiet.silence(ALL, author="Ada", reason="works", lasting=HOUR)
    desk.tell(subscription, PENDING)
    desk.tell(subscription, PENDING, "e-2")
    desk.tell(subscription, FIRING, "e-2")

    desk.run(1)

    assert desk.pushes() == [("silence-over", "duty")]
    assert [alert.episode for alert in desk.alerts(subscription)][-1] == "e-2"


def test_what_is_pending_can_be_withdrawn_without_a_word(desk):
    """
    When it fires in spite of that it is another episode.
    """
    subscription = desk.subscribe()
    desk.tell(subscription, PENDING)
    desk.work.cancel("e-1", "Ada", "the sensor is being cleaned")
    quiet = desk.pushes()
    desk.tell(subscription, FIRING)

    assert (quiet, desk.pushes()) == ([], [("firing", "duty")])
    assert [episode.state for episode in desk.store.episodes(EpisodeSelection(), Page())] == [
        FIRING,
        AlertStatus.CANCELLED,
    ]


@pytest.mark.parametrize("end", ["cancelled", "another rule"])
def test_what_is_pending_expires_without_a_word(desk, end):
    """
    With its subscription, or when its rule begins anew; the feed says so.
    """
    subscription = desk.subscribe()
    desk.tell(subscription, PENDING)
    if end == "cancelled":
        desk.store.end_subscription(subscription.id, SubscriptionStatus.CANCELLED, desk.now)
    else:
        desk.store.update_subscription(subscription, Changes(), "", desk.now, desk.now)

    desk.run(0.1)

    assert desk.pushes() == []
    assert desk.feed(subscription) == [("pending", False), ("expired", False)]


def test_the_state_that_is_retained_by_a_broker_is_what_was_published(desk):
    """
    What is pending or silenced is not published, so it does not take the place of what was.
    """
    subscription = replace(desk.subscribe(), targets=(Target("mqtt", "mqtt://broker.example.org/alerts"),))
    none = desk.store.newest_alert(subscription.id)
    told = desk.tell(subscription, FIRING, "a")
    desk.tell(subscription, PENDING, "b")
    desk.quiet.silence(ALL, author="Ada", reason="works", lasting=HOUR)
    desk.tell(subscription, FIRING, "b")

    assert (none, desk.store.newest_alert(subscription.id)) == (0, desk.store.alert(told).sequence)


def test_the_list_can_be_narrowed_to_what_is_pending(desk):
    """
    It counts as open.
    """
    subscription = desk.subscribe()
    desk.tell(subscription, PENDING, "a")
    desk.tell(subscription, FIRING, "b")

    found = [
        [episode.id for episode in desk.store.episodes(EpisodeSelection(**wish), Page())]
        for wish in ({"states": (PENDING,)}, {"is_open": True})
    ]

    assert found == [["a"], ["b", "a"]]
