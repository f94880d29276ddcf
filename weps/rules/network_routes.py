"""The rules of a network, and the ways by which observations reach them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from datetime import datetime

    from weps.model import Observation
    from weps.rules.base import Rule
    from weps.rules.index import Group

Selector: TypeAlias = tuple[str | None, str | None, str | None]
"""Procedure, observed property and feature of interest; None: any."""
Mask: TypeAlias = tuple[bool, bool, bool]
ANYTHING: tuple[Selector, ...] = ((None, None, None),)


@dataclass(slots=True)
class Watch:
    """
    One rule with its states by correlation key; `queued` has the keys for which the clock is set, with its time.

    A rule that tells its `selectors` and when it is `due` is left alone otherwise, and its states are values: one that
    comes back as the same object has not changed. Any other rule is shown everything, and may change a state in place.
    """

    subscription_id: str
    order: int
    rule: Rule
    activation: datetime
    states: dict[str, Any]
    queued: dict[str, datetime] = field(default_factory=dict)

    @property
    def selectors(self) -> tuple[Selector, ...]:
        """What the rule looks at; a rule that does not tell is shown everything."""
        return getattr(self.rule, "selectors", ANYTHING)

    @property
    def awake(self) -> bool:
        """Whether the rule cannot say when it is due, so that it must be told every tick."""
        return not hasattr(self.rule, "due")

    def due(self, key: str) -> datetime | None:
        """Give the instant from which on a tick may bring something, if the rule can tell."""
        due = getattr(self.rule, "due", None)
        return None if due is None else due(self.states[key])


@dataclass(slots=True)
class Route:
    """The rules that name the same procedure, property and feature: those with states of their own, and groups."""

    watches: dict[int, Watch] = field(default_factory=dict)
    groups: dict[int, Group] = field(default_factory=dict)


def mask_of(selector: Selector) -> Mask:
    """Tell which of the three names a selector has."""
    return selector[0] is not None, selector[1] is not None, selector[2] is not None


def seen_by(mask: Mask, observation: Observation) -> Selector:
    """Give the selector that would take an observation, of those that have the names of a mask."""
    return (
        observation.procedure if mask[0] else None,
        observation.observed_property if mask[1] else None,
        observation.feature_of_interest if mask[2] else None,
    )
