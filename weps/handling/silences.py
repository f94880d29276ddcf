"""Silences as people make and end them: what is not to be pushed, until when, and why."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from weps.errors import InputError
from weps.handling.episodes import LONGEST, read_author, read_words
from weps.silences import Silence

if TYPE_CHECKING:
    from weps.matching import Matcher
    from weps.silences import Weekly
    from weps.store import Store

LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Silencing:
    """What people do with silences, at the time of `clock`."""

    store: Store
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)

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
        if matcher.is_empty:
            raise InputError(
                "say which alerts are meant: a subscription, procedure, property, feature, severity or area"
            )
        if end is None and weekly is None:
            raise InputError("say when it ends, or in which hours of the week it holds", where="ends")
        if end is not None and not begin < end <= begin + LONGEST:
            raise InputError("must be after the begin, and within ten years", where="ends")
        why = read_words(reason)
        if not why:
            raise InputError("say why", where="reason")
        made = Silence(str(uuid.uuid4()), read_author(author, "author"), why, now, begin, end, matcher, weekly)
        self.store.add_silence(made)
        LOG.info(
            "silence=%s begins=%s ends=%s", made.id, begin.isoformat(), "never" if end is None else end.isoformat()
        )
        return made

    def end_silence(self, identifier: str) -> Silence:
        """End a silence now; what is still open is told. One that is over stays as it is. Raises `NotFoundError`."""
        return self.store.end_silence(identifier, self.clock())
