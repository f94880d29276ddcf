"""
How alerts are stored: with the row of their episode, what is due of it, and what is pushed, in one transaction.

An alert that a silence matches is stored and not pushed. What an operator has cancelled is not told on: its end is
dropped, and when it gets going again (a severity step) it is a new episode.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from operator import attrgetter
from typing import TYPE_CHECKING

from sqlalchemy import Connection, delete, func, select, tuple_, update

from weps.episodes import OPEN, Timer, follow, is_for_feeds_only
from weps.flapping import ABOUT_FLAPPING
from weps.model import AlertStatus, Attention, Reminder
from weps.store.bulk import insert_rows
from weps.store.flapping import FlapBook, end_flaps
from weps.store.gathering import GroupBook
from weps.store.inhibitions import note_closed
from weps.store.muting import Muting
from weps.store.outbox import enqueue
from weps.store.portions import portions
from weps.store.rows import (
    ALERT_COLUMNS,
    ATTENTION_COLUMNS,
    EPISODE_COLUMNS,
    alert_values,
    read_attention,
    read_episode,
)
from weps.store.tables import ALERTS, EPISODE_TIMERS, EPISODES, SUBSCRIPTIONS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from weps.episodes import Episode
    from weps.model import Alert, Target
    from weps.store.flapping import Retell

TIMER_COLUMNS = ("episode", "kind", "due")
_values_of = attrgetter(*EPISODE_COLUMNS)
_CHANGING = tuple(name for name in EPISODE_COLUMNS if name not in ("id", "subscription_id", "opened", "first_alert"))


@dataclass(slots=True)
class _Timers:
    """What changes about what is due; a later change of the same timer takes the place of an earlier one."""

    changes: dict[tuple[str, Timer], tuple[datetime | None, bool]] = field(default_factory=dict)

    def set(self, episode: str, kind: Timer, due: datetime) -> None:
        """Let something be due then, whatever was set before."""
        self.changes[episode, kind] = due, True

    def begin(self, episode: str, kind: Timer, due: datetime) -> None:
        """Let something be due then, unless it is due already."""
        known = self.changes.get((episode, kind))
        if known is None or known[0] is None:
            self.changes[episode, kind] = due, known is not None

    def drop(self, episode: str, *kinds: Timer) -> None:
        """Let nothing of these kinds be due any more."""
        self.changes.update({(episode, kind): (None, True) for kind in kinds})

    def save(self, connection: Connection) -> None:
        """Write the changes."""
        dropped = [(episode, kind.value) for (episode, kind), (due, _) in self.changes.items() if due is None]
        for some in portions(dropped):
            gone = tuple_(EPISODE_TIMERS.c.episode, EPISODE_TIMERS.c.kind).in_(some)
            connection.execute(delete(EPISODE_TIMERS).where(gone))
        for overwriting in (True, False):
            rows = [
                (episode, kind.value, due)
                for (episode, kind), (due, is_set) in self.changes.items()
                if due is not None and is_set is overwriting
            ]
            insert_rows(connection, EPISODE_TIMERS, TIMER_COLUMNS, rows, ("due",) if overwriting else ())


def store_alerts(
    connection: Connection,
    alerts: Sequence[tuple[Alert, tuple[Target, ...]]],
    now: datetime,
    standing: tuple[Target, ...] = (),
    retell: Retell | None = None,
) -> None:
    """
    Store alerts, each with the targets that it is for; `standing` targets get all, also what is silenced.

    `retell` makes the alerts that tell what flaps; without it nothing begins to.
    """
    known = _episodes(connection, {alert.episode for alert, _ in alerts})
    wishes = _attention(connection, {alert.subscription_id for alert, _ in alerts})
    flaps = FlapBook(connection, wishes, retell)
    more = flaps.prepare(alerts, known)
    known |= _episodes(connection, more - known.keys())
    muting = Muting(connection, now)
    muting.prepare(known.values(), [alert for alert, _ in alerts])
    decided = list(_decide(alerts, known, muting, flaps, now))
    if not decided:
        _save_episodes(connection, known.values())
        return
    sequences = _insert(connection, [alert for alert, _ in decided], now)
    timers = _Timers()
    groups = GroupBook(connection, wishes, now)
    pushes = []
    for sequence, (alert, targets) in zip(sequences, decided, strict=True):
        wish = wishes.get(alert.subscription_id, Attention())
        before = known.get(alert.episode)
        after = follow(before, alert, sequence, now, was_heard=alert.id in flaps.heard)
        known[alert.episode] = after
        _plan(timers, after, wish, now, flaps=Reminder.FLAPPING in (alert.silenced, alert.reminder))
        told = targets + (wish.escalate_to if after.escalated and alert.reminder is None else ())
        is_kept = alert.silenced or is_for_feeds_only(before.state if before else None, alert)
        at_once = groups.take(sequence, alert, () if is_kept else told)
        pushes.append((sequence, alert, (*at_once, *standing)))
    _save_episodes(connection, known.values())
    timers.save(connection)
    muting.save()
    flaps.save()
    groups.save()
    enqueue(connection, pushes, now, groups.subscriptions)
    failed = {alert.subscription_id for alert, _ in decided if alert.status is AlertStatus.RULE_FAILED}
    close_episodes(connection, sorted(failed), now)


def _decide(
    alerts: Sequence[tuple[Alert, tuple[Target, ...]]],
    known: dict[str, Episode],
    muting: Muting,
    flaps: FlapBook,
    now: datetime,
) -> Iterator[tuple[Alert, tuple[Target, ...]]]:
    """Give what is to be stored, in order: each in its episode, with what mutes it, and with what tells of flapping."""
    for given, targets in alerts:
        alert = _redirected(given, known)
        if alert is None:
            continue
        for each, its_targets in flaps.follow(alert, targets, known.get(alert.episode), now):
            told, before = each, known.get(each.episode)
            if each.reminder is None or each.reminder in ABOUT_FLAPPING:
                muter = muting.muter(each, before) or flaps.mutes(each)
                # copying an alert costs as much as all that is decided about it
                told = each if each.silenced == muter else replace(each, silenced=muter)
            flaps.note(told)
            muting.follow(told, before)
            yield told, its_targets


def close_episodes(
    connection: Connection, subscription_ids: Sequence[str], now: datetime, states: Iterable[AlertStatus] = OPEN
) -> None:
    """Close what is open of subscriptions that nobody watches any more; that it expired is told as soon as may be."""
    for some in portions(subscription_ids):
        mine = EPISODES.c.subscription_id.in_(some), EPISODES.c.closed.is_(None), EPISODES.c.state.in_(list(states))
        closing = update(EPISODES).where(*mine).values(state=AlertStatus.EXPIRED, closed=now)
        closed = connection.execute(closing.returning(EPISODES.c.id)).scalars().all()
        note_closed(connection, closed, now)
        end_flaps(connection, some, now)
        timers = _Timers()
        for episode in closed:
            timers.drop(episode, Timer.REPEAT, Timer.ESCALATION, Timer.ACKNOWLEDGEMENT)
            timers.set(episode, Timer.EXPIRY, now)
        timers.save(connection)


def _redirected(alert: Alert, known: dict[str, Episode]) -> Alert | None:
    """Give an alert in the episode that it belongs to; None for the end of what was cancelled."""
    cancelled = known.get(alert.episode)
    if cancelled is None or cancelled.state is not AlertStatus.CANCELLED or alert.reminder is not None:
        return alert
    following = cancelled.continued_by
    # what is not stored yet was begun in this very batch
    if following and (following not in known or known[following].state is not AlertStatus.CANCELLED):
        return replace(alert, episode=following)
    if alert.status not in OPEN:
        return None
    known[cancelled.id] = replace(cancelled, continued_by=alert.id)
    return replace(alert, episode=alert.id)


def _plan(timers: _Timers, episode: Episode, wish: Attention, now: datetime, *, flaps: bool) -> None:
    """Set what is due after an alert: nothing of what is over, silenced, acknowledged, only pending, or flaps."""
    if not episode.wants_attention:
        timers.drop(episode.id, Timer.REPEAT, Timer.ESCALATION, Timer.ACKNOWLEDGEMENT)
    elif flaps or episode.muted or episode.is_acknowledged or episode.state is AlertStatus.PENDING:
        timers.drop(episode.id, Timer.REPEAT, Timer.ESCALATION)
    else:
        if episode.is_open and wish.repeat is not None:
            timers.set(episode.id, Timer.REPEAT, now + wish.repeat)
        if wish.escalate_after is not None and wish.escalate_to and not episode.escalated:
            timers.begin(episode.id, Timer.ESCALATION, now + wish.escalate_after)


def _insert(connection: Connection, alerts: Sequence[Alert], now: datetime) -> Sequence[int]:
    newest_before = connection.execute(select(func.max(ALERTS.c.sequence))).scalar_one() or 0
    rows = [(now, *alert_values(alert)) for alert in alerts]
    insert_rows(connection, ALERTS, ("stored", *ALERT_COLUMNS), rows)
    # writers take turns: what is newer are these, in their order
    mine = select(ALERTS.c.sequence).where(ALERTS.c.sequence > newest_before).order_by(ALERTS.c.sequence)
    sequences = connection.execute(mine).scalars().all()
    newest = {alert.subscription_id: sequence for alert, sequence in zip(alerts, sequences, strict=True)}
    for identifier, count in Counter(alert.subscription_id for alert in alerts).items():
        counting = update(SUBSCRIPTIONS).where(SUBSCRIPTIONS.c.id == identifier)
        values = {"newest_alert": newest[identifier], "newest_alert_stored": now}
        connection.execute(counting.values(alert_count=SUBSCRIPTIONS.c.alert_count + count, **values))
    return sequences


def _episodes(connection: Connection, identifiers: Iterable[str]) -> dict[str, Episode]:
    """Give the rows of episodes, and those in which cancelled ones go on."""
    found: dict[str, Episode] = {}
    wanted = sorted(identifiers)
    asked = set(wanted)
    while wanted:
        for some in portions(wanted):
            rows = connection.execute(select(EPISODES).where(EPISODES.c.id.in_(some))).mappings()
            found.update((row["id"], read_episode(row)) for row in rows)
        wanted = [each.continued_by for each in found.values() if each.continued_by and each.continued_by not in asked]
        asked.update(wanted)
    return found


def _attention(connection: Connection, identifiers: Iterable[str]) -> Mapping[str, Attention]:
    columns = [SUBSCRIPTIONS.c[name] for name in ATTENTION_COLUMNS]
    found: dict[str, Attention] = {}
    for some in portions(sorted(identifiers)):
        query = select(SUBSCRIPTIONS.c.id, *columns).where(SUBSCRIPTIONS.c.id.in_(some))
        found.update((row["id"], read_attention(row)) for row in connection.execute(query).mappings())
    return found


def _save_episodes(connection: Connection, episodes: Iterable[Episode]) -> None:
    insert_rows(connection, EPISODES, EPISODE_COLUMNS, [_values_of(episode) for episode in episodes], _CHANGING)
