"""What mutes and what is muted in one batch, or in one instant."""

from __future__ import annotations

import pytest

from tests.weps.handling.yard import FIRING, MINOR, OVER, RESOLVED, SEVERE, Yard
from weps.model import AlertStatus, Severity


@pytest.mark.parametrize(
    ("order", "pushed"),
    [
        ("big small", ["big"]),
        ("small big", ["small", "big"]),
        ("big small big-over", ["big", "big-over"]),
        ("big big-over small", ["big", "big-over", "small"]),
        ("small big small-over", ["small", "big"]),
    ],
)
def test_in_one_batch_the_order_counts(yard, order, pushed):
    """
    What an alert finds is what those before it have left; what is open at the end is told after its source.
    """
    subscription = yard.subscribe()
    yard.inhibit()
    words = {"big": Severity.SEVERE, "small": Severity.MINOR}
    steps = [(word.removesuffix("-over"), RESOLVED if word.endswith("-over") else FIRING) for word in order.split()]

    yard.batch(subscription, *[(name, status, words[name]) for name, status in steps])

    told = [
        name for name, (episode, status) in zip(order.split(), steps, strict=True) if _is_pushed(yard, episode, status)
    ]
    assert told == pushed
    yard.run(0, 1)
    is_muted_open = order == "big small big-over"
    assert [(OVER, True) in yard.told("small")] == [is_muted_open]


def _is_pushed(yard: Yard, episode: str, status: AlertStatus) -> bool:
    [alert] = [each for each in yard.store.alerts_of_episode(episode) if each.status is status]
    return alert.silenced is None


@pytest.mark.parametrize("order", ["big small", "small big"])
def test_what_happens_in_one_instant_is_muted_whatever_comes_first(yard, order):
    """
    A jump over two levels tells the higher one only, and so does its end.
    """
    subscription = yard.subscribe()
    yard.inhibit()
    words = {"big": Severity.SEVERE, "small": Severity.MINOR}

    for status in (FIRING, RESOLVED):
        alerts = [
            yard.alert(subscription, status, name, severity=words[name], feature_of_interest="quay")
            for name in order.split()
        ]
        yard.take(subscription, *alerts)
        yard.hour += 1
    yard.run(2, 3)

    assert yard.told("big") == [("firing", True), ("resolved", True)]
    assert yard.told("small") == [("firing", False), ("resolved", False)]


@pytest.mark.parametrize("order", ["big small", "small big"])
def test_what_begins_in_the_instant_in_which_its_source_ends_is_told_as_the_end_of_that(yard, order):
    """
    A fall by one level is told once, whichever of the two is stored first.
    """
    subscription = yard.subscribe()
    yard.inhibit()
    yard.big(subscription)
    yard.hour = 1
    changes = {"big": (RESOLVED, Severity.SEVERE), "small": (FIRING, Severity.MINOR)}
    alerts = [
        yard.alert(subscription, changes[name][0], name, severity=changes[name][1], feature_of_interest="quay")
        for name in order.split()
    ]
    yard.take(subscription, *alerts)

    yard.run(1.1)

    assert yard.told("big") == [("firing", True), ("resolved", True)]
    assert yard.told("small") == [("firing", False), (OVER, True)]


def test_two_that_begin_in_one_instant_do_not_mute_each_other(yard):
    """
    The one that is stored first is told.
    """
    subscription = yard.subscribe()
    yard.inhibit(source=SEVERE, target=MINOR)
    yard.inhibit(source=MINOR, target=SEVERE)
    kinds = (("small", Severity.MINOR), ("big", Severity.SEVERE))

    yard.take(subscription, *[yard.alert(subscription, FIRING, name, severity=severity) for name, severity in kinds])

    assert (yard.told("small"), yard.told("big")) == ([("firing", True)], [("firing", False)])
