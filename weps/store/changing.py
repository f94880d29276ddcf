"""Subscriptions that are changed while they live: renewed, updated, paused, resumed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, null, select, update

from weps.errors import InputError
from weps.model import AlertStatus, SubscriptionStatus
from weps.store.database import Database
from weps.store.flapping import end_flaps
from weps.store.rule_versions import add_rule_version
from weps.store.storing import close_episodes
from weps.store.subscriptions import ALIVE, FeedWish, feed_for, flapping_columns, one_subscription, refresh_feed
from weps.store.tables import RULE_STATES, SUBSCRIPTIONS

if TYPE_CHECKING:
    from datetime import datetime

    from weps.model import Changes, RuleText, Subscription


TELLING = ("language", "title_template", "message_template", "alert_status")
ORDERING = {"late_policy": "late", "late_bound": "bound", "corrections": "corrections"}
ATTENTION = {"repeat_interval": "repeat", "escalate_after": "escalate_after", "group_window": "group"}


class Changing(Database):
    """
    What can be changed in a subscription that is not over.

    All raise `NotFoundError` where there is none, and `InputError` where it is over.
    """

    def renew_subscription(self, identifier: str, expires: datetime | None, now: datetime) -> Subscription:
        """Give a subscription another end, or none."""
        with self.writing() as connection:
            known = _alive(connection, identifier, now)
            return _change(connection, known, now, expires=expires)

    def update_subscription(
        self, before: Subscription, changes: Changes, rule_name: str, now: datetime, restart: datetime | None
    ) -> Subscription:
        """
        Change members of a subscription; with `restart` its rule begins anew at that time of the world.

        `before` is the subscription that the changes were made for: when it is another by now, nothing is changed.
        """
        with self.writing() as connection:
            known = _alive(connection, before.id, now)
            if known.revision != before.revision:
                raise InputError(f"Subscription {before.id} was changed at the same time; look at it and try again.")
            values = _changed(changes)
            if changes.rule is not None and changes.rule.text != known.rule.text:
                values |= _new_rule(connection, known, replace(changes.rule, name=changes.rule.name or rule_name), now)
            if changes.flapping not in (None, known.attention.flapping):
                end_flaps(connection, (known.id,), now)
            if restart is not None:
                values |= _restart(connection, known.id, restart, now)
            return _change(connection, known, now, **values)

    def pause_subscription(self, identifier: str, now: datetime) -> Subscription:
        """Stop watching for a while; one that is paused stays so."""
        with self.writing() as connection:
            known = _alive(connection, identifier, now)
            if known.status is SubscriptionStatus.PAUSED:
                return known
            return _change(connection, known, now, status=SubscriptionStatus.PAUSED)

    def resume_subscription(self, identifier: str, now: datetime, activation: datetime) -> Subscription:
        """
        Watch again, as a new subscription would from now on; one that is not paused stays as it is.

        It joins the feed that polls its source from now on, also when it had begun with one of its own.
        """
        with self.writing() as connection:
            known = _alive(connection, identifier, now)
            if known.status is not SubscriptionStatus.PAUSED:
                return known
            feed_id = feed_for(connection, FeedWish(known.source, None, known.sampling_rate, activation), now)
            values = _restart(connection, known.id, activation, now)
            return _change(connection, known, now, status=SubscriptionStatus.ACTIVE, feed_id=feed_id, **values)


def _changed(changes: Changes) -> dict[str, Any]:
    """Give the columns that are to be otherwise; those of the rule and its states are not among them."""
    members = {name: name for name in ("sampling_rate", "title", "severity", "group_up_to", *TELLING)} | ORDERING
    values = {column: getattr(changes, name) for column, name in members.items() if getattr(changes, name) is not None}
    for column, name in ATTENTION.items():
        if getattr(changes, name) is not None:
            values[column] = getattr(changes, name) or None
    if changes.flapping is not None:
        values |= flapping_columns(changes.flapping)
    for name in ("targets", "escalate_to"):
        if getattr(changes, name) is not None:
            values[name] = [[target.channel, target.address] for target in getattr(changes, name)]
    return values


def _alive(connection: Connection, identifier: str, now: datetime) -> Subscription:
    """Give a subscription that is not over, and let nobody else change it meanwhile."""
    connection.execute(select(SUBSCRIPTIONS.c.number).where(SUBSCRIPTIONS.c.id == identifier).with_for_update())
    known = one_subscription(connection, identifier)
    if known.status not in ALIVE:
        raise InputError(f"Subscription {identifier} is {known.status} and cannot be changed; subscribe anew.")
    if known.expires is not None and known.expires <= now:
        raise InputError(f"The lifetime of subscription {identifier} is over; subscribe anew.")
    return known


def _new_rule(connection: Connection, known: Subscription, rule: RuleText, now: datetime) -> dict[str, Any]:
    """Keep another version of a rule beside those of before."""
    version = known.rule_version + 1
    add_rule_version(connection, known.id, version, rule, now, alerts_before=known.alert_count)
    return {
        "rule_language": rule.language,
        "rule_text": rule.text,
        "rule_name": rule.name,
        "rule_version": version,
    }


def _restart(connection: Connection, identifier: str, activation: datetime, now: datetime) -> dict[str, Any]:
    """Forget the states of a rule; the numbers of its detections go on, because the ids of alerts are made of them."""
    mine = RULE_STATES.c.subscription_id == identifier
    connection.execute(update(RULE_STATES).where(mine).values(state=null(), open_episode=None))
    close_episodes(connection, (identifier,), now, (AlertStatus.PENDING, AlertStatus.FIRING, AlertStatus.NO_DATA))
    return {"activation": activation, "primed": False}


def _change(connection: Connection, known: Subscription, now: datetime, **values: Any) -> Subscription:
    values["revision"] = known.revision + 1
    connection.execute(update(SUBSCRIPTIONS).where(SUBSCRIPTIONS.c.id == known.id).values(**values))
    for feed_id in {known.feed_id, values.get("feed_id", known.feed_id)}:
        refresh_feed(connection, feed_id, now)
    return one_subscription(connection, known.id)
