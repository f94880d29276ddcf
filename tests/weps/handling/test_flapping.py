"""What flaps while people work with it: silenced, acknowledged, cancelled, escalated, changed and ended."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.weps.handling.desk import ALL, BOSS, HOUR, MONDAY
from weps.model import AlertStatus, Changes, Flapping, Reminder, SubscriptionStatus

TWICE = Flapping(2, HOUR)
MINUTE = 1 / 60
FIRING, RESOLVED = AlertStatus.FIRING, AlertStatus.RESOLVED


def test_nothing_is_repeated_or_escalated_while_it_flaps(desk):
    """
    When it is calm and still on, that begins anew.
    """
    subscription = desk.subscribe(flapping=TWICE, repeat=HOUR, escalate_after=HOUR / 12, escalate_to=(BOSS,))
    desk.change(subscription, 0, 1, 2, 20, 22)

    desk.run(*(minutes * MINUTE for minutes in (30, 81, 82.1, 86, 87.2, 141, 147.3)))

    assert desk.pushes() == [
        *((what, "duty") for what in ("firing", "resolved", "flapping", "flapping-over")),
        *(("escalation", "boss"), ("repeat", "duty"), ("repeat", "boss")),
    ]


def test_who_was_told_further_hears_that_it_flaps_and_that_it_is_calm(desk):
    """
    Also when it is calm in another episode than the one that was escalated.
    """
    subscription = desk.subscribe(flapping=Flapping(1, HOUR), escalate_after=HOUR / 12, escalate_to=(BOSS,))
    desk.change(subscription, 0, 6, 7, 8)

    desk.run(3)

    both = [(what, who) for what in ("flapping", "flapping-over") for who in ("duty", "boss")]
    assert desk.pushes() == [("firing", "duty"), ("escalation", "boss"), *both]
    assert desk.alerts(subscription)[-1].episode == "north-2"


def test_a_silence_holds_for_what_flaps_too(desk):
    """
    Its end tells that it flaps, where nobody was told; how it stands is told when it is calm.
    """
    subscription = desk.subscribe(flapping=TWICE)
    silence = desk.quiet.silence(ALL, author="Ada", reason="works", lasting=HOUR / 2)
    desk.change(subscription, 0, 1, 2, 3, 31)

    desk.run(0.6, 1.6)

    assert desk.pushes() == [("flapping", "duty"), ("flapping-over", "duty")]
    assert [alert.silenced for alert in desk.alerts(subscription)] == [
        *([silence.id] * 5),
        *(None, "flapping", None),
    ]


def test_what_gets_calm_in_a_silence_is_told_at_its_end(desk):
    """
    As it stands then, since the summary was silenced; what had been told before and is over is told too.
    """
    subscription = desk.subscribe(flapping=TWICE)
    desk.change(subscription, 0, 1, 2)
    desk.quiet.silence(ALL, author="Ada", reason="works", lasting=2 * HOUR)
    desk.change(subscription, 3, 4, 5)

    desk.run(1.5, 3)

    assert [what for what, _ in desk.pushes()] == ["firing", "resolved", "flapping", "silence-over", "silence-over"]
    assert desk.feed(subscription)[-3] == ("flapping-over", True)
    ends = [(alert.episode, alert.status) for alert in desk.alerts(subscription)[-2:]]
    assert sorted(ends) == [("north-2", RESOLVED), ("north-3", RESOLVED)]


def test_what_began_to_flap_and_got_calm_in_one_silence_is_told_as_it_stands(desk):
    """
    Nothing, where it is over: it came and went in silence.
    """
    subscription = desk.subscribe(flapping=TWICE)
    desk.quiet.silence(ALL, author="Ada", reason="works", lasting=2 * HOUR)
    desk.change(subscription, 0, 1, 2, 3)
    desk.change(subscription, 0, 1, 2, key="south")

    desk.run(1.5, 3)

    assert desk.pushes() == [("silence-over", "duty")]
    assert desk.alerts(subscription)[-1].episode == "south-2"


def test_an_acknowledgement_that_ends_while_it_flaps_tells_nothing(desk):
    """
    The summary does.
    """
    subscription = desk.subscribe(flapping=TWICE)
    desk.change(subscription, 0, 1, 2)
    desk.work.acknowledge("north-2", "Ada", lasting=HOUR / 2)

    desk.run(0.6, 2)

    assert [what for what, _ in desk.pushes()] == ["firing", "resolved", "flapping", "flapping-over"]
    assert desk.store.episode("north-2").acknowledged_by is None


def test_what_is_cancelled_while_it_flaps_is_told_by_the_summary(desk):
    """
    With the state that it has then; what begins afterwards is another episode of the same thing.
    """
    subscription = desk.subscribe(flapping=TWICE)
    desk.change(subscription, 0, 1, 2)
    desk.work.cancel("north-2", "Ada", "a loose wire")
    desk.change(subscription, 3)

    desk.run(2)

    assert desk.feed(subscription)[4:] == [("cancelled", True), ("flapping-over", False)]
    assert [what for what, _ in desk.pushes()] == ["firing", "resolved", "flapping", "flapping-over"]
    assert desk.alerts(subscription)[-1].status is AlertStatus.CANCELLED


@pytest.mark.parametrize("status", [SubscriptionStatus.CANCELLED, SubscriptionStatus.ENDED])
def test_the_end_of_a_subscription_tells_how_it_stands(desk, status):
    """
    At once, and that it expired where it was on.
    """
    subscription = desk.subscribe(flapping=TWICE)
    desk.change(subscription, 0, 1, 2)
    desk.change(subscription, 2, 3, 4, 5, key="south")
    desk.store.end_subscription(subscription.id, status, desk.now)

    desk.run(0.2, 5)

    told = [(alert.reminder, alert.status, alert.episode) for alert in desk.alerts(subscription)[-2:]]
    assert sorted(told, key=lambda one: one[2]) == [
        (Reminder.FLAPPING_OVER, AlertStatus.EXPIRED, "north-2"),
        (Reminder.FLAPPING_OVER, RESOLVED, "south-2"),
    ]
    assert [what for what, _ in desk.pushes()][-2:] == ["flapping-over"] * 2


def test_whoever_does_not_want_it_any_more_is_told_how_it_stands(desk):
    """
    And everything from then on.
    """
    subscription = desk.subscribe(flapping=TWICE)
    desk.change(subscription, 0, 1, 2)
    desk.store.update_subscription(subscription, Changes(flapping=Flapping(0, timedelta(0))), "", desk.now, None)
    desk.change(subscription, 3)

    desk.run(0.1)

    assert desk.store.subscription(subscription.id).attention.flapping is None
    assert [what for what, _ in desk.pushes()] == ["firing", "resolved", "flapping", "flapping-over", "resolved"]


def test_an_update_to_the_same_changes_nothing(desk):
    """
    What was counted is counted on.
    """
    subscription = desk.subscribe(flapping=TWICE)
    desk.change(subscription, 0, 1)
    desk.store.update_subscription(subscription, Changes(flapping=TWICE), "", desk.now, None)

    desk.change(subscription, 2)

    assert [what for what, _ in desk.pushes()] == ["firing", "resolved", "flapping"]


def test_what_was_on_before_anybody_wanted_it_is_counted_and_kept_quiet_too(desk):
    """
    With its episode, so that nothing of it is repeated.
    """
    subscription = desk.subscribe(repeat=HOUR)
    desk.tell(subscription, FIRING, "a")
    subscription = desk.store.update_subscription(
        subscription, Changes(flapping=Flapping(1, 2 * HOUR)), "", desk.now, None
    )
    for status, episode in ((RESOLVED, "a"), (FIRING, "b")):
        desk.tell(subscription, status, episode, key="north")

    desk.run(1, 1.5)

    assert desk.store.episode("a").key == "north"
    assert [what for what, _ in desk.pushes()] == ["firing", "resolved", "flapping"]


@pytest.mark.parametrize(("read_until", "told"), [(2, "flapping"), (3, "resolved")], ids=["unread", "calm"])
def test_changes_are_counted_by_when_they_happened_however_late_they_come(desk, read_until, told):
    """
    A source that is read every two hours tells at four of what went on at two: that is one going up and down.
    """
    subscription = desk.subscribe(flapping=TWICE)
    with desk.store.batch(subscription.feed_id) as batch:
        batch.save_feed(polled_until=MONDAY + read_until * HOUR)
    desk.hour = 2
    for minute, status in ((118, FIRING), (119, RESOLVED)):
        desk.tell(subscription, status, "before", key="north", event_time=MONDAY + minute * MINUTE * HOUR)
    desk.run(3.1, 3.5, 4)

    for minute, status in ((121, FIRING), (122, RESOLVED)):
        desk.tell(subscription, status, "after", key="north", event_time=MONDAY + minute * MINUTE * HOUR)

    assert desk.pushes()[-1] == (told, "duty")


def test_it_is_not_calm_while_nobody_knows(desk):
    """
    A source that could not be read up to then may have changed: the summary waits until it was read.
    """
    subscription = desk.subscribe(flapping=TWICE)
    desk.change(subscription, 0, 1, 2)
    with desk.store.batch(subscription.feed_id) as batch:
        batch.polled(desk.now, desk.now, desk.now)
    desk.run(2, 2.5)
    waiting = len(desk.pushes())
    with desk.store.batch(subscription.feed_id) as batch:
        batch.polled(desk.now, desk.now, desk.now)

    desk.run(2.51, 2.6)

    assert (waiting, len(desk.pushes())) == (3, 4)
