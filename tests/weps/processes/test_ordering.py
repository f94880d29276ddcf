"""Late observations and corrections, as clients of Subscribe and Update say what is to be done with them."""

from __future__ import annotations

from datetime import timedelta

from tests.weps.processes.conftest import Wps
from tests.weps.processes.requests10 import execute, literal, literals
from weps.model import Corrections, LatePolicy, Ordering

SUBSCRIBE = literals(condition="greaterThan", threshold="500", procedure="PedestrianCounting1")
ORDERED = literals(latePolicy="reorder", lateBound="PT10M", corrections="evaluate")


def test_a_subscription_says_what_is_done_with_what_comes_late(wps: Wps):
    """
    What is given is kept and shown; what is left out is as ever.
    """
    told, silent = (wps.post(execute("weps:Subscribe", SUBSCRIBE + inputs)) for inputs in (ORDERED, ""))

    found, other = (wps.engine.subscription(each.output("subscriptionId")).ordering for each in (told, silent))
    assert Ordering(LatePolicy.REORDER, timedelta(minutes=10), Corrections.EVALUATE) == found
    assert Ordering(LatePolicy.ARRIVAL, timedelta(0), Corrections.IGNORE) == other
    identifier = told.output("subscriptionId")
    reply = wps.post(execute("weps:GetSubscription", literal("subscriptionId", identifier)))
    names = ("LatePolicy", "LateBound", "DroppedCount", "Corrections", "CorrectionCount")
    assert ["reorder", "PT10M", "0", "evaluate", "0"] == [
        text for name in names for text in reply.texts(f"//weps:Subscription/weps:{name}")
    ]


def test_another_late_policy_begins_anew(wps: Wps):
    """
    Update tells so; what is done with corrections is changed in passing.
    """
    identifier = wps.post(execute("weps:Subscribe", SUBSCRIBE + ORDERED)).output("subscriptionId")

    kept = wps.post(execute("weps:Update", literal("subscriptionId", identifier) + literals(corrections="ignore")))
    anew = wps.post(execute("weps:Update", literal("subscriptionId", identifier) + literals(latePolicy="drop")))

    assert ("unchanged", "restarted") == (kept.output("ruleState"), anew.output("ruleState"))
    assert Ordering(LatePolicy.DROP) == wps.engine.subscription(identifier).ordering


def test_a_bound_without_its_policy_is_refused_where_it_stands(wps: Wps):
    """
    The exception names the input.
    """
    reply = wps.post(execute("weps:Subscribe", SUBSCRIBE + literals(lateBound="PT10M")))

    assert ("InvalidParameterValue", "lateBound") == reply.fault
