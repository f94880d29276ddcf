"""What begins and ends too often is told once, and once more when it has been calm; on a real store."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from tests.weps.desk import ALL, BOSS, HOUR, MONDAY, Desk
from weps.model import AlertStatus, Changes, Flapping, Language, Reminder, Severity, SubscriptionStatus
from weps.notify.languages import PHRASES
from weps.store import Store
from weps.store.tables import FLAPS

TWICE = Flapping(2, HOUR)
MINUTE = 1 / 60
FIRING, RESOLVED = AlertStatus.FIRING, AlertStatus.RESOLVED


def change(desk: Desk, subscription, *minutes: float, key="north") -> None:
    """Let one thing begin and end in turns, so many minutes after noon."""
    for minute in minutes:
        desk.run(minute * MINUTE)
        turn = desk.turns[key] = desk.turns.get(key, -1) + 1
        desk.tell(subscription, (FIRING, RESOLVED)[turn % 2], f"{key}-{turn // 2 + 1}", key=key)


@pytest.fixture
def desk(desk):
    desk.turns = {}
    return desk


def test_what_changes_too_often_is_told_once_and_again_when_it_is_calm(desk):
    """
    The third change within the hour is one too many; an hour after the last one a summary tells how it stands.
    """
    subscription = desk.subscribe(flapping=TWICE)
    change(desk, subscription, 0, 10, 20, 30, 40)

    desk.run(1.5, 1.6, 100 * MINUTE, 3)

    assert desk.pushes() == [(what, "duty") for what in ("firing", "resolved", "flapping", "flapping-over")]
    assert desk.feed(subscription) == [
        *(("firing", False), ("resolved", False), ("firing", True), ("flapping", False)),
        *(("resolved", True), ("firing", True), ("flapping-over", False)),
    ]
    flapping, over = (alert for alert in desk.alerts(subscription) if alert.reminder)
    assert (flapping.episode, flapping.status) == ("north-2", FIRING)
    assert (over.episode, over.status, over.detected) == ("north-3", FIRING, MONDAY + timedelta(minutes=100))
    assert flapping.text.startswith("Flapping: 3 changes since 2024-03-04T12:00:00Z; no more are told until")
    assert over.text.startswith("Flapping is over: 5 changes since 2024-03-04T12:00:00Z; it has been calm since")
    assert {alert.silenced for alert in desk.alerts(subscription)} == {None, "flapping"}


def test_what_does_not_change_so_often_is_told_as_ever(desk):
    """
    Two changes within any hour are not too many; another thing is counted for itself.
    """
    subscription = desk.subscribe(flapping=TWICE)
    change(desk, subscription, 0, 30, 60, 90)
    change(desk, subscription, 91, 92, key="south")

    desk.run(9)

    assert [what for what, _ in desk.pushes()] == ["firing", "resolved"] * 3


def test_nothing_flaps_unless_it_is_wanted(desk):
    """
    By default every change is pushed.
    """
    subscription = desk.subscribe()
    change(desk, subscription, *range(10))

    assert len(desk.pushes()) == 10


def test_it_is_calm_by_the_times_of_what_happens_too(desk):
    """
    Where much comes at once, what happened an hour after the last change is told, after the summary.
    """
    subscription = desk.subscribe(flapping=TWICE)
    for minutes, (status, episode) in {
        **dict(enumerate([(FIRING, "a"), (RESOLVED, "a"), (FIRING, "b"), (RESOLVED, "b")])),
        63: (FIRING, "c"),
    }.items():
        desk.tell(subscription, status, episode, key="north", event_time=MONDAY + timedelta(minutes=minutes))

    assert desk.feed(subscription) == [
        *(("firing", False), ("resolved", False), ("firing", True), ("flapping", False), ("resolved", True)),
        *(("flapping-over", False), ("firing", False)),
    ]
    assert [what for what, _ in desk.pushes()] == ["firing", "resolved", "flapping", "flapping-over", "firing"]
    assert desk.alerts(subscription)[5].episode == "b"


def test_what_comes_in_one_batch_is_told_as_one_by_one(desk):
    """
    However observations are split into batches, the feeds say the same.
    """
    together, apart = desk.subscribe(flapping=TWICE), desk.subscribe(flapping=TWICE)
    for subscription in (together, apart):
        alerts = [
            desk.alert(
                subscription,
                (FIRING, RESOLVED)[number % 2],
                f"{subscription.id}-{number // 2}",
                key="north",
                event_time=MONDAY + timedelta(minutes=minutes),
            )
            for number, minutes in enumerate((0, 5, 10, 20, 30, 95, 96, 97, 98, 200))
        ]
        for part in (alerts,) if subscription is together else [[alert] for alert in alerts]:
            desk.take(subscription, *part)

    assert desk.feed(together) == desk.feed(apart)
    assert [what for what, _ in desk.feed(together) if "flapping" in what] == ["flapping", "flapping-over"] * 2


def test_a_severity_step_is_no_change_and_is_not_told_while_it_flaps(desk):
    """
    Of what does not flap every step is told, however many there are.
    """
    subscription = desk.subscribe(flapping=TWICE)
    for severity in (Severity.MINOR, Severity.SEVERE, Severity.MINOR, Severity.SEVERE):
        desk.tell(subscription, episode="a", key="north", severity=severity)
    desk.tell(subscription, RESOLVED, "a", key="north")
    desk.tell(subscription, FIRING, "b", key="north")
    desk.tell(subscription, FIRING, "b", key="north", severity=Severity.EXTREME)

    assert [what for what, _ in desk.pushes()] == ["firing"] * 4 + ["resolved", "flapping"]


def test_what_is_only_pending_is_no_change(desk):
    """
    It is not told, so it cannot be told too often.
    """
    subscription = desk.subscribe(flapping=TWICE)
    for number in range(4):
        desk.tell(subscription, AlertStatus.PENDING, f"p-{number}", key="north")
        desk.tell(subscription, RESOLVED, f"p-{number}", key="north")
    desk.tell(subscription, AlertStatus.PENDING, "a", key="north")
    desk.tell(subscription, FIRING, "a", key="north")
    desk.tell(subscription, RESOLVED, "a", key="north")

    assert [what for what, _ in desk.pushes()] == ["firing", "resolved"]


def test_it_survives_a_restart(desk):
    """
    At any moment: what was counted stands in the database.
    """
    subscription = desk.subscribe(flapping=TWICE)
    for minutes in (0, 10, 20, 30):
        change(desk, subscription, minutes)
        desk.restart()

    desk.run(1.4, 1.51)
    desk.restart()
    desk.run(1.6, 5)

    assert [what for what, _ in desk.pushes()] == ["firing", "resolved", "flapping", "flapping-over"]


def test_nothing_is_repeated_or_escalated_while_it_flaps(desk):
    """
    When it is calm and still on, that begins anew.
    """
    subscription = desk.subscribe(flapping=TWICE, repeat=HOUR, escalate_after=HOUR / 12, escalate_to=(BOSS,))
    change(desk, subscription, 0, 1, 2, 20, 22)

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
    change(desk, subscription, 0, 6, 7, 8)

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
    change(desk, subscription, 0, 1, 2, 3, 31)

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
    change(desk, subscription, 0, 1, 2)
    desk.quiet.silence(ALL, author="Ada", reason="works", lasting=2 * HOUR)
    change(desk, subscription, 3, 4, 5)

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
    change(desk, subscription, 0, 1, 2, 3)
    change(desk, subscription, 0, 1, 2, key="south")

    desk.run(1.5, 3)

    assert desk.pushes() == [("silence-over", "duty")]
    assert desk.alerts(subscription)[-1].episode == "south-2"


def test_an_acknowledgement_that_ends_while_it_flaps_tells_nothing(desk):
    """
    The summary does.
    """
    subscription = desk.subscribe(flapping=TWICE)
    change(desk, subscription, 0, 1, 2)
    desk.work.acknowledge("north-2", "Ada", lasting=HOUR / 2)

    desk.run(0.6, 2)

    assert [what for what, _ in desk.pushes()] == ["firing", "resolved", "flapping", "flapping-over"]
    assert desk.store.episode("north-2").acknowledged_by is None


def test_what_is_cancelled_while_it_flaps_is_told_by_the_summary(desk):
    """
    With the state that it has then; what begins afterwards is another episode of the same thing.
    """
    subscription = desk.subscribe(flapping=TWICE)
    change(desk, subscription, 0, 1, 2)
    desk.work.cancel("north-2", "Ada", "a loose wire")
    change(desk, subscription, 3)

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
    change(desk, subscription, 0, 1, 2)
    change(desk, subscription, 2, 3, 4, 5, key="south")
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
    change(desk, subscription, 0, 1, 2)
    desk.store.update_subscription(subscription, Changes(flapping=Flapping(0, timedelta(0))), "", desk.now, None)
    change(desk, subscription, 3)

    desk.run(0.1)

    assert desk.store.subscription(subscription.id).attention.flapping is None
    assert [what for what, _ in desk.pushes()] == ["firing", "resolved", "flapping", "flapping-over", "resolved"]


def test_it_is_not_calm_while_nobody_knows(desk):
    """
    A source that could not be read up to then may have changed: the summary waits until it was read.
    """
    subscription = desk.subscribe(flapping=TWICE)
    change(desk, subscription, 0, 1, 2)
    with desk.store.batch(subscription.feed_id) as batch:
        batch.polled(desk.now, desk.now, desk.now)
    desk.run(2, 2.5)
    waiting = len(desk.pushes())
    with desk.store.batch(subscription.feed_id) as batch:
        batch.polled(desk.now, desk.now, desk.now)

    desk.run(2.51, 2.6)

    assert (waiting, len(desk.pushes())) == (3, 4)


def test_late_changes_are_counted_by_when_they_happened(desk):
    """
    Three changes in three hours are not too many, however late and in which order they are found.
    """
    subscription = desk.subscribe(flapping=TWICE)
    for hours, status in ((3, FIRING), (1.5, RESOLVED), (0, FIRING)):
        desk.tell(subscription, status, f"a-{hours > 0}", key="north", event_time=MONDAY - hours * HOUR)

    assert [what for what, _ in desk.pushes()] == ["firing", "resolved", "firing"]


def test_what_has_not_flapped_is_forgotten(desk):
    """
    So the table stays small.
    """
    subscription = desk.subscribe(flapping=TWICE)
    change(desk, subscription, 0, 1)

    desk.run(0.9)
    known = flaps(desk)
    desk.run(1.1)

    assert (known, flaps(desk)) == ([("north", None)], [])


def flaps(desk: Desk) -> list:
    with desk.store.reading() as connection:
        return [tuple(row) for row in connection.execute(select(FLAPS.c.key, FLAPS.c.since))]


def test_it_works_on_the_other_database_too(database_url):
    """
    Told, told again when it is calm, and forgotten, on SQLite and PostgreSQL.
    """
    store = Store(database_url)
    store.migrate()
    desk = Desk(store)
    desk.turns = {}
    subscription = desk.subscribe(flapping=TWICE)
    change(desk, subscription, 0, 1, 2, 3)

    desk.run(1.2)

    found = [what for what, _ in desk.pushes()], flaps(desk)
    desk.store.dispose()
    assert found == (["firing", "resolved", "flapping", "flapping-over"], [])


@pytest.mark.parametrize("language", Language)
def test_every_language_has_words_for_it(desk, language):
    """
    With how often it changed and since when.
    """
    subscription = replace(desk.subscribe(flapping=TWICE), language=language)
    for number, status in enumerate((FIRING, RESOLVED, FIRING)):
        alert = desk.alert(subscription, status, f"a-{number // 2}", key="north", language=language)
        desk.take(subscription, alert)
    desk.run(2)

    flapping, over = (alert for alert in desk.alerts(subscription) if alert.reminder)
    say = PHRASES[language]
    assert flapping.title.startswith(say.reminders[Reminder.FLAPPING])
    assert over.title.startswith(say.reminders[Reminder.FLAPPING_OVER])
    for alert in (flapping, over):
        assert {"3", "12:00:00"} <= set(
            alert.text.split("\n")[0].replace("Z", "").replace(";", "").replace("T", " ").split()
        )
