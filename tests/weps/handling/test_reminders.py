"""What is told again of episodes, and to whom, on a real store with a fixed clock."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import update

from tests.weps.handling.desk import ALL, BOSS, DUTY, HOUR, MONDAY, Desk
from weps.episodes import Action, EpisodeSelection
from weps.matching import Matcher
from weps.model import (
    AlertStatus,
    Changes,
    SubscriptionStatus,
)
from weps.notices import Box
from weps.store import Store
from weps.store.tables import SUBSCRIPTIONS


def test_an_open_episode_is_told_again_and_again_until_it_is_over(desk):
    """
    Every two hours, also over a restart; not any more when it is resolved.
    """
    subscription = desk.subscribe(repeat=2 * HOUR)
    desk.tell(subscription)
    desk.run(1, 2, 3)
    desk.restart()
    desk.run(4, 5)
    desk.tell(subscription, AlertStatus.RESOLVED)

    desk.run(8, 20)

    assert desk.pushes() == [(what, "duty") for what in ("firing", "repeat", "repeat", "resolved")]
    reminder = desk.store.alerts_of_episode("e-1")[1]
    assert (reminder.status, reminder.title[:10]) == (AlertStatus.FIRING, "Reminder: ")


def test_nothing_is_repeated_while_somebody_takes_care_and_it_comes_back_afterwards(desk):
    """
    An acknowledgement holds off reminders until its time is over; then it is told, and repeated again.
    """
    subscription = desk.subscribe(repeat=HOUR)
    desk.tell(subscription)
    acknowledged = desk.work.acknowledge("e-1", "Ada", lasting=3 * HOUR, text="on my way")
    desk.run(1, 2)
    quiet = desk.pushes()

    desk.run(3, 4)

    assert (acknowledged.acknowledged_by, acknowledged.acknowledged_until) == ("Ada", MONDAY + 3 * HOUR)
    assert quiet == [("firing", "duty")]
    assert desk.pushes() == [("firing", "duty"), ("acknowledgement-over", "duty"), ("repeat", "duty")]
    assert desk.store.episode("e-1").acknowledged_by is None
    assert [(note.author, note.action, note.text) for note in desk.store.notes("e-1")] == [
        ("Ada", Action.ACKNOWLEDGE, "on my way")
    ]


def test_an_acknowledgement_without_end_lasts_until_it_is_over(desk):
    """
    The end is pushed, as every change is; nothing comes afterwards.
    """
    subscription = desk.subscribe(repeat=HOUR, escalate_after=HOUR, escalate_to=(BOSS,))
    desk.tell(subscription)
    desk.work.acknowledge("e-1", "Ada")
    desk.run(5)
    desk.tell(subscription, AlertStatus.RESOLVED)

    desk.run(50)

    assert desk.pushes() == [("firing", "duty"), ("resolved", "duty")]


def test_what_nobody_acknowledges_is_told_to_further_targets_until_it_is_over(desk):
    """
    Once, and they are told of the end too.
    """
    subscription = desk.subscribe(escalate_after=2 * HOUR, escalate_to=(BOSS,))
    desk.tell(subscription)
    desk.run(1, 2, 9)
    desk.tell(subscription, AlertStatus.RESOLVED)

    assert desk.pushes() == [("firing", "duty"), ("escalation", "boss"), ("resolved", "duty"), ("resolved", "boss")]


def test_a_moment_can_be_escalated_and_acknowledged_but_is_never_open(desk):
    """
    A match without duration is closed from the start; it is not repeated.
    """
    subscription = desk.subscribe(repeat=HOUR, escalate_after=HOUR, escalate_to=(BOSS,))
    desk.tell(subscription, AlertStatus.EVENT, "one")
    desk.tell(subscription, AlertStatus.EVENT, "other")
    desk.work.acknowledge("other", "Ada")

    desk.run(1, 2)

    assert desk.pushes() == [("event", "duty"), ("event", "duty"), ("escalation", "boss")]
    assert desk.store.count_episodes(EpisodeSelection(is_open=True)) == 0


@pytest.mark.parametrize("status", [SubscriptionStatus.CANCELLED, SubscriptionStatus.ENDED])
def test_what_is_open_expires_with_its_subscription(desk, status):
    """
    It is closed with it, and an alert tells so; nothing is repeated.
    """
    subscription = desk.subscribe(repeat=HOUR)
    desk.tell(subscription)
    desk.store.end_subscription(subscription.id, status, desk.now)
    closed = desk.store.episode("e-1")
    desk.restart()

    desk.run(0.1, 5)

    assert (closed.state, closed.closed) == (AlertStatus.EXPIRED, MONDAY)
    assert desk.pushes() == [("firing", "duty"), ("expired", "duty")]


def test_what_a_rule_that_begins_anew_had_open_expires(desk):
    """
    Its end would never be told otherwise.
    """
    subscription = desk.subscribe()
    desk.tell(subscription)
    desk.store.update_subscription(subscription, Changes(), "", desk.now, desk.now)

    desk.run(0.1)

    assert desk.feed(subscription) == [("firing", False), ("expired", False)]


def test_nothing_is_repeated_of_what_is_paused_or_is_not_to_be_repeated_any_more(desk):
    """
    A reminder that is due then is left out, and no other follows.
    """
    paused, changed = desk.subscribe(repeat=HOUR), desk.subscribe(repeat=HOUR)
    desk.tell(paused, episode="paused")
    desk.tell(changed, episode="changed")
    desk.store.pause_subscription(paused.id, desk.now)
    desk.store.update_subscription(changed, Changes(repeat=timedelta(0)), "", desk.now, None)

    desk.run(1, 2, 3)

    assert desk.pushes() == [("firing", "duty"), ("firing", "duty")]


def test_what_a_pause_leaves_open_is_repeated_when_the_subscription_goes_on(desk):
    """
    A source may still be down then, which nobody is told in between.
    """
    subscription = desk.subscribe(repeat=HOUR)
    desk.tell(subscription, AlertStatus.SOURCE_DOWN)
    desk.store.pause_subscription(subscription.id, desk.now)
    desk.run(1, 2)
    in_pause = desk.pushes()
    desk.store.resume_subscription(subscription.id, desk.now, desk.now)

    desk.run(3, 4)

    assert in_pause == [("source-down", "duty")]
    assert desk.pushes() == [(what, "duty") for what in ("source-down", "repeat", "repeat")]


def test_an_episode_that_cannot_be_told_does_not_hold_up_others(desk):
    """
    Neither at the end of a silence nor when it is to be repeated; it is told when it can be.
    """
    broken, sound = desk.subscribe(repeat=HOUR), desk.subscribe(repeat=HOUR)
    desk.quiet.silence(ALL, author="Ada", reason="works", lasting=HOUR)
    for subscription, episode in ((broken, "a"), (sound, "b")):
        desk.tell(subscription, episode=episode)
    mine = update(SUBSCRIPTIONS).where(SUBSCRIPTIONS.c.id == broken.id)
    with desk.store.writing() as connection:
        connection.execute(mine.values(targets=[["no", "such", "target"]]))
    desk.run(1, 2.5)
    meanwhile = [desk.feed(each)[1:] for each in (broken, sound)]
    with desk.store.writing() as connection:
        connection.execute(mine.values(targets=[[DUTY.channel, DUTY.address]]))

    desk.run(2.6, 2.7)

    assert meanwhile == [[], [("silence-over", False), ("repeat", False)]]
    assert desk.feed(broken)[1:] == [("silence-over", False)]
    assert desk.feed(sound)[1:] == meanwhile[1]


def test_a_timer_that_breaks_is_tried_again(desk):
    """
    A minute later, however often; those of others run meanwhile.
    """
    broken, sound = desk.subscribe(repeat=HOUR), desk.subscribe(repeat=HOUR)
    for subscription, episode in ((broken, "a"), (sound, "b")):
        desk.tell(subscription, episode=episode)
    mine = update(SUBSCRIPTIONS).where(SUBSCRIPTIONS.c.id == broken.id)
    with desk.store.writing() as connection:
        connection.execute(mine.values(targets=[["no", "such", "target"]]))
    desk.run(1)
    meanwhile = [desk.feed(each)[1:] for each in (broken, sound)]
    with desk.store.writing() as connection:
        connection.execute(mine.values(targets=[[DUTY.channel, DUTY.address]]))

    desk.run(1 + 1 / 120, 1 + 1 / 60)

    assert meanwhile == [[], [("repeat", False)]]
    assert [desk.feed(each)[1:] for each in (broken, sound)] == [[("repeat", False)]] * 2


def test_the_newest_of_many_notes_are_shown(desk):
    """
    In the order in which they were made.
    """
    desk.tell(desk.subscribe())
    for number in range(5):
        desk.work.comment("e-1", "Ada", f"word {number}")

    assert [note.text for note in desk.store.notes("e-1", limit=2)] == ["word 3", "word 4"]


def test_everything_holds_on_the_other_database_too(database_url):
    """
    Acknowledged, silenced, repeated, escalated, cancelled and expired, on SQLite and PostgreSQL.
    """
    store = Store(database_url)
    store.migrate()
    desk = Desk(store)
    subscription = desk.subscribe(repeat=2 * HOUR, escalate_after=3 * HOUR, escalate_to=(BOSS,))
    for name in ("cared", "free", "withdrawn"):
        desk.tell(subscription, episode=name)
    desk.work.acknowledge("cared", "Ada", lasting=5 * HOUR)
    desk.work.cancel("withdrawn", "Ada", "a test")
    desk.run(1)
    silence = Matcher(subscriptions=(subscription.id,), box=Box(144, -38, 146, -37))
    desk.quiet.silence(silence, author="Ada", reason="works", lasting=HOUR)
    desk.tell(subscription, episode="silenced")
    desk.run(2, 3, 5)
    desk.store.end_subscription(subscription.id, SubscriptionStatus.CANCELLED, desk.now)
    desk.run(6)

    found = {name: [a.reminder or a.status.value for a in desk.store.alerts_of_episode(name)] for name in NAMES}
    desk.store.dispose()
    assert found == {
        "cared": ["firing", "acknowledgement-over", "expired"],
        "free": ["firing", "silence-over", "escalation", "repeat", "expired"],
        "withdrawn": ["firing", "cancelled"],
        "silenced": ["firing", "silence-over", "repeat", "escalation", "expired"],
    }


NAMES = ("cared", "free", "withdrawn", "silenced")
