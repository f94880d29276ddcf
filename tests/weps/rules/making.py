"""Observations and rules for the tests of the rule engine: short to write, with nothing that a test does not name."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from weps.model import Detection, Observation, Value
from weps.rules.backtest import backtest
from weps.rules.network import Network
from weps.rules.threshold import compile_threshold

NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)


def minute(minutes: float) -> datetime:
    """The instant so many minutes after noon."""
    return NOON + timedelta(minutes=minutes)


def level(minutes: float, value: Value, **members: Any) -> Observation:
    """An observation of the water level at the gauge, so many minutes after noon."""
    known = {"procedure": "gauge-1", "observed_property": "Level", "feature_of_interest": "river", "uom": "m"}
    return Observation(phenomenon_time=minute(minutes), value=value, **{"id": f"o{minutes:g}", **known, **members})


def rain(minutes: float, value: Value, **members: Any) -> Observation:
    """An observation of rain at the river, so many minutes after noon."""
    return level(minutes, value, **{"observed_property": "Rain", "uom": "mm", "id": f"r{minutes:g}", **members})


def threshold(**members: Any) -> dict[str, Any]:
    """A rule of type threshold: greater than 2, unless told otherwise. `held_for` stands for the member `for`."""
    rule = {"type": "threshold", "condition": "greaterThan", **members}
    if not {"threshold", "steps", "lower"} & set(rule):
        rule["threshold"] = 2
    if "held_for" in rule:
        rule["for"] = rule.pop("held_for")
    return rule


def compiled(rule: dict[str, Any]) -> Any:
    """The rule, compiled from its JSON text."""
    return compile_threshold(json.dumps(rule))


def detections(rule: dict[str, Any], observations: list[Observation], end: float | None = None) -> list[Detection]:
    """
    The detections of a rule over observations as they arrive; `end` moves the clock on, in minutes.

    The rule runs twice, the second time in a network that is built anew from the stored states after each observation.
    """
    machine, stored, broken = compiled(rule), {}, []
    whole = Network()
    start = min(seen.end for seen in observations) if observations else NOON
    whole.add("s", machine, {}, start)
    found = [one.detection for one in whole.step(observations)]
    found += [one.detection for one in whole.tick(minute(end))] if end is not None else []

    for seen in [*observations, *([None] if end is not None else [])]:
        network = Network()
        network.add("s", machine, stored, start)
        given = network.step([seen]) if seen else network.tick(minute(end or 0))
        broken += [one.detection for one in given]
        stored |= {key: json.loads(json.dumps(state)) for (_, key), state in network.take_changes().items()}
        for state in stored.values():
            assert machine.dump(machine.load(state)) == state
            assert machine.load(machine.dump(machine.load(state))) == machine.load(state)
    assert broken == found, "the rule gives something else when its state is stored in between"
    return found


def events(rule: dict[str, Any], observations: list[Observation], end: float | None = None) -> list[tuple[str, float]]:
    """What `detections` gives, as the names of the events with their minutes after noon."""
    return [
        (found.event or "", (found.time - NOON) / timedelta(minutes=1)) for found in detections(rule, observations, end)
    ]


def firings(rule: dict[str, Any], observations: list[Observation], end: float | None = None) -> list[float]:
    """The minutes after noon at which a rule fires."""
    return [time for event, time in events(rule, observations, end) if event == "firing"]


def levels(*values: Value) -> list[Observation]:
    """Water levels, one a minute from noon on."""
    return [level(number, value) for number, value in enumerate(values)]


def lines_of(rule: dict[str, Any], observations: list[Observation], **options: Any) -> list[dict[str, Any]]:
    """The lines that a backtest gives."""
    return list(backtest(compiled(rule), observations, **options))


def slide(source, stream, length, stored):
    """
    Show values, each with its minute, to a window of so many minutes; what comes too late has to give nothing.

    Gives for each of the rest the newest minute, the others in the window, the value, and what the window gave;
    `stored` says that the state goes through its stored form each time.
    """
    state, kept, newest = source.start(), [], 0
    for number, (time, value) in enumerate(stream):
        state, given_now = source.step(state, minute(time), value, str(number))
        state = source.load(source.dump(state)) if stored else state
        newest = max(newest, time)
        if time <= newest - length:
            assert () == given_now
            continue
        yield newest, [known for at, known in kept if at > newest - length], value, given_now
        kept.append((time, value))
