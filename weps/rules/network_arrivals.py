"""Which rules came just now, so that equal ones that come together can be one."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from weps.model import Json
    from weps.rules.base import Rule
    from weps.rules.network_clock import Era
    from weps.rules.network_routes import Watch

Mark: TypeAlias = tuple[int, int, "datetime | None", str]


class Arrivals:
    """
    The rules that were added since anything was shown or told, by what they begin with.

    Two of them that are the same compiled rule, in the same state and in the same time, can only ever do the same: so
    they are one, with two subscriptions. After the next observation or tick nobody joins them any more.
    """

    def __init__(self) -> None:
        self._watches: dict[Mark, Watch] = {}

    def find(self, mark: Mark) -> Watch | None:
        """Give the rule that came with the same beginning."""
        return self._watches.get(mark)

    def note(self, mark: Mark, watch: Watch) -> None:
        """Remember a rule that came."""
        self._watches[mark] = watch

    def forget(self, watch: Watch) -> None:
        """Forget a rule that has gone."""
        self._watches = {mark: known for mark, known in self._watches.items() if known is not watch}

    def close(self) -> None:
        """Forget all: something is shown or told now."""
        if self._watches:
            self._watches = {}


def mark_of(rule: Rule, states: Mapping[str, Json], activation: datetime, era: Era) -> Mark:
    """
    Give what two rules must have in common to be one: the compiled rule itself, its era, its activation, its states.

    The activation is nothing to a rule that says it is `timeless`: it begins in the same state at any time.
    """
    begins = None if getattr(rule, "timeless", False) else activation
    clock = id(era) if getattr(rule, "clocked", False) else 0
    return id(rule), clock, begins, json.dumps(states, sort_keys=True) if states else ""
