"""
What many rules have in common, computed once.

Threshold rules that look at the same thing (selection, unit, function, window, kind) form a `Family`, whatever they
compare it with. Their states stay apart, but sources are values: where two rules hold the very same one, it takes an
observation once, and both hold the same one again. Rules that came at different times hold different windows; as soon
as these are equal (when all is gone that only one of them has seen), they become one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeAlias

from weps.rules.threshold.edge import AT_ONCE
from weps.rules.threshold.selection import CORRELATIONS
from weps.rules.threshold.simple import SimpleRule

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from weps.model import Json, Observation
    from weps.rules.base import Rule
    from weps.rules.network_routes import Step, Watch
    from weps.rules.threshold.simple import SimpleState
    from weps.rules.threshold.source import Evaluation

    Taken: TypeAlias = tuple[Any, tuple[Evaluation, ...]] | Exception

MOST_KNOWN = 10_000
"""So many families are known; of more, equal ones may be two, and each computes for itself."""


def common_of(rule: Rule) -> SimpleRule | None:
    """Give what a rule has in common with those of its family; None for a rule that has none."""
    if type(rule) is not SimpleRule:
        return None
    return _known(
        replace(rule, name="", steps=(), edge=AT_ONCE, every=False, message=None, compared_uom=None, pending=False)
    )


@lru_cache(MOST_KNOWN)
def _known(common: SimpleRule) -> SimpleRule:
    """Give the same object for all that are equal, so that families are told by identity."""
    return common


@dataclass(frozen=True, slots=True)
class Family:
    """Rules that compare the same thing, each in its own way."""

    common: SimpleRule
    watches: tuple[Watch, ...]

    def step(self, observation: Observation) -> Iterator[tuple[Watch, Step | Exception]]:
        """Show an observation to the rules; gives what each did, or why it failed, if they want it at all."""
        common = self.common
        try:
            if not common.wants(observation):
                return
            key = CORRELATIONS[common.correlate](observation)
            states = self._states(key)
            value = common.read(observation, common.uom)
            taken = self._take([state.source for state in states], observation, value)
        except Exception as error:  # what none of them can take
            yield from ((watch, error) for watch in self.watches)
            return
        for watch, state in zip(self.watches, states, strict=True):
            found = taken[id(state.source)]
            try:
                if isinstance(found, Exception):
                    raise found
                yield watch, (key, state, *watch.rule.judge(state, *found, observation))  # type: ignore[attr-defined]
            except Exception as error:  # one rule must not take the others with it
                yield watch, error

    def _states(self, key: str) -> list[SimpleState]:
        """Give the states of a key; rules that have seen nothing of it begin with the same source."""
        fresh = self.common.source.start()
        return [
            watch.states[key] if key in watch.states else watch.rule.start(watch.activation)._replace(source=fresh)
            for watch in self.watches
        ]

    def _take(self, sources: Sequence[Any], observation: Observation, value: Any) -> dict[int, Taken]:
        """Let each different state of the source take a value, by its identity; those that are equal then are one."""
        step, time, identifier = self.common.source.step, observation.end, observation.id
        taken: dict[int, Taken] = {}
        for source in sources:
            if id(source) not in taken:
                try:
                    taken[id(source)] = step(source, time, value, identifier)
                except Exception as error:  # it fails for those that hold it
                    taken[id(source)] = error
        return _united(taken) if len(taken) > 1 else taken


def _united(taken: dict[int, Taken]) -> dict[int, Taken]:
    known: dict[Any, Any] = {}
    return {
        place: found if isinstance(found, Exception) else (known.setdefault(found[0], found[0]), found[1])
        for place, found in taken.items()
    }


def families_of(watches: Iterable[Watch]) -> tuple[list[Watch], list[Family]]:
    """Part rules into those that are asked one by one, and families of two and more."""
    alone: list[Watch] = []
    together: dict[int, tuple[SimpleRule, list[Watch]]] = {}
    for watch in watches:
        if watch.common is None:
            alone.append(watch)
        else:
            together.setdefault(id(watch.common), (watch.common, []))[1].append(watch)
    alone += [members[0] for _, members in together.values() if len(members) == 1]
    families = [Family(common, tuple(members)) for common, members in together.values() if len(members) > 1]
    return sorted(alone, key=lambda watch: watch.order), families


class Dumps:
    """Gives states as JSON, what several of them share once; while it is in use no state may change."""

    def __init__(self) -> None:
        self._states: dict[tuple[int, str], Json] = {}
        self._sources: dict[tuple[int, int], Json] = {}

    def dump(self, watch: Watch, key: str) -> Json:
        """Give the state of a key."""
        place = watch.order, key
        if place not in self._states:
            self._states[place] = self._dump(watch, watch.states[key])
        return self._states[place]

    def _dump(self, watch: Watch, state: Any) -> Json:
        rule = watch.rule
        if watch.common is None or not isinstance(rule, SimpleRule):
            return rule.dump(state)
        source = id(watch.common), id(state.source)
        if source not in self._sources:
            self._sources[source] = rule.source.dump(state.source)
        return rule.dump(state, self._sources[source])
