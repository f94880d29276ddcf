"""
The observations of a feed as rules of one ordering see them: as they arrive, in the order of their times, or none late.

Late is what is older than the newest of its series. Rules that are to see the order of times live in the past: each
observation is held back until its time is a bound ago, and what comes later still is dropped where its series has
gone on meanwhile.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from weps.model import Corrections, LatePolicy, Observation, Ordering, Series
from weps.rules.network import Found, Network
from weps.store import BatchTransaction
from weps.store.arrivals import News


class Stream:
    """
    The rules of one feed that have the same ordering, and what stands between them and the source.

    `newest` is what is newest of the whole feed; the mapping is the watch's own and moves with it.
    """

    def __init__(self, ordering: Ordering, newest: Mapping[Series, Observation]) -> None:
        self.ordering = ordering
        self.network = Network()
        self.first_looks: list[Found] = []
        self._dropped = 0
        self._newest = newest
        self._held: dict[str, Observation] = {}
        self._shown: dict[Series, Observation] = {}
        self._stored: set[str] = set()

    @property
    def key(self) -> str:
        """What stands for the ordering in the database."""
        return f"{self.ordering.late}/{self.ordering.bound // timedelta(microseconds=1)}/{self.ordering.corrections}"

    @property
    def reorders(self) -> bool:
        """Whether observations are held back."""
        return self.ordering.late is LatePolicy.REORDER

    @property
    def latest(self) -> Mapping[Series, Observation]:
        """What the rules have seen, or could have, as the newest of each series."""
        return self._shown if self.reorders else self._newest

    def begin(self, transaction: BatchTransaction, told: datetime | None, is_ahead: bool) -> None:
        """Go on where the stream was, as it is stored; one that is new begins with what is newest."""
        if self.reorders:
            for observation, shown in transaction.held(self.key):
                self._stored.add(observation.id)
                if shown:
                    self._shown[observation.series] = observation
                else:
                    self._held[observation.id] = observation
            if not self._stored:
                self._shown = dict(self._newest)
        self.network = Network(None if told is None or (is_ahead and not self.reorders) else self.clock(told))

    def clock(self, until: datetime) -> datetime:
        """Give the time that it is for the rules when the source has been asked up to a time."""
        return until - self.ordering.bound if self.reorders else until

    def admit(self, news: News, until: datetime) -> list[Observation]:
        """Give what the rules are to be shown now, in their order."""
        arrived = news.fresh
        if news.corrected and self.ordering.corrections is Corrections.EVALUATE:
            arrived = sorted([*arrived, *(each.observation for each in news.corrected)], key=in_order)
        if self.ordering.late is LatePolicy.ARRIVAL:
            return arrived
        kept = [each for each in arrived if not is_late(each, self.latest)]
        self._dropped += len(arrived) - len(kept)
        changed = {each.observation.id for each in news.corrected}
        return self._release(kept, changed, until) if self.reorders else kept

    def take_dropped(self) -> int:
        """Give how many came too late since the last call."""
        dropped, self._dropped = self._dropped, 0
        return dropped

    def settle(self, transaction: BatchTransaction, shown: Sequence[Observation]) -> None:
        """Store what is held back, once what was shown has been told."""
        if not self.reorders:
            return
        newest = newest_of(shown)
        passed = [self._shown[series] for series in newest if series in self._shown]
        self._shown.update(newest)
        kept = {each.id: (each, False) for each in self._held.values()}
        kept |= {each.id: (each, True) for each in self._shown.values()}
        shown_now = {each.id for each in newest.values()}
        gone = [each for each in (*passed, *shown) if each.id not in kept]
        replaced = self._stored - kept.keys() - {each.id for each in gone}
        changed = {name: one for name, one in kept.items() if name not in self._stored or name in shown_now}
        transaction.hold(self.key, changed, [*(each.id for each in gone), *sorted(replaced)])
        self._stored = set(kept)

    def _release(self, arrived: Iterable[Observation], changed: Collection[str], until: datetime) -> list[Observation]:
        held: dict[tuple[Any, ...], dict[str, Observation]] = {}
        for each in self._held.values():
            held.setdefault(_place(each), {})[each.id] = each
        for each in arrived:
            beside = held.setdefault(_place(each), {})
            if each.id in changed and each.id not in beside:
                # A correction of what is held back takes its place.
                beside.clear()
            beside[each.id] = each
        waiting = [each for beside in held.values() for each in beside.values()]
        due = self.clock(until)
        self._held = {each.id: each for each in waiting if each.end > due}
        return sorted((each for each in waiting if each.end <= due), key=in_order)


def _place(observation: Observation) -> tuple[Any, ...]:
    """Give of what an observation is a value; several may stand beside one another, such as those of several depths."""
    return *observation.series, observation.phenomenon_time, observation.end


def in_order(observation: Observation) -> tuple[Any, ...]:
    """Give the place of an observation among others: by time, then by series."""
    return observation.end, *observation[1:4]


def newest_of(observations: Iterable[Observation]) -> dict[Series, Observation]:
    """Give the newest observation of each series."""
    newest: dict[Series, Observation] = {}
    for observation in observations:
        known = newest.get(observation.series)
        if known is None or known.end <= observation.end:
            newest[observation.series] = observation
    return newest


def is_late(observation: Observation, latest: Mapping[Series, Observation]) -> bool:
    """Tell whether an observation is older than the newest of its series."""
    known = latest.get(observation.series)
    return known is not None and observation.end < known.end
