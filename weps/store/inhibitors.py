"""The open episodes that mute others, as they are while alerts are stored."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import func, select

from weps.inhibitions import EQUAL, INHIBITING
from weps.model import Alert
from weps.store.rows import read_alert
from weps.store.tables import ALERTS, EPISODES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from sqlalchemy import ColumnElement, Connection

    from weps.inhibitions import Inhibition, Key
    from weps.matching import Matcher

FEW = 8
"""Keys that are asked for one by one; who needs more reads all, as each question looks through what is open."""


YOUNGEST = 2 * 10**18
"""The age of an episode that is only going to begin."""


class Inhibitor(NamedTuple):
    """An open episode that mutes others, by its newest alert; `age` is less for what is older."""

    age: int
    alert: Alert


class Inhibitors:
    """The sources of one inhibition by what they share with their targets, read as they are asked for."""

    def __init__(self, connection: Connection, inhibition: Inhibition) -> None:
        self._connection = connection
        self.inhibition = inhibition
        self._by_key: dict[Key, dict[str, Inhibitor]] = {}
        self._keys: dict[str, Key] = {}
        self._changed: set[str] = set()
        self._asked: set[Key] = set()
        self._is_whole = False
        self._at: dict[tuple[Key, datetime], dict[str, Inhibitor]] = {}

    def of(self, alert: Alert) -> Iterator[Inhibitor]:
        """
        Give the sources of an alert; those that are stored come first, oldest first.

        What begins or ends in the very instant of the alert is a source, whatever is looked at first.
        """
        key = self.inhibition.key(alert)
        if not self._is_whole and key not in self._asked:
            self._read(key)
        known = self._by_key.get(key, {})
        yield from (source for episode, source in known.items() if episode != alert.episode)
        now = self._at.get((key, alert.event_time), {})
        yield from (source for episode, source in now.items() if episode != alert.episode and episode not in known)

    def foresee(self, alert: Alert) -> None:
        """Take an alert that is going to be stored: it may make its episode a source in its instant."""
        if self.inhibition.is_source(alert):
            self._note(Inhibitor(YOUNGEST, alert), alert.event_time)

    def follow(self, alert: Alert, age: int, before: Alert | None) -> None:
        """
        Take an alert as stored, which may have made its episode a source, or another one, or none.

        `before` is the alert that its episode was left by: what was a source until now is one in this instant.
        """
        self._changed.add(alert.episode)
        key = self._keys.pop(alert.episode, None)
        if key is not None:
            self._note(self._by_key[key].pop(alert.episode), alert.event_time)
        elif before is not None and self.inhibition.is_source(before):
            self._note(Inhibitor(age, before), alert.event_time)
        if self.inhibition.is_source(alert):
            self._put(Inhibitor(age, alert))

    def _note(self, source: Inhibitor, instant: datetime) -> None:
        self._at.setdefault((self.inhibition.key(source.alert), instant), {})[source.alert.episode] = source

    def _put(self, source: Inhibitor) -> None:
        key = self.inhibition.key(source.alert)
        self._keys[source.alert.episode] = key
        self._by_key.setdefault(key, {})[source.alert.episode] = source

    def _read(self, key: Key) -> None:
        is_open = EPISODES.c.closed.is_(None), EPISODES.c.state.in_(list(INHIBITING))
        query = select(ALERTS, EPISODES.c.first_alert).join(EPISODES, EPISODES.c.newest_alert == ALERTS.c.sequence)
        query = query.where(*is_open, *_conditions(self.inhibition.source))
        if len(self._asked) < FEW:
            self._asked.add(key)
            equal = zip(self.inhibition.equal, key, strict=True)
            query = query.where(*(func.coalesce(ALERTS.c[EQUAL[name]], "") == part for name, part in equal))
        else:
            self._is_whole = True
        for row in self._connection.execute(query.order_by(EPISODES.c.first_alert)).mappings().all():
            # what has changed since stands here already, or is none any more
            if row["episode"] not in self._changed and row["episode"] not in self._keys:
                alert = read_alert(row)
                if self.inhibition.is_source(alert):
                    self._put(Inhibitor(row["first_alert"], alert))


def _conditions(matcher: Matcher) -> list[ColumnElement[bool]]:
    """Give the conditions that a database can look at; all of them are looked at again afterwards."""
    wanted: tuple[tuple[str, tuple[Any, ...]], ...] = (
        ("subscription_id", matcher.subscriptions),
        ("procedure", matcher.procedures),
        ("observed_property", matcher.observed_properties),
        ("feature_of_interest", matcher.features_of_interest),
        ("severity", matcher.severities),
        ("status", matcher.statuses),
    )
    return [ALERTS.c[name].in_(values) for name, values in wanted if values]
