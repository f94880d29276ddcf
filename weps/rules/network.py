"""
Runs many rules together, each with its states, and gives the detections in a fixed order.

An observation is routed by hash on its procedure, property and feature to the rules that name them; the clock only
touches rules that have something due. The network holds the states that it was given and those that follow from
them, and hands out those that changed, so that they can be stored with the detections.
"""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Any, NamedTuple

from weps.rules.index import Group, Level, shape_of
from weps.rules.network_clock import Alarms, Place
from weps.rules.network_routes import Mask, Route, Selector, Watch, mask_of, seen_by, watch_of
from weps.rules.threshold.selection import CORRELATIONS
from weps.rules.threshold.simple import SimpleRule

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from weps.model import Detection, Json, Observation
    from weps.rules.base import Rule

SLOT_BITS = 32
MOST_SLOTS = (1 << SLOT_BITS) - 1
MOST_KNOWN = 100_000
"""For so many series it is remembered which rules look at them."""


class Found(NamedTuple):
    """A detection of the rule of a subscription, in the state of a correlation key."""

    subscription_id: str
    key: str
    detection: Detection


class Network:
    """
    Many rules that look at the same stream.

    Detections come observation by observation, then in the order in which the rules were added. An observation from
    before a rule's activation is shown like any other: one that comes late, or from a replayed past, is news as well.

    A network that is built anew from stored states is given the time up to which the old one had been told or shown
    anything (`now`), so that rules with a clock go on where they were.
    """

    def __init__(self, now: datetime | None = None) -> None:
        self._now = now
        self._watches: dict[str, Watch] = {}
        self._by_order: dict[int, Watch] = {}
        self._orders = count()
        self._routes: dict[Selector, Route] = {}
        self._masks: dict[Mask, int] = {}
        self._known: dict[tuple[object, ...], tuple[list[Level], list[Watch]]] = {}
        self._alarms = Alarms()
        self._clocked: set[int] = set()
        self._clock_alarms = Alarms()
        self._awake: dict[int, Watch] = {}
        self._changed: dict[tuple[str, str], Json | Watch] = {}
        self._places: dict[str, int] = {}
        self._groups: dict[int, Group] = {}
        self._shapes: dict[SimpleRule, int] = {}

    def __len__(self) -> int:
        return len(self._watches) + len(self._places)

    def __contains__(self, subscription_id: object) -> bool:
        return subscription_id in self._watches or subscription_id in self._places

    def add(self, subscription_id: str, rule: Rule, states: Mapping[str, Json], activation: datetime) -> None:
        """Take a rule in, with the states that were stored for it (none for a new one)."""
        if subscription_id in self:
            raise ValueError(f"subscription {subscription_id} is in the network already; remove it first")
        shape = shape_of(rule)
        if shape is not None and isinstance(rule, SimpleRule):
            self._place(subscription_id, rule, shape, states)
            return
        watch = watch_of(subscription_id, next(self._orders), rule, activation=activation, states=states, now=self._now)
        self._watches[subscription_id] = self._by_order[watch.order] = watch
        for selector in watch.selectors:
            self._route(selector).watches[watch.order] = watch
        if watch.awake:
            self._awake[watch.order] = watch
        if watch.clocked:
            self._clocked.add(watch.order)
        for key in watch.states:
            self._set_alarm(watch, key)
            if watch.clocked and not states:
                self._changed[subscription_id, key] = watch

    def remove(self, subscription_id: str) -> None:
        """Take a rule out; one that is not there is no error. Changes of its states are no longer handed out."""
        for key in [changed for changed in self._changed if changed[0] == subscription_id]:
            del self._changed[key]
        if subscription_id in self._places:
            self._displace(subscription_id)
            return
        watch = self._watches.pop(subscription_id, None)
        if watch is None:
            return
        del self._by_order[watch.order]
        self._awake.pop(watch.order, None)
        self._clocked.discard(watch.order)
        for selector in watch.selectors:
            del self._routes[selector].watches[watch.order]
            self._unroute(selector)

    def step(self, observations: Sequence[Observation]) -> list[Found]:
        """Show observations to the rules, in the order given."""
        found: list[Found] = []
        known = self._known
        for observation in observations:
            levels, watches = known.get(observation[1:4]) or self._resolve(observation)
            outcomes = self._ring(observation.end) if self._clocked else []
            for level in levels:
                if level.stirs(observation):
                    outcomes += self._step_level(level, observation)
            if watches:
                outcomes += self._step_watches(watches, observation)
            if self._clocked and (self._now is None or observation.end > self._now):
                self._now = observation.end
            if outcomes:
                outcomes.sort(key=_in_order)
                found += [outcome[1] for outcome in outcomes]
        return found

    def tick(self, now: datetime) -> list[Found]:
        """Tell the time: all observations up to now that could be had have been shown."""
        due = {(order, key) for order, watch in self._awake.items() for key in watch.states}
        due |= self._alarms.take(now) | self._clock_alarms.take(now)
        if self._now is None or now > self._now:
            self._now = now
        return [found for _, found in self._tick_states(due, now)]

    def take_changes(self) -> dict[tuple[str, str], Json]:
        """Give the states by (subscription, correlation key) that changed since the last call, ready to be stored."""
        changed, self._changed = self._changed, {}
        return {
            (subscription_id, key): change.rule.dump(change.states[key]) if isinstance(change, Watch) else change
            for (subscription_id, key), change in changed.items()
        }

    def _resolve(self, observation: Observation) -> tuple[list[Level], list[Watch]]:
        """Find the rules that look at the series of an observation; they are known from now on."""
        routes = [route for mask in self._masks if (route := self._routes.get(seen_by(mask, observation)))]
        groups = [group for route in routes for group in route.groups.values()]
        levels = [group.level(CORRELATIONS[group.shape.correlate](observation)) for group in groups]
        watches = {order: watch for route in routes for order, watch in route.watches.items()}
        if len(self._known) >= MOST_KNOWN:
            self._known.clear()
        self._known[observation[1:4]] = levels, [watches[order] for order in sorted(watches)]
        return self._known[observation[1:4]]

    def _step_watches(self, watches: list[Watch], observation: Observation) -> list[tuple[int, Found]]:
        outcomes: list[tuple[int, Found]] = []
        for watch in watches:
            key = watch.rule.correlation_key(observation)
            if key is None:
                continue
            state = watch.states.get(key)
            if state is None:
                state = watch.rule.start(watch.activation)
            elif watch.clocked and self._now is not None and watch.clock_from != self._now:
                state, _ = watch.rule.tick(state, self._now)
            after, detections = watch.rule.step(state, observation)
            self._keep(watch, key, state, after)
            outcomes += [(watch.order, Found(watch.subscription_id, key, detection)) for detection in detections]
        return outcomes

    def _ring(self, now: datetime) -> list[tuple[int, Found]]:
        """Let the rules with a clock do what is due before an observation of a time, whether they look at it or not."""
        due = self._clock_alarms.take(now)
        return self._tick_states(due, now) if due else []

    def _tick_states(self, due: set[Place], now: datetime) -> list[tuple[int, Found]]:
        outcomes: list[tuple[int, Found]] = []
        for order, key in sorted(due):
            watch = self._by_order.get(order)
            if watch is None:
                continue
            state = watch.states[key]
            after, detections = watch.rule.tick(state, now)
            self._keep(watch, key, state, after)
            outcomes += [(order, Found(watch.subscription_id, key, detection)) for detection in detections]
        return outcomes

    def _step_level(self, level: Level, observation: Observation) -> list[tuple[int, Found]]:
        outcomes: list[tuple[int, Found]] = []
        for order, subscription_id, key, detection, state in level.step(observation):
            outcomes.append((order, Found(subscription_id, key, detection)))
            if state is not None:
                self._changed[subscription_id, key] = state
        return outcomes

    def _keep(self, watch: Watch, key: str, before: Any, after: Any) -> None:
        if after is not before or watch.awake or watch.clocked:
            watch.states[key] = after
            self._changed[watch.subscription_id, key] = watch
        self._set_alarm(watch, key)

    def _set_alarm(self, watch: Watch, key: str) -> None:
        if key in watch.states and (due := watch.due(key)) is not None:
            (self._clock_alarms if watch.clocked else self._alarms).put((watch.order, key), due)

    def _place(self, subscription_id: str, rule: SimpleRule, shape: SimpleRule, states: Mapping[str, Json]) -> None:
        """Put a plain threshold into the group of its shape; its place is the group's number and its slot there."""
        number = self._shapes.get(shape)
        if number is None:
            number = self._shapes[shape] = next(self._orders)
            self._groups[number] = Group(shape)
            self._route(shape.selection.selector).groups[number] = self._groups[number]
        group = self._groups[number]
        slot = group.add(subscription_id, next(self._orders), rule)
        if states:
            group.restore(slot, states)
        self._places[subscription_id] = number << SLOT_BITS | slot

    def _displace(self, subscription_id: str) -> None:
        place = self._places.pop(subscription_id)
        number, slot = place >> SLOT_BITS, place & MOST_SLOTS
        group = self._groups[number]
        group.remove(slot)
        if group.empty == len(group.subscriptions):
            selector = group.shape.selection.selector
            del self._groups[number], self._shapes[group.shape], self._routes[selector].groups[number]
            self._unroute(selector)
        elif group.wasteful:
            group.compact()
            for place, kept in enumerate(group.subscriptions):
                self._places[str(kept)] = number << SLOT_BITS | place

    def _route(self, selector: Selector) -> Route:
        """Give the route of a selector, to be changed: what was known of the ways of series is forgotten."""
        self._known.clear()
        if selector not in self._routes:
            self._routes[selector] = Route()
            mask = mask_of(selector)
            self._masks[mask] = self._masks.get(mask, 0) + 1
        return self._routes[selector]

    def _unroute(self, selector: Selector) -> None:
        """Forget a route that leads nowhere, and what was known of the ways of series."""
        self._known.clear()
        route, mask = self._routes[selector], mask_of(selector)
        if route.watches or route.groups:
            return
        del self._routes[selector]
        self._masks[mask] -= 1
        if not self._masks[mask]:
            del self._masks[mask]


def _in_order(outcome: tuple[int, Found]) -> int:
    return outcome[0]
