"""The way every rule is tested: played three times, with its state stored in between."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING, Any

import pytest

from weps.rules.base import WHOLE_RULE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import datetime

    from weps.model import Detection, Observation
    from weps.rules.base import Rule


class _Player:
    """Runs a rule over observations, one state for each correlation key."""

    def __init__(self, rule: Rule, start: datetime) -> None:
        self.rule = rule
        self.start = start
        self.states: dict[str, Any] = {WHOLE_RULE: rule.start(start)}
        self.found: list[Detection] = []

    def step(self, observation: Observation) -> None:
        key = self.rule.correlation_key(observation)
        if key is not None:
            state = self.states.get(key) or self.rule.start(self.start)
            self.states[key], found = self.rule.step(state, observation)
            self.found += found

    def tick(self, now: datetime | None) -> None:
        for key, state in self.states.items() if now is not None else ():
            self.states[key], found = self.rule.tick(state, now)
            self.found += found

    def store(self) -> None:
        for key, state in self.states.items():
            stored = json.loads(json.dumps(self.rule.dump(state), allow_nan=False))
            self.states[key] = self.rule.load(stored)
            assert self.rule.dump(self.states[key]) == stored


def _plain(rule: Rule, inputs: Sequence[Observation], start: datetime, end: datetime | None) -> list[Detection]:
    player = _Player(rule, start)
    for observation in inputs:
        player.step(observation)
    player.tick(end)
    return player.found


def _stored(rule: Rule, inputs: Sequence[Observation], start: datetime, end: datetime | None) -> list[Detection]:
    player = _Player(rule, start)
    for observation in inputs:
        player.store()
        player.step(observation)
        player.store()
    player.tick(end)
    player.store()
    return player.found


def _in_batches(rule: Rule, inputs: Sequence[Observation], start: datetime, end: datetime | None) -> list[Detection]:
    """As a poll does it: some observations, then the news of how far the source was read, then the state is stored."""
    player = _Player(rule, start)
    chance = random.Random(len(inputs))
    for place, observation in enumerate(inputs):
        player.step(observation)
        follows = inputs[place + 1].end if place + 1 < len(inputs) else end
        if follows is not None and follows > observation.end and chance.random() < 0.5:
            player.tick(observation.end)
            player.store()
    player.tick(end)
    return player.found


@pytest.fixture
def play() -> Callable[..., list[Detection]]:
    """
    Play a rule and give its detections: `play(rule, observations, end=None, start=None)`.

    It is run plainly, then with its state going through JSON before and after each observation, then split into random
    batches; all three must give the same. The rule is activated at `start`, or at the earliest observation; `end`
    moves the clock on after the last one.
    """

    def run(
        rule: Rule, inputs: Iterable[Observation], end: datetime | None = None, start: datetime | None = None
    ) -> list[Detection]:
        stream = list(inputs)
        activation = start or min((one.end for one in stream), default=end)
        assert activation is not None, "nothing to play: give observations, or start and end"
        found = _plain(rule, stream, activation, end)
        assert _stored(rule, stream, activation, end) == found
        assert _in_batches(rule, stream, activation, end) == found
        return found

    return run
