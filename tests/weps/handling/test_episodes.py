"""What people do with episodes, and how these follow their alerts, on a real store with a fixed clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.weps.handling.desk import ALL, HOUR, MONDAY
from weps.episodes import Action, EpisodeSelection
from weps.errors import InputError, NotFoundError
from weps.matching import Matcher
from weps.model import (
    AlertStatus,
    Page,
    Severity,
)
from weps.store.tables import ALERTS, OUTBOX


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
    "silence from the end of the calendar on": (
        lambda desk: desk.quiet.silence(ALL, author="A", reason="r", begins=datetime.max.replace(tzinfo=UTC)),
        "begins: must be within ten years",
    ),
    "silence for a century": (
        lambda desk: desk.quiet.silence(ALL, author="A", reason="r", lasting=timedelta(days=36500)),
        "for: must lie ahead, .* and within ten years",
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


def test_unknown_episodes_and_silences_are_told(desk):
    """
    Nothing is done to what is not there.
    """
    for act in (
        lambda: desk.work.acknowledge("nobody", "Ada"),
        lambda: desk.work.comment("nobody", "Ada", "hm"),
        lambda: desk.quiet.end("nobody"),
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
