"""A CQL2 text cut into its signs, each with its place."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from weps.rules.cql2.tree import Cql2Fault, Place

LONGEST_TEXT = 100_000
_SIGN = re.compile(
    r"""
      (?P<blank>\s+)
    | (?P<text>'(?:[^'\\]|''|\\.|\\)*?'(?!'))
    | (?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)
    | (?P<quoted>"[^"]+")
    | (?P<word>(?:[^\W\d]|:)[\w:.]*)
    | (?P<sign><=|>=|<>|[-+*/%^=<>(),])
    """,
    re.VERBOSE | re.DOTALL,
)
_GEOMETRY = re.compile(
    r"(?:POINT|LINESTRING|POLYGON|MULTIPOINT|MULTILINESTRING|MULTIPOLYGON|GEOMETRYCOLLECTION)\s*(?:Z\s*)?\(",
    re.IGNORECASE,
)


class Sign(NamedTuple):
    """A sign: its kind (text, number, quoted, word, sign, geometry, end), what is written, and where."""

    kind: str
    text: str
    place: Place

    def is_word(self, *words: str) -> bool:
        """Tell whether it is one of these words, in any case."""
        return self.kind == "word" and self.text.upper() in words


def scan(text: str) -> Iterator[Sign]:
    """Give the signs of a text, then one of kind `end`; raises `Cql2Fault` at what is none."""
    if len(text) > LONGEST_TEXT:
        raise Cql2Fault(Place(0), f"the rule is longer than {LONGEST_TEXT} characters; split it into several rules")
    position, line, start = 0, 1, 0
    while position < len(text):
        place = Place(line, position - start + 1)
        end, kind = _next(text, position, place)
        written = text[position:end]
        if kind != "blank":
            yield Sign(kind, written, place)
        if "\n" in written:
            line += written.count("\n")
            start = position + written.rfind("\n") + 1
        position = end
    yield Sign("end", "", Place(line, position - start + 1))


def _next(text: str, position: int, place: Place) -> tuple[int, str]:
    """Give where the sign at a position ends, and its kind."""
    if geometry := _GEOMETRY.match(text, position):
        return _end_of_brackets(text, geometry.end(), place), "geometry"
    found = _SIGN.match(text, position)
    if found is None:
        what = (
            "the text has no end; close it with '"
            if text[position] == "'"
            else f"{text[position]!r} is no sign of CQL2"
        )
        raise Cql2Fault(place, what)
    return found.end(), str(found.lastgroup)


def _end_of_brackets(text: str, position: int, place: Place) -> int:
    depth = 1
    while depth:
        if position == len(text):
            raise Cql2Fault(place, "the geometry has no end; close its brackets")
        depth += {"(": 1, ")": -1}.get(text[position], 0)
        position += 1
    return position
