"""
What is due of episodes: to tell again what is open, and what was silenced or inhibited.

Each is done in one small transaction, with an alert whose id follows from the episode and the instant that was due:
twice is once.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from weps.composing import episode_alert_id
from weps.episodes import MOMENTARY, DueTimer, Episode, Timer
from weps.handling.calming import tell_calm, tell_flapping
from weps.model import AlertStatus, Reminder, SubscriptionStatus
from weps.notify.retelling import compose_closing, compose_reminder
from weps.surviving import result_of

if TYPE_CHECKING:
    from weps.inhibitions import Inhibition, Key
    from weps.model import Alert, Target
    from weps.silences import Silence
    from weps.store import Store
    from weps.store.episodes import EpisodeTransaction

LOG = logging.getLogger(__name__)
PAUSE = timedelta(minutes=1)
"""How long something is put off that could not be done."""


class _End(NamedTuple):
    """Something that kept alerts from being pushed, and when it ended."""

    reminder: Reminder
    by: str
    ended: datetime


@dataclass(frozen=True, slots=True)
class Reminding:
    """Does what is due of episodes at the time of `clock`."""

    store: Store
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)

    def run_due(self) -> int:
        """Do what is due: tell what was not pushed, and run the timers; gives how many alerts that made."""
        now = self.clock()
        told = 0
        for silence, ended in self.store.due_silences(now):
            count = self._tell_ends(ended, partial(_end_of_silence, silence, ended), now)
            if count is not None:
                self.store.told_silence(silence.id, ended, now)
            told += count or 0
        self.store.end_due_inhibitions(now)
        for inhibition, ends in self.store.inhibition_ends():
            # an episode may have begun in the very instant in which its source ended
            latest = max(ends.values()) + timedelta(microseconds=1)
            count = self._tell_ends(latest, partial(_end_of_inhibition, inhibition, ends), now)
            if count is not None:
                self.store.told_inhibition(inhibition, ends)
            told += count or 0
        while timers := self.store.due_timers(now):
            told += sum(self._run(timer, now) for timer in timers)
        told += tell_calm(self.store, now)
        if told:
            LOG.info("told again alerts=%d", told)
        return told

    def _tell_ends(
        self, before: datetime, end_of: Callable[[Episode, Alert], _End | None], now: datetime
    ) -> int | None:
        """
        Tell the episodes for which something has ended that kept them quiet, as far as nothing else does.

        Gives how many alerts that made; None where an episode could not be told, so that it is tried again: what is
        told by then is not told twice.
        """
        told, after, is_whole = 0, "", True
        while found := self.store.untold_since(before, after):
            after = found[-1][0].id
            for episode, alert in found:
                end = end_of(episode, alert)
                if end is None:
                    continue
                text, values = "not told episode=%s %s=%s", (episode.id, end.reminder.value, end.by)
                count = result_of(partial(self._tell_end, episode, end, now), text, *values)
                is_whole = is_whole and count is not None
                told += count or 0
        return told if is_whole else None

    def _tell_end(self, episode: Episode, end: _End, now: datetime) -> int:
        with self.store.handling(episode.id) as work:
            known, newest = work.episode, work.newest_alert()
            identifier = episode_alert_id(known, f"{end.reminder}/{end.by}", end.ended)
            if work.is_told(identifier) or work.is_silenced(newest, now):
                return 0
            if end.reminder is Reminder.INHIBITION_OVER and work.is_pushed_since(end.ended):
                return 0
            flaps = work.flaps()
            if flaps is not None:
                return tell_flapping(work, flaps, identifier, now)
            is_heard = known.is_open and known.state is not AlertStatus.PENDING
            if not is_heard and not (known.muted and (known.told or known.state in MOMENTARY)):
                # it came and went in silence, or has only begun
                work.change(muted=False)
                return 0
            if known.is_acknowledged and not known.muted:
                return 0
            work.tell(compose_reminder(newest, end.reminder, id=identifier, detected=now), work.targets(), now)
            return 1

    def _run(self, timer: DueTimer, now: datetime) -> int:
        """Do what is due of an episode; what breaks is put off, as one episode must not hold up the others."""
        text, values = "timer broke episode=%s kind=%s", (timer.episode, timer.kind)
        told = result_of(partial(self._do, timer, now), text, *values)
        if told is None:
            self.store.put_off_timer(timer, now + PAUSE)
        return told or 0

    def _do(self, timer: DueTimer, now: datetime) -> int:
        with self.store.handling(timer.episode) as work:
            if not work.is_due(timer):
                return 0
            work.drop_timers(timer.kind)
            return _RUNS[timer.kind](work, timer, now)


def _end_of_silence(silence: Silence, ended: datetime, _episode: Episode, alert: Alert) -> _End | None:
    return _End(Reminder.SILENCE_OVER, silence.id, ended) if silence.matcher.matches(alert) else None


def _end_of_inhibition(
    inhibition: Inhibition, ends: Mapping[Key, datetime], episode: Episode, alert: Alert
) -> _End | None:
    ended = ends.get(inhibition.key(alert))
    if ended is None or episode.opened > ended or not inhibition.target.matches(alert):
        return None
    if inhibition.source.matches(alert) and not episode.muted:
        # what is meant as source too was perhaps never muted
        return None
    return _End(Reminder.INHIBITION_OVER, inhibition.id, ended)


def _repeat(work: EpisodeTransaction, timer: DueTimer, now: datetime) -> int:
    """Tell again what is open and nobody has acknowledged, as long as its owner wants that."""
    subscription = work.subscription()
    repeat = subscription.attention.repeat
    if repeat is None or not work.episode.is_open or work.episode.is_acknowledged:
        return 0
    if subscription.status is SubscriptionStatus.PAUSED:
        # that a source is down goes on when the subscription does
        work.set_timer(Timer.REPEAT, now + repeat)
        return 0
    return _remind(work, timer, Reminder.REPEAT, work.targets(), now)


def _escalate(work: EpisodeTransaction, timer: DueTimer, now: datetime) -> int:
    """Tell further targets what nobody has acknowledged."""
    wish = work.subscription().attention
    is_wanted = wish.escalate_after is not None and wish.escalate_to
    if not is_wanted or not work.episode.wants_attention or work.episode.is_acknowledged:
        return 0
    return _remind(work, timer, Reminder.ESCALATION, wish.escalate_to, now)


def _end_acknowledgement(work: EpisodeTransaction, timer: DueTimer, now: datetime) -> int:
    """Let an episode come back that somebody took care of for a while."""
    if not work.episode.wants_attention:
        return 0
    work.change(acknowledged_by=None, acknowledged=None, acknowledged_until=None)
    return _remind(work, timer, Reminder.ACKNOWLEDGEMENT_OVER, work.targets(), now)


def _expire(work: EpisodeTransaction, timer: DueTimer, now: datetime) -> int:
    """Tell that nobody knows how an episode goes on; it is closed already."""
    newest = work.newest_alert()
    if work.episode.state is not AlertStatus.EXPIRED or newest.status is AlertStatus.EXPIRED:
        return 0
    identifier = episode_alert_id(work.episode, AlertStatus.EXPIRED, timer.due)
    alert = compose_closing(newest, AlertStatus.EXPIRED, id=identifier, detected=now)
    work.tell(alert, work.targets() if work.episode.told else (), now)
    return 1


def _remind(
    work: EpisodeTransaction, timer: DueTimer, reminder: Reminder, targets: tuple[Target, ...], now: datetime
) -> int:
    newest = work.newest_alert()
    if work.episode.state is AlertStatus.PENDING:
        return 0
    if work.flaps() is not None:
        return 0
    if work.is_silenced(newest, now):
        # the end of the silence tells it, and everything begins anew from there
        work.change(muted=True)
        work.drop_timers(Timer.REPEAT, Timer.ESCALATION)
        return 0
    identifier = episode_alert_id(work.episode, reminder, timer.due)
    work.tell(compose_reminder(newest, reminder, id=identifier, detected=now), targets, now)
    return 1


_RUNS: dict[Timer, Callable[[EpisodeTransaction, DueTimer, datetime], int]] = {
    Timer.REPEAT: _repeat,
    Timer.ESCALATION: _escalate,
    Timer.ACKNOWLEDGEMENT: _end_acknowledgement,
    Timer.EXPIRY: _expire,
}
