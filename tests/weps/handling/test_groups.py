"""Alerts that are pushed together: on a real store with a fixed clock."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from sos_server.time import format_instant
from tests.weps.handling.desk import ALL, BOSS, DUTY, HOUR, Desk
from tests.weps.notify.samples import make_alert
from tests.weps.notify.stores import open_store
from weps.groups import GroupAlert
from weps.handling.groups import Grouping
from weps.handling.inhibitions import Inhibiting
from weps.ledger import Attempt, LedgerSelection, Outcome
from weps.matching import Matcher
from weps.model import AlertStatus, Changes, Delivery, Language, Page, Reminder, Severity
from weps.store import Store

FIRING, RESOLVED = AlertStatus.FIRING, AlertStatus.RESOLVED
FEED = "http://weps.example.org/feeds/secret.rss"


class Hall(Desk):
    """A desk whose alerts wait an hour for others."""

    def gather(self, *hours: float) -> None:
        """Let the scheduler look at these hours for what has gathered."""
        for hour in hours:
            self.hour = hour
            Grouping(self.store, lambda _: FEED, lambda: self.now).run_due()

    def deliveries(self) -> list[Delivery]:
        """What was pushed, oldest first."""
        return [entry.delivery for entry in self.store.deliveries(LedgerSelection(), 1000)][::-1]

    def told(self) -> list[tuple[str, ...]]:
        """The ids of the alerts that each push carried."""
        return [self.store.delivery(delivery.id).alerts for delivery in self.deliveries()]

    def groups(self) -> list[GroupAlert]:
        return [each.alert for each in self.deliveries() if isinstance(each.alert, GroupAlert)]


@pytest.fixture
def hall(tmp_path):
    made = Hall(open_store(tmp_path))
    yield made
    made.store.dispose()


def test_the_alerts_of_a_window_are_pushed_together_at_its_end(hall):
    """
    The first opens it; feeds have them as they happen. What comes after it opens another.
    """
    subscription = hall.subscribe(group=HOUR)
    hall.tell(subscription, episode="a", severity=Severity.MINOR)
    hall.gather(0.5)
    hall.tell(subscription, episode="b", severity=Severity.SEVERE)
    hall.tell(subscription, RESOLVED, "a", severity=Severity.MINOR)
    hall.gather(0.9)
    feed, before = hall.feed(subscription), hall.told()
    hall.gather(1, 1.2)
    hall.tell(subscription, RESOLVED, "b")
    hall.tell(subscription, episode="c")
    hall.gather(2.1, 2.3)

    first, second = hall.groups()
    lines = first.text.split("\n")

    assert (feed, before) == ([("firing", False), ("firing", False), ("resolved", False)], [])
    assert hall.told() == [("a-1", "a-2", "a-3"), ("a-4", "a-5")]
    assert (first.began, first.ended, first.alert_count, first.severity) == (2, 1, 3, Severity.SEVERE)
    assert (second.began, second.ended, second.alert_count) == (1, 1, 2)
    assert first.title == "crowded: 3 alerts (begun: 2, ended: 1)"
    assert [(entry.id, entry.state) for entry in first.entries] == [
        ("a-2", FIRING),
        ("a-1", RESOLVED),
        ("a-3", RESOLVED),
    ]
    assert lines[:2] == ["3 alerts (begun: 2, ended: 1)", "Severity: Severe"]
    times = [format_instant(alert.detected) for alert in hall.alerts(subscription)]
    assert lines[2] == f"{times[0]} to {times[2]}"
    assert lines[3:] == [
        "- crowded: PeopleCount at flinders 612 is greater than 500 (Severe)",
        "- crowded: PeopleCount at flinders 612 is greater than 500 (Minor, now: resolved)",
        "- Resolved: crowded: PeopleCount at flinders 612 is no longer greater than 500 (Minor)",
        FEED,
    ]


def test_one_alert_alone_is_pushed_as_it_is(hall):
    """
    At the end of its window.
    """
    hall.tell(hall.subscribe(group=HOUR))
    hall.gather(0.5)
    before = hall.pushes()

    hall.gather(1)

    [delivery] = hall.deliveries()
    assert (before, delivery.alert.id, delivery.group_id) == ([], "a-1", None)


@pytest.mark.parametrize(
    ("up_to", "at_once"),
    [
        (Severity.SEVERE, ["Extreme"]),
        (Severity.EXTREME, []),
        (Severity.MINOR, ["Extreme", "Severe", "Moderate"]),
        (Severity.UNKNOWN, ["Extreme", "Severe", "Moderate", "Minor"]),
    ],
)
def test_what_is_worse_is_pushed_at_once(hall, up_to, at_once):
    """
    Extreme alerts do not wait unless that is said.
    """
    subscription = hall.subscribe(group=HOUR, group_up_to=up_to)

    for severity in Severity:
        hall.tell(subscription, episode=severity.value, severity=severity)

    assert [delivery.alert.severity for delivery in hall.deliveries()] == at_once


def test_what_has_become_of_them_meanwhile_is_shown(hall):
    """
    Resolved in silence, acknowledged, silenced: all are listed.
    """
    subscription = hall.subscribe(group=HOUR)
    for name in ("over", "cared", "free"):
        hall.tell(subscription, episode=name)
    hall.work.acknowledge("cared", "Ada")
    hall.quiet.silence(ALL, author="Ada", reason="works", lasting=9 * HOUR)
    hall.tell(subscription, RESOLVED, "over")

    hall.gather(1)

    [group] = hall.groups()
    shown = [(entry.episode, entry.state, entry.acknowledged_by, entry.silenced is not None) for entry in group.entries]
    assert shown == [
        ("over", RESOLVED, None, True),
        ("cared", FIRING, "Ada", True),
        ("free", FIRING, None, True),
    ]
    assert "(Unknown, acknowledged by Ada, silenced)" in group.text
    assert hall.told() == [("a-1", "a-2", "a-3")]


def test_each_target_is_told_what_is_meant_for_it(hall):
    """
    Who is escalated to gets the escalations, who is on duty what happened.
    """
    subscription = hall.subscribe(group=HOUR, escalate_after=2 * HOUR, escalate_to=(BOSS,))
    hall.tell(subscription, episode="a")
    hall.tell(subscription, episode="b")
    hall.gather(1)
    hall.run(2)
    hall.tell(subscription, RESOLVED, "a")

    hall.gather(3)

    told = dict(zip([delivery.target for delivery in hall.deliveries()][1:], hall.told()[1:], strict=True))
    assert hall.told()[0] == ("a-1", "a-2")
    assert (told[DUTY], len(told[BOSS]), told[BOSS][-1]) == (("a-3",), 3, "a-3")
    [group] = [delivery.alert for delivery in hall.deliveries() if delivery.target == BOSS]
    escalation = Reminder.ESCALATION
    assert sorted(entry.reminder or entry.status for entry in group.entries) == [escalation, escalation, RESOLVED]
    assert (group.began, group.ended, group.alert_count) == (0, 1, 3)


def test_a_window_survives_a_restart_and_is_told_once(hall):
    """
    With an id that follows from the subscription and what opened it; sent again, it is the same.
    """
    subscription = hall.subscribe(group=HOUR)
    hall.tell(subscription, episode="a")
    hall.restart()
    hall.tell(subscription, episode="b")
    hall.restart()
    hall.gather(5)
    hall.restart()
    hall.gather(5, 6)

    [first] = hall.store.ready(hall.now, 10, 10)
    [again] = hall.store.ready(hall.now, 10, 10)

    assert (len(hall.deliveries()), first.deliveries) == (1, again.deliveries)
    [delivery] = first.deliveries
    assert (delivery.group_id, delivery.alert.id, delivery.alert.sequence) == (delivery.alert.id, delivery.group_id, 2)


def test_what_comes_late_opens_a_window_of_its_own(hall):
    """
    Also when nobody has looked at the one before yet: each has what came in its hour.
    """
    subscription = hall.subscribe(group=HOUR)
    for hour, name in ((0, "a"), (0.9, "b"), (1, "c"), (1.9, "d")):
        hall.hour = hour
        hall.tell(subscription, episode=name)

    hall.gather(9)

    assert hall.told() == [("a-1", "a-2"), ("a-3", "a-4")]


def test_only_so_many_are_listed(hall):
    """
    The worst first; the rest is counted, and the feed has them all.
    """
    subscription = hall.subscribe(group=HOUR)
    alerts = [replace(make_alert(n, subscription=subscription), episode=f"e-{n}") for n in range(1, 31)]
    worst = [replace(alert, severity=Severity.MODERATE) if n in (5, 28) else alert for n, alert in enumerate(alerts)]
    with hall.store.batch(subscription.feed_id) as batch:
        batch.add_alerts([(alert, subscription.targets) for alert in worst], hall.now)

    hall.gather(1)

    [group] = hall.groups()
    assert [entry.episode for entry in group.entries] == ["e-6", "e-29", *[f"e-{n}" for n in range(1, 20) if n != 6]]
    assert group.text.split("\n")[-1] == f"and 10 more: {FEED}"
    assert (group.alert_count, len(hall.told()[0])) == (30, 30)


@pytest.mark.parametrize("language", Language)
def test_a_group_is_told_in_the_language_of_its_subscription(hall, language):
    """
    With its numbers, its severity and what has become of the alerts.
    """
    subscription = hall.subscribe(group=HOUR)
    hall.store.update_subscription(subscription, Changes(language=language), "crowded", hall.now, None)
    hall.tell(subscription, episode="a")
    hall.tell(subscription, RESOLVED, "a")

    hall.gather(1)

    [group] = hall.groups()
    titles = {
        Language.ENGLISH: "crowded: 2 alerts (begun: 1, ended: 1)",
        Language.GERMAN: "crowded: 2 Meldungen (begonnen: 1, beendet: 1)",
        Language.FRENCH: "crowded : 2 alertes (commencées : 1, terminées : 1)",
        Language.SPANISH: "crowded: 2 alertas (comenzadas: 1, terminadas: 1)",
        Language.ITALIAN: "crowded: 2 avvisi (iniziati: 1, terminati: 1)",
    }
    assert (group.title, group.language) == (titles[language], language)


def test_a_window_goes_on_when_its_subscription_ends_or_gathers_no_more(hall):
    """
    What it holds is told at its end; what comes later is pushed at once.
    """
    subscription = hall.subscribe(group=HOUR)
    hall.tell(subscription, episode="a")
    hall.tell(subscription, episode="b")
    changed = hall.store.update_subscription(subscription, Changes(group=timedelta(0)), "crowded", hall.now, None)
    hall.tell(subscription, episode="c")

    hall.gather(1)

    assert changed.attention.group is None
    assert hall.told() == [("a-3",), ("a-1", "a-2")]


def test_what_is_told_in_groups_is_delivered_in_order(hall):
    """
    While an earlier group waits for its target, a later alert alone does too.
    """
    subscription = hall.subscribe(group=HOUR)
    hall.tell(subscription, episode="a")
    hall.tell(subscription, episode="b")
    hall.gather(1)
    [ready] = hall.store.ready(hall.now, 10, 10)
    attempt = Attempt(hall.now, hall.now, False, error="is away")
    hall.store.record([Outcome(delivery, attempt, retry=hall.now + HOUR) for delivery in ready.deliveries])
    hall.tell(subscription, episode="bad", severity=Severity.EXTREME)

    waiting = hall.store.ready(hall.now, 10, 10)
    [later] = hall.store.ready(hall.now + HOUR, 10, 10)

    assert waiting == ()
    assert [each.alert.title.partition(" ")[0] for each in later.deliveries] == ["crowded:", "crowded:"]
    assert [each.group_id is None for each in later.deliveries] == [False, True]


def test_a_group_is_replayed_with_its_alerts(hall):
    """
    As a delivery of its own that is the same.
    """
    subscription = hall.subscribe(group=HOUR)
    hall.tell(subscription, episode="a")
    hall.tell(subscription, episode="b")
    hall.gather(1)
    [delivery] = hall.deliveries()

    number = hall.store.replay_delivery(delivery.id, hall.now)

    again = hall.store.delivery(number)
    assert (again.delivery.alert, again.alerts) == (delivery.alert, ("a-1", "a-2"))


def test_what_gathered_is_forgotten_with_its_deliveries(hall):
    """
    Windows that are in the ledger or not told stay.
    """
    subscription = hall.subscribe(group=HOUR)
    hall.tell(subscription, episode="a")
    hall.gather(1)
    hall.tell(subscription, episode="b")
    hall.tell(subscription, episode="c")
    hall.gather(2)
    hall.tell(subscription, episode="d")

    purged = hall.store.purge_windows(hall.now + 9 * HOUR)

    assert purged == 1
    assert hall.told()[-1] == ("a-2", "a-3")
    hall.gather(3)
    assert hall.told()[-1] == ("a-4",)
    assert hall.store.alerts(subscription.id, Page(0, 10))[0].id == "a-4"


def test_groups_are_the_same_on_every_database(database_url):
    """
    Gathered, told together, and muted while something bigger goes on.
    """
    hall = Hall(Store(database_url))
    hall.store.migrate()
    subscription = hall.subscribe(group=HOUR, group_up_to=Severity.MODERATE)
    severe, minor = (Matcher(severities=(severity,)) for severity in (Severity.SEVERE, Severity.MINOR))
    work = Inhibiting(hall.store, lambda: hall.now)
    inhibition = work.inhibit(severe, minor, equal=("procedure",), author="Ada", reason="x", lasting=3 * HOUR)
    hall.tell(subscription, episode="big", severity=Severity.SEVERE)
    hall.tell(subscription, episode="small", severity=Severity.MINOR)
    hall.tell(subscription, episode="other", severity=Severity.MINOR, procedure="another")
    hall.tell(subscription, RESOLVED, "other", severity=Severity.MINOR, procedure="another")
    hall.gather(1)
    hall.run(3)
    hall.gather(3, 4)

    [group] = hall.groups()
    told = hall.told()
    alerts = {alert.id: alert for alert in hall.alerts(subscription)}
    hall.store.dispose()
    assert alerts["a-2"].silenced == inhibition.id
    assert told[:2] == [("a-1",), ("a-3", "a-4")]
    assert [alerts[identifier].reminder for [identifier] in told[2:]] == [Reminder.INHIBITION_OVER]
    assert (group.began, group.ended, group.alert_count) == (1, 1, 2)
