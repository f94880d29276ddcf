"""
What mutes alerts while they are stored: silences, and open episodes that inhibit them.

What counts is how things are when an alert is stored: alerts that are stored together are looked at one after the
other, and each sees what those before it have opened and closed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from weps.episodes import MOMENTARY, OPEN, is_muted
from weps.inhibitions import INHIBITING
from weps.matcher_index import index_matchers
from weps.model import AlertStatus
from weps.store.alerts import alerts_by_sequence
from weps.store.inhibitions import effective, note_ends
from weps.store.inhibitors import Inhibitors
from weps.store.silences import holding

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from sqlalchemy import Connection

    from weps.episodes import Episode
    from weps.inhibitions import Inhibition
    from weps.model import Alert
    from weps.store.inhibitors import Inhibitor

CHAIN_LIMIT = 100
"""Episodes that are looked at for a ring of inhibitions."""

YOUNG = 10**18
"""The age of the first episode that is begun by what is being stored: younger than all that is stored."""


class Muting:
    """What mutes at an instant."""

    def __init__(self, connection: Connection, now: datetime) -> None:
        self._connection = connection
        self._now = now
        self._silences = index_matchers((each.matcher, each.id) for each in holding(connection, now))
        self._inhibitors = [Inhibitors(connection, each) for each in effective(connection, now)]
        self._newest: dict[str, Alert] = {}
        self._ages: dict[str, int] = {}
        self._ends: list[tuple[Inhibition, Alert]] = []
        self._unheard: dict[str, str] = {}
        self._heard: set[str] = set()

    def prepare(self, episodes: Iterable[Episode], alerts: Iterable[Alert]) -> None:
        """Look at the episodes that alerts are going to change: they may have muted others, or been muted always."""
        known = list(episodes)
        unheard = [each for each in known if each.is_open and each.muted and not each.told]
        for name, alert in _newest_alerts(self._connection, unheard).items():
            self._unheard[name] = alert.silenced or name
        if self._inhibitors:
            self._newest.update(_newest_alerts(self._connection, [each for each in known if each.state in INHIBITING]))
            for alert in (alert for alert in alerts if alert.reminder is None):
                for each in self._inhibitors:
                    each.foresee(alert)

    def muter(self, alert: Alert, before: Episode | None) -> str | None:
        """
        Give the silence or inhibition because of which an alert is not pushed; `before` is its episode until now.

        The end of what nobody was told of, because it was muted, is not pushed either.
        """
        found = self._muting_now(alert, before)
        is_end = alert.status not in OPEN and alert.status not in MOMENTARY
        return self._unheard.get(alert.episode) if found is None and is_end else found

    def _muting_now(self, alert: Alert, before: Episode | None) -> str | None:
        silence = self._silences.first(alert)
        if silence is not None or not self._inhibitors:
            return silence
        last = self._newest.get(alert.episode)
        state = last.status if last else before.state if before is not None and before.is_open else None
        age = self._age(alert, before)
        muters = self._muters(alert, state)
        return next((each.id for each, source in muters if not self._closes_a_ring(alert, age, source)), None)

    def follow(self, alert: Alert, before: Episode | None) -> None:
        """Take an alert as stored: its episode may begin or stop to mute others, and to be heard of."""
        if alert.silenced is None and alert.status is not AlertStatus.PENDING:
            self._unheard.pop(alert.episode, None)
            self._heard.add(alert.episode)
        elif is_muted(alert) and alert.episode not in self._heard and not (before is not None and before.told):
            self._unheard[alert.episode] = alert.silenced or alert.episode
        if not self._inhibitors or alert.reminder is not None:
            return
        age = self._ages[alert.episode] = self._age(alert, before)
        last = self._newest.pop(alert.episode, None)
        for each in self._inhibitors:
            known = each.inhibition
            if last is not None and known.is_source(last) and not _goes_on(known, last, alert):
                self._ends.append((known, last))
            each.follow(alert, age, last)
        if alert.status in INHIBITING:
            self._newest[alert.episode] = alert

    def _age(self, alert: Alert, before: Episode | None) -> int:
        return self._ages.get(alert.episode, YOUNG + len(self._ages) if before is None else before.first_alert)

    def save(self) -> None:
        """Note which episodes have stopped to mute others."""
        note_ends(self._connection, self._ends, self._now)

    def _muters(self, alert: Alert, state: AlertStatus | None) -> Iterator[tuple[Inhibition, Inhibitor]]:
        """Give the inhibitions and open episodes that would mute an alert."""
        for each in self._inhibitors:
            known = each.inhibition
            if known.holds(self._now) and known.target.matches(alert, state):
                is_both = known.source.matches(alert, state)
                for source in each.of(alert):
                    if not (is_both and known.target.matches(source.alert)):
                        yield known, source

    def _closes_a_ring(self, alert: Alert, age: int, source: Inhibitor) -> bool:
        """Tell whether an alert is of an episode that mutes its younger source itself, or those that mute that one."""
        if age > source.age:
            return False
        waiting, seen = [source], {source.alert.episode}
        while waiting and len(seen) < CHAIN_LIMIT:
            for _, further in self._muters(waiting.pop().alert, None):
                name = further.alert.episode
                if name == alert.episode:
                    return True
                if name not in seen:
                    seen.add(name)
                    waiting.append(further)
        return False


def _goes_on(inhibition: Inhibition, last: Alert, alert: Alert) -> bool:
    """Tell whether an episode mutes the same after an alert as before it."""
    return inhibition.is_source(alert) and inhibition.key(alert) == inhibition.key(last)


def _newest_alerts(connection: Connection, episodes: list[Episode]) -> dict[str, Alert]:
    alerts = alerts_by_sequence(connection, (episode.newest_alert for episode in episodes))
    return {alert.episode: alert for alert in alerts.values()}
