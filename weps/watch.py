"""
What the engine holds in memory of one feed: its subscriptions, their rules in a network, and the newest observations.

The database is the truth: all of this is rebuilt from it at any time, and thrown away when a transaction fails.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime
from typing import Any, TypeAlias

from weps.composing import Composer, Evidence, Thread, source_alert_id, status_of
from weps.hearing import Hearing
from weps.model import Alert, AlertStatus, Json, Observation, Ordering, Series, Subscription, Target
from weps.notify.message import compose_failure_alert
from weps.rules.base import Rule
from weps.rules.languages import LANGUAGES, compile_rule
from weps.rules.network import Found
from weps.store import BatchTransaction, RuleState, StateKey
from weps.store.arrivals import News
from weps.streams import Stream, in_order, is_late, newest_of

__all__ = ["Watch", "newest_of", "source_alert_id", "status_of"]

LOG = logging.getLogger(__name__)

Told: TypeAlias = tuple[Alert, tuple[Target, ...]]
"""An alert, and where it is to be pushed."""


class Watch:
    """The rules of one feed, ready to be stepped. Used by one thread at a time, inside the feed's transaction."""

    def __init__(self) -> None:
        self._revision = -1
        self._subscriptions: dict[str, Subscription] = {}
        self._streams: dict[Ordering, Stream] = {}
        self._with_episodes: set[str] = set()
        self._threads: dict[StateKey, Thread] = {}
        self._latest: dict[Series, Observation] = {}
        self._newest: datetime | None = None
        self._rules: dict[str, Rule] = {}
        self._spoken: set[Series] = set()
        self.hearings: dict[Series, Hearing] = {}
        self._first_states: dict[StateKey, Json] = {}

    def subscriptions(self) -> tuple[Subscription, ...]:
        """Give the active subscriptions, oldest first."""
        return tuple(self._subscriptions.values())

    def positions(self) -> list[datetime]:
        """Give the newest phenomenon time of each series."""
        return [observation.end for observation in self._latest.values()]

    def newest(self, series: Series) -> Observation:
        """Give the newest observation of a series that was seen."""
        return self._latest[series]

    def concerned(self, series: Series) -> tuple[Subscription, ...]:
        """Give the subscriptions whose rules look at a series."""
        newest = self._latest[series]
        rules = ((each, self._rules.get(each.id)) for each in self.subscriptions())
        return tuple(each for each, rule in rules if rule is not None and rule.correlation_key(newest) is not None)

    def take_spoken(self) -> set[Series]:
        """Give the series that had something new since the last call."""
        spoken, self._spoken = self._spoken, set()
        return spoken

    def refresh(self, transaction: BatchTransaction) -> None:
        """Take in what changed in the database since the last batch."""
        feed = transaction.feed
        if self._revision == feed.revision:
            return
        active = transaction.active_revisions()
        self._remove({known.id for known in self.subscriptions() if active.get(known.id) != known.revision})
        if not self._subscriptions:
            self._begin(transaction)
        added = [identifier for identifier in active if identifier not in self._subscriptions]
        if added:
            self._add(transaction, added)
        transaction.forget_held({stream.key for stream in self._streams.values()})
        self._revision = feed.revision

    def take(
        self,
        transaction: BatchTransaction,
        observations: Sequence[Observation],
        until: datetime,
        now: datetime,
        evidence: Evidence,
    ) -> list[Told]:
        """
        Step the rules over what was not seen before, then tell them the time; keep seen keys, positions and states.

        Gives the alerts that this makes, each with the targets that it is to be pushed to.
        """
        news = transaction.news(observations)
        fresh = news.fresh
        if fresh or news.corrected:
            text = "received feed=%d observations=%d corrections=%d"
            LOG.info(text, transaction.feed.id, len(fresh), len(news.corrected))
        if fresh and (self._newest is None or fresh[-1].end > self._newest):
            self._newest = fresh[-1].end
        is_ahead = self._newest is not None and self._newest > max(until, transaction.feed.polled_until or until)
        alerts: list[Told] = []
        for stream in self._streams.values():
            shown = stream.admit(news, until)
            found = stream.first_looks + stream.network.step(shown) + stream.network.tick(stream.clock(until))
            if is_ahead and not stream.reorders:
                stream.network.store_clocks()
            times = {each.id: each.phenomenon_time for each in shown}
            composer = Composer(transaction, times, stream.latest, now, evidence)
            alerts += [told for each in found for told in self._tell(composer, stream, each)]
            self._save_states(transaction, stream, found)
            stream.settle(transaction, shown)
        transaction.count_dropped({each.ordering: each.take_dropped() for each in self._streams.values()})
        self._move(transaction, news, now)
        return alerts + self._end_failed(transaction, now)

    def _tell(self, composer: Composer, stream: Stream, found: Found) -> list[Told]:
        """
        Give the alert of a detection.

        What was observed may be such that it cannot be told (a place that is none): then it is told without. Where that
        is not possible either the subscription is ended, which tells why; those of others go on.
        """
        place = found.subscription_id, found.key
        subscription = self._subscriptions[found.subscription_id]
        thread, has_episodes = self._threads.get(place, Thread()), found.subscription_id in self._with_episodes
        selectors = getattr(self._rules[subscription.id], "selectors", ())
        bare = found._replace(detection=found.detection._replace(observation=None))
        for each in (found, bare):
            try:
                alert, self._threads[place] = composer.compose(subscription, each, thread, has_episodes, selectors)
            except Exception as error:  # one alert must not take those of others with it
                LOG.warning("alert not composed subscription=%s", subscription.id, exc_info=error)
                reason = error
            else:
                return [(alert, subscription.targets)]
        stream.network.fail(subscription.id, reason)
        return []

    def _end_failed(self, transaction: BatchTransaction, now: datetime) -> list[Told]:
        """End the subscriptions whose rules failed, and tell why; those of others go on."""
        alerts: list[Told] = []
        failures = [failure for stream in self._streams.values() for failure in stream.network.take_failures()]
        for identifier, reason in failures:
            subscription = self._subscriptions[identifier]
            alert = compose_failure_alert(
                subscription,
                id=source_alert_id(subscription, AlertStatus.RULE_FAILED, now),
                rule_name=subscription.rule.name,
                detected=now,
                reason=reason,
            )
            alerts.append((alert, subscription.targets))
        failed = [alert.subscription_id for alert, _ in alerts]
        transaction.end_failed(failed, now)
        self._remove(set(failed))
        return alerts

    def _remove(self, identifiers: set[str]) -> None:
        """Forget subscriptions that are not active any more, or were changed: those are added again as they are now."""
        if not identifiers:
            return
        for identifier in identifiers:
            self._streams[self._subscriptions.pop(identifier).ordering].network.remove(identifier)
        orderings = {each.ordering for each in self.subscriptions()}
        self._streams = {ordering: stream for ordering, stream in self._streams.items() if ordering in orderings}
        self._with_episodes -= identifiers
        self._rules = {identifier: rule for identifier, rule in self._rules.items() if identifier not in identifiers}
        self._threads = {key: thread for key, thread in self._threads.items() if key[0] not in identifiers}

    def _begin(self, transaction: BatchTransaction) -> None:
        """Begin with what is stored of the feed: what was seen last."""
        self._latest, self.hearings = transaction.latest(), transaction.hearings()
        self._newest = max(self.positions(), default=None)
        self._streams = {}

    def _stream(self, transaction: BatchTransaction, ordering: Ordering) -> Stream:
        """
        Give the stream of an ordering, beginning with what time it is for its rules.

        That is the time up to which the source was asked, unless something was seen that is ahead of it: then the
        states know themselves, see `take`.
        """
        stream = self._streams.get(ordering)
        if stream is None:
            told = transaction.feed.polled_until
            is_ahead = self._newest is not None and (told is None or self._newest > told)
            stream = self._streams[ordering] = Stream(ordering, self._latest)
            stream.begin(transaction, told, is_ahead)
        return stream

    def _add(self, transaction: BatchTransaction, identifiers: Sequence[str]) -> None:
        # Before it is known what the source held there is nothing to look at.
        looking = transaction.feed.primed
        stored: dict[str, dict[str, Json]] = {}
        for (identifier, key), kept in transaction.states(identifiers).items():
            self._threads[identifier, key] = Thread(kept.detections, kept.open_episode)
            if kept.state is not None:
                stored.setdefault(identifier, {})[key] = kept.state
        for subscription, primed in transaction.subscriptions(identifiers):
            self._subscriptions[subscription.id] = subscription
            stream = self._stream(transaction, subscription.ordering)
            try:
                rule = compile_rule(subscription.rule)
                states = stored.get(subscription.id, {})
                if looking and not primed and LANGUAGES[subscription.rule.language].first_look:
                    states = self._look(stream, subscription, rule)
            except Exception as error:  # one rule must not take the others of the feed with it
                stream.network.fail(subscription.id, error)
                continue
            if rule.has_episodes:
                self._with_episodes.add(subscription.id)
            stream.network.add(subscription.id, rule, states, subscription.activation)
            self._rules[subscription.id] = rule
        if looking:
            transaction.mark_primed(identifiers)

    def _look(self, stream: Stream, subscription: Subscription, rule: Rule) -> dict[str, Json]:
        """Let a new rule see the newest observation of each series, as the first of all it will see."""
        states: dict[str, Any] = {}
        found: list[Found] = []
        for observation in sorted(stream.latest.values(), key=in_order):
            key = rule.correlation_key(observation)
            if key is None:
                continue
            state = states[key] if key in states else rule.start(subscription.activation)
            states[key], detections = rule.step(state, observation)
            found += [Found(subscription.id, key, detection) for detection in detections]
        stored = {key: rule.dump(state) for key, state in states.items()}
        stream.first_looks += found
        self._first_states.update({(subscription.id, key): state for key, state in stored.items()})
        return stored

    def _save_states(self, transaction: BatchTransaction, stream: Stream, found: Sequence[Found]) -> None:
        changes = self._first_states | stream.network.take_changes()
        idle = Thread()
        transaction.save_states(
            {
                key: RuleState(state, thread.detections, thread.open_episode)
                for key, state in changes.items()
                for thread in (self._threads.get(key, idle),)
            }
        )
        unchanged = ({(each.subscription_id, each.key) for each in found} & self._threads.keys()) - changes.keys()
        transaction.save_threads(
            {key: (self._threads[key].detections, self._threads[key].open_episode) for key in unchanged}
        )
        stream.first_looks, self._first_states = [], {}

    def _move(self, transaction: BatchTransaction, news: News, now: datetime) -> None:
        moved = {
            series: observation
            for series, observation in newest_of(news.fresh).items()
            if series not in self._latest or self._latest[series].end <= observation.end
        }
        transaction.count(late=sum(is_late(each, self._latest) for each in news.fresh))
        transaction.mark_seen([*news.fresh, *news.repeated])
        transaction.record(news.corrected, now)
        transaction.save_latest(moved)
        self._latest.update(moved)
        self._spoken.update(each.series for each in news.fresh)
