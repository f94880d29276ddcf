"""Inhibitions as people make and end them: which alerts are not pushed while others tell what is behind them."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from weps.errors import InputError
from weps.handling.words import read_author, read_end, read_reason
from weps.inhibitions import EQUAL, INHIBITING, Inhibition

if TYPE_CHECKING:
    from weps.matching import Matcher
    from weps.model import Page
    from weps.store import Store

LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Inhibiting:
    """What people do with inhibitions, at the time of `clock`."""

    store: Store
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)

    def inhibit(
        self,
        source: Matcher,
        target: Matcher,
        *,
        author: str,
        reason: str,
        equal: tuple[str, ...] = (),
        ends: datetime | None = None,
        lasting: timedelta | None = None,
    ) -> Inhibition:
        """Let open episodes mute others from now on. Raises `InputError`."""
        now = self.clock()
        end = read_end(now, ends, lasting, "ends")
        _check(source, target, equal)
        why = read_reason(reason)
        known = tuple(name for name in EQUAL if name in equal)
        who = read_author(author, "author")
        made = Inhibition(str(uuid.uuid4()), who, why, now, end, source, target, known)
        self.store.add_inhibition(made)
        LOG.info("inhibition=%s ends=%s", made.id, "never" if end is None else end.isoformat())
        return made

    def page(self, page: Page, *, also_over: bool) -> tuple[Inhibition, ...]:
        """Give a page of the inhibitions, newest first: of those that are not over, or of all."""
        return self.store.inhibitions(page, not_over_at=None if also_over else self.clock())

    def one(self, identifier: str) -> Inhibition:
        """Give one inhibition; raises `NotFoundError`."""
        return self.store.inhibition(identifier)

    def end(self, identifier: str) -> Inhibition:
        """End an inhibition now; what was muted is told. One that is over stays as it is. Raises `NotFoundError`."""
        return self.store.end_inhibition(identifier, self.clock())


def _check(source: Matcher, target: Matcher, equal: tuple[str, ...]) -> None:
    for matcher, where in ((source, "source"), (target, "target")):
        if matcher.is_empty:
            raise InputError(
                "say which alerts are meant: a subscription, procedure, property, feature, severity, status or area",
                where=where,
            )
    quiet = [status for status in source.statuses if status not in INHIBITING]
    if quiet:
        raise InputError(f"{quiet[0]} mutes nothing; give one of {', '.join(sorted(INHIBITING))}", where="source")
    unknown = [name for name in equal if name not in EQUAL]
    if unknown:
        raise InputError(f"{unknown[0][:100]!r} is none of {', '.join(EQUAL)}", where="equal")
