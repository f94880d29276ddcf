"""
Working with episodes: what people do with them.

Everything is done in one small transaction each, so it is whole after a restart.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from weps.composing import episode_alert_id
from weps.episodes import Action, Episode, Note, Timer
from weps.errors import InputError
from weps.model import AlertStatus
from weps.notify.retelling import compose_closing
from weps.notify.text import clean_line, clean_text

if TYPE_CHECKING:
    from weps.store import Store

NAME_LIMIT = 200
TEXT_LIMIT = 2_000
LONGEST = timedelta(days=3660)


class OverError(InputError):
    """What was to be done with an episode cannot be done any more."""


@dataclass(frozen=True, slots=True)
class Handling:
    """What people do with episodes, at the time of `clock`."""

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
        author, text = read_author(by), read_words(text)
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
        author, assignee = read_author(by), clean_line(to.strip(), NAME_LIMIT)
        with self.store.handling(identifier) as work:
            work.change(assignee=assignee or None)
            said = f"to {assignee}" if assignee else "to nobody"
            work.note(Note(self.clock(), author, Action.ASSIGN, f"{said}: {read_words(text)}" if text else said))
            return work.episode

    def comment(self, identifier: str, by: str, text: str) -> Episode:
        """Keep what somebody has to say of an episode. Raises `NotFoundError` and `InputError`."""
        said = read_words(text)
        if not said:
            raise InputError("say something", where="text")
        with self.store.handling(identifier) as work:
            work.note(Note(self.clock(), read_author(by), Action.COMMENT, said))
            return work.episode

    def cancel(self, identifier: str, by: str, reason: str) -> Episode:
        """
        Withdraw what should not have been told, or does not matter any more: an alert of its own says so, and why.

        Raises `NotFoundError`, and `InputError` where it is over.
        """
        now = self.clock()
        author, why = read_author(by), read_words(reason)
        if not why:
            raise InputError("say why", where="reason")
        with self.store.handling(identifier) as work:
            _check_open(work.episode)
            alert = compose_closing(
                work.newest_alert(),
                AlertStatus.CANCELLED,
                id=episode_alert_id(work.episode, AlertStatus.CANCELLED, now),
                detected=now,
                by=author,
                reason=why,
            )
            work.tell(alert, work.targets(), now)
            work.note(Note(now, author, Action.CANCEL, why))
            return work.episode


def _check_open(episode: Episode) -> None:
    if not episode.wants_attention:
        raise OverError(f"Episode {episode.id} is over: it is {episode.state}.")


def read_author(name: str, where: str = "by") -> str:
    """Give who does something; raises `InputError` where nobody is named."""
    author = clean_line(name.strip(), NAME_LIMIT)
    if not author:
        raise InputError("say who you are", where=where)
    return author


def read_words(text: str) -> str:
    """Give what somebody has to say, without what cannot be shown."""
    return clean_text(text.strip(), TEXT_LIMIT)
