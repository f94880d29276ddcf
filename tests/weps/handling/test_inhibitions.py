"""Alerts that mute others: on a real store with a fixed clock."""

from __future__ import annotations

import pytest

from tests.weps.handling.desk import BOSS, HOUR, MONDAY
from tests.weps.handling.yard import BOTH, DOWN, FIRING, MINOR, OVER, RESOLVED
from weps.errors import InputError, NotFoundError
from weps.matching import Matcher
from weps.model import AlertStatus, Page, Severity, SubscriptionStatus


def test_while_a_source_is_open_its_targets_are_stored_and_not_pushed(yard):
    """
    They name the inhibition; another feature is told as always. When the source ends, what is open is told once.
    """
    subscription, inhibition = yard.subscribe(), yard.inhibit()
    yard.big(subscription)
    yard.small(subscription)
    yard.small(subscription, episode="elsewhere", feature="bridge")
    muted = yard.store.alerts_of_episode("small")[0]
    yard.run(1)
    yard.big(subscription, RESOLVED)

    yard.run(1, 2, 3)

    assert muted.silenced == inhibition.id
    assert yard.told("small") == [("firing", False), (OVER, True)]
    assert yard.told("elsewhere") == [("firing", True)]
    assert yard.pushes() == [("firing", "duty"), ("firing", "duty"), ("resolved", "duty"), (OVER, "duty")]


def test_what_was_told_before_and_ended_meanwhile_is_told_too(yard):
    """
    What came and went under its source is not.
    """
    subscription = yard.subscribe()
    yard.inhibit()
    yard.small(subscription, episode="known")
    yard.big(subscription)
    yard.small(subscription, RESOLVED, "known")
    yard.small(subscription, episode="short")
    yard.small(subscription, RESOLVED, "short")
    yard.hour = 1
    yard.big(subscription, RESOLVED)

    yard.run(1, 2)

    assert yard.told("known") == [("firing", True), ("resolved", False), (OVER, True)]
    assert yard.told("short") == [("firing", False), ("resolved", False)]


@pytest.mark.parametrize("way", ["resolved", "cancelled", "expired", "step", "inhibition ended", "inhibition over"])
def test_there_are_many_ways_to_end(yard, way):
    """
    Each tells what is open, once, also over a restart.
    """
    subscription, other = yard.subscribe(), yard.subscribe()
    inhibition = yard.inhibit(lasting=2 * HOUR if way == "inhibition over" else None)
    yard.big(other)
    yard.small(subscription)
    yard.run(1)
    quiet = yard.told("small")

    if way == "resolved":
        yard.big(other, RESOLVED)
    elif way == "cancelled":
        yard.work.cancel("big", "Ada", "a test")
    elif way == "expired":
        yard.store.end_subscription(other.id, SubscriptionStatus.CANCELLED, yard.now)
    elif way == "step":
        yard.big(other, severity=Severity.MODERATE)
    elif way == "inhibition ended":
        yard.end(inhibition)
    yard.restart()
    yard.run(2, 3)

    assert quiet == [("firing", False)]
    assert yard.told("small") == [("firing", False), (OVER, True)]


def test_a_source_that_comes_later_mutes_what_is_told_from_then_on(yard):
    """
    The target was told; its steps and reminders are not, until the source ends.
    """
    subscription = yard.subscribe(repeat=HOUR, escalate_after=1.5 * HOUR, escalate_to=(BOSS,))
    yard.inhibit(target=Matcher(severities=(Severity.MINOR, Severity.MODERATE)))
    yard.small(subscription)
    yard.big(yard.subscribe())
    yard.run(1, 2)
    yard.small(subscription, severity=Severity.MODERATE)
    yard.run(3)
    quiet = yard.told("small")
    yard.big(subscription, RESOLVED)

    yard.run(3.5, 4.5)

    assert quiet == [("firing", True), ("firing", False)]
    assert yard.told("small")[2:] == [(OVER, True), ("repeat", True)]


def test_the_end_of_what_nobody_heard_of_is_told_to_nobody(yard):
    """
    Also when its source has ended a moment before it.
    """
    subscription = yard.subscribe()
    yard.inhibit()
    yard.big(subscription)
    yard.small(subscription)
    yard.hour = 1
    yard.big(subscription, RESOLVED)
    yard.hour = 1.1
    yard.small(subscription, RESOLVED)

    yard.run(2)

    assert yard.told("small") == [("firing", False), ("resolved", False)]


def test_nothing_mutes_itself(yard):
    """
    Nor does what is meant as source and as target mute what is meant as both.
    """
    subscription = yard.subscribe()
    yard.inhibit(source=BOTH, target=BOTH)
    yard.big(subscription)
    yard.big(subscription, severity=Severity.MINOR)
    yard.small(subscription)
    yard.big(subscription, RESOLVED)
    yard.run(1)

    assert yard.told("big") == [("firing", True), ("firing", True), ("resolved", True)]
    assert yard.told("small") == [("firing", True)]


