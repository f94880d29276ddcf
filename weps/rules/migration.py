"""
States that were stored by older versions, brought up to what is stored today.

Each kind of state has a version of its own, which is stored with it. Who changes the stored form of a kind adds an
upgrade to its line: a function from the last form to the new one, plain JSON in and out. That raises the version by
one; what is stored already goes through all upgrades that it has not seen. The examples of all versions stand in the
tests, which fail when a form changes without.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import pairwise
from types import MappingProxyType
from typing import Any, TypeAlias

from weps.errors import StateError

Upgrade: TypeAlias = Callable[[Any], Any]
LONGEST_LINEAGE = 100


def _in_columns(window: list[Any]) -> list[Any]:
    """From a time, value and id for each observation to columns: differences of times, values, the newest ids."""
    if len(window) != 2:  # it was stored in columns before it had a version of its own
        return window
    newest, entries = window
    times = [time for time, _, _ in entries]
    deltas = times[:1] + [later - earlier for earlier, later in pairwise(times)]
    return [newest, deltas, [value for _, value, _ in entries], [name for *_, name in entries[-LONGEST_LINEAGE:]]]


def _sliding_in_columns(members: list[Any]) -> list[Any]:
    window, edges = members
    return [_in_columns(window), edges]


def _drift_in_columns(members: list[Any]) -> list[Any]:
    (newest, own, neighbour), edges = members
    return [[newest, _in_columns(own), _in_columns(neighbour)], edges]


UPGRADES: Mapping[str, tuple[Upgrade, ...]] = MappingProxyType(
    {
        "value": (),
        "sliding": (_sliding_in_columns,),
        "tumbling": (),
        "change": (),
        "stuck": (),
        "spike": (),
        "drift": (_drift_in_columns,),
        "seasonal": (),
        "ewma": (),
        "cusum": (),
        "no-data": (),
        "compound": (),
        "sequence": (),
        "condition": (),
        "eml": (),
        "eml-event": (),
        "eml-keep": (),
        "eml-window": (),
        "eml-batch": (),
        "eml-join": (),
        "eml-and-not": (),
        "eml-repeat": (),
        "eml-timer": (),
    }
)
"""The upgrades of each kind of state, from its first form to that of today."""


def version_of(kind: str) -> int:
    """Give the version in which a kind of state is stored today."""
    return len(UPGRADES[kind]) + 1


def upgraded(kind: str, version: object, stored: Any) -> Any:
    """Give a stored state as it would be stored today; raises `StateError` where it is of a version not known here."""
    upgrades = UPGRADES[kind]
    if isinstance(version, bool) or not isinstance(version, int) or not 1 <= version <= len(upgrades) + 1:
        raise StateError(
            f"the stored state ({kind}) is of version {version!r}, and only 1 to {len(upgrades) + 1} can be read; "
            "start the rule anew, or go back to the version of WEPS that stored it",
            where="state",
        )
    for upgrade in upgrades[version - 1 :]:
        stored = upgrade(stored)
    return stored


def versioned(kind: str, stored: object) -> list[Any]:
    """Give the members of a state that is stored as a list behind its version."""
    if not isinstance(stored, list) or not stored:
        raise StateError(f"the stored state ({kind}) has no version; start the rule anew", where="state")
    members: list[Any] = upgraded(kind, stored[0], stored[1:])
    return members
