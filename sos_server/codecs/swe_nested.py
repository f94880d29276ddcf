"""
Rows of SWE Common whose elements are not all alike: choices, arrays inside of arrays, what may be left out.

Each element becomes a row for itself, and each element of an array inside of it one more, which is told the context it
stands in: times, places, and texts such as identifiers.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from sos_server.codecs import xml
from sos_server.codecs.swe_structure import RANGES, Array, Choice, Field, Node, Record, flatten
from sos_server.errors import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from lxml import etree

CHOSEN = "Choice"  # the kind of the field that names the item of a choice
_MOST = 10_000_000  # elements in one row


class Row(NamedTuple):
    """The fields of one element with their texts; the first `context` of them were told of outer elements."""

    fields: tuple[Field, ...]
    texts: tuple[str, ...]
    context: int


@dataclass(slots=True)
class _Group:
    cells: list[tuple[Field, str]] = field(default_factory=list)
    children: list[_Group] = field(default_factory=list)

    def rows(self, context: list[tuple[Field, str]]) -> Iterator[Row]:
        cells = [*context, *self.cells]
        if self.cells:
            yield Row(tuple(each for each, _ in cells), tuple(text for _, text in cells), len(context))
        if self.children:
            handed = [(each, text) for each, text in cells if _places(each)]
            for group in self.children:
                yield from group.rows(handed)


def _places(told: Field) -> bool:
    return told.is_time or told.in_vector or told.kind in ("Text", CHOSEN)


class _Tokens:
    """The tokens of one row, taken one after the other."""

    def __init__(self, tokens: list[str], where: str) -> None:
        self._tokens = tokens
        self._position = 0
        self._where = where
        self._elements = 0

    def __bool__(self) -> bool:
        return self._position < len(self._tokens)

    def take(self, what: str) -> str:
        if self._position >= len(self._tokens):
            raise InvalidRequest(f"The row ends after {self._position} tokens, before {what} ({self._where}).")
        self._position += 1
        return self._tokens[self._position - 1].strip()

    def count_element(self, what: str) -> None:
        """Count an element of an array; constants use no token, so that nothing else would end their number."""
        self._elements += 1
        if self._elements > len(self._tokens):
            raise self.refuse(f"{what} has more elements than there are tokens")

    def refuse(self, what: str) -> InvalidRequest:
        return InvalidRequest(f"Token {self._position}: {what} ({self._where}).")


def read_tokens(array: Array, rows: Iterable[list[str]], where: str) -> Iterator[Row]:
    """Read rows in text encoding; raises `InvalidRequest` with the number of the row that does not fit."""
    for number, row in enumerate(rows, start=1):
        tokens = _Tokens(row, f"row {number}, {where}")
        group = _Group()
        _take(array.element, tokens, group)
        while tokens:
            if not tokens.take("the end"):
                continue
            raise tokens.refuse("the row goes on where it should end")
        yield from group.rows([])


def _take(node: Node, tokens: _Tokens, group: _Group) -> None:
    # OGC 08-094r1 clause 8.3.3: before what may be left out stands Y or N
    if node.optional and not _is_there(node, tokens):
        return
    if isinstance(node, Field):
        group.cells.append((node, _take_scalar(node, tokens)))
    elif isinstance(node, Record):
        for part in node.parts:
            _take(part, tokens, group)
    elif isinstance(node, Choice):
        name = tokens.take(f"the choice {node.name}")
        item = next((each for each in node.items if each.name == name), None)
        if item is None:
            raise tokens.refuse(f"{name!r} is no item of the choice {node.name}")
        group.cells.append((_chosen(node.name), name))
        _take(item, tokens, group)
    else:
        for _ in range(_count(node, tokens)):
            tokens.count_element(node.name)
            inner = _Group()
            _take(node.element, tokens, inner)
            group.children.append(inner)


def _is_there(node: Node, tokens: _Tokens) -> bool:
    token = tokens.take(node.name)
    if token not in ("Y", "N"):
        raise tokens.refuse(f"{token!r} is neither Y nor N, which tells whether {node.name} is there")
    return token == "Y"  # noqa: S105 -- a token of text, not of access


def _take_scalar(node: Field, tokens: _Tokens) -> str:
    if node.value is not None:
        return node.value
    text = tokens.take(node.name)
    return f"{text}/{tokens.take(node.name)}" if node.kind in RANGES else text


def _count(node: Array, tokens: _Tokens) -> int:
    if node.count is not None:
        return node.count
    text = tokens.take(f"the number of elements of {node.name}")
    if not text.isdecimal() or int(text) > _MOST:
        raise tokens.refuse(f"{text!r} is not the number of elements of {node.name}")
    return int(text)


@lru_cache(maxsize=1024)
def _chosen(name: str) -> Field:
    """Give the field of a choice; always the same one, so that rows of the same fields are known."""
    return Field(CHOSEN, name)


def read_elements(array: Array, values: etree._Element) -> Iterator[Row]:
    """Read rows in XML encoding, in which each component is an element named as it."""
    for element in values.iterchildren("*"):
        group = _Group()
        _read_element(array.element, element, group)
        yield from group.rows([])


def _read_element(node: Node, element: etree._Element, group: _Group) -> None:
    if isinstance(node, Field):
        text = (element.text or "").strip()
        group.cells.append((node, "/".join(text.split()) if node.kind in RANGES else text))
    elif isinstance(node, Array):
        for each in element.iterchildren("*"):
            inner = _Group()
            _read_element(node.element, each, inner)
            group.children.append(inner)
    elif isinstance(node, Choice):
        _read_choice(node, element, group)
    else:
        _read_record(node, element, group)


def _read_record(node: Record, element: etree._Element, group: _Group) -> None:
    children = {xml.local_name(each): each for each in element.iterchildren("*")}
    unknown = children.keys() - {part.name for part in node.parts}
    if unknown:
        raise InvalidRequest(
            f"{xml.local_name(element)} holds {', '.join(sorted(unknown))}, which its structure does not "
            f"({xml.where(element)})."
        )
    for part in node.parts:
        inner = children.get(part.name)
        if inner is not None:
            _read_element(part, inner, group)
        elif isinstance(part, Field) and part.value is not None:
            group.cells.append((part, part.value))
        elif not part.optional and flatten(part) is not None:
            group.cells.extend((each, each.value or "") for each in flatten(part) or ())


def _read_choice(node: Choice, element: etree._Element, group: _Group) -> None:
    """Read a chosen item: the element inside, or, in a row that is nothing but a choice, the element itself."""
    inner = xml.first_element(element)
    for each in (element, inner):
        name = "" if each is None else xml.local_name(each)
        item = next((item for item in node.items if item.name == name), None)
        if item is not None and each is not None:
            group.cells.append((_chosen(node.name), name))
            _read_element(item, each, group)
            return
    raise InvalidRequest(f"{xml.local_name(element)} holds no item of the choice {node.name} ({xml.where(element)}).")
