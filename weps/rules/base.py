"""
What every rule is to the rest of WEPS: a pure machine with a state that can be stored between any two events.

A rule language compiles a text to a `Rule`. A rule reads no clock and keeps nothing in itself. The engine keeps one
state per (subscription, correlation key), feeds it observations in order and tells it the time with ticks:

    state = rule.start(activation)
    state, detections = rule.step(state, observation)
    state, detections = rule.tick(state, now)
    rule.load(rule.dump(state)) == state        # plain JSON without NaN, versioned, complete
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from datetime import datetime

    from weps.model import Detection, Json, Observation

WHOLE_RULE = ""
"""The correlation key of rules that keep one state for everything they see."""


class Rule(Protocol):
    """A compiled rule. `State` is the rule's own business; only `dump` and `load` cross its border."""

    @property
    def name(self) -> str:
        """A short name for people: from the text if it has one, else made from what it watches."""
        ...

    @property
    def has_episodes(self) -> bool:
        """
        Whether what begins is also told to end.

        Then a detection `firing` opens an episode and `resolved` closes it; else every detection stands alone.
        """
        ...

    def correlation_key(self, observation: Observation) -> str | None:
        """Give the key of the state that this observation belongs to; None when the rule does not want it."""
        ...

    def start(self, activation: datetime) -> Any:
        """Give the state of a rule that has seen nothing, its clock at the activation."""
        ...

    def step(self, state: Any, observation: Observation) -> tuple[Any, tuple[Detection, ...]]:
        """Take one observation."""
        ...

    def tick(self, state: Any, now: datetime) -> tuple[Any, tuple[Detection, ...]]:
        """Take the news that all observations up to `now` that could be had have been given."""
        ...

    def dump(self, state: Any) -> Json:
        """Give the state as plain JSON: small, versioned, without NaN."""
        ...

    def load(self, stored: Json) -> Any:
        """Give back the state that was dumped, by this version or an older one."""
        ...
