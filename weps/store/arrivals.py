"""What has been seen of a feed, what its source changed afterwards, and what is held back for some of its rules."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import Connection, delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from weps.health import Counters
from weps.model import LatePolicy, SubscriptionStatus
from weps.store.portions import portions
from weps.store.rows import observation_from_json, observation_to_json
from weps.store.tables import CORRECTIONS, FEEDS, HELD, SEEN, SUBSCRIPTIONS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from datetime import datetime

    from weps.model import Feed, Observation, Ordering

_LONGEST_VALUE = 60
_EXACT = 2**53
"""Whole numbers below it are the same as floats."""


class Corrected(NamedTuple):
    """An observation whose value is another than before; values as text."""

    observation: Observation
    before: str
    after: str


class News(NamedTuple):
    """
    What was not seen before: observations in the order of their times, and changes of those that were seen.

    `repeated` was told again under another result time, with the same value.
    """

    fresh: list[Observation]
    corrected: list[Corrected]
    repeated: list[Observation]


class _Known(NamedTuple):
    """What is known of the value of a series at a time."""

    id: str
    value: str
    known_since: datetime | None


class Arrivals:
    """The part of a feed's transaction that tells news from what is known."""

    _connection: Connection
    feed: Feed
    counters: Counters

    def news(self, observations: Sequence[Observation]) -> News:
        """
        Leave out what was seen before, and doubles among the given ones.

        What has the series and the time of something seen but another value is a correction of it. Observations that
        have no result times, and that a source gives side by side under different identifiers, are different ones.
        """
        given = {each.id: each for each in reversed(observations)}
        if not given:
            return News([], [], [])
        unknown = self._unknown(given)
        unknown.sort(key=_order)
        known = self._values(unknown)
        fresh: list[Observation] = []
        corrected: list[Corrected] = []
        repeated: list[Observation] = []
        for each in unknown:
            place, value = (each.phenomenon_time, slot_of(each)), value_of(each)
            values = known.setdefault(place, [])
            before = None if _stands_beside(each, values, given) else _before(each, values)
            if before is None:
                fresh.append(each)
            elif before != value:
                corrected.append(Corrected(each, before, value))
            else:
                # Identifiers alone may be made anew for each answer; what has them is looked at again each time.
                repeated += [each] if each.result_time is not None else []
                continue
            values.append(_Known(each.id, value, _known_later(each)))
        self.count(repeated=len(observations) - len(given) + len(repeated))
        return News(fresh, corrected, repeated)

    def count(self, **numbers: int) -> None:
        """Count what came otherwise than it should, see `Counters`; it is kept with the record of the source."""
        self.counters = self.counters.plus(Counters(**numbers))

    def times_of(self, identifiers: Iterable[str]) -> dict[str, datetime]:
        """Give the phenomenon times of seen observations, as far as they are still remembered."""
        found: dict[str, datetime] = {}
        for some in portions(list(identifiers)):
            wanted = SEEN.c.feed_id == self.feed.id, SEEN.c.observation.in_(some)
            query = select(SEEN.c.observation, SEEN.c.phenomenon_time).where(*wanted)
            found.update((row.observation, row.phenomenon_time) for row in self._connection.execute(query))
        return found

    def mark_seen(self, observations: Sequence[Observation]) -> None:
        """Remember observations, so that they are never evaluated again."""
        rows = [self._seen(each) for each in observations]
        if rows:
            self._connection.execute(SEEN.insert(), rows)

    def record(self, corrected: Sequence[Corrected], now: datetime) -> None:
        """Keep what a source changed, and remember the values that it gives now."""
        if not corrected:
            return
        self._upsert(SEEN, [self._seen(each.observation) for each in corrected], ("value",))
        found = {(each.observation.phenomenon_time, slot_of(each.observation)): each for each in corrected}
        rows = [
            {
                "feed_id": self.feed.id,
                "phenomenon_time": time,
                "slot": slot,
                **each.observation.series._asdict(),
                "before": each.before,
                "after": each.after,
                "recorded": now,
                "times": 1,
            }
            for (time, slot), each in found.items()
        ]
        again = {"times": CORRECTIONS.c.times + 1}
        self._upsert(CORRECTIONS, rows, ("before", "after", "recorded"), again)
        counting = update(FEEDS).where(FEEDS.c.id == self.feed.id)
        self._connection.execute(counting.values(corrected=FEEDS.c.corrected + len(corrected)))

    def forget_seen(self, before: datetime, *, by_result_time: bool = False) -> None:
        """Forget observations older than what will ever be asked for again, or known for longer."""
        time = func.coalesce(SEEN.c.result_time, SEEN.c.phenomenon_time) if by_result_time else SEEN.c.phenomenon_time
        self._connection.execute(delete(SEEN).where(SEEN.c.feed_id == self.feed.id, time < before))

    def held(self, ordering: str) -> list[tuple[Observation, bool]]:
        """Give what is held back for rules of one ordering, and with True the last of each series that they saw."""
        query = select(HELD).where(HELD.c.feed_id == self.feed.id, HELD.c.ordering == ordering)
        return [
            (
                observation_from_json((row.procedure, row.observed_property, row.feature_of_interest), row.stored),
                bool(row.shown),
            )
            for row in self._connection.execute(query)
        ]

    def hold(self, ordering: str, kept: Mapping[str, tuple[Observation, bool]], gone: Sequence[str]) -> None:
        """Keep observations by their ids, each with whether it was shown, and forget others."""
        mine = HELD.c.feed_id == self.feed.id, HELD.c.ordering == ordering
        for some in portions(gone):
            self._connection.execute(delete(HELD).where(*mine, HELD.c.observation.in_(some)))
        rows = [
            {
                "feed_id": self.feed.id,
                "ordering": ordering,
                "time": each.end,
                "observation": each.id,
                **each.series._asdict(),
                "stored": observation_to_json(each),
                "shown": shown,
            }
            for each, shown in kept.values()
        ]
        self._upsert(HELD, rows, ("stored", "shown"))

    def forget_held(self, orderings: Collection[str]) -> None:
        """Forget what is held back for rules that are not there any more: of all orderings but these."""
        others = HELD.c.ordering.not_in(sorted(orderings))
        self._connection.execute(delete(HELD).where(HELD.c.feed_id == self.feed.id, others))

    def count_dropped(self, dropped: Mapping[Ordering, int]) -> None:
        """Count for the subscriptions of some orderings, and for the source, what came too late for them."""
        for ordering, number in (each for each in dropped.items() if each[1]):
            self.count(**{"overdue" if ordering.late is LatePolicy.REORDER else "dropped": number})
            counting = update(SUBSCRIPTIONS).where(
                SUBSCRIPTIONS.c.feed_id == self.feed.id,
                SUBSCRIPTIONS.c.status == SubscriptionStatus.ACTIVE,
                SUBSCRIPTIONS.c.late_policy == ordering.late,
                SUBSCRIPTIONS.c.late_bound == ordering.bound,
                SUBSCRIPTIONS.c.corrections == ordering.corrections,
            )
            self._connection.execute(counting.values(dropped=SUBSCRIPTIONS.c.dropped + number))

    def _unknown(self, given: Mapping[str, Observation]) -> list[Observation]:
        """Give those whose id was not seen, or with another value than now."""
        oldest = min(each.phenomenon_time for each in given.values())
        query = select(SEEN.c.observation, SEEN.c.value).where(
            SEEN.c.feed_id == self.feed.id, SEEN.c.phenomenon_time >= oldest
        )
        seen: dict[str, str | None] = {row[0]: row[1] for row in self._connection.execute(query)}
        return [
            each
            for identifier, each in given.items()
            if identifier not in seen or (seen[identifier] is not None and seen[identifier] != value_of(each))
        ]

    def _values(self, observations: Sequence[Observation]) -> dict[tuple[datetime, int], list[_Known]]:
        """Give the values that are known of the times of observations, by time and slot."""
        found: dict[tuple[datetime, int], list[_Known]] = {}
        if not observations:
            return found
        times = [each.phenomenon_time for each in observations]
        columns = SEEN.c.phenomenon_time, SEEN.c.slot, SEEN.c.observation, SEEN.c.value, SEEN.c.result_time
        query = select(*columns).where(
            SEEN.c.feed_id == self.feed.id, SEEN.c.phenomenon_time.between(min(times), max(times))
        )
        for time, slot, identifier, value, known_since in self._connection.execute(query):
            if slot is not None:
                found.setdefault((time, slot), []).append(_Known(identifier, value, known_since))
        return found

    def _seen(self, observation: Observation) -> dict[str, Any]:
        return {
            "feed_id": self.feed.id,
            "phenomenon_time": observation.phenomenon_time,
            "observation": observation.id,
            "result_time": _known_later(observation),
            "slot": slot_of(observation),
            "value": value_of(observation),
        }

    def _upsert(
        self,
        table: Any,
        rows: list[dict[str, Any]],
        changing: tuple[str, ...],
        otherwise: Mapping[str, Any] | None = None,
    ) -> None:
        if not rows:
            return
        dialect = postgresql if self._connection.dialect.name == "postgresql" else sqlite
        insert = dialect.insert(table)
        changes = {name: insert.excluded[name] for name in changing} | dict(otherwise or {})
        statement = insert.on_conflict_do_update(index_elements=list(table.primary_key.columns), set_=changes)
        self._connection.execute(statement, rows)


