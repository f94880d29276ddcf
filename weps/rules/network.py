"""
Runs many rules together, each with its states, and gives the detections in a fixed order.

An observation is routed by hash on its procedure, property and feature to the rules that name them; the clock only
touches rules that have something due. The network holds the states that it was given and those that follow from
them, and hands out those that changed, so that they can be stored with the detections.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from weps.rules.base import WHOLE_RULE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from weps.model import Detection, Json, Observation
    from weps.rules.base import Rule

Selector: TypeAlias = tuple[str | None, str | None, str | None]
ANYTHING: tuple[Selector, ...] = ((None, None, None),)


class Found(NamedTuple):
    """A detection of the rule of a subscription, in the state of a correlation key."""

    subscription_id: str
    key: str
    detection: Detection


@dataclass(slots=True)
class Watch:
    """
    One rule with its states by correlation key.

    `queued` has the keys for which the clock is set, with its time; a rule that cannot say when it is due is told
    every tick.
    """

    subscription_id: str
    order: int
    rule: Rule
    activation: datetime
    states: dict[str, Any]
    queued: dict[str, datetime] = field(default_factory=dict)

    @property
    def selectors(self) -> tuple[Selector, ...]:
        """What the rule looks at; a rule that does not tell is shown everything."""
        return getattr(self.rule, "selectors", None) or ANYTHING

    @property
    def awake(self) -> bool:
        """Whether the rule must be told every tick."""
        return not hasattr(self.rule, "due")

    def due(self, key: str) -> datetime | None:
        """Give the instant from which on a tick may bring something, if the rule can tell."""
        due = getattr(self.rule, "due", None)
        return None if due is None else due(self.states[key])


class Network:
    """
    Many rules that look at the same stream.

    Detections come observation by observation, then in the order in which the rules were added. An observation from
    before a rule's activation is not shown to it.
    """

    def __init__(self) -> None:
        self._watches: dict[str, Watch] = {}
        self._by_order: dict[int, Watch] = {}
        self._orders = count()
        self._routes: dict[Selector, dict[int, Watch]] = {}
        self._masks: dict[tuple[bool, bool, bool], int] = {}
        self._clock: list[tuple[datetime, int, str]] = []
        self._awake: dict[int, Watch] = {}
        self._changed: dict[tuple[str, str], None] = {}

    def add(self, subscription_id: str, rule: Rule, states: Mapping[str, Json], activation: datetime) -> None:
        """Take a rule in, with the states that were stored for it (none for a new one)."""
        if subscription_id in self._watches:
            raise ValueError(f"subscription {subscription_id} is in the network already; remove it first")
        loaded = {key: rule.load(stored) for key, stored in states.items()}
        watch = Watch(subscription_id, next(self._orders), rule, activation, loaded)
        if getattr(rule, "correlate", "rule") == "rule" and WHOLE_RULE not in loaded:
            loaded[WHOLE_RULE] = rule.start(activation)
        self._watches[subscription_id] = self._by_order[watch.order] = watch
        for selector in watch.selectors:
            self._routes.setdefault(selector, {})[watch.order] = watch
            mask = _mask(selector)
            self._masks[mask] = self._masks.get(mask, 0) + 1
        if watch.awake:
            self._awake[watch.order] = watch
        for key in loaded:
            self._set_clock(watch, key)

    def remove(self, subscription_id: str) -> None:
        """Take a rule out; one that is not there is no error. Changes of its states are no longer handed out."""
        watch = self._watches.pop(subscription_id, None)
        if watch is None:
            return
        del self._by_order[watch.order]
        self._awake.pop(watch.order, None)
        for selector in watch.selectors:
            route, mask = self._routes[selector], _mask(selector)
            del route[watch.order]
            if not route:
                del self._routes[selector]
            self._masks[mask] -= 1
            if not self._masks[mask]:
                del self._masks[mask]
        for key in [changed for changed in self._changed if changed[0] == subscription_id]:
            del self._changed[key]

    def step(self, observations: Sequence[Observation]) -> list[Found]:
        """Show observations to the rules, in the order given."""
        found: list[Found] = []
        for observation in observations:
            for watch in self._wanting(observation):
                key = watch.rule.correlation_key(observation)
                if key is None or observation.end < watch.activation:
                    continue
                state = watch.states.get(key)
                if state is None:
                    state = watch.rule.start(watch.activation)
                found += self._moved(watch, key, state, *watch.rule.step(state, observation))
        return found

    def tick(self, now: datetime) -> list[Found]:
        """Tell the time: all observations up to now that could be had have been shown."""
        due = {(order, key) for order, watch in self._awake.items() for key in watch.states}
        while self._clock and self._clock[0][0] <= now:
            time, order, key = heapq.heappop(self._clock)
            watch = self._by_order.get(order)
            if watch is not None and watch.queued.get(key) == time:
                del watch.queued[key]
                due.add((order, key))
        found: list[Found] = []
        for order, key in sorted(due):
            watch = self._by_order[order]
            state = watch.states[key]
            found += self._moved(watch, key, state, *watch.rule.tick(state, now))
        return found

    def take_changes(self) -> dict[tuple[str, str], Json]:
        """Give the states by (subscription, correlation key) that changed since the last call, ready to be stored."""
        changed, self._changed = self._changed, {}
        return {
            (subscription_id, key): self._watches[subscription_id].rule.dump(self._watches[subscription_id].states[key])
            for subscription_id, key in changed
        }

    def _wanting(self, observation: Observation) -> list[Watch]:
        """Give the rules that may want an observation, in the order of their addition."""
        wanting: dict[int, Watch] = {}
        for procedure, observed_property, feature in self._masks:
            wanting |= self._routes.get(
                (
                    observation.procedure if procedure else None,
                    observation.observed_property if observed_property else None,
                    observation.feature_of_interest if feature else None,
                ),
                {},
            )
        return [wanting[order] for order in sorted(wanting)]

    def _moved(
        self, watch: Watch, key: str, before: Any, after: Any, detections: tuple[Detection, ...]
    ) -> Iterator[Found]:
        if after is not before:
            watch.states[key] = after
            self._changed[watch.subscription_id, key] = None
        self._set_clock(watch, key)
        return (Found(watch.subscription_id, key, detection) for detection in detections)

    def _set_clock(self, watch: Watch, key: str) -> None:
        """
        Queue the state for the tick that is due.

        A state stands in the queue once: when its due time moves on, it is queued again only as the old one comes up.
        """
        if key not in watch.states or (due := watch.due(key)) is None:
            return
        queued = watch.queued.get(key)
        if queued is None or due < queued:
            watch.queued[key] = due
            heapq.heappush(self._clock, (due, watch.order, key))


def _mask(selector: Selector) -> tuple[bool, bool, bool]:
    return selector[0] is not None, selector[1] is not None, selector[2] is not None
