"""Keys as databases take them in one statement: not all of many at once, as the number of parameters is limited."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Key = TypeVar("Key")
MANY = 500


def portions(keys: Sequence[Key]) -> Iterator[Sequence[Key]]:
    """Give keys as many at a time as can be asked for in one statement."""
    return (keys[start : start + MANY] for start in range(0, len(keys), MANY))