def test_two_do_not_mute_each_other_for_ever(yard):
    """
    Where each would mute the other, or three one another in a ring, the older one is told on.
    """
    subscription, places = yard.subscribe(), {"a": Severity.SEVERE, "b": Severity.MODERATE, "c": Severity.MINOR}
    meant = {name: Matcher(severities=(severity,)) for name, severity in places.items()}
    for source, target in ("ab", "bc", "ca"):
        yard.inhibit(source=meant[source], target=meant[target])
    for name in "bca":
        yard.small(subscription, episode=name, severity=places[name])

    yard.hour = 1
    yard.small(subscription, RESOLVED, "b", severity=places["b"])
    yard.run(1)

    # c is muted by b, a by c; nobody mutes b, which is the oldest
    assert yard.told("b") == [("firing", True), ("resolved", True)]
    assert yard.told("c") == [("firing", False), (OVER, True)]
    assert yard.told("a") == [("firing", False)]


def test_another_thing_that_mutes_goes_on(yard):
    """
    A second source, and a silence: only when the last is over is it told, once.
    """
    subscription = yard.subscribe()
    yard.inhibit()
    yard.big(subscription, episode="one")
    yard.big(subscription, episode="two")
    yard.small(subscription)
    yard.quiet.silence(MINOR, author="Ada", reason="works", lasting=3 * HOUR)
    yard.hour = 1
    yard.big(subscription, RESOLVED, "one")
    yard.run(1)
    yard.hour = 2
    yard.big(subscription, RESOLVED, "two")
    yard.run(2)
    quiet = yard.told("small")

    yard.run(3, 4)

    assert quiet == [("firing", False)]
    assert yard.told("small") == [("firing", False), ("silence-over", True)]


def test_a_source_that_is_down_mutes_its_subscription(yard):
    """
    By the status of the source and the same subscription; a pattern's match is told afterwards all the same.
    """
    subscription, other = yard.subscribe(), yard.subscribe()
    yard.inhibit(
        source=Matcher(statuses=(DOWN,)), target=Matcher(statuses=(FIRING, AlertStatus.EVENT)), equal=("subscription",)
    )
    yard.tell(subscription, DOWN, "down")
    yard.small(subscription)
    yard.small(subscription, AlertStatus.EVENT, "moment")
    yard.small(subscription, AlertStatus.NO_DATA, "silent")
    yard.small(subscription, RESOLVED, "silent")
    yard.small(other, episode="other")
    yard.hour = 1
    yard.tell(subscription, AlertStatus.SOURCE_UP, "down")

    yard.run(1, 2)

    assert yard.told("small") == [("firing", False), (OVER, True)]
    assert yard.told("moment") == [("event", False), (OVER, True)]
    assert yard.told("silent") == [("no-data", True), ("resolved", True)]
    assert yard.told("other") == [("firing", True)]


def test_what_begins_anew_after_its_source_is_told_by_itself(yard):
    """
    What was pushed since the source ended is not told again.
    """
    subscription = yard.subscribe()
    yard.inhibit()
    yard.big(subscription)
    yard.small(subscription)
    yard.hour = 1
    yard.big(subscription, RESOLVED)
    yard.small(subscription, severity=Severity.MODERATE)

    yard.run(1)

    assert yard.told("small") == [("firing", False), ("firing", True)]


REFUSED = {
    "no source": ({"source": Matcher()}, "which alerts"),
    "no target": ({"target": Matcher()}, "which alerts"),
    "a state that is over": ({"source": Matcher(statuses=(RESOLVED,))}, "resolved mutes nothing"),
    "unknown member": ({"equal": ("colour",)}, "'colour' is none of subscription, procedure"),
    "over already": ({"ends": MONDAY - HOUR}, "lie ahead"),
    "two ends": ({"ends": MONDAY + HOUR, "lasting": HOUR}, "not both"),
}


@pytest.mark.parametrize(("wish", "said"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_is_refused(yard, wish, said):
    """
    With a sentence that says why; nothing is kept.
    """
    with pytest.raises(InputError, match=said):
        yard.inhibit(**wish)

    assert yard.store.inhibitions(Page()) == ()


def test_inhibitions_are_listed(yard):
    """
    Newest first; those that are over only on demand, and one that nobody knows is not found.
    """
    first, second = yard.inhibit(lasting=HOUR), yard.inhibit()
    yard.hour = 2
    yard.run(2)

    assert yard.store.inhibitions(Page(), not_over_at=yard.now) == (second,)
    assert yard.store.inhibitions(Page()) == (second, first)
    with pytest.raises(NotFoundError, match="no inhibition"):
        yard.store.inhibition("nobody")
