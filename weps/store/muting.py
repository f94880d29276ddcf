"""
What mutes alerts while they are stored: silences, and open episodes that inhibit them.

What counts is how things are when an alert is stored: alerts that are stored together are looked at one after the
other, and each sees what those before it have opened and closed.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import func, select

from weps.inhibitions import EQUAL, INHIBITING
from weps.matcher_index import index_matchers
from weps.model import Alert
from weps.store.inhibitions import effective, note_ends
from weps.store.rows import read_alert
from weps.store.silences import holding
from weps.store.tables import ALERTS, EPISODES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from sqlalchemy import ColumnElement, Connection

    from weps.episodes import Episode
    from weps.inhibitions import Inhibition
    from weps.matching import Matcher
    from weps.model import AlertStatus

MANY = 500
CHAIN_LIMIT = 100
"""Episodes that are looked at for a ring of inhibitions."""


class _Known(NamedTuple):
    """How old an episode is among the others, and its newest alert; None where it does not go on."""

    age: float
    alert: Alert | None


class Muting:
    """What mutes at an instant."""

    def __init__(self, connection: Connection, now: datetime) -> None:
        self._connection = connection
        self._now = now
        self._silences = index_matchers((each.matcher, each.id) for each in holding(connection, now))
        self._inhibitions = effective(connection, now)
        self._before: dict[str, Alert] = {}
        self._changed: dict[str, _Known] = {}
        self._ends: list[tuple[Inhibition, Alert]] = []

    def prepare(self, episodes: Iterable[Episode]) -> None:
        """Look at episodes that are going to change, as they may have muted others."""
        if self._inhibitions:
            self._before.update(_newest_alerts(self._connection, [e for e in episodes if e.state in INHIBITING]))

    def muter(self, alert: Alert, before: Episode | None) -> str | None:
        """Give the silence or inhibition because of which an alert is not pushed; `before` is its episode until now."""
        silence = self._silences.first(alert)
        if silence is not None or not self._inhibitions:
            return silence
        known = self._changed.get(alert.episode)
        age = known.age if known else math.inf if before is None else before.first_alert
        state = None if before is None or not before.is_open else before.state
        if known is not None and known.alert is not None:
            state = known.alert.status
        muters = self._inhibiting(alert, state)
        return next((each.id for each, source in muters if not self._closes_a_ring(alert, age, source)), None)

    def follow(self, alert: Alert, before: Episode | None) -> None:
        """Take an alert as stored: its episode may begin or stop to mute others."""
        if not self._inhibitions or alert.reminder is not None:
            return
        known = self._changed.get(alert.episode)
        last = known.alert if known else self._before.get(alert.episode)
        for each in self._inhibitions:
            if last is None or not each.is_source(last):
                continue
            if not each.is_source(alert) or each.key(alert) != each.key(last):
                self._ends.append((each, last))
        # what is begun here is younger than all that is stored
        age = known.age if known else before.first_alert if before else 1e18 + len(self._changed)
        self._changed[alert.episode] = _Known(age, alert if alert.status in INHIBITING else None)

    def save(self) -> None:
        """Note which episodes have stopped to mute others."""
        note_ends(self._connection, self._ends, self._now)

    def _inhibiting(self, alert: Alert, state: AlertStatus | None) -> Iterator[tuple[Inhibition, _Known]]:
        """Give the inhibitions and open episodes that would mute an alert."""
        for each in self._inhibitions:
            if each.holds(self._now) and each.target.matches(alert, state):
                is_both = each.source.matches(alert, state)
                for source in self._sources(each, alert):
                    if not (is_both and source.alert is not None and each.target.matches(source.alert)):
                        yield each, source

    def _sources(self, inhibition: Inhibition, alert: Alert) -> Iterator[_Known]:
        """Give the open episodes that an inhibition means as sources of an alert, oldest first."""
        for name, known in self._changed.items():
            source = known.alert
            if name == alert.episode or source is None or not inhibition.is_source(source):
                continue
            if inhibition.key(source) == inhibition.key(alert):
                yield known
        same = [
            func.coalesce(ALERTS.c[EQUAL[name]], "") == part
            for name, part in zip(inhibition.equal, inhibition.key(alert), strict=True)
        ]
        is_open = EPISODES.c.closed.is_(None), EPISODES.c.state.in_(list(INHIBITING)), EPISODES.c.id != alert.episode
        query = select(ALERTS, EPISODES.c.first_alert).join(EPISODES, EPISODES.c.newest_alert == ALERTS.c.sequence)
        query = query.where(*is_open, *same, *_conditions(inhibition.source)).order_by(EPISODES.c.first_alert)
        for row in self._connection.execute(query).mappings():
            if row["episode"] not in self._changed:
                source = read_alert(row)
                if inhibition.is_source(source):
                    yield _Known(row["first_alert"], source)

    def _closes_a_ring(self, alert: Alert, age: float, source: _Known) -> bool:
        """Tell whether an alert is of an episode that mutes its younger source itself, or those that mute that one."""
        if age > source.age:
            return False
        waiting, seen = [source], {source.alert.episode if source.alert else ""}
        while waiting and len(seen) < CHAIN_LIMIT:
            looked_at = waiting.pop().alert
            for _, further in self._inhibiting(looked_at, None) if looked_at else ():
                name = further.alert.episode if further.alert else ""
                if name == alert.episode:
                    return True
                if name not in seen:
                    seen.add(name)
                    waiting.append(further)
        return False


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


def _newest_alerts(connection: Connection, episodes: list[Episode]) -> dict[str, Alert]:
    found = {}
    sequences = [episode.newest_alert for episode in episodes]
    for start in range(0, len(sequences), MANY):
        query = select(ALERTS).where(ALERTS.c.sequence.in_(sequences[start : start + MANY]))
        found.update({row["episode"]: read_alert(row) for row in connection.execute(query).mappings()})
    return found
