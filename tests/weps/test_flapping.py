"""What begins and ends too often is told once, and once more when it has been calm; on a real store."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import accumulate

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from tests.weps.handling.desk import HOUR, MONDAY, Desk
from tests.weps.notify.samples import make_alert
from weps.flapping import Flaps, count_change, is_change
from weps.model import AlertStatus, Flapping, Language, Reminder, Severity
from weps.notify.languages import PHRASES
from weps.store import Store
from weps.store.tables import FLAPS

TWICE = Flapping(2, HOUR)
MINUTE = 1 / 60
FIRING, RESOLVED = AlertStatus.FIRING, AlertStatus.RESOLVED


def test_what_changes_too_often_is_told_once_and_again_when_it_is_calm(desk):
    """
    The third change within the hour is one too many; an hour after the last one a summary tells how it stands.
    """
    subscription = desk.subscribe(flapping=TWICE)
    desk.change(subscription, 0, 10, 20, 30, 40)

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


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(0, 40), max_size=12), st.integers(1, 4))
def test_one_change_too_many_within_the_window_is_found(gaps, most):
    """
    At the first change before which as many as may be lie within the hour.
    """
    times = [MONDAY + timedelta(minutes=minutes) for minutes in accumulate(gaps)]
    wish, flaps = Flapping(most, HOUR), Flaps("s", "north", "e", MONDAY)
    found = []
    for time in times:
        flaps = count_change(flaps, replace(make_alert(1), event_time=time), wish, time)
        found.append(flaps.is_on)

    too_many = [number for number in range(most, len(times)) if times[number] - times[number - most] < HOUR]
    first = min(too_many, default=len(times))
    assert found == [number >= first for number in range(len(times))]
    assert flaps.count == (len(times) - first + most if first < len(times) else 0)
    assert flaps.since == (times[first - most] if first < len(times) else None)


@pytest.mark.parametrize(
    ("before", "status", "expected"),
    [
        *((None, FIRING, True), (FIRING, FIRING, False), (FIRING, RESOLVED, True)),
        *((None, AlertStatus.PENDING, False), (AlertStatus.PENDING, FIRING, True)),
        *((AlertStatus.PENDING, RESOLVED, False), (None, AlertStatus.NO_DATA, True)),
        *((FIRING, AlertStatus.CANCELLED, False), (FIRING, AlertStatus.EXPIRED, False)),
        *((None, AlertStatus.EVENT, False), (RESOLVED, FIRING, True)),
    ],
)
def test_what_is_told_to_begin_and_to_end_is_a_change(before, status, expected):
    """
    Not a step of severity, nor what only begins, nor what people do.
    """
    assert is_change(make_alert(1, status=status), before) is expected


def test_what_does_not_change_so_often_is_told_as_ever(desk):
    """
    Two changes within any hour are not too many; another thing is counted for itself.
    """
    subscription = desk.subscribe(flapping=TWICE)
    desk.change(subscription, 0, 30, 60, 90)
    desk.change(subscription, 91, 92, key="south")

    desk.run(9)

    assert [what for what, _ in desk.pushes()] == ["firing", "resolved"] * 3


def test_nothing_flaps_unless_it_is_wanted(desk):
    """
    By default every change is pushed.
    """
    subscription = desk.subscribe()
    desk.change(subscription, *range(10))

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


FOLLOWS = {None: (AlertStatus.PENDING, FIRING), AlertStatus.PENDING: (FIRING, RESOLVED), FIRING: (RESOLVED, FIRING)}


# what begins while it flaps, is only pending, and ends an hour after the last change
@example([*((0, other, False) for other in (False, False, False, True, False)), (10, False, True), (50, True, False)])
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, 50), st.booleans(), st.booleans()), max_size=12))
def test_what_comes_in_one_batch_is_told_as_one_by_one(desk, happened):
    """
    However observations are split into batches, the feeds say the same.
    """
    feeds = []
    for together in (True, False):
        subscription = desk.subscribe(flapping=TWICE)
        state, episode, minutes, alerts = None, 0, 0, []
        for gap, other, ends_batch in happened:
            state, minutes, episode = FOLLOWS[state][other], minutes + gap, episode + (state is None)
            time = MONDAY + timedelta(minutes=minutes)
            alerts.append(
                desk.alert(subscription, state, f"{subscription.id[:20]}-{episode}", key="a", event_time=time)
            )
            state = None if state is RESOLVED else state
            if ends_batch and not together:
                desk.take(subscription, *alerts)
                alerts = []
        desk.take(subscription, *alerts)
        feeds.append([(*told, alert.episode[20:]) for told, alert in desk.told(subscription)])

    assert feeds[0] == feeds[1]


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
        desk.change(subscription, minutes)
        desk.restart()

    desk.run(1.4, 1.51)
    desk.restart()
    desk.run(1.6, 5)

    assert [what for what, _ in desk.pushes()] == ["firing", "resolved", "flapping", "flapping-over"]


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
    desk.change(subscription, 0, 1)

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
    subscription = desk.subscribe(flapping=TWICE)
    desk.change(subscription, 0, 1, 2, 3)

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
