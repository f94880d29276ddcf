"""Rules of every kind, sent by a client to the running service."""

from __future__ import annotations

import json

from tests.flows.conftest import Running
from weps.__main__ import main
from weps.client import ComplexInput

FILTER = (
    '<fes:Filter xmlns:fes="http://www.opengis.net/fes/2.0"><fes:PropertyIsGreaterThan>'
    "<fes:ValueReference>value</fes:ValueReference><fes:Literal>{}</fes:Literal>"
    "</fes:PropertyIsGreaterThan></fes:Filter>"
)
RULES = {
    "filter": (FILTER.format(30), "text/xml"),
    "cql2 text": ("AirTemperature > 30", "text/plain"),
    "cql2 json": ('{"op": ">", "args": [{"property": "value"}, 30]}', "application/json"),
}


def test_conditions_are_told_from_the_newest_observation_on(service: Running):
    """
    A condition that holds when it is subscribed to alerts at once, another alert tells its end, in each language.
    """
    service.insert_sensor("roof", "AirTemperature")
    service.insert("roof", "AirTemperature", (0, 35))
    template = service.template("roof", "AirTemperature")

    answers = {
        name: service.subscribe(rule=ComplexInput(*rule), getObservationTemplate=template, title=name)
        for name, rule in RULES.items()
    }
    for answer in answers.values():
        service.wait_for_entries(answer["feed"], 1)
    service.insert("roof", "AirTemperature", (10, 36), (20, 29))
    found = {name: service.wait_for_entries(answer["feed"], 2) for name, answer in answers.items()}

    for name, entries in found.items():
        assert ["firing", "resolved"] == [entry.weps_status for entry in entries], name
        assert ["35", "29"] == [entry.weps_value for entry in entries], name
        assert "is greater than 30" in entries[0].title, name


def test_an_eventing_template_is_filled_and_watched(service: Running, tmp_path, capsys):
    """
    The rule that is watched is the one that the template makes; the command takes a rule in any language.
    """
    service.insert_sensor("roof", "AirTemperature")
    rule = tmp_path / "rule.json"
    rule.write_text(json.dumps({"template": FILTER.format("${level}"), "parameters": {"level": 40}}))
    command = ["subscribe", "--url", f"{service.url}/wps", "--rule", str(rule), "--every", "PT0.3S"]

    code = main([*command, "--template", service.template("roof", "AirTemperature")])
    service.insert("roof", "AirTemperature", (0, 39), (10, 41))
    entries = service.wait_for_entries(json.loads(capsys.readouterr().out)["feed"], 1)

    assert 0 == code
    assert ["41"] == [entry.weps_value for entry in entries]
