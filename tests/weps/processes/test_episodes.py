"""Episodes and silences, called as a client of WPS 1.0.0 calls them."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tests.weps.notify.samples import make_alert
from tests.weps.processes.conftest import Wps
from tests.weps.processes.requests10 import execute, literals
from weps.model import Attention, Flapping, Target

SUBSCRIBE = literals(condition="greaterThan", threshold="500", procedure="PedestrianCounting1")


@pytest.fixture
def episode(wps: Wps) -> str:
    """An open episode of a new subscription, which has its id."""
    subscription = wps.engine.subscription(wps.post(execute("weps:Subscribe", SUBSCRIBE)).output("subscriptionId"))
    alert = replace(make_alert(1, subscription=subscription), id=subscription.id, episode=subscription.id)
    with wps.engine.store.batch(subscription.feed_id) as batch:
        batch.add_alerts([(alert, ())], datetime.now(UTC))
    return subscription.id


def call(wps: Wps, process: str, **inputs: str):
    return wps.post(execute(process, literals(**inputs)))


def test_an_episode_is_worked_with(wps, episode):
    """
    Each process answers the episode as it is then, with everything that was done before.
    """
    call(wps, "weps:Acknowledge", episodeId=episode, by="Ada", **{"for": "PT1H"}, text="on my way")
    call(wps, "weps:Assign", episodeId=episode, to="Bob", by="Ada")
    call(wps, "weps:Comment", episodeId=episode, by="Bob", text="a loose wire")
    reply = call(wps, "weps:CancelEpisode", episodeId=episode, by="Bob", reason="no fire")

    shown = json.loads(call(wps, "weps:GetEpisode", episodeId=episode).output("episode"))

    assert (reply.status, reply.output("state")) == (200, "cancelled")
    assert json.loads(reply.output("episode")) == shown
    assert [note["action"] for note in shown["notes"]] == ["acknowledge", "assign", "comment", "cancel"]
    assert (shown["assignee"], shown["acknowledgedBy"]) == ("Bob", "Ada")


def test_episodes_are_listed(wps, episode):
    """
    Those of a subscription that go on.
    """
    reply = call(wps, "weps:ListEpisodes", subscriptionId=episode, open="true", state="firing")

    listed = json.loads(reply.output("episodes"))
    assert ([each["id"] for each in listed["episodes"]], reply.output("total")) == ([episode], "1")


def test_a_silence_is_made_listed_and_ended(wps, episode):
    """
    For a subscription, in nights.
    """
    hours = {"days": "Mon-Fri", "from": "22:00", "until": "06:00", "timeZone": "Europe/Berlin"}
    made = call(wps, "weps:Silence", author="Ada", reason="nights", subscriptionId=episode, bbox="1,2,3,4", **hours)
    identifier = made.output("silenceId")
    listed = json.loads(call(wps, "weps:ListSilences").output("silences"))["silences"]
    ended = call(wps, "weps:EndSilence", silenceId=identifier)

    [silence] = [each for each in listed if each["id"] == identifier]
    assert (silence["subscription"], silence["bbox"]) == ([episode], [1, 2, 3, 4])
    assert silence["weekly"] == hours | {"days": ["Mon", "Tue", "Wed", "Thu", "Fri"]}
    assert "ends" in json.loads(ended.output("silence"))


REFUSED = {
    "no episode": ("weps:Acknowledge", {"episodeId": "nobody", "by": "Ada"}, "episodeId"),
    "in the past": ("weps:Acknowledge", {"episodeId": "", "by": "Ada", "until": "2001-01-01"}, "until"),
    "both": ("weps:Acknowledge", {"episodeId": "", "by": "Ada", "until": "2101-01-01", "for": "PT1H"}, "until"),
    "no silence": ("weps:EndSilence", {"silenceId": "nobody"}, "silenceId"),
    "everything": ("weps:Silence", {"author": "Ada", "reason": "x", "for": "PT1H"}, "subscriptionId"),
    "for ever": ("weps:Silence", {"author": "Ada", "reason": "x", "severity": "Minor"}, "end"),
    "from the end of the calendar on": (
        "weps:Silence",
        {"author": "Ada", "reason": "x", "severity": "Minor", "begin": "9999-12-31", "for": "PT1H"},
        "begin",
    ),
    "a century": ("weps:Silence", {"author": "Ada", "reason": "x", "severity": "Minor", "for": "P36500D"}, "for"),
    "no area": ("weps:Silence", {"author": "Ada", "reason": "x", "bbox": "here", "for": "PT1H"}, "bbox"),
    "half a night": ("weps:Silence", {"author": "Ada", "reason": "x", "severity": "Minor", "from": "22:00"}, "until"),
    "no zone": (
        "weps:Silence",
        {"author": "A", "reason": "x", "severity": "Minor", "from": "22:00", "until": "06:00", "timeZone": "Mars"},
        "timeZone",
    ),
    "behind nobody": ("weps:ListEpisodes", {"after": "nobody"}, "after"),
    "too many": ("weps:ListEpisodes", {"limit": "1001"}, "limit"),
    "too far": ("weps:ListSilences", {"offset": "1" + "0" * 30}, "offset"),
}


@pytest.mark.parametrize(("process", "inputs", "locator"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_is_refused(wps, episode, process, inputs, locator):
    """
    With the input that is wrong.
    """
    reply = call(wps, process, **{name: text or episode for name, text in inputs.items()})

    assert (reply.status, reply.fault) == (400, ("InvalidParameterValue", locator))


def test_a_subscription_says_how_people_are_kept_at_it(wps):
    """
    It is kept and shown, and can be taken away.
    """
    wish = literals(repeat="PT1H", escalateAfter="PT15M", escalateTo=f"{wps.base}/store")
    made = wps.post(execute("weps:Subscribe", SUBSCRIBE + wish))
    identifier = made.output("subscriptionId")
    before = wps.engine.subscription(identifier).attention
    shown = call(wps, "weps:GetSubscription", subscriptionId=identifier)

    call(wps, "weps:Update", subscriptionId=identifier, repeat="never", escalateAfter="PT30M")

    after = wps.engine.subscription(identifier).attention
    target = Target("insert-rss", f"{wps.base}/store")
    assert before == Attention(timedelta(hours=1), timedelta(minutes=15), (target,))
    assert after == Attention(None, timedelta(minutes=30), (target,))
    assert shown.texts("//weps:Repeat | //weps:EscalateAfter") == ["PT1H", "PT15M"]
    assert shown.texts("//weps:EscalateTo/weps:Address") == [f"{wps.base}/store"]


@pytest.mark.parametrize(
    ("wish", "locator"),
    [
        ({"escalateAfter": "PT1H"}, "escalateTo"),
        ({"escalateTo": "http://127.0.0.1/store"}, "escalateTo"),
        ({"escalateAfter": "PT1H", "escalateTo": "pigeon:roof"}, "escalateTo"),
        ({"repeat": "PT1S"}, "repeat"),
        ({"flapping": "often"}, "flapping"),
        ({"flapping": "6 in a while"}, "flapping"),
        ({"flapping": "0 in PT1H"}, "flapping"),
        ({"flapping": "6 in PT1S"}, "flapping"),
        ({"flapping": "6 in P1Y"}, "flapping"),
    ],
    ids=[
        *("to whom", "an address that is never asked", "no channel", "too often"),
        *("no number", "no time", "no change", "too short", "years"),
    ],
)
def test_wishes_that_cannot_be_are_refused(wps, wish, locator):
    """
    With the input that is wrong; nothing is subscribed.
    """
    count = wps.count

    reply = wps.post(execute("weps:Subscribe", SUBSCRIBE + literals(**wish)))

    assert (reply.status, reply.fault) == (400, ("InvalidParameterValue", locator))
    assert wps.count == count


def test_a_subscription_says_what_flaps(wps):
    """
    It is kept and shown, and can be changed and taken away.
    """
    made = wps.post(execute("weps:Subscribe", SUBSCRIBE + literals(flapping=" 6 in PT60M")))
    identifier = made.output("subscriptionId")
    found = [wps.engine.subscription(identifier).attention.flapping]
    shown = call(wps, "weps:GetSubscription", subscriptionId=identifier).texts("//weps:Flapping")
    for wish in ("3 in PT10M", "never"):
        call(wps, "weps:Update", subscriptionId=identifier, flapping=wish)
        found.append(wps.engine.subscription(identifier).attention.flapping)

    assert found == [Flapping(6, timedelta(hours=1)), Flapping(3, timedelta(minutes=10)), None]
    assert shown == ["6 in PT1H"]
    assert call(wps, "weps:GetSubscription", subscriptionId=identifier).texts("//weps:Flapping") == []


def test_a_rule_of_literals_can_show_what_is_pending(wps):
    """
    With a time for which it must hold; without one there is nothing between the beginning and the alert.
    """
    made = wps.post(execute("weps:Subscribe", SUBSCRIBE + literals(**{"for": "PT10M", "pending": "true"})))
    without = wps.post(execute("weps:Subscribe", SUBSCRIBE + literals(pending="true")))

    rule = json.loads(wps.engine.subscription(made.output("subscriptionId")).rule.text)
    assert (rule["for"], rule["pending"]) == ("PT10M", True)
    assert (without.status, without.fault) == (400, ("InvalidParameterValue", "condition"))


@pytest.mark.parametrize(
    ("wish", "locator"),
    [({"escalateAfter": "PT1H"}, "escalateTo"), ({"escalateTo": "{base}/store"}, "escalateAfter")],
    ids=["to whom", "when"],
)
def test_an_update_to_half_an_escalation_is_refused(wps, episode, wish, locator):
    """
    As long as the subscription has not got the other half.
    """
    reply = call(wps, "weps:Update", subscriptionId=episode, **{k: v.format(base=wps.base) for k, v in wish.items()})

    assert (reply.status, reply.fault) == (400, ("InvalidParameterValue", locator))
