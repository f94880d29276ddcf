"""How alerts are told, as clients of Subscribe and Update say it."""

from __future__ import annotations

import pytest

from tests.weps.processes.conftest import Wps
from tests.weps.processes.requests10 import execute, literal, literals
from weps.model import AlertUse, Language
from weps.notify.telling import FIELDS

SUBSCRIBE = literals(condition="greaterThan", threshold="500", procedure="PedestrianCounting1")
TELLING = literals(
    language="de", titleTemplate="{feature}: {value}", messageTemplate="{message}", alertStatus="Exercise"
)


def test_a_subscription_is_told_how_to_tell(wps: Wps):
    """
    What is given is kept, and what is left out is English, without templates, and a test.
    """
    told, silent = (wps.post(execute("weps:Subscribe", SUBSCRIBE + inputs)) for inputs in (TELLING, ""))

    found, other = (wps.engine.subscription(each.output("subscriptionId")) for each in (told, silent))
    assert (Language.GERMAN, "{feature}: {value}", "{message}", AlertUse.EXERCISE) == (
        found.language,
        found.title_template,
        found.message_template,
        found.alert_status,
    )
    assert (Language.ENGLISH, "", "", AlertUse.TEST) == (
        other.language,
        other.title_template,
        other.message_template,
        other.alert_status,
    )


def test_a_subscription_shows_how_it_tells(wps: Wps):
    """
    GetSubscription gives what Subscribe was given.
    """
    identifier = wps.post(execute("weps:Subscribe", SUBSCRIBE + TELLING)).output("subscriptionId")

    reply = wps.post(execute("weps:GetSubscription", literal("subscriptionId", identifier)))

    names = ("Language", "TitleTemplate", "MessageTemplate", "AlertStatus")
    assert ["de", "{feature}: {value}", "{message}", "Exercise"] == [
        text for name in names for text in reply.texts(f"//weps:Subscription/weps:{name}")
    ]


def test_an_update_changes_how_it_tells_and_leaves_the_rest(wps: Wps):
    """
    The rule goes on in its state.
    """
    identifier = wps.post(execute("weps:Subscribe", SUBSCRIBE + TELLING)).output("subscriptionId")

    changes = literals(language="fr", alertStatus="Actual")
    reply = wps.post(execute("weps:Update", literal("subscriptionId", identifier) + changes))

    found = wps.engine.subscription(identifier)
    assert (200, "unchanged") == (reply.status, reply.output("ruleState"))
    assert (Language.FRENCH, "{feature}: {value}", AlertUse.ACTUAL) == (
        found.language,
        found.title_template,
        found.alert_status,
    )


WRONG = {
    "language": (literals(language="la"), "language", "en, de, fr, es, it"),
    "use": (literals(alertStatus="Draft"), "alertStatus", "Actual, Exercise, Test"),
    "field": (literals(titleTemplate="{speed}"), "titleTemplate", ", ".join(FIELDS)),
    "attribute": (literals(messageTemplate="{value.real}"), "messageTemplate", "no field"),
    "brace": (literals(titleTemplate="{value"), "titleTemplate", "single brace"),
}


@pytest.mark.parametrize(("inputs", "locator", "told"), WRONG.values(), ids=WRONG)
@pytest.mark.parametrize("process", ["weps:Subscribe", "weps:Update"])
def test_what_cannot_be_told_is_refused_with_what_is_known(wps: Wps, process, inputs, locator, told):
    """
    The fault names the input and lists what there is; nothing is changed.
    """
    identifier = wps.post(execute("weps:Subscribe", SUBSCRIBE)).output("subscriptionId")
    before = wps.engine.subscription(identifier)
    rest = SUBSCRIBE if process == "weps:Subscribe" else literal("subscriptionId", identifier)

    reply = wps.post(execute(process, rest + inputs))

    assert ("InvalidParameterValue", locator) == reply.fault
    assert told in reply.body.decode()
    assert before.revision == wps.engine.subscription(identifier).revision
