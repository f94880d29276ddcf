"""Inhibitions, called as a client of WPS 1.0.0 calls them."""

from __future__ import annotations

import json

import pytest

from tests.weps.processes.requests10 import execute, literals

WISH = {"author": "Ada", "reason": "one is enough", "sourceSeverity": "Severe", "targetProcedure": "p"}


def call(wps, process: str, **inputs: str):
    return wps.post(execute(process, literals(**inputs)))


def test_an_inhibition_is_made_listed_and_ended(wps):
    """
    What mutes, what is muted, what has to be the same, and for how long.
    """
    said = {"sourceStatus": "firing", "targetBbox": "1,2,3,4", "targetStatus": "no-data", "equal": "featureOfInterest"}
    made = call(wps, "weps:Inhibit", **WISH, **said, **{"for": "PT1H"})
    identifier = made.output("inhibitionId")
    listed = json.loads(call(wps, "weps:ListInhibitions").output("inhibitions"))["inhibitions"]
    ended = json.loads(call(wps, "weps:EndInhibition", inhibitionId=identifier).output("inhibition"))

    left = json.loads(call(wps, "weps:ListInhibitions").output("inhibitions"))["inhibitions"]

    [inhibition] = [each for each in listed if each["id"] == identifier]
    assert inhibition["source"] == {"severity": ["Severe"], "status": ["firing"]}
    assert inhibition["target"] == {"procedure": ["p"], "status": ["no-data"], "bbox": [1, 2, 3, 4]}
    assert (inhibition["equal"], inhibition["holds"], ended["holds"]) == (["featureOfInterest"], True, False)
    assert identifier not in [each["id"] for each in left]


REFUSED = {
    "no source": ("weps:Inhibit", {"sourceSeverity": None}, "sourceSubscriptionId"),
    "no target": ("weps:Inhibit", {"targetProcedure": None}, "targetSubscriptionId"),
    "no area": ("weps:Inhibit", {"sourceBbox": "here"}, "sourceBbox"),
    "a state that is over": ("weps:Inhibit", {"sourceStatus": "resolved"}, "sourceStatus"),
    "unknown equal": ("weps:Inhibit", {"equal": "colour"}, "equal"),
    "over already": ("weps:Inhibit", {"end": "2001-01-01"}, "end"),
    "two ends": ("weps:Inhibit", {"end": "2101-01-01", "for": "PT1H"}, "end"),
}


@pytest.mark.parametrize(("process", "inputs", "locator"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_is_refused(wps, process, inputs, locator):
    """
    With the input that is wrong.
    """
    said = {name: text for name, text in (WISH | inputs).items() if text is not None}

    reply = call(wps, process, **said)

    assert (reply.status, reply.fault) == (400, ("InvalidParameterValue", locator))


def test_what_is_not_there_cannot_be_ended(wps):
    """
    With the input that names it.
    """
    reply = call(wps, "weps:EndInhibition", inhibitionId="nobody")

    assert (reply.status, reply.fault) == (400, ("InvalidParameterValue", "inhibitionId"))
