"""
Stored states of all versions can be read, and no stored form changes unnoticed.

`states.json` holds what was stored in each version of each kind of state. Who changes a form adds an upgrade to
`weps/rules/migration.py` and an example to the file; the examples that are there stay.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.weps.rules.making import level, minute, rain
from weps.errors import StateError
from weps.model import RuleText
from weps.rules.languages import compile_rule, detect_language
from weps.rules.migration import UPGRADES, upgraded, version_of
from weps.rules.network import Network

EXAMPLES = json.loads((Path(__file__).parent / "states.json").read_text())
SEEN = [level(0, 1), rain(1, 5), level(3, 4), level(5, 2.5), rain(6, 7), level(8, 4)]
LATER = [level(9, 1), rain(10, 0), level(12, 5), level(20, 5), level(40, 2), level(60, 9)]
IDS = [f"{one['kind']} {one['version']} {number}" for number, one in enumerate(EXAMPLES)]


def network_of(example: dict[str, Any], states: Any) -> Network:
    """A network with the rule of an example."""
    network = Network()
    network.add("s", compile_rule(RuleText(detect_language(example["rule"]), example["rule"])), states, minute(0))
    return network


def stored(network: Network) -> dict[str, Any]:
    """What is to be stored of the rule, by correlation key."""
    network.store_clocks()
    return {key: json.loads(json.dumps(state)) for (_, key), state in network.take_changes().items()}


@pytest.mark.parametrize("example", EXAMPLES, ids=IDS)
def test_stored_state_of_every_version_goes_on(example):
    """
    A rule that is resumed from it tells what one tells that was never interrupted, and stores the same from then on.
    """
    whole, resumed = network_of(example, {}), network_of(example, example["states"])
    whole.step(SEEN)
    whole.tick(minute(8))

    expected = whole.step(LATER) + whole.tick(minute(200))
    found = resumed.step(LATER) + resumed.tick(minute(200))

    assert [] == resumed.take_failures()
    assert expected == found
    assert stored(whole) == stored(resumed)


@pytest.mark.parametrize(
    "example",
    [one for one in EXAMPLES if one["version"] == version_of(one["kind"])],
    ids=[name for name, one in zip(IDS, EXAMPLES, strict=True) if one["version"] == version_of(one["kind"])],
)
def test_stored_form_of_today_is_the_one_that_is_known(example):
    """
    Where this fails the form was changed: it needs an upgrade and a new example beside the old one.
    """
    network = network_of(example, {})

    network.step(SEEN)
    network.tick(minute(8))

    assert example["states"] == stored(network)


def test_every_version_of_every_kind_has_an_example():
    """
    Also those that nothing writes any more.
    """
    expected = {(kind, number + 1) for kind, upgrades in UPGRADES.items() for number in range(len(upgrades) + 1)}

    assert expected == {(one["kind"], one["version"]) for one in EXAMPLES}


@pytest.mark.parametrize("version", [0, 99, None, True, "1"])
def test_state_of_an_unknown_version_is_refused(version):
    """
    It is not guessed at; the words say what to do.
    """
    with pytest.raises(StateError, match=r"\(sliding\) is of version .* start the rule anew"):
        upgraded("sliding", version, [[], []])


def test_upgrades_are_gone_through_one_after_the_other(monkeypatch):
    """
    From the version of the state on, in the order in which they came.
    """
    monkeypatch.setattr(
        "weps.rules.migration.UPGRADES", {"x": (lambda old: [*old, "second"], lambda old: [*old, "third"])}
    )

    states = [upgraded("x", version, []) for version in (1, 2, 3)]

    assert [["second", "third"], ["third"], []] == states
