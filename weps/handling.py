"""
Working with episodes: what people do with them, and what is due of them.

Everything is done in one small transaction each, so it is whole after a restart. What is told again, and what people
cause, is an alert of the episode with an id that follows from the episode and the instant that it was due.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from weps.composing import ALERT_NAMESPACE
from weps.episodes import MOMENTARY, Action, DueTimer, Episode, Note, Silence, Timer
from weps.errors import InputError
from weps.model import AlertStatus, Reminder, SubscriptionStatus
from weps.notify.retelling import compose_closing, compose_reminder
from weps.notify.text import clean_line, clean_text

if TYPE_CHECKING:
    from weps.episodes import Matcher, Weekly
    from weps.model import Target
    from weps.store import Store
    from weps.store.episodes import EpisodeTransaction

LOG = logging.getLogger(__name__)
NAME_LIMIT = 200
TEXT_LIMIT = 2_000
LONGEST = timedelta(days=3660)
PAUSE = timedelta(minutes=1)
"""How long something is put off that could not be done."""


class OverError(InputError):
    """What was to be done with an episode cannot be done any more."""


@dataclass(frozen=True, slots=True)
class Handling:
    """What people do with episodes and silences, at the time of `clock`."""

    store: Store
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)

    def acknowledge(
        self,
        identifier: str,
        by: str,
        *,
        until: datetime | None = None,
        lasting: timedelta | None = None,
        text: str = "",
    ) -> Episode:
        """
        Let it be known that somebody takes care: nothing is repeated or escalated until then, or until it is over.

        Raises `NotFoundError`, and `InputError` where there is nothing to take care of any more.
        """
        now = self.clock()
        author, text = _author(by), _text(text)
        if until is not None and lasting is not None:
            raise InputError("say until when or for how long, not both", where="until")
        end = until if lasting is None else now + lasting
        if end is not None and not now < end <= now + LONGEST:
            raise InputError("must lie ahead, and within ten years", where="until" if lasting is None else "for")
        with self.store.handling(identifier) as work:
            _check_open(work.episode)
            work.change(acknowledged_by=author, acknowledged=now, acknowledged_until=end)
            work.drop_timers(Timer.REPEAT, Timer.ESCALATION, Timer.ACKNOWLEDGEMENT)
            if end is not None:
                work.set_timer(Timer.ACKNOWLEDGEMENT, end)
            work.note(Note(now, author, Action.ACKNOWLEDGE, text))
            return work.episode

    def assign(self, identifier: str, to: str, by: str, text: str = "") -> Episode:
        """Say who is to take care; the name of nobody takes it away. Raises `NotFoundError` and `InputError`."""
        author, assignee = _author(by), clean_line(to.strip(), NAME_LIMIT)
        with self.store.handling(identifier) as work:
            work.change(assignee=assignee or None)
            said = f"to {assignee}" if assignee else "to nobody"
            work.note(Note(self.clock(), author, Action.ASSIGN, f"{said}: {_text(text)}" if text else said))
            return work.episode

    def comment(self, identifier: str, by: str, text: str) -> Episode:
        """Keep what somebody has to say of an episode. Raises `NotFoundError` and `InputError`."""
        said = _text(text)
        if not said:
            raise InputError("say something", where="text")
        with self.store.handling(identifier) as work:
            work.note(Note(self.clock(), _author(by), Action.COMMENT, said))
            return work.episode

    def cancel(self, identifier: str, by: str, reason: str) -> Episode:
        """
        Withdraw what should not have been told, or does not matter any more: an alert of its own says so, and why.

        Raises `NotFoundError`, and `InputError` where it is over.
        """
        now = self.clock()
        author, why = _author(by), _text(reason)
        if not why:
            raise InputError("say why", where="reason")
        with self.store.handling(identifier) as work:
            _check_open(work.episode)
            alert = compose_closing(
                work.newest_alert(),
                AlertStatus.CANCELLED,
                id=_alert_id(work.episode, AlertStatus.CANCELLED, now),
                detected=now,
                by=author,
                reason=why,
            )
            work.tell(alert, _targets(work), now)
            work.note(Note(now, author, Action.CANCEL, why))
            return work.episode

    def silence(
        self,
        matcher: Matcher,
        *,
        author: str,
        reason: str,
        begins: datetime | None = None,
        ends: datetime | None = None,
        lasting: timedelta | None = None,
        weekly: Weekly | None = None,
    ) -> Silence:
        """Push nothing of certain alerts for a while, or in certain hours of the week. Raises `InputError`."""
        now = self.clock()
        begin = max(begins or now, now)
        if ends is not None and lasting is not None:
            raise InputError("say until when or for how long, not both", where="ends")
        end = ends if lasting is None else begin + lasting
        if not any(getattr(matcher, name) for name in matcher.__dataclass_fields__):
            raise InputError(
                "say which alerts are meant: a subscription, procedure, property, feature, severity or area"
            )
        if end is None and weekly is None:
            raise InputError("say when it ends, or in which hours of the week it holds", where="ends")
        if end is not None and not begin < end <= begin + LONGEST:
            raise InputError("must be after the begin, and within ten years", where="ends")
        why = _text(reason)
        if not why:
            raise InputError("say why", where="reason")
        made = Silence(str(uuid.uuid4()), _author(author, "author"), why, now, begin, end, matcher, weekly)
        self.store.add_silence(made)
        LOG.info(
            "silence=%s begins=%s ends=%s", made.id, begin.isoformat(), "never" if end is None else end.isoformat()
        )
        return made

    def end_silence(self, identifier: str) -> Silence:
        """End a silence now; what is still open is told. One that is over stays as it is. Raises `NotFoundError`."""
        return self.store.end_silence(identifier, self.clock())

    def run_due(self) -> int:
        """Do what is due: tell the ends of silences, and run the timers; gives how many alerts that made."""
        now = self.clock()
        told = 0
        for silence, end in self.store.due_silences(now):
            told += self._end_of(silence, end, now)
            self.store.told_silence(silence, end, now)
        while timers := self.store.due_timers(now):
            told += sum(self._run(timer, now) for timer in timers)
        if told:
            LOG.info("told again alerts=%d", told)
        return told

    def _end_of(self, silence: Silence, end: datetime, now: datetime) -> int:
        """Tell the episodes that were silenced, as far as no other silence holds for them."""
        told, after = 0, ""
        while found := self.store.untold_since(end, after):
            after = found[-1][0].id
            for episode, alert in found:
                if silence.matcher.matches(alert):
                    told += self._tell_end(episode, silence, end, now)
        return told

    def _tell_end(self, episode: Episode, silence: Silence, end: datetime, now: datetime) -> int:
        with self.store.handling(episode.id) as work:
            known, newest = work.episode, work.newest_alert()
            identifier = _alert_id(known, f"{Reminder.SILENCE_OVER}/{silence.id}", end)
            if work.is_told(identifier) or work.is_silenced(newest, now):
                return 0
            if not known.is_open and not (known.muted and (known.told or known.state in MOMENTARY)):
                # it came and went in silence
                work.change(muted=False)
                return 0
            if known.is_acknowledged and not known.muted:
                return 0
            work.tell(compose_reminder(newest, Reminder.SILENCE_OVER, id=identifier, detected=now), _targets(work), now)
            return 1

    def _run(self, timer: DueTimer, now: datetime) -> int:
        try:
            with self.store.handling(timer.episode) as work:
                if not work.is_due(timer):
                    return 0
                work.drop_timers(timer.kind)
                return _RUNS[timer.kind](work, timer, now)
        except Exception:  # one episode must not hold up the others
            LOG.exception("timer broke episode=%s kind=%s", timer.episode, timer.kind)
            with self.store.handling(timer.episode) as work:
                work.set_timer(timer.kind, now + PAUSE)
            return 0


def _repeat(work: EpisodeTransaction, timer: DueTimer, now: datetime) -> int:
    """Tell again what is open and nobody has acknowledged, as long as its owner wants that."""
    subscription = work.subscription()
    is_wanted = subscription.attention.repeat is not None and subscription.status is not SubscriptionStatus.PAUSED
    if not is_wanted or not work.episode.is_open or work.episode.is_acknowledged:
        return 0
    return _remind(work, timer, Reminder.REPEAT, _targets(work), now)


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
    return _remind(work, timer, Reminder.ACKNOWLEDGEMENT_OVER, _targets(work), now)


def _expire(work: EpisodeTransaction, timer: DueTimer, now: datetime) -> int:
    """Tell that nobody knows how an episode goes on; it is closed already."""
    newest = work.newest_alert()
    if work.episode.state is not AlertStatus.EXPIRED or newest.status is AlertStatus.EXPIRED:
        return 0
    identifier = _alert_id(work.episode, AlertStatus.EXPIRED, timer.due)
    alert = compose_closing(newest, AlertStatus.EXPIRED, id=identifier, detected=now)
    work.tell(alert, _targets(work) if work.episode.told else (), now)
    return 1


def _remind(
    work: EpisodeTransaction, timer: DueTimer, reminder: Reminder, targets: tuple[Target, ...], now: datetime
) -> int:
    newest = work.newest_alert()
    if work.is_silenced(newest, now):
        # the end of the silence tells it, and everything begins anew from there
        work.change(muted=True)
        work.drop_timers(Timer.REPEAT, Timer.ESCALATION)
        return 0
    identifier = _alert_id(work.episode, reminder, timer.due)
    work.tell(compose_reminder(newest, reminder, id=identifier, detected=now), targets, now)
    return 1


_RUNS: dict[Timer, Callable[[EpisodeTransaction, DueTimer, datetime], int]] = {
    Timer.REPEAT: _repeat,
    Timer.ESCALATION: _escalate,
    Timer.ACKNOWLEDGEMENT: _end_acknowledgement,
    Timer.EXPIRY: _expire,
}


def _targets(work: EpisodeTransaction) -> tuple[Target, ...]:
    """Give who is told of an episode: further targets too, once it was told to them."""
    subscription = work.subscription()
    further = subscription.attention.escalate_to if work.episode.escalated else ()
    return tuple(dict.fromkeys((*subscription.targets, *further)))


def _alert_id(episode: Episode, what: str, due: datetime) -> str:
    return str(uuid.uuid5(ALERT_NAMESPACE, f"{episode.id}/{what}/{due.isoformat()}"))


def _check_open(episode: Episode) -> None:
    if not episode.wants_attention:
        raise OverError(f"Episode {episode.id} is over: it is {episode.state}.")


def _author(name: str, where: str = "by") -> str:
    author = clean_line(name.strip(), NAME_LIMIT)
    if not author:
        raise InputError("say who you are", where=where)
    return author


def _text(text: str) -> str:
    return clean_text(text.strip(), TEXT_LIMIT)
