"""
Working with episodes: what people do with them.

Everything is done in one small transaction each, so it is whole after a restart.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from weps.composing import episode_alert_id
from weps.episodes import Action, Episode, Note, Timer
from weps.errors import InputError
from weps.handling.words import read_author, read_end, read_name, read_reason, read_words
from weps.model import AlertStatus
from weps.notify.retelling import compose_closing

if TYPE_CHECKING:
    from datetime import timedelta

    from weps.store import Store


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
        end = read_end(now, until, lasting, "until")
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
        author, assignee = read_author(by), read_name(to)
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
        author, why = read_author(by), read_reason(reason)
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
