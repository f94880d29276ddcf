"""What flaps, as it is counted while alerts are stored, and what is due of it."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeAlias

from sqlalchemy import BigInteger, delete, exists, select, tuple_, type_coerce, update

from sos_server.time import from_microseconds, to_microseconds
from weps.flapping import FLAPPING, Flaps, count_change, is_change
from weps.model import Reminder, SubscriptionStatus
from weps.store.bulk import insert_rows
from weps.store.database import Database
from weps.store.portions import portions
from weps.store.rows import read_alert
from weps.store.tables import ALERTS, EPISODES, FEEDS, FLAPS, SUBSCRIPTIONS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sqlalchemy import ColumnElement, Connection, RowMapping

    from weps.episodes import Episode
    from weps.model import Alert, AlertStatus, Attention, Target

    Retell: TypeAlias = Callable[[Alert, Flaps, Reminder, datetime], Alert]
    """Makes the alert that something flaps, or is calm again, of its newest alert."""

    Told: TypeAlias = tuple[Alert, tuple[Target, ...]]
    Place: TypeAlias = tuple[str, str]

PAUSE = timedelta(minutes=1)
"""How long it is until somebody looks again at what is not known to be over."""

_COLUMNS = tuple(each.name for each in fields(Flaps))
_KEYS = ("subscription_id", "key")
_CHANGING = tuple(name for name in _COLUMNS if name not in _KEYS)


class Flapped(Database):
    """What is due of what flaps."""

    def due_flaps(self, now: datetime, limit: int = 100) -> tuple[Flaps, ...]:
        """
        Give what flaps and may be calm now, the longest waiting first.

        What has changed without flapping is forgotten as soon as its source is known to have had nothing within the
        window: changes are counted by when they happened, however late they come.
        """
        due = FLAPS.c.due <= now
        with self.reading() as connection:
            if not connection.execute(select(exists().where(due))).scalar_one():
                return ()
        with self.writing() as connection:
            counted = due, FLAPS.c.since.is_(None)
            connection.execute(delete(FLAPS).where(*counted, ~_may_go_on()))
            connection.execute(update(FLAPS).where(*counted).values(due=now + PAUSE))
            rows = connection.execute(select(FLAPS).where(due).order_by(FLAPS.c.due).limit(limit)).mappings()
            return tuple(_read(row) for row in rows)

    def put_off_flaps(self, flaps: Flaps, due: datetime | None) -> None:
        """Let somebody look later whether something is calm; or never, where nothing can be told of it any more."""
        with self.writing() as connection:
            write_flaps(connection, flaps, **({} if due is None else {"due": due}))


class FlapBook:
    """
    Counts the changes of the alerts of one transaction, and tells what that means for their subscribers.

    `heard` are the alerts that tell of what somebody was pushed before, whether they are pushed themselves or not.
    """

    def __init__(self, connection: Connection, wishes: Mapping[str, Attention], retell: Retell | None) -> None:
        self._connection = connection
        self._wishes = {name: wish for name, wish in wishes.items() if wish.flapping is not None}
        self._retell = retell
        self._known: dict[Place, Flaps] = {}
        self._places: dict[str, Place] = {}
        self._changed: set[Place] = set()
        self._newest: dict[Place, Alert] = {}
        self._states: dict[str, AlertStatus] = {}
        self.heard: set[str] = set()

    def prepare(self, alerts: Sequence[Told], episodes: Mapping[str, Episode]) -> set[str]:
        """Read what alerts and their episodes concern; gives the episodes in which more may be told."""
        if not self._wishes:
            return set()
        places = {(alert.subscription_id, alert.key) for alert, _ in alerts if alert.key}
        for episode in episodes.values():
            self._states[episode.id] = episode.state
            if episode.key:
                self._places[episode.id] = episode.subscription_id, episode.key
                places.add(self._places[episode.id])
        for some in portions(sorted(places)):
            place = tuple_(FLAPS.c.subscription_id, FLAPS.c.key)
            query = select(FLAPS).where(place.in_(some))
            for row in self._connection.execute(query).mappings():
                self._know(_read(row))
        return {flaps.episode for flaps in self._known.values() if flaps.is_on}

    def follow(
        self, alert: Alert, targets: tuple[Target, ...], before: Episode | None, now: datetime
    ) -> tuple[Told, ...]:
        """Give what is to be stored of an alert: before it that all is calm, itself, after it that it flaps now."""
        wish = self._wishes.get(alert.subscription_id)
        if wish is None or wish.flapping is None or alert.reminder is not None:
            return ((alert, targets),)
        state = self._states.get(alert.episode)
        self._states[alert.episode] = alert.status
        if alert.key is None or self._retell is None:
            return ((alert, targets),)
        fresh = Flaps(alert.subscription_id, alert.key, alert.episode, now + wish.flapping.window)
        known = self._known.get((fresh.subscription_id, fresh.key), fresh)
        calm: tuple[Told, ...] = ()
        if known.is_on and known.is_calm(alert.event_time, wish.flapping.window):
            calm = self._calm(known, targets, wish, now)
            self._keep(fresh)
            known = fresh
        if not is_change(alert, state):
            self._note_newest(known, alert)
            return (*calm, (alert, targets))
        after = count_change(known, alert, wish.flapping, now)
        began = after.is_on and not known.is_on
        if began:
            after = replace(after, escalated=before is not None and before.escalated)
        self._keep(after)
        self._note_newest(after, alert)
        if not began:
            return (*calm, (alert, targets))
        told = self._retell(alert, after, Reminder.FLAPPING, now), _all(targets, wish, after)
        return (*calm, (alert, targets), told)

    def mutes(self, alert: Alert) -> str | None:
        """Tell whether an alert is not pushed because what it tells of flaps."""
        place = (alert.subscription_id, alert.key) if alert.key else self._places.get(alert.episode, ("", ""))
        flaps = self._known.get(place)
        is_on = alert.reminder is None and alert.subscription_id in self._wishes and flaps is not None and flaps.is_on
        return FLAPPING if is_on else None

    def note(self, alert: Alert) -> None:
        """Note whether it is pushed that something flaps."""
        flaps = self._known.get(self._places.get(alert.episode, ("", "")))
        if alert.reminder is Reminder.FLAPPING and flaps is not None:
            self._keep(replace(flaps, told=alert.silenced is None))

    def save(self) -> None:
        """Write what has changed."""
        rows = [_values(self._known[place]) for place in sorted(self._changed)]
        insert_rows(self._connection, FLAPS, _COLUMNS, rows, _CHANGING)

    def _calm(self, flaps: Flaps, targets: tuple[Target, ...], wish: Attention, now: datetime) -> tuple[Told, ...]:
        newest = self._newest.get((flaps.subscription_id, flaps.key)) or _newest_alert(self._connection, flaps.episode)
        if newest is None or self._retell is None:
            return ()
        told = self._retell(newest, flaps, Reminder.FLAPPING_OVER, now)
        if flaps.told:
            self.heard.add(told.id)
        return ((told, _all(targets, wish, flaps)),)

    def _know(self, flaps: Flaps) -> Place:
        place = flaps.subscription_id, flaps.key
        self._known[place] = flaps
        self._places[flaps.episode] = place
        return place

    def _keep(self, flaps: Flaps) -> None:
        self._changed.add(self._know(flaps))

    def _note_newest(self, flaps: Flaps, alert: Alert) -> None:
        if flaps.episode == alert.episode:
            self._newest[flaps.subscription_id, flaps.key] = alert


def flaps_of(connection: Connection, episode: Episode) -> Flaps | None:
    """Give what flaps, where that is what an episode tells of."""
    mine = FLAPS.c.subscription_id == episode.subscription_id, FLAPS.c.key == episode.key
    query = select(FLAPS).where(*mine, FLAPS.c.since.is_not(None))
    row = None if episode.key is None else connection.execute(query).mappings().one_or_none()
    return None if row is None else _read(row)


def write_flaps(connection: Connection, flaps: Flaps, **changes: Any) -> None:
    """Change what is known of something that flaps; without changes it is forgotten."""
    mine = FLAPS.c.subscription_id == flaps.subscription_id, FLAPS.c.key == flaps.key
    connection.execute(update(FLAPS).where(*mine).values(**changes) if changes else delete(FLAPS).where(*mine))


def end_flaps(connection: Connection, subscription_ids: Sequence[str], now: datetime) -> None:
    """Let everything that flaps of subscriptions be told as soon as may be, since it is not watched on as it was."""
    for some in portions(subscription_ids):
        mine = FLAPS.c.subscription_id.in_(some)
        connection.execute(delete(FLAPS).where(mine, FLAPS.c.since.is_(None)))
        connection.execute(update(FLAPS).where(mine).values(newest=None, due=now))


def _may_go_on() -> ColumnElement[bool]:
    """Give the condition that a source was not read yet up to the end of the window after the last change."""
    watched = SUBSCRIPTIONS.c.id == FLAPS.c.subscription_id, SUBSCRIPTIONS.c.status == SubscriptionStatus.ACTIVE
    until, newest, window = (
        type_coerce(column, BigInteger)
        for column in (FEEDS.c.polled_until, FLAPS.c.newest, SUBSCRIPTIONS.c.flap_window)
    )
    joined = select(1).select_from(SUBSCRIPTIONS.join(FEEDS)).where(*watched, until < newest + window)
    return joined.correlate(FLAPS).exists()


def _newest_alert(connection: Connection, episode: str) -> Alert | None:
    query = select(ALERTS).join(EPISODES, EPISODES.c.newest_alert == ALERTS.c.sequence).where(EPISODES.c.id == episode)
    row = connection.execute(query).mappings().one_or_none()
    return None if row is None else read_alert(row)


def _all(targets: tuple[Target, ...], wish: Attention, flaps: Flaps) -> tuple[Target, ...]:
    return (*targets, *wish.escalate_to) if flaps.escalated else targets


def _values(flaps: Flaps) -> tuple[Any, ...]:
    changes = [to_microseconds(time) for time in flaps.changes]
    return tuple(changes if name == "changes" else getattr(flaps, name) for name in _COLUMNS)


def _read(row: RowMapping) -> Flaps:
    changes = tuple(from_microseconds(time) for time in row["changes"])
    members: dict[str, Any] = {name: row[name] for name in _COLUMNS}
    return Flaps(**members | {"changes": changes})
