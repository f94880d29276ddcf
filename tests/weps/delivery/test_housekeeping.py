"""What is thrown away, and what never is."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from sqlalchemy import select

from tests.weps.delivery.receiver import NOW, add, events, run
from tests.weps.notify.samples import CREATED, make_alert
from tests.weps.notify.stores import subscribe
from weps.housekeeping import Housekeeping
from weps.ledger import LedgerSelection
from weps.model import (
    AlertStatus,
    DeliveryStatus,
    NewSubscription,
    RuleText,
    Source,
    SubscriptionStatus,
)
from weps.store.tables import ALERTS


def ids_of(store) -> list[str]:
    with store.reading() as connection:
        return list(connection.execute(select(ALERTS.c.id).order_by(ALERTS.c.sequence)).scalars())


def test_deliveries_that_are_over_are_thrown_away_after_a_while_and_what_waits_is_kept(store, channels, receiver):
    """
    With their attempts, in portions; a queued one is kept however old it is.
    """
    subscription = subscribe(store, f"{receiver.url}/good", f"{receiver.url}/500")
    add(store, subscription, *events(5))
    run(store, channels, NOW)
    later = NOW + timedelta(days=31)

    Housekeeping(store, clock=lambda: NOW + timedelta(days=29), portion=2).run()
    kept = store.count_deliveries(LedgerSelection())
    Housekeeping(store, clock=lambda: later, portion=2).run()

    assert kept == 11  # ten, and what the owner was told of the one that fails
    assert store.count_deliveries(LedgerSelection()) == 5
    assert store.count_deliveries(LedgerSelection(status=DeliveryStatus.FAILED)) == 5
    assert len(ids_of(store)) == 6


def subscription_of_its_own(store, number: int):
    new = NewSubscription(
        RuleText("threshold", "{}", "crowded"),
        Source("kvp", f"http://sos.example.org/{number}", "service=SOS"),
        timedelta(seconds=5),
    )
    return store.add_subscription(new, "crowded", CREATED, CREATED)


def test_alerts_are_thrown_away_when_their_episodes_have_long_been_over(store):
    """
    Not while an episode is open or was until lately, nor the newest hundred of a subscription that goes on.
    """
    alive, over = subscription_of_its_own(store, 1), subscription_of_its_own(store, 2)
    firing, resolved = make_alert(1), replace(make_alert(2), status=AlertStatus.RESOLVED)
    add(store, alive, replace(firing, id="open", episode="open"))
    add(
        store, alive, replace(firing, id="closed", episode="closed"), replace(resolved, episode="closed", id="closed-2")
    )
    add(store, alive, replace(firing, id="lately", episode="lately"))
    add(store, alive, *[replace(alert, status=AlertStatus.EVENT) for alert in events(101, first=10)])
    add(store, over, replace(firing, id="left open", episode="left open"))
    store.end_subscription(over.id, SubscriptionStatus.CANCELLED, NOW)
    later = NOW + timedelta(days=401)
    add(store, alive, replace(resolved, id="lately-2", episode="lately"), stored=later - timedelta(days=2))

    Housekeeping(store, clock=lambda: later, portion=2).run()

    left = ids_of(store)
    assert left[:2] == ["open", "lately"]
    assert "left open" not in left
    assert not {"closed", "closed-2", "a-10", "a-11"} & set(left)
    assert left[2:] == [*(f"a-{n}" for n in range(12, 111)), "lately-2"]
