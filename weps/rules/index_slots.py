"""Numbers in order, each with the slot of the rule that it belongs to."""

from __future__ import annotations

import math
from array import array
from bisect import bisect_left, bisect_right
from itertools import chain
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

BLOCK = 512


class SortedSlots:
    """
    Pairs of a key and a slot number, sorted by key, in blocks.

    Blocks keep an insertion cheap: it moves some hundred numbers, whether there are a thousand pairs or a million.
    """

    __slots__ = ("_keys", "_lasts", "_slots")

    def __init__(self) -> None:
        self._keys: list[array[float]] = []
        self._slots: list[array[int]] = []
        self._lasts: list[float] = []

    def fill(self, pairs: list[tuple[float, int]]) -> None:
        """Replace everything by pairs that are sorted by key."""
        blocks = [pairs[start : start + BLOCK] for start in range(0, len(pairs), BLOCK)]
        self._keys = [array("d", [key for key, _ in block]) for block in blocks]
        self._slots = [array("I", [slot for _, slot in block]) for block in blocks]
        self._lasts = [block[-1][0] for block in blocks]

    def insert_all(self, pairs: Iterable[tuple[float, int]]) -> None:
        """Put pairs in their places; many at once are sorted in together with what is there."""
        added = list(pairs)
        if len(added) <= max(BLOCK, len(self._keys) * BLOCK // 8):
            for key, slot in added:
                self.insert(key, slot)
            return
        added += zip(chain.from_iterable(self._keys), chain.from_iterable(self._slots), strict=True)
        added.sort()
        self.fill(added)

    def insert(self, key: float, slot: int) -> None:
        """Put a pair in its place."""
        if not self._lasts:
            self.fill([(key, slot)])
            return
        number = min(bisect_left(self._lasts, key), len(self._lasts) - 1)
        keys, slots = self._keys[number], self._slots[number]
        place = bisect_right(keys, key)
        keys.insert(place, key)
        slots.insert(place, slot)
        self._lasts[number] = keys[-1]
        if len(keys) > 2 * BLOCK:
            self._split(number)

    def low(self, bound: float, included: bool) -> list[int]:
        """Give the slots whose key is below a bound."""
        found: list[int] = []
        for keys, slots in zip(self._keys, self._slots, strict=True):
            if not self._reaches(keys[0], bound, included):
                break
            found += slots[: _cut(keys, bound, included)]
        return found

    def pop_low(self, bound: float, included: bool) -> list[int]:
        """Take out the slots whose key is below a bound."""
        if not self._keys or not self._reaches(self._keys[0][0], bound, included):
            return []
        found: list[int] = []
        whole = bisect_right(self._lasts, bound) if included else bisect_left(self._lasts, bound)
        for slots in self._slots[:whole]:
            found += slots
        del self._keys[:whole], self._slots[:whole], self._lasts[:whole]
        if self._keys and (cut := _cut(self._keys[0], bound, included)):
            found += self._slots[0][:cut]
            del self._keys[0][:cut], self._slots[0][:cut]
        return found

    def lowest(self) -> float:
        """Give the lowest key; infinity when there is none."""
        return self._keys[0][0] if self._keys else math.inf

    def slots(self) -> list[int]:
        """Give all slots in the order of their keys."""
        return [slot for slots in self._slots for slot in slots]

    def _split(self, number: int) -> None:
        keys, slots = self._keys[number], self._slots[number]
        self._keys[number : number + 1] = [keys[:BLOCK], keys[BLOCK:]]
        self._slots[number : number + 1] = [slots[:BLOCK], slots[BLOCK:]]
        self._lasts[number : number + 1] = [keys[BLOCK - 1], keys[-1]]

    @staticmethod
    def _reaches(key: float, bound: float, included: bool) -> bool:
        return key < bound or (included and key == bound)


def _cut(keys: array[float], bound: float, included: bool) -> int:
    return bisect_right(keys, bound) if included else bisect_left(keys, bound)
