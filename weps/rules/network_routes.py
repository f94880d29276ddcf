"""The rules of a network, and the ways by which observations reach them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from weps.rules.base import WHOLE_RULE
from weps.rules.sharing import common_of, families_of
from weps.rules.threshold.selection import CORRELATIONS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from weps.model import Detection, Json, Observation
    from weps.rules.base import Rule
    from weps.rules.index import Group, Level
    from weps.rules.network_clock import Era
    from weps.rules.sharing import Family
    from weps.rules.threshold.simple import SimpleRule

Selector: TypeAlias = tuple[str | None, str | None, str | None]
"""Procedure, observed property and feature of interest; None: any."""
Mask: TypeAlias = tuple[bool, bool, bool]
Step: TypeAlias = "tuple[str, Any, Any, tuple[Detection, ...]]"
"""The correlation key, the state before and after, and what was detected."""
MOST_KNOWN = 100_000
"""For so many series it is remembered which rules look at them."""
ANYTHING: tuple[Selector, ...] = ((None, None, None),)


@dataclass(slots=True)
class Watch:
    """
    One rule with its states by correlation key, for one subscription or for several that share them.

    `members` are these subscriptions, each with its place in the order of detections; `common` is what the rule shares
    with others that compare the same thing.

    What a rule may tell of itself beyond its contract decides how much it is shown:

    - `selectors`: only observations that one of them takes; a rule without is shown everything;
    - `due(state)`: only ticks at or after that time; a rule without is told every tick;
    - `clocked`: its only state has a clock that every observation would move. It is told the time (with a tick) before
      an observation it looks at, if that comes late, and when something is due. What time it is need not be stored;
    - `take_change(state)`: whether anything that must be stored changed since this was last asked. A rule without
      gives a new state where it changes one, or it has neither `due` nor `clocked`: then each call counts as a change.

    `era` is the time that has passed since the rule came.
    """

    members: dict[str, int]
    order: int
    rule: Rule
    activation: datetime
    states: dict[str, Any]
    era: Era
    selectors: tuple[Selector, ...]
    awake: bool
    clocked: bool
    take_change: Callable[[Any], bool] | None
    common: SimpleRule | None

    def step(self, observation: Observation, late: datetime | None) -> Step | None:
        """
        Show an observation to the state that it belongs to; None when the rule does not want it.

        `late` is the end of its time where rules with a clock may be ahead of it already.
        """
        rule = self.rule
        key = WHOLE_RULE if self.clocked else rule.correlation_key(observation)
        if key is None:
            return None
        state = self.states.get(key)
        if state is None:
            state = rule.start(self.activation)
        elif late is not None and self.clocked and (now := self.era.now) is not None and now > late:
            state, _ = rule.tick(state, now)  # nothing is due any more
        return key, state, *rule.step(state, observation)

    def must_store(self, before: Any, after: Any) -> bool:
        """Tell whether a state must be stored after a call."""
        if self.take_change is not None:
            return self.take_change(after)
        return after is not before or self.awake or self.clocked

    def set_clock(self, key: str) -> None:
        """Tell a state what time it is, before it is stored as the only one that knows."""
        if self.era.now is not None:
            self.states[key], _ = self.rule.tick(self.states[key], self.era.now)


def watch_of(
    subscription_id: str,
    order: int,
    rule: Rule,
    *,
    activation: datetime,
    states: Mapping[str, Json],
    era: Era,
) -> Watch:
    """
    Make the watch of a rule with the states that were stored for it.

    A rule that keeps one state for everything has it from the beginning, so that time alone can bring something.
    """
    loaded = {key: rule.load(stored) for key, stored in states.items()}
    if getattr(rule, "correlate", "rule") == "rule" and WHOLE_RULE not in loaded:
        loaded[WHOLE_RULE] = rule.start(activation)
    return Watch(
        {subscription_id: order},
        order,
        rule,
        activation,
        loaded,
        era=era,
        selectors=getattr(rule, "selectors", ANYTHING),
        awake=not hasattr(rule, "due"),
        clocked=getattr(rule, "clocked", False),
        take_change=getattr(rule, "take_change", None),
        common=common_of(rule),
    )


@dataclass(slots=True)
class Route:
    """The rules that name the same procedure, property and feature: those with states of their own, and groups."""

    watches: dict[int, Watch] = field(default_factory=dict)
    groups: dict[int, Group] = field(default_factory=dict)


class Ways(NamedTuple):
    """What looks at a series: thresholds that are looked up together, rules that are asked one by one, and families."""

    levels: list[Level]
    watches: list[Watch]
    families: list[Family]


class Routes:
    """Finds the rules that want an observation, by hash on the names that they name."""

    def __init__(self) -> None:
        self.known: dict[tuple[object, ...], Ways] = {}
        self._routes: dict[Selector, Route] = {}
        self._masks: dict[Mask, int] = {}

    def open(self, selector: Selector) -> Route:
        """Give the route of a selector, to be changed: what was known of the ways of series is forgotten."""
        self.known.clear()
        if selector not in self._routes:
            self._routes[selector] = Route()
            mask = _mask_of(selector)
            self._masks[mask] = self._masks.get(mask, 0) + 1
        return self._routes[selector]

    def close(self, selector: Selector) -> None:
        """Forget a route if it leads nowhere any more."""
        route, mask = self._routes[selector], _mask_of(selector)
        if route.watches or route.groups:
            return
        del self._routes[selector]
        self._masks[mask] -= 1
        if not self._masks[mask]:
            del self._masks[mask]

    def find(self, observation: Observation) -> Ways:
        """Find what looks at the series of an observation; it is known from now on."""
        routes = [route for mask in self._masks if (route := self._routes.get(_seen_by(mask, observation)))]
        groups = [group for route in routes for group in route.groups.values()]
        levels = [group.level(CORRELATIONS[group.shape.correlate](observation)) for group in groups]
        watches = {order: watch for route in routes for order, watch in route.watches.items()}
        if len(self.known) >= MOST_KNOWN:
            self.known.clear()
        ways = self.known[observation[1:4]] = Ways(levels, *families_of(watches.values()))
        return ways


def _mask_of(selector: Selector) -> Mask:
    """Tell which of the three names a selector has."""
    return selector[0] is not None, selector[1] is not None, selector[2] is not None


def _seen_by(mask: Mask, observation: Observation) -> Selector:
    """Give the selector that would take an observation, of those that have the names of a mask."""
    return (
        observation.procedure if mask[0] else None,
        observation.observed_property if mask[1] else None,
        observation.feature_of_interest if mask[2] else None,
    )
