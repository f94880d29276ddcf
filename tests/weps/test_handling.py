"""Working with episodes: what is pushed, what is told again, and what people do, on a real store with a fixed clock."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta

import pytest
from sqlalchemy import select

from tests.weps.notify.samples import make_alert
from tests.weps.notify.stores import open_store
from weps.episodes import Action, EpisodeSelection
from weps.errors import InputError, NotFoundError
from weps.handling import Handling
from weps.matching import Matcher
from weps.model import (
    AlertStatus,
    Attention,
    Changes,
    NewSubscription,
    Page,
    RuleText,
    Severity,
    Source,
    Subscription,
    SubscriptionStatus,
    Target,
)
from weps.notices import Box
from weps.reminding import Reminding
from weps.silences import Weekly, read_weekly
from weps.silencing import Silencing
from weps.store import Store
from weps.store.tables import ALERTS, OUTBOX

MONDAY = datetime(2024, 3, 4, 12, tzinfo=UTC)
DUTY, BOSS = Target("insert-rss", "http://duty.example.org"), Target("insert-rss", "http://boss.example.org")
HOUR = timedelta(hours=1)


@dataclass
class Desk:
    """A store with a subscription to work on, and a clock that the test moves in hours."""

    store: Store
    hour: float = 0
    count: int = 0

    @property
    def now(self) -> datetime:
        return MONDAY + self.hour * HOUR

    @property
    def work(self) -> Handling:
        return Handling(self.store, lambda: self.now)

    @property
    def quiet(self) -> Silencing:
        return Silencing(self.store, lambda: self.now)

    @property
    def due(self) -> Reminding:
        return Reminding(self.store, lambda: self.now)

    def subscribe(self, **attention) -> Subscription:
        new = NewSubscription(
            RuleText("threshold", "{}", "crowded"),
            Source("kvp", "http://sos.example.org/sos", "service=SOS"),
            timedelta(seconds=5),
            targets=(DUTY,),
            attention=Attention(**attention),
        )
        return self.store.add_subscription(new, "crowded", self.now, self.now)

    def tell(self, subscription: Subscription, status=AlertStatus.FIRING, episode="e-1", **changes) -> str:
        """Store an alert as the engine does; gives its id."""
        self.count += 1
        alert = make_alert(self.count, status=status, subscription=subscription)
        told = replace(alert, id=f"a-{self.count}", episode=episode, **changes)
        with self.store.batch(subscription.feed_id) as batch:
            batch.add_alerts([(told, subscription.targets)], self.now)
        return told.id

    def run(self, *hours: float) -> None:
        """Let the scheduler look at these hours."""
        for hour in hours:
            self.hour = hour
            self.due.run_due()

    def pushes(self) -> list[tuple[str, str]]:
        """What was pushed to whom: the reason to tell it again, or the state."""
        with self.store.reading() as connection:
            query = select(ALERTS.c.status, ALERTS.c.reminder, OUTBOX.c.address).order_by(OUTBOX.c.id)
            rows = connection.execute(query.join_from(OUTBOX, ALERTS)).all()
        return [(row.reminder or row.status, row.address.split(".")[0].removeprefix("http://")) for row in rows]

    def feed(self, subscription: Subscription) -> list[tuple[str, bool]]:
        """What stands in the feed, oldest first, and whether it was silenced."""
        alerts = self.store.alerts(subscription.id, Page(0, 100))[::-1]
        return [(alert.reminder or alert.status.value, alert.silenced is not None) for alert in alerts]

    def restart(self) -> None:
        self.store.dispose()
        self.store = Store(self.store.url)


@pytest.fixture
def desk(tmp_path):
    made = Desk(open_store(tmp_path))
    yield made
    made.store.dispose()


ALL = Matcher(severities=tuple(Severity))


def test_an_episode_follows_its_alerts(desk):
    """
    A severity step changes it, the end closes it; all alerts are of one episode.
    """
    subscription = desk.subscribe()
    desk.tell(subscription, severity=Severity.MINOR)
    desk.hour = 1
    desk.tell(subscription, severity=Severity.SEVERE)
    stepped = desk.store.episode("e-1")
    desk.hour = 2
    desk.tell(subscription, AlertStatus.RESOLVED)

    closed = desk.store.episode("e-1")

    assert (stepped.state, stepped.severity, stepped.is_open) == (AlertStatus.FIRING, Severity.SEVERE, True)
    assert (closed.state, closed.opened, closed.closed) == (AlertStatus.RESOLVED, MONDAY, MONDAY + 2 * HOUR)
    assert [alert.id for alert in desk.store.alerts_of_episode("e-1")] == ["a-1", "a-2", "a-3"]
    assert closed.alert_count == 3


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


def test_silenced_alerts_stand_in_the_feed_and_the_end_of_the_silence_tells_what_is_open(desk):
    """
    What came and went in silence is not told; what had been told before and ended in it is.
    """
    subscription = desk.subscribe(repeat=HOUR)
    desk.tell(subscription, episode="before")
    desk.hour = 0.5
    silence = desk.quiet.silence(ALL, author="Ada", reason="works", lasting=3 * HOUR)
    desk.run(1)
    desk.tell(subscription, AlertStatus.RESOLVED, "before")
    desk.tell(subscription, episode="within")
    desk.tell(subscription, AlertStatus.RESOLVED, "within")
    desk.tell(subscription, episode="still on")
    desk.run(2, 3)
    quiet = desk.pushes()

    desk.run(3.5, 4, 4.5)

    assert quiet == [("firing", "duty")]
    assert sorted(desk.pushes()) == [
        ("firing", "duty"),
        ("repeat", "duty"),
        ("silence-over", "duty"),
        ("silence-over", "duty"),
    ]
    assert desk.feed(subscription)[:5] == [("firing", False), *[(each, True) for each in SILENCED]]
    assert {alert.silenced for alert in desk.store.alerts_of_episode("within")} == {silence.id}
    assert [alert.status for alert in desk.store.alerts_of_episode("before")][-1] is AlertStatus.RESOLVED


SILENCED = ("resolved", "firing", "resolved", "firing")


def test_one_silence_that_ends_leaves_what_another_still_silences(desk):
    """
    The last of them tells it, once.
    """
    subscription = desk.subscribe()
    desk.quiet.silence(ALL, author="Ada", reason="works", lasting=2 * HOUR)
    other = desk.quiet.silence(Matcher(subscriptions=(subscription.id,)), author="Bob", reason="more", lasting=9 * HOUR)
    desk.tell(subscription)
    desk.run(2, 3)
    quiet = desk.pushes()
    desk.quiet.end_silence(other.id)

    desk.run(3.1, 9.5)

    assert (quiet, desk.pushes()) == ([], [("silence-over", "duty")])


@pytest.mark.parametrize(
    ("matcher", "silenced"),
    [
        (Matcher(procedures=("http://sensors.example.org/PedestrianCounting1",)), True),
        (Matcher(procedures=("another",)), False),
        (Matcher(observed_properties=("urn:ogc:def:property:PeopleCount",), severities=(Severity.MODERATE,)), True),
        (Matcher(observed_properties=("urn:ogc:def:property:PeopleCount",), severities=(Severity.EXTREME,)), False),
        (Matcher(features_of_interest=("http://features.example.org/places#flinders", "x")), True),
        (Matcher(box=Box(144, -38, 146, -37)), True),
        (Matcher(box=Box(146, -38, 144, -37)), False),
        (Matcher(box=Box(170, -38, 145, -37)), True),
    ],
    ids=["procedure", "another", "property", "severity differs", "feature", "area", "elsewhere", "over the dateline"],
)
def test_a_silence_means_alerts_that_meet_every_condition(desk, matcher, silenced):
    """
    One of the values of each condition that is given.
    """
    subscription = desk.subscribe()
    desk.quiet.silence(matcher, author="Ada", reason="works", lasting=HOUR)

    desk.tell(subscription, severity=Severity.MODERATE)

    assert desk.feed(subscription) == [("firing", silenced)]
    assert (desk.pushes() == []) is silenced


def test_a_silence_recurs_in_the_hours_of_its_time_zone(desk):
    """
    Nights in Berlin begin an hour earlier in UTC from the end of March on; each morning tells what is open.
    """
    subscription = desk.subscribe()
    nights = Weekly((0, 1, 2, 3, 4, 5, 6), time(22), time(6), "Europe/Berlin")
    desk.quiet.silence(ALL, author="Ada", reason="nights", weekly=nights)
    found = []
    for day, hour in ((4, 20.9), (4, 21.1), (5, 5.1), (30, 20.9), (31, 19.9), (31, 20.1)):
        desk.hour = (day - 4) * 24 + hour - 12
        desk.run(desk.hour)
        desk.tell(subscription, episode=f"{day} {hour}")
        found.append(desk.feed(subscription)[-1][1])
        desk.tell(subscription, AlertStatus.RESOLVED, f"{day} {hour}")

    assert found == [False, True, False, False, False, True]


def test_the_end_of_each_window_tells_what_is_open(desk):
    """
    An episode that goes on for two nights is told on both mornings.
    """
    subscription = desk.subscribe()
    nights = Weekly((0, 1), time(22), time(6), "UTC")
    desk.quiet.silence(ALL, author="Ada", reason="nights", weekly=nights)
    desk.hour = 11
    desk.tell(subscription)

    desk.run(17, 18, 19, 30, 41, 42, 50, 66, 90)

    assert desk.pushes() == [("silence-over", "duty"), ("silence-over", "duty")]


def test_what_is_cancelled_is_over_and_its_end_is_not_told(desk):
    """
    It is withdrawn by an alert that says by whom and why; the engine's own end of it does not come any more.
    """
    subscription = desk.subscribe(repeat=HOUR)
    desk.tell(subscription)
    desk.work.cancel("e-1", "Ada", "a test of the siren")
    desk.run(1)
    desk.tell(subscription, AlertStatus.RESOLVED)

    assert desk.pushes() == [("firing", "duty"), ("cancelled", "duty")]
    alert = desk.store.alerts_of_episode("e-1")[-1]
    assert alert.title.startswith("Cancelled: ")
    assert alert.text.startswith("Ada withdrew it\nReason: a test of the siren\n")
    assert "Status: cancelled" in alert.text
    assert "Status: firing" not in alert.text


def test_what_was_cancelled_and_gets_worse_is_another_episode(desk):
    """
    A severity step after the cancellation is told, and so is the end of that.
    """
    subscription = desk.subscribe()
    desk.tell(subscription)
    desk.work.cancel("e-1", "Ada", "does not matter")
    step = desk.tell(subscription, severity=Severity.EXTREME)
    desk.tell(subscription, AlertStatus.RESOLVED)

    assert [what for what, _ in desk.pushes()] == ["firing", "cancelled", "firing", "resolved"]
    assert desk.store.episode("e-1").state is AlertStatus.CANCELLED
    assert desk.store.episode(step).state is AlertStatus.RESOLVED
    assert desk.store.episode(step).alert_count == 2


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


def test_episodes_are_kept_as_long_as_one_of_their_alerts(desk):
    """
    With what people did; those that are open stay.
    """
    subscription = desk.subscribe()
    for name in ("open", "closed", "gone"):
        desk.tell(subscription, episode=name)
    for name in ("closed", "gone"):
        desk.tell(subscription, AlertStatus.RESOLVED, name)
    desk.work.comment("gone", "Ada", "old")
    with desk.store.writing() as connection:
        connection.execute(OUTBOX.delete())
        connection.execute(ALERTS.delete().where(ALERTS.c.episode == "gone"))

    early, late = (desk.store.purge_episodes(desk.now + hours * HOUR) for hours in (-1, 1))

    assert (early, late) == (0, 1)
    assert {episode.id for episode in desk.store.episodes(EpisodeSelection(), Page())} == {"open", "closed"}
    assert desk.store.notes("gone") == ()


def test_people_assign_and_comment(desk):
    """
    Both are kept with their authors; a comment may be made of what is over.
    """
    subscription = desk.subscribe()
    desk.tell(subscription)
    desk.work.assign("e-1", "Bob", "Ada", "he knows the siren")
    desk.tell(subscription, AlertStatus.RESOLVED)
    desk.work.comment("e-1", "Bob", "a loose wire")

    notes = [(note.author, note.action, note.text) for note in desk.store.notes("e-1")]
    assert desk.store.episode("e-1").assignee == "Bob"
    assert notes == [("Ada", Action.ASSIGN, "to Bob: he knows the siren"), ("Bob", Action.COMMENT, "a loose wire")]


REFUSED = {
    "acknowledge what is over": (lambda desk: desk.work.acknowledge("over", "Ada"), "over: it is resolved"),
    "acknowledge until yesterday": (lambda desk: desk.work.acknowledge("e-1", "Ada", until=MONDAY - HOUR), "ahead"),
    "acknowledge as nobody": (lambda desk: desk.work.acknowledge("e-1", " "), "who you are"),
    "cancel what is over": (lambda desk: desk.work.cancel("over", "Ada", "x"), "over: it is resolved"),
    "cancel without reason": (lambda desk: desk.work.cancel("e-1", "Ada", " "), "say why"),
    "say nothing": (lambda desk: desk.work.comment("e-1", "Ada", ""), "say something"),
    "silence everything": (
        lambda desk: desk.quiet.silence(Matcher(), author="A", reason="r", lasting=HOUR),
        "which alerts",
    ),
    "silence for ever": (lambda desk: desk.quiet.silence(ALL, author="A", reason="r"), "when it ends"),
    "silence the past": (
        lambda desk: desk.quiet.silence(ALL, author="A", reason="r", ends=MONDAY - HOUR),
        "after the begin",
    ),
    "silence without reason": (lambda desk: desk.quiet.silence(ALL, author="A", reason="", lasting=HOUR), "say why"),
}


@pytest.mark.parametrize(("act", "said"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_is_refused(desk, act, said):
    """
    With a sentence that says why; nothing is kept.
    """
    subscription = desk.subscribe()
    desk.tell(subscription)
    desk.tell(subscription, episode="over")
    desk.tell(subscription, AlertStatus.RESOLVED, "over")

    with pytest.raises(InputError, match=said):
        act(desk)

    assert (desk.store.notes("e-1"), desk.store.notes("over"), desk.store.silences(Page())) == ((), (), ())


@pytest.mark.parametrize(
    ("texts", "read"),
    [
        (("Mon-Fri", "22:00", "06:00", "Europe/Berlin"), Weekly((0, 1, 2, 3, 4), time(22), time(6), "Europe/Berlin")),
        (("sat, Sun", "00:00", "00:00", "UTC"), Weekly((5, 6), time(0), time(0), "UTC")),
        (("Fri-Mon", "07:30", "08:00", "UTC"), Weekly((0, 4, 5, 6), time(7, 30), time(8), "UTC")),
        (("Monday", "22:00", "06:00", "UTC"), "days"),
        (("Mon", "25:00", "06:00", "UTC"), "from"),
        (("Mon", "22:00", "six", "UTC"), "until"),
        (("Mon", "22:00", "06:00", "Mars/North"), "timeZone"),
        (("Mon", "22:00", "06:00", "../passwd"), "timeZone"),
    ],
)
def test_hours_of_the_week_are_read(texts, read):
    """
    Days, times and a zone of the tz database; what is none of these is told by its place.
    """
    try:
        found = read_weekly(*texts)
    except InputError as error:
        found = error.where

    assert found == read


def test_unknown_episodes_and_silences_are_told(desk):
    """
    Nothing is done to what is not there.
    """
    for act in (
        lambda: desk.work.acknowledge("nobody", "Ada"),
        lambda: desk.work.comment("nobody", "Ada", "hm"),
        lambda: desk.quiet.end_silence("nobody"),
        lambda: desk.store.episode("nobody"),
    ):
        with pytest.raises(NotFoundError, match="nobody"):
            act()


def test_the_list_can_be_narrowed_and_paged(desk):
    """
    The last begun come first; a page goes on behind the last of the one before.
    """
    subscription = desk.subscribe()
    for name in "abcd":
        desk.tell(subscription, episode=name)
    desk.tell(subscription, AlertStatus.RESOLVED, "b")
    desk.work.acknowledge("c", "Ada")

    def names(page=None, **conditions) -> str:
        found = desk.store.episodes(EpisodeSelection(**conditions), page or Page())
        return "".join(episode.id for episode in found)

    assert names() == "dcba"
    assert (names(is_open=True), names(is_open=False)) == ("dca", "b")
    assert names(is_open=True, is_free=True) == "da"
    assert names(states=(AlertStatus.RESOLVED,)) == "b"
    assert names(subscription="nobody") == ""
    assert names(Page(limit=2)) + names(Page(limit=2, after="c")) == "dcba"
