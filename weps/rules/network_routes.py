"""The rules of a network, and the ways by which observations reach them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from weps.rules.base import WHOLE_RULE

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from weps.model import Json, Observation
    from weps.rules.base import Rule
    from weps.rules.index import Group

Selector: TypeAlias = tuple[str | None, str | None, str | None]
"""Procedure, observed property and feature of interest; None: any."""
Mask: TypeAlias = tuple[bool, bool, bool]
ANYTHING: tuple[Selector, ...] = ((None, None, None),)


@dataclass(slots=True)
class Watch:
    """
    One rule with its states by correlation key.

    What a rule may tell of itself beyond its contract decides how much it is shown:

    - `selectors`: only observations that one of them takes; a rule without is shown everything;
    - `due(state)`: only ticks at or after that time; a rule without is told every tick, and its states count as
      changed each time, since it may change them in place;
    - `clocked`: its states have a clock that every observation would move. It is told the time (with a tick) before
      an observation it looks at and when something is due, and its states count as changed whenever it is called.

    `clock_from` is where the network's clock stood when the rule came: up to there the rule has its own time.
    """

    subscription_id: str
    order: int
    rule: Rule
    activation: datetime
    states: dict[str, Any]
    clock_from: datetime | None
    selectors: tuple[Selector, ...]
    awake: bool
    clocked: bool

    def due(self, key: str) -> datetime | None:
        """Give the instant from which on a tick may bring something, if the rule can tell."""
        due = getattr(self.rule, "due", None)
        return None if due is None else due(self.states[key])


def watch_of(
    subscription_id: str,
    order: int,
    rule: Rule,
    *,
    activation: datetime,
    states: Mapping[str, Json],
    now: datetime | None,
) -> Watch:
    """
    Make the watch of a rule with the states that were stored for it.

    A rule that keeps one state for everything has it from the beginning, so that time alone can bring something.
    """
    loaded = {key: rule.load(stored) for key, stored in states.items()}
    if getattr(rule, "correlate", "rule") == "rule" and WHOLE_RULE not in loaded:
        loaded[WHOLE_RULE] = rule.start(activation)
    return Watch(
        subscription_id,
        order,
        rule,
        activation,
        loaded,
        clock_from=None if states else now,
        selectors=getattr(rule, "selectors", ANYTHING),
        awake=not hasattr(rule, "due"),
        clocked=getattr(rule, "clocked", False),
    )


@dataclass(slots=True)
class Route:
    """The rules that name the same procedure, property and feature: those with states of their own, and groups."""

    watches: dict[int, Watch] = field(default_factory=dict)
    groups: dict[int, Group] = field(default_factory=dict)


def mask_of(selector: Selector) -> Mask:
    """Tell which of the three names a selector has."""
    return selector[0] is not None, selector[1] is not None, selector[2] is not None


def seen_by(mask: Mask, observation: Observation) -> Selector:
    """Give the selector that would take an observation, of those that have the names of a mask."""
    return (
        observation.procedure if mask[0] else None,
        observation.observed_property if mask[1] else None,
        observation.feature_of_interest if mask[2] else None,
    )
