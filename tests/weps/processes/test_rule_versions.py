"""From an alert to the text of the rule that gave it, also after an exchange; and ends as they really were."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from lxml import etree
from starlette.applications import Starlette

from sos_server.time import format_instant
from tests.flows.rules import HEAT, OVERSHOOT
from tests.weps.asgi import Client
from tests.weps.bench import Bench, at
from tests.weps.test_rule_failures import MANY
from weps.feeders.http import Fetcher
from weps.model import Changes, RuleText, Subscription
from weps.processes.base import Context, Text
from weps.processes.execute import execute
from weps.processes.job_control import JobControl
from weps.processes.registry import PROCESSES
from weps.processes.wps20_encode import write_status
from weps.rules.languages import detect_language
from weps.rules.operators import view
from weps.web.routes import create_routes

MORE_HEAT = HEAT.replace("30", "35")
WPS = "{http://www.opengis.net/wps/2.0}"
XMLNS = {"weps": "urn:weps:subscription:1"}


def context_of(bench: Bench) -> Context:
    return Context(bench.engine, Fetcher(frozenset({"127.0.0.1"})), bench.sos.url)


def described(bench: Bench, subscription: Subscription) -> dict[str, str]:
    outputs = execute(PROCESSES["weps:GetSubscription"], {"subscriptionId": [Text(subscription.id)]}, context_of(bench))
    return outputs["subscription"]


def exchange(bench: Bench, subscription: Subscription, rule: str) -> bool:
    """Give a subscription another rule; tells whether it began anew."""
    changes = Changes(rule=RuleText(detect_language(rule), rule))
    return bench.engine.update(subscription.id, changes)[1]


@pytest.fixture
def changed(bench: Bench) -> Subscription:
    """A subscription that gave two alerts by its first rule, none by the second, and one by the third."""
    subscription = bench.subscribe(HEAT)
    bench.sos.insert((at(1), 31), (at(2), 20))
    bench.poll(3)
    exchange(bench, subscription, MORE_HEAT)
    bench.poll(4)
    exchange(bench, subscription, OVERSHOOT)
    bench.sos.insert((at(5), 31), (at(6), 20))
    bench.poll(7)
    return bench.engine.subscription(subscription.id)


def test_all_versions_of_a_rule_are_told_with_their_alerts(bench: Bench, changed: Subscription):
    """
    Text, language, since when, and how many alerts each gave: in JSON and in XML the same.
    """
    texts = described(bench, changed)

    versions = json.loads(texts["application/json"])["ruleVersions"]
    assert [(one["version"], one["text"]) for one in versions] == [(1, HEAT), (2, MORE_HEAT), (3, OVERSHOOT)]
    assert [one["since"] for one in versions] == [format_instant(at(minutes)) for minutes in (0, 3, 4)]
    assert [one["alertCount"] for one in versions] == [2, 0, 1]
    assert [alert.rule_version for alert in bench.alerts(changed)] == [1, 1, 3]
    document = etree.fromstring(texts["text/xml"])
    assert document.xpath("weps:RuleVersions/weps:RuleVersion/weps:Text/text()", namespaces=XMLNS) == [
        HEAT,
        MORE_HEAT,
        OVERSHOOT,
    ]


def test_an_alert_leads_to_the_rule_that_gave_it(bench: Bench, changed: Subscription):
    """
    Its document has the text of that version, not of the one that is there now.
    """
    client = Client(Starlette(routes=create_routes(bench.store)))

    documents = [json.loads(client.get(f"/alerts/{alert.id}").body) for alert in bench.alerts(changed)]

    assert [one["rule"]["text"] for one in documents] == [HEAT, HEAT, OVERSHOOT]
    assert [one["rule"]["version"] for one in documents] == [1, 1, 3]
    assert documents[0]["rule"]["since"] == format_instant(at(0))


@pytest.mark.parametrize(
    ("rule", "restarted", "versions"),
    [(HEAT, False, [1]), (HEAT.replace("30", "30.0"), False, [1, 2]), (MORE_HEAT, True, [1, 2])],
    ids=["same text", "same rule in other words", "another rule"],
)
def test_a_rule_that_says_the_same_goes_on_in_its_state(bench: Bench, rule: str, restarted: bool, versions: list[int]):
    """
    What was on is resolved later where the rule says the same; another rule begins anew. Each text is a version.
    """
    subscription = bench.subscribe(HEAT)
    bench.sos.insert((at(1), 36))
    bench.poll(2)

    began_anew = exchange(bench, subscription, rule)
    bench.sos.insert((at(3), 20))
    bench.poll(4)

    assert began_anew is restarted
    assert [one.version for one in bench.store.rule_versions(subscription.id)] == versions
    expected = ["firing", "firing", "resolved"] if restarted else ["firing", "resolved"]
    assert [alert.status.value for alert in bench.alerts(subscription)] == expected


@pytest.mark.parametrize("end", ["cancelled", "ended"])
def test_the_job_of_a_subscription_was_finished_when_it_was_really_over(bench: Bench, end: str):
    """
    Not when it was to end: in the job, in the status of WPS 2.0, and in the description of the subscription.
    """
    subscription = bench.subscribe(HEAT, runtime=timedelta(minutes=30))
    minutes = {"cancelled": 10, "ended": 31}[end]
    bench.now = at(minutes)
    if end == "cancelled":
        bench.engine.cancel(subscription.id)
    bench.engine.expire()
    bench.now = at(90)

    state = JobControl(PROCESSES, context_of(bench), clock=lambda: bench.now).state(subscription.id)

    assert (state.finished, state.updated) == (at(minutes), at(minutes))
    assert write_status(state).findtext(f"{WPS}EstimatedCompletion") == format_instant(at(minutes))
    members = json.loads(described(bench, subscription)["application/json"])
    assert (members["status"], members["ended"]) == (end, format_instant(at(minutes)))
    assert members["expires"] == format_instant(at(30))


def test_a_subscription_whose_rule_failed_is_a_failed_job(bench: Bench, monkeypatch: pytest.MonkeyPatch):
    """
    With the reason that its last alert gives; it was over then, and may be dismissed.
    """
    monkeypatch.setattr(view, "MAX_EVENTS", 2)
    subscription = bench.subscribe(MANY)
    bench.sos.insert((at(1), 20), (at(2), 31), (at(3), 20))
    bench.poll(5)
    control = JobControl(PROCESSES, context_of(bench), clock=lambda: bench.now)

    state = control.state(subscription.id)
    dismissed = control.dismiss(subscription.id)

    assert (state.status, state.finished, state.paused) == ("failed", at(5), False)
    assert "would hold more than 2 events" in state.fault.text
    assert (dismissed.status, dismissed.finished) == ("dismissed", at(5))
