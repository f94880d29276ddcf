"""
The life of subscriptions: they are made, renewed, updated, paused, resumed, cancelled, and end.

All of it is written to the store; what is watched follows from that at the next poll.
"""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotYetError
from dataclasses import replace
from datetime import datetime, timedelta

from weps.delivery.introduction import Introduction, introduce
from weps.errors import InputError
from weps.model import (
    Attention,
    Changes,
    LatePolicy,
    NewSubscription,
    Ordering,
    Page,
    RuleVersion,
    Subscription,
    SubscriptionStatus,
    Target,
)
from weps.notify.base import Channel
from weps.notify.telling import check_templates
from weps.rules.languages import compile_rule
from weps.rules.sameness import is_same
from weps.store import Store

LOG = logging.getLogger("weps.engine")
SHORTEST_RATE = timedelta(milliseconds=100)


class Lifecycle(ABC):
    """The part of the engine that handles subscriptions; `poll_soon` is what the rest of it does about them."""

    def __init__(
        self,
        store: Store,
        channels: Mapping[str, Channel],
        base_url: str,
        *,
        clock: Callable[[], datetime],
        world: Callable[[], datetime],
        first_look: float,
    ) -> None:
        self.store = store
        self.base_url = base_url.rstrip("/")
        self._channels = channels
        self._clock = clock
        self._world = world
        self._first_look = first_look

    @abstractmethod
    def poll_soon(self, feed_id: int) -> Future[None] | None:
        """Poll a feed in the background; None when it is being polled already, or the engine is closed."""

    def subscribe(self, new: NewSubscription) -> Subscription:
        """
        Store a subscription and have a first look at its source.

        Raises `RuleError` with every fault of the rule, `InputError` for what else cannot be. A source that gives no
        answer within `first_look` seconds is looked at later; the subscription stands.
        """
        rule = compile_rule(new.rule)
        self._check(new.sampling_rate, new.targets)
        self._check(None, new.attention.escalate_to, "escalateTo")
        _check_group(new.attention)
        check_templates(new.title_template, new.message_template)
        _check_ordering(new.ordering)
        _check_runtime(new.runtime)
        subscription = self.store.add_subscription(new, rule.name, self._clock(), self._world())
        LOG.info("subscribed subscription=%s process=%s feed=%d", subscription.id, new.process, subscription.feed_id)
        self._look_at(subscription)
        return subscription

    def renew(self, identifier: str, runtime: timedelta | None, expires: datetime | None = None) -> Subscription:
        """
        Give a subscription another lifetime: so long from now on, up to a time, or with neither until it is cancelled.

        Raises `NotFoundError`, and `InputError` for one that is over.
        """
        now = self._clock()
        _check_runtime(runtime)
        if expires is not None and expires <= now:
            raise InputError("is over already; give a time to come", where="expires")
        end = expires if runtime is None else now + runtime
        renewed = self.store.renew_subscription(identifier, end, now)
        LOG.info("renewed subscription=%s expires=%s", identifier, "never" if end is None else end.isoformat())
        return renewed

    def update(self, identifier: str, changes: Changes) -> tuple[Subscription, bool]:
        """
        Change a subscription, and tell whether its rule began anew.

        A rule that compiles to the same goes on in its state, whatever its text looks like; another begins with what
        the source holds as its newest, as that of a new subscription, and so does one that is to be shown late
        observations otherwise than before. Raises as `subscribe` and `renew` do.
        """
        before = self.store.subscription(identifier)
        name, restart = "", False
        if changes.rule is not None:
            rule = compile_rule(changes.rule)
            name, restart = rule.name, not is_same(compile_rule(before.rule), rule)
        ordering = changes.ordered(before.ordering)
        _check_ordering(ordering)
        restart = restart or (ordering.late, ordering.bound) != (before.ordering.late, before.ordering.bound)
        self._check(changes.sampling_rate, changes.targets or ())
        self._check(None, changes.escalate_to or (), "escalateTo")
        _check_escalation(before.attention, changes)
        _check_group(before.attention, changes)
        check_templates(changes.title_template, changes.message_template)
        began = self._world() if restart else None
        changes = replace(changes, late=ordering.late, bound=ordering.bound)
        updated = self.store.update_subscription(before, changes, name, self._clock(), began)
        LOG.info("updated subscription=%s version=%d restart=%s", identifier, updated.rule_version, restart)
        return updated, restart

    def pause(self, identifier: str) -> Subscription:
        """
        Stop watching for a while: nothing is polled for it or evaluated; its lifetime goes on, its feed stays readable.

        One that is paused stays so. Raises as `renew` does.
        """
        paused = self.store.pause_subscription(identifier, self._clock())
        LOG.info("paused subscription=%s", identifier)
        return paused

    def resume(self, identifier: str) -> Subscription:
        """
        Watch again from now on, as a new subscription would: with a first look at the newest observations.

        What was observed during the pause is not evaluated, and a window or a condition that must hold for a while
        begins anew. One that is not paused stays as it is. Raises as `renew` does.
        """
        resumed = self.store.resume_subscription(identifier, self._clock(), self._world())
        LOG.info("resumed subscription=%s feed=%d", identifier, resumed.feed_id)
        self._look_at(resumed)
        return resumed

    def introduce(self, subscription: Subscription, targets: Sequence[Target]) -> tuple[Introduction, ...]:
        """Send a test message to targets that a client has just named, and ask those again that were given up."""
        if targets:
            self.store.enable_targets(targets)
        return introduce(self._channels, subscription, targets, self._clock())

    def cancel(self, identifier: str) -> Subscription:
        """End a subscription; one that has ended already stays as it is. Raises `NotFoundError`."""
        subscription = self.store.end_subscription(identifier, SubscriptionStatus.CANCELLED, self._clock())
        LOG.info("unsubscribed subscription=%s", identifier)
        return subscription

    def subscription(self, identifier: str) -> Subscription:
        """Give one subscription; raises `NotFoundError`."""
        return self.store.subscription(identifier)

    def subscriptions(self, page: Page, status: SubscriptionStatus | None = None) -> tuple[Subscription, ...]:
        """Give a page of the subscriptions, oldest first."""
        return self.store.subscriptions(page, status)

    def count_subscriptions(self, status: SubscriptionStatus | None = None) -> int:
        """Count the subscriptions."""
        return self.store.count_subscriptions(status)

    def rule_versions(self, identifier: str) -> tuple[RuleVersion, ...]:
        """Give the rules that a subscription has and had, oldest first."""
        return self.store.rule_versions(identifier)

    def feed_url(self, subscription: Subscription) -> str:
        """Give the address of a subscription's RSS feed."""
        return f"{self.base_url}/feeds/{subscription.token}.rss"

    def expire(self) -> None:
        """End the subscriptions whose lifetime is over."""
        for identifier in self.store.end_expired(self._clock()):
            LOG.info("expired subscription=%s", identifier)

    def _look_at(self, subscription: Subscription) -> None:
        """Have a first look at a source that nobody watched; one that takes long is waited for no longer."""
        if self.store.feed(subscription.feed_id).primed:
            return
        look = self.poll_soon(subscription.feed_id)
        if look is not None:
            try:
                look.result(timeout=self._first_look)
            except NotYetError:
                LOG.warning("first look goes on subscription=%s", subscription.id)

    def _check(self, sampling_rate: timedelta | None, targets: Sequence[Target], where: str = "sink") -> None:
        if sampling_rate is not None and sampling_rate < SHORTEST_RATE:
            raise InputError("must be 100 ms or more", where="samplingRate")
        for target in targets:
            channel = self._channels.get(target.channel)
            if channel is None:
                known = ", ".join(sorted(self._channels))
                raise InputError(f"there is no channel {target.channel!r}; there are {known}", where=where)
            try:
                channel.check(target.address)
            except InputError as error:
                error.where = where
                raise


