"""Silences as people make and end them: what is not to be pushed, until when, and why."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from weps.errors import InputError
from weps.handling.words import LONGEST, read_author, read_end, read_reason
from weps.silences import Silence

if TYPE_CHECKING:
    from weps.matching import Matcher
    from weps.model import Page
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
        if begin > now + LONGEST:
            raise InputError("must be within ten years", where="begins")
        end = read_end(begin, ends, lasting, "ends")
        if matcher.is_empty:
            raise InputError(
                "say which alerts are meant: a subscription, procedure, property, feature, severity or area"
            )
        if end is None and weekly is None:
            raise InputError("say when it ends, or in which hours of the week it holds", where="ends")
        why = read_reason(reason)
        made = Silence(str(uuid.uuid4()), read_author(author, "author"), why, now, begin, end, matcher, weekly)
        self.store.add_silence(made)
        LOG.info(
            "silence=%s begins=%s ends=%s", made.id, begin.isoformat(), "never" if end is None else end.isoformat()
        )
        return made

    def page(self, page: Page, *, also_over: bool) -> tuple[Silence, ...]:
        """Give a page of the silences, newest first: of those that are not over, or of all."""
        return self.store.silences(page, not_over_at=None if also_over else self.clock())

    def one(self, identifier: str) -> Silence:
        """Give one silence; raises `NotFoundError`."""
        return self.store.silence(identifier)

    def end(self, identifier: str) -> Silence:
        """End a silence now; what is still open is told. One that is over stays as it is. Raises `NotFoundError`."""
        return self.store.end_silence(identifier, self.clock())
