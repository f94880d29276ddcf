"""How long alerts wait for others, as clients of WPS say it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.weps.processes.requests10 import execute, literals
from weps.model import Severity

SUBSCRIBE = literals(condition="greaterThan", threshold="500", procedure="PedestrianCounting1")


def call(wps, process: str, **inputs: str):
    return wps.post(execute(process, literals(**inputs)))


def test_a_subscription_says_how_long_its_alerts_wait(wps):
    """
    It is kept and shown, and can be changed and taken away.
    """
    made = wps.post(execute("weps:Subscribe", SUBSCRIBE + literals(group="PT5M", repeat="PT1H")))
    identifier = made.output("subscriptionId")
    before = wps.engine.subscription(identifier).attention
    shown = call(wps, "weps:GetSubscription", subscriptionId=identifier)
    call(wps, "weps:Update", subscriptionId=identifier, groupUpTo="Extreme")
    changed = wps.engine.subscription(identifier).attention
    call(wps, "weps:Update", subscriptionId=identifier, group="never")

    after = wps.engine.subscription(identifier).attention

    assert (before.group, before.group_up_to) == (timedelta(minutes=5), Severity.SEVERE)
    assert shown.texts("//weps:Group | //weps:GroupUpTo") == ["PT5M", "Severe"]
    assert (changed.group, changed.group_up_to) == (timedelta(minutes=5), Severity.EXTREME)
    assert (after.group, after.repeat) == (None, timedelta(hours=1))


REFUSED = {
    "no duration": ({"group": "soon"}, "group"),
    "too short": ({"group": "PT0.5S"}, "group"),
    "too long": ({"group": "P2D"}, "group"),
    "no severity": ({"group": "PT5M", "groupUpTo": "loud"}, "groupUpTo"),
    "up to what without a window": ({"groupUpTo": "Minor"}, "group"),
    "repeated before it is told": ({"group": "PT5M", "repeat": "PT1M"}, "group"),
}


@pytest.mark.parametrize(("wish", "locator"), REFUSED.values(), ids=REFUSED)
def test_wishes_that_cannot_be_are_refused(wps, wish, locator):
    """
    With the input that is wrong; nothing is subscribed.
    """
    count = wps.count

    reply = wps.post(execute("weps:Subscribe", SUBSCRIBE + literals(**wish)))

    assert (reply.status, reply.fault, wps.count) == (400, ("InvalidParameterValue", locator), count)


def test_an_update_is_refused_after_which_alerts_were_repeated_before_they_are_told(wps):
    """
    It stays as it was.
    """
    made = wps.post(execute("weps:Subscribe", SUBSCRIBE + literals(group="PT5M", repeat="PT1H")))
    identifier = made.output("subscriptionId")

    reply = call(wps, "weps:Update", subscriptionId=identifier, repeat="PT5M")

    assert (reply.status, reply.fault) == (400, ("InvalidParameterValue", "group"))
    assert wps.engine.subscription(identifier).attention.repeat == timedelta(hours=1)