def _check_ordering(ordering: Ordering) -> None:
    if (ordering.late is LatePolicy.REORDER) != (ordering.bound > timedelta(0)):
        raise InputError("goes with the late policy reorder, which needs one; give both, or neither", where="lateBound")


def _check_runtime(runtime: timedelta | None) -> None:
    if runtime is not None and runtime <= timedelta(0):
        raise InputError("must be longer than nothing; leave it out to watch until cancelled", where="runtime")


def _check_group(known: Attention, changes: Changes | None = None) -> None:
    """Refuse windows in which something would be told again, or told to others, before it is told at all."""
    repeat, after, group = (
        getattr(known if changes is None or getattr(changes, name) is None else changes, name)
        for name in ("repeat", "escalate_after", "group")
    )
    if group and repeat and repeat <= group:
        raise InputError("must be shorter than repeat", where="group")
    if group and after and after <= group:
        raise InputError("must be shorter than escalateAfter", where="group")


def _check_escalation(known: Attention, changes: Changes) -> None:
    """Refuse changes after which there is a time to escalate without anybody to tell, or the other way round."""
    after = known.escalate_after if changes.escalate_after is None else changes.escalate_after
    further = known.escalate_to if changes.escalate_to is None else changes.escalate_to
    if after and not further:
        raise InputError("escalateAfter needs somebody to tell: give escalateTo", where="escalateTo")
    if changes.escalate_to and not after:
        raise InputError("escalateTo needs a time after which they are told: give escalateAfter", where="escalateAfter")
