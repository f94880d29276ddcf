"""Finding what matches an alert among many, without asking all of them. Standard library only."""

from __future__ import annotations

from dataclasses import dataclass
from operator import itemgetter
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable

    from weps.matching import Matcher
    from weps.model import Alert

Thing = TypeVar("Thing")
CONDITIONS = (
    ("subscriptions", "subscription_id"),
    ("procedures", "procedure"),
    ("observed_properties", "observed_property"),
    ("features_of_interest", "feature_of_interest"),
    ("severities", "severity"),
)
"""What a matcher may ask for, and where an alert says it."""


@dataclass(frozen=True, slots=True)
class MatcherIndex(Generic[Thing]):
    """
    Things with their matchers, in an order of their own.

    Each stands under the values of one condition of its matcher; those without such are asked always.
    """

    by_value: tuple[dict[str, list[tuple[int, Matcher, Thing]]], ...]
    others: list[tuple[int, Matcher, Thing]]

    def first(self, alert: Alert) -> Thing | None:
        """Give the first thing whose matcher means an alert; None where there is none."""
        found = [_first(self.others, alert)] if self.others else []
        for (_, attribute), known in zip(CONDITIONS, self.by_value, strict=True):
            if known and (some := known.get(getattr(alert, attribute))):
                found.append(_first(some, alert))
        matching = [each for each in found if each is not None]
        return min(matching, key=itemgetter(0))[1] if matching else None


def index_matchers(things: Iterable[tuple[Matcher, Thing]]) -> MatcherIndex[Thing]:
    """Make an index of things; those that come first are found first."""
    index: MatcherIndex[Thing] = MatcherIndex(tuple({} for _ in CONDITIONS), [])
    for rank, (matcher, thing) in enumerate(things):
        entry = rank, matcher, thing
        for (name, _), known in zip(CONDITIONS, index.by_value, strict=True):
            if values := getattr(matcher, name):
                for value in dict.fromkeys(values):
                    known.setdefault(value, []).append(entry)
                break
        else:
            index.others.append(entry)
    return index


def _first(things: Iterable[tuple[int, Matcher, Thing]], alert: Alert) -> tuple[int, Thing] | None:
    return next(((rank, thing) for rank, matcher, thing in things if matcher.matches(alert)), None)
