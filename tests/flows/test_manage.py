"""The commands that manage the subscriptions of a running service, as an operator types them."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
import requests

from tests.flows.conftest import Running
from tests.flows.rules import HEAT
from weps.__main__ import main
from weps.client import ComplexInput, execute


@pytest.fixture
def typed(service: Running, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """Run a command against the service; gives its exit code, what it printed, and its complaint."""

    def run(*arguments: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = main([*arguments, "--url", f"{service.url}/wps"])
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return run


@pytest.fixture
def heat(tmp_path: Path) -> str:
    (tmp_path / "heat.json").write_text(HEAT)
    return str(tmp_path / "heat.json")


def test_a_subscription_is_tried_made_renewed_paused_resumed_and_cancelled(service: Running, typed, heat: str):
    """
    Each command prints the subscription as it is then; after a restart of the service it is still so.
    """
    service.insert_sensor("ws", "AirTemperature")
    service.insert("ws", "AirTemperature", (0, 20), (1, 31), (2, 20))
    source = ("--rule", heat, "--procedure", "ws", "--property", "AirTemperature")
    past = ("--since", "2024-03-01T00:00:00Z", "--until", "2024-03-01T01:00:00Z")
    tried = json.loads(typed("dry-run", *source, *past)[1])
    rows = list(csv.DictReader(io.StringIO(typed("dry-run", *source, *past, "--format", "csv")[1])))
    made = json.loads(typed("subscribe", *source, "--for", "P1D", "--every", "PT0.3S")[1])
    renewed = json.loads(typed("renew", made["id"], "--until", "2100-01-01T00:00:00Z")[1])
    paused = json.loads(typed("pause", made["id"])[1])
    service.stop()
    service.start()
    still = json.loads(typed("list")[1])["subscriptions"][0]
    resumed = json.loads(typed("resume", made["id"])[1])
    cancelled = json.loads(typed("cancel", made["id"])[1])

    code, printed, complaint = typed("renew", made["id"], "--for", "P1D")

    assert (tried["count"], [row["status"] for row in rows]) == (2, ["firing", "resolved"])
    assert renewed["expires"] == "2100-01-01T00:00:00Z" > made["expires"]
    states = [one["status"] for one in (renewed, paused, still, resumed, cancelled)]
    assert states == ["active", "paused", "paused", "active", "cancelled"]
    assert ("nextPoll" in renewed, "nextPoll" in paused) == (True, False)
    assert (code, printed) == (1, "")
    assert "subscribe anew" in complaint


def test_a_subscription_with_targets_tells_the_secret_of_a_webhook(new_service, heat: str, capsys):
    """
    Each sink is a target of its own; that nobody answers there is told and refuses nothing.
    """
    service = new_service(WEPS_ALLOWED_HOSTS='["127.0.0.1:9"]')
    service.insert_sensor("ws", "AirTemperature")
    hooks = [f"webhook+http://127.0.0.1:9/{name}" for name in ("one", "two")]
    source = ("--rule", heat, "--procedure", "ws", "--property", "AirTemperature")

    code = main(["subscribe", *source, "--sink", hooks[0], "--sink", hooks[1], "--url", f"{service.url}/wps"])

    targets = json.loads(capsys.readouterr().out)["targets"]
    assert (code, [each["target"] for each in targets]) == (0, hooks)
    assert all(each["secret"].startswith("whsec_") for each in targets)
    assert all("refused" in each["test"] or "unreachable" in each["test"] for each in targets)


def test_a_subscription_is_made_with_how_its_alerts_are_told(new_service, heat: str, capsys):
    """
    What can be said when it is made can be said with the command.
    """
    service = new_service(WEPS_ALLOWED_HOSTS='["127.0.0.1:9"]')
    others = [f"webhook+http://127.0.0.1:9/{name}" for name in ("one", "two")]
    source = ("--rule", heat, "--procedure", "ws", "--property", "AirTemperature")
    told = {
        "--language": "de",
        "--title-template": "{feature}: {value}",
        "--alert-status": "Exercise",
        "--late-policy": "reorder",
        "--late-bound": "PT2H",
        "--corrections": "evaluate",
        "--repeat": "PT30M",
        "--escalate-after": "PT1H",
    }

    words = [word for option in told.items() for word in option]
    escalated = [word for other in others for word in ("--escalate-to", other)]

    code = main(["subscribe", *source, *words, *escalated, "--url", f"{service.url}/wps"])

    shown = json.loads(capsys.readouterr().out)
    names = ("language", "titleTemplate", "alertStatus", "latePolicy", "lateBound", "corrections", "repeat")
    assert (code, [shown[name] for name in (*names, "escalateAfter")]) == (0, list(told.values()))
    assert [f"webhook+{each['address']}" for each in shown["escalateTos"]] == others


def test_a_long_list_of_subscriptions_is_shown_in_pages(typed, heat: str):
    """
    Also those of one state.
    """
    source = ("--rule", heat, "--procedure", "ws", "--property", "AirTemperature")
    made = [json.loads(typed("subscribe", *source)[1])["id"] for _ in range(3)]
    typed("pause", made[0])

    pages = [json.loads(typed("list", "--limit", "2", "--offset", offset)[1]) for offset in ("0", "2")]
    paused = json.loads(typed("list", "--status", "paused")[1])

    assert [len(page["subscriptions"]) for page in pages] == [2, 1]
    assert sorted(each["id"] for page in pages for each in page["subscriptions"]) == sorted(made)
    assert [each["id"] for each in paused["subscriptions"]] == made[:1]


def test_a_paused_subscription_keeps_its_feed_and_says_nothing(service: Running, typed):
    """
    What happens in a pause is not told; the feed is readable all the time and goes on afterwards.
    """
    service.insert_sensor("ws", "AirTemperature")
    made = service.subscribe(rule=HEAT, getObservationTemplate=service.template("ws", "AirTemperature"))
    service.insert("ws", "AirTemperature", (0, 31))
    service.wait_for_entries(made["feed"], 1)
    typed("pause", made["subscriptionId"])
    service.insert("ws", "AirTemperature", (1, 20), (2, 40), (3, 20))
    during = len(service.entries(made["feed"]))
    typed("resume", made["subscriptionId"])
    service.insert("ws", "AirTemperature", (4, 35))

    found = [(entry.weps_status, entry.weps_value) for entry in service.wait_for_entries(made["feed"], 3)]

    assert during == 1
    # what was open when it was paused is told to be over soon after it goes on, before or after what comes then
    assert (found[0], sorted(found[1:])) == (("firing", "31"), [("expired", "31"), ("firing", "35")])


def test_the_versions_of_a_rule_are_shown(service: Running, typed, heat: str):
    """
    `weps show` prints a subscription with every rule that it had; an alert leads to the one that gave it.
    """
    service.insert_sensor("ws", "AirTemperature")
    source = ("--rule", heat, "--procedure", "ws", "--property", "AirTemperature", "--every", "PT0.3S")
    made = json.loads(typed("subscribe", *source)[1])
    service.insert("ws", "AirTemperature", (0, 31))
    [entry] = service.wait_for_entries(made["feed"], 1)
    other = HEAT.replace("30", "40")
    inputs = {"subscriptionId": made["id"], "rule": ComplexInput(other, "application/json")}
    execute(f"{service.url}/wps", "weps:Update", inputs, {"ruleState": None})

    code, printed, _ = typed("show", made["id"])

    shown = json.loads(printed)
    assert (code, shown["rule"]["text"], shown["rule"]["version"]) == (0, other, 2)
    assert [(one["text"], one["alertCount"]) for one in shown["ruleVersions"]] == [(HEAT, 1), (other, 0)]
    assert requests.get(entry.link, timeout=20).json()["rule"]["text"] == HEAT
    assert typed("show", "nobody")[0] == 1
