"""How sources fare, as a user of a running service sees it."""

from __future__ import annotations

import json

import requests
from openapi_spec_validator import OpenAPIV30SpecValidator

from tests.flows.conftest import Running
from tests.flows.rules import HEAT
from tests.waiting import wait_for
from weps.__main__ import main


def test_sources_are_shown_over_http_and_on_the_command_line(service: Running, capsys):
    """
    After a restart the source is as before, with what its service announces: read without being asked for.
    """
    service.insert_sensor("ws", "AirTemperature")
    subscribed = service.subscribe(rule=HEAT, getObservationTemplate=service.template("ws", "AirTemperature"))
    service.insert("ws", "AirTemperature", (0, 31))
    service.wait_for_entries(subscribed["feed"], 1)
    service.stop()
    service.start()
    found = wait_for(lambda: served(service))
    definition = requests.get(f"{service.url}/openapi.json", timeout=10).json()

    assert main(["sources", "--url", service.url, "--state", "ok,stale"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert main(["sources", "1", "--url", service.url]) == 0
    one = json.loads(capsys.readouterr().out)
    assert main(["sources", "2", "--url", service.url]) == 1

    assert (found["state"], found["subscriptions"], found["series"]) == ("ok", 1, 1)
    assert found["newestObservation"] == "2024-03-01T00:00:00Z"
    assert (found["serves"]["offerings"], found["serves"]["procedures"], found["serves"]["properties"]) == (1, 1, 1)
    assert ([source["id"] for source in listed["sources"]], listed["count"]) == ([1], 1)
    assert one["serves"]["offeringList"][0]["procedures"] == ["ws"]
    assert subscribed["feed"].rsplit("/", 1)[1].partition(".")[0] not in json.dumps([listed, one])
    assert [*OpenAPIV30SpecValidator(definition).iter_errors()] == []
    schema = definition["components"]["schemas"]["Source"]["properties"]
    assert set(one) <= set(schema)
    assert set(one["serves"]) <= set(schema["serves"]["properties"])


def served(service: Running) -> dict | None:
    """The source, once it is known what its service announces."""
    source = requests.get(f"{service.url}/sources/1", timeout=10).json()
    return source if source.get("serves", {}).get("offerings") else None
