"""
Runs many rules together, each with its states, and gives the detections in a fixed order.

An observation is routed by hash on its procedure, property and feature to the rules that name them; the clock only
touches rules that have something due. The network holds the states that it was given and those that follow from
them, and hands out those that changed, so that they can be stored with the detections. Equal rules in equal states are
stepped once, and what different rules compute alike is computed once (`network_arrivals`, `sharing`).

A rule that fails while it runs is taken out and told of; the others do not notice.
"""

from __future__ import annotations

import logging
from itertools import count
from typing import TYPE_CHECKING, Any

from weps.errors import WepsError
from weps.rules.index import shape_of
from weps.rules.network_arrivals import Arrivals, mark_of
from weps.rules.network_clock import Alarms, Clock, Place
from weps.rules.network_groups import Groups
from weps.rules.network_outcome import Failure, Found, in_order
from weps.rules.network_routes import Routes, Watch, watch_of
from weps.rules.sharing import Dumps
from weps.rules.threshold.simple import SimpleRule

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from weps.model import Detection, Json, Observation
    from weps.rules.base import Rule
    from weps.rules.index import Level
    from weps.rules.sharing import Family

__all__ = ["Failure", "Found", "Network"]

LOG = logging.getLogger(__name__)


class Network:
    """
    Many rules that look at the same stream.

    Detections come observation by observation, then in the order in which the rules were added. An observation from
    before a rule's activation is shown like any other: one that comes late, or from a replayed past, is news as well.

    A network that is built anew from stored states is given the time up to which the old one had been told or shown
    anything (`now`), so that rules with a clock go on where they were. None: what is stored has its own time, because
    `store_clocks` was called last.
    """

    def __init__(self, now: datetime | None = None) -> None:
        self._clock = Clock(now)
        self._watches: dict[str, Watch] = {}
        self._by_order: dict[int, Watch] = {}
        self._orders = count()
        self._routes = Routes()
        self._groups = Groups(self._routes, self._orders)
        self._arrivals = Arrivals()
        self._alarms = Alarms()
        self._clocked: dict[int, Watch] = {}
        self._clock_alarms = Alarms()
        self._awake: dict[int, Watch] = {}
        self._changed: dict[tuple[str, str], Json | Watch] = {}
        self._failures: list[Failure] = []

    def __len__(self) -> int:
        return len(self._watches) + len(self._groups)

    def __contains__(self, subscription_id: object) -> bool:
        return subscription_id in self._watches or subscription_id in self._groups

    def add(self, subscription_id: str, rule: Rule, states: Mapping[str, Json], activation: datetime) -> None:
        """Take a rule in, with the states that were stored for it (none for a new one)."""
        if subscription_id in self:
            raise ValueError(f"subscription {subscription_id} is in the network already; remove it first")
        try:
            shape = shape_of(rule)
            if shape is not None and isinstance(rule, SimpleRule):
                self._groups.add(subscription_id, rule, shape, states)
                return
            watch = self._watch(subscription_id, rule, states, activation)
        except Exception as error:  # a state that does not fit must not keep the others from running
            self.fail(subscription_id, error)
            return
        self._watches[subscription_id] = watch
        if watch.clocked and not states:
            for key in watch.states:
                self._changed[subscription_id, key] = watch

    def remove(self, subscription_id: str) -> None:
        """Take a rule out; one that is not there is no error. Changes of its states are no longer handed out."""
        for key in [changed for changed in self._changed if changed[0] == subscription_id]:
            del self._changed[key]
        if subscription_id in self._groups:
            self._groups.remove(subscription_id)
            return
        watch = self._watches.pop(subscription_id, None)
        if watch is None:
            return
        del watch.members[subscription_id]
        if watch.members:
            return
        self._arrivals.forget(watch)
        del self._by_order[watch.order]
        self._awake.pop(watch.order, None)
        self._clocked.pop(watch.order, None)
        for selector in watch.selectors:
            self._routes.open(selector).watches.pop(watch.order, None)
            self._routes.close(selector)

    def step(self, observations: Sequence[Observation]) -> list[Found]:
        """Show observations to the rules, in the order given."""
        found: list[Found] = []
        known, clocked, alarms = self._routes.known, self._clocked, self._clock_alarms
        self._arrivals.close()
        told: datetime | None = None
        for observation in observations:
            levels, watches, families = known.get(observation[1:4]) or self._routes.find(observation)
            end = observation.phenomenon_time_end or observation.phenomenon_time  # the property takes twice as long
            outcomes: list[tuple[int, Found]] = []
            if clocked and alarms.first <= end:
                outcomes += self._tick_states(alarms.take(end), end)
            for level in levels:
                if level.stirs(observation):
                    outcomes += self._step_level(level, observation)
            if watches:
                late = end if clocked and self._clock.is_ahead(end) else None
                self._step_watches(watches, observation, late, outcomes)
            if families:
                self._step_families(families, observation, outcomes)
            if clocked and end != told:
                self._clock.move(end)
                told = end
            if outcomes:
                if len(outcomes) > 1:
                    outcomes.sort(key=in_order)
                found += [outcome[1] for outcome in outcomes]
        return found

    def tick(self, now: datetime) -> list[Found]:
        """Tell the time: all observations up to now that could be had have been shown."""
        self._arrivals.close()
        due = {(order, key) for order, watch in self._awake.items() for key in watch.states}
        due |= self._alarms.take(now) | self._clock_alarms.take(now)
        self._clock.move(now)
        return [found for _, found in sorted(self._tick_states(due, now), key=in_order)]

    def store_clocks(self) -> None:
        """
        Let the states of all rules with a clock be stored, each with its own time.

        It is called where the time of a rule would not be known from what is stored of the stream: when observations
        were shown that are ahead of the time that was told, which not every rule has been there for.
        """
        self._arrivals.close()
        for watch in list(self._clocked.values()):
            try:
                for key in watch.states:
                    watch.set_clock(key)
                    self._note(watch, key)
            except Exception as error:  # one rule must not take the others with it
                self._fail_all(watch, error)

    def take_changes(self) -> dict[tuple[str, str], Json]:
        """Give the states by (subscription, correlation key) that changed since the last call, ready to be stored."""
        changed, self._changed = self._changed, {}
        taken: dict[tuple[str, str], Json] = {}
        dumps = Dumps()
        for place, change in changed.items():
            try:
                taken[place] = dumps.dump(change, place[1]) if isinstance(change, Watch) else change
            except Exception as error:  # one rule must not take the others with it
                self.fail(place[0], error)
        return taken

    def take_failures(self) -> list[Failure]:
        """Give the rules that failed since the last call."""
        failures, self._failures = self._failures, []
        return failures

    def fail(self, subscription_id: str, error: Exception) -> None:
        """Take a rule out because it cannot go on."""
        known = isinstance(error, WepsError)
        reason = error.message if isinstance(error, WepsError) else f"an internal error ({type(error).__name__})"
        LOG.warning("rule failed subscription=%s reason=%s", subscription_id, reason, exc_info=None if known else error)
        self.remove(subscription_id)
        self._failures.append(Failure(subscription_id, reason))

    def _fail_all(self, watch: Watch, error: Exception) -> None:
        for subscription_id in list(watch.members):
            self.fail(subscription_id, error)

    def _watch(self, subscription_id: str, rule: Rule, states: Mapping[str, Json], activation: datetime) -> Watch:
        """Give the watch of a rule: that of an equal one which came just now, or a new one."""
        era = self._clock.oldest if states else self._clock.begin()
        mark = mark_of(rule, states, activation, era)
        watch = self._arrivals.find(mark)
        if watch is not None:
            watch.members[subscription_id] = next(self._orders)
            return watch
        watch = watch_of(subscription_id, next(self._orders), rule, activation=activation, states=states, era=era)
        self._enter(watch)
        self._arrivals.note(mark, watch)
        return watch

    def _enter(self, watch: Watch) -> None:
        self._by_order[watch.order] = watch
        for selector in watch.selectors:
            self._routes.open(selector).watches[watch.order] = watch
        if watch.awake:
            self._awake[watch.order] = watch
        if watch.clocked:
            self._clocked[watch.order] = watch
        for key in watch.states:
            self._set_alarm(watch, key)

    def _step_watches(
        self, watches: list[Watch], observation: Observation, late: datetime | None, outcomes: list[tuple[int, Found]]
    ) -> None:
        for watch in watches:
            try:
                stepped = watch.step(observation, late)
                if stepped is None:
                    continue
                key, before, after, detections = stepped
                take_change = watch.take_change
                if watch.must_store(before, after) if take_change is None else take_change(after):
                    self._keep(watch, key, after)
            except Exception as error:  # one rule must not take the others with it
                self._fail_all(watch, error)
                continue
            if detections:
                outcomes += _told(watch, key, detections)

    def _step_families(
        self, families: list[Family], observation: Observation, outcomes: list[tuple[int, Found]]
    ) -> None:
        for family in families:
            for watch, stepped in family.step(observation):
                if isinstance(stepped, Exception):
                    self._fail_all(watch, stepped)
                    continue
                key, before, after, detections = stepped
                if after is not before:
                    self._keep(watch, key, after)
                if detections:
                    outcomes += _told(watch, key, detections)

    def _tick_states(self, due: set[Place], now: datetime) -> list[tuple[int, Found]]:
        outcomes: list[tuple[int, Found]] = []
        for order, key in sorted(due):
            watch = self._by_order.get(order)
            if watch is None:
                continue
            state = watch.states[key]
            try:
                after, detections = watch.rule.tick(state, now)
                if watch.must_store(state, after):
                    self._keep(watch, key, after)
                else:
                    self._set_alarm(watch, key)
            except Exception as error:  # one rule must not take the others with it
                self._fail_all(watch, error)
                continue
            outcomes += _told(watch, key, detections)
        return outcomes

    def _step_level(self, level: Level, observation: Observation) -> list[tuple[int, Found]]:
        outcomes: list[tuple[int, Found]] = []
        for order, subscription_id, key, detection, state in level.step(observation):
            if isinstance(detection, Exception):
                self.fail(subscription_id, detection)
                continue
            outcomes.append((order, Found(subscription_id, key, detection)))
            if state is not None:
                self._changed[subscription_id, key] = state
        return outcomes

    def _keep(self, watch: Watch, key: str, after: Any) -> None:
        """Keep the state that a call gave."""
        watch.states[key] = after
        self._note(watch, key)
        self._set_alarm(watch, key)

    def _note(self, watch: Watch, key: str) -> None:
        for subscription_id in watch.members:
            self._changed[subscription_id, key] = watch

    def _set_alarm(self, watch: Watch, key: str) -> None:
        due = None if watch.awake else watch.rule.due(watch.states[key])  # type: ignore[attr-defined]
        if due is not None:
            (self._clock_alarms if watch.clocked else self._alarms).put((watch.order, key), due)


def _told(watch: Watch, key: str, detections: Sequence[Detection]) -> list[tuple[int, Found]]:
    return [(order, Found(name, key, each)) for name, order in watch.members.items() for each in detections]