def slot_of(observation: Observation) -> int:
    """Give a number that stands for the series and the end of an observation: beside its time it says what it is."""
    names = (*observation[1:4], str(observation.phenomenon_time_end))
    return int.from_bytes(hashlib.blake2b("\0".join(names).encode(), digest_size=8).digest(), "big", signed=True)


def value_of(observation: Observation) -> str:
    """Give the value of an observation with its unit as a text: the same for the same value, and short."""
    value = observation.value
    if isinstance(value, int) and abs(value) < _EXACT and not isinstance(value, bool):
        value = float(value)
    text = f"{value!r} {observation.uom}" if observation.uom else repr(value)
    if len(text) <= _LONGEST_VALUE:
        return text
    return f"{text[:_LONGEST_VALUE]}… {hashlib.blake2b(text.encode(), digest_size=8).hexdigest()}"


def _order(observation: Observation) -> tuple[Any, ...]:
    """Give the place of an observation among others: by time, then by series, and before its corrections."""
    known = observation.result_time or observation.phenomenon_time
    return observation.end, *observation[1:4], known


def _known_later(observation: Observation) -> datetime | None:
    """Give when a result became known, None where that was not after it held: most become known at once."""
    known = observation.result_time
    return known if known is not None and known > observation.phenomenon_time else None


def _stands_beside(observation: Observation, values: Sequence[_Known], given: Mapping[str, Observation]) -> bool:
    if observation.result_time is not None or observation.identifier is None:
        return False
    return all(each.id in given and each.id != observation.id for each in values)


def _before(observation: Observation, values: Sequence[_Known]) -> str | None:
    """Give the value that an observation would correct: the newest, or its own where that is no news; None without."""
    if not values:
        return None
    same = next((each for each in values if each.id == observation.id), None)
    if same is not None:
        return same.value
    times = [each.known_since or observation.phenomenon_time for each in values]
    newest = values[times.index(max(times))]
    known = observation.result_time
    value = value_of(observation)
    if (known is None or known <= max(times)) and any(each.value == value for each in values):
        return value
    return newest.value
