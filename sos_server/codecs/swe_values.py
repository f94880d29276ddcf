"""
The values of SWE Common arrays and streams as tables of text, in text and XML encoding, 1.0.1 and 2.0.

What is read tolerantly: element counts are not believed, separators may be misspelt, escaped or blank, a row may end
with a separator. What would give values another meaning is refused: a row with too many or too few tokens. Rows whose
elements are choices, arrays or optional are read one by one (`swe_nested`), all others column by column.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

from sos_server.codecs import swe_nested, xml
from sos_server.codecs.swe20_encoding import split_columns
from sos_server.codecs.swe_structure import RANGES, Array, Field, child
from sos_server.errors import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from lxml import etree

ROWS = 4096  # read at once
_ESCAPES = {"\\n": "\n", "\\t": "\t", "\\r": "\r", "\\s": " "}
_USUAL = ("@@", "@", ";", "\n", " ")
_PIECE = 1 << 18
_SAMPLE = 1 << 12
_NUMBER = re.compile(r"[+-]?[0-9]*\.[0-9]*([eE][+-]?[0-9]+)?")


class Table(NamedTuple):
    """
    Rows of the same fields, column by column; a constant has its value in each row.

    The first `context` columns are told of outer elements and belong to their rows: they place these values in time
    and space, but are no values here.
    """

    fields: tuple[Field, ...]
    columns: tuple[Sequence[str], ...]
    context: int = 0

    @property
    def rows(self) -> int:
        """Give the number of rows."""
        return len(self.columns[0]) if self.columns else 0


@dataclass(frozen=True, slots=True)
class Separators:
    """What stands between the tokens of a row and between rows; white space only stands for any white space."""

    token: str = ","  # noqa: S105 -- a token of text, not of access
    block: str = "@@"
    decimal: str = "."

    def tokens(self, block: str) -> list[str]:
        """Split a row into tokens."""
        return block.split(self.token) if self.token.strip() else block.split()


def decode_values(array: Array) -> Iterator[Table]:
    """Read the values that an array holds itself; none where they are elsewhere or there are none."""
    values = child(array.source, "values")
    if values is None:
        return
    if xml.first_element(values) is not None:
        yield from _batches(swe_nested.read_elements(array, values))
        return
    text = values.text or ""
    if text.strip():
        yield from _text_tables(array, text, xml.where(values))


def is_filled(array: Array) -> bool:
    """Tell whether an array holds values itself."""
    return child(array.source, "values") is not None


def reference_of(array: Array) -> str | None:
    """Give where the values of an array are, when they are not in the document."""
    values = child(array.source, "values")
    reference = xml.href(values)
    if values is None or reference is None or xml.first_element(values) is not None or (values.text or "").strip():
        return None
    return reference


def _text_tables(array: Array, text: str, where: str) -> Iterator[Table]:
    separators = decode_separators(xml.first_element(child(array.source, "encoding")), text)
    flat = array.flat
    if flat is None:
        rows = (separators.tokens(block) for blocks in _blocks(text, separators) for block in blocks)
        yield from _batches(swe_nested.read_tokens(array, rows, where))
        return
    width = sum(each.tokens for each in flat)
    fitting = _fitting(separators, text, width)
    number = 1
    for blocks in _blocks(text, fitting):
        tokens: Sequence[Sequence[str]] | None = split_columns(blocks, fitting.token, width)
        if tokens is None:
            rows_of_tokens = list(_widened(list(map(fitting.tokens, blocks)), width, number, where))
            tokens = tuple(zip(*rows_of_tokens, strict=True))
        number += len(blocks)
        if tokens or not width:
            yield _table(flat, tokens, len(tokens[0]) if tokens else len(blocks), fitting)


def decode_separators(element: etree._Element | None, text: str) -> Separators:
    """Read a text encoding; the names of its attributes may be misspelt, and its separators escaped."""
    name = "" if element is None else xml.local_name(element)
    if element is not None and name.startswith(("Binary", "StandardFormat")):
        raise InvalidRequest(
            f"The encoding {name} is not read ({xml.where(element)}); ask for text or XML encoding.", "encoding"
        )
    found: dict[str, str] = {}
    for attribute, value in () if element is None else element.attrib.items():
        for word, kind in (("token", "token"), ("block", "block"), ("tuple", "block"), ("decimal", "decimal")):
            if str(attribute).lower().startswith(word) and value:
                found[kind] = str(value) if str(value) in text else _unescaped(str(value))
    return Separators(**found)


def separator_of(values: etree._Element) -> str:
    """Give what stands between the rows of values in text encoding, as it is declared beside them."""
    return decode_separators(xml.first_element(child(values.getparent(), "encoding")), "").block


def _unescaped(separator: str) -> str:
    for written, meant in _ESCAPES.items():
        separator = separator.replace(written, meant)
    return separator


def _fitting(separators: Separators, text: str, width: int) -> Separators:
    """Give separators by which rows have their width: some services declare others than they write."""
    others = (Separators(separators.token, each, separators.decimal) for each in _USUAL)
    head = text.lstrip()[:_SAMPLE]
    for candidate in (separators, *others):
        blocks = next(_blocks(head, candidate), [])
        # the last one may be cut off
        rows = list(map(candidate.tokens, blocks if len(head) < _SAMPLE else blocks[:-1]))
        if rows and all(len(row) == width or (len(row) == width + 1 and not row[-1].strip()) for row in rows):
            return candidate
    return separators


def _blocks(text: str, separators: Separators) -> Iterator[list[str]]:
    """Split a text into rows, some thousand at a time; empty ones, as after a last separator, are none."""
    separator = separators.block.strip() or ("\n" if "\n" in separators.block else None)
    begin, end = 0, len(text)
    while begin < end:
        cut = min(begin + _PIECE, end)
        if cut < end:
            cut = _cut(text, separator, cut)
        blocks = list(filter(None, map(str.strip, text[begin:cut].split(separator))))
        begin = cut
        if blocks:
            yield blocks


def _cut(text: str, separator: str | None, begin: int) -> int:
    """Give where the first row after a position begins."""
    if separator is not None:
        found = text.find(separator, begin)
        return len(text) if found < 0 else found + len(separator)
    blank = re.compile(r"\s").search(text, begin)
    return len(text) if blank is None else blank.end()


def _widened(rows: list[list[str]], width: int, number: int, where: str) -> Iterator[list[str]]:
    """Give each row its width, where that is possible without a doubt."""
    if number == 1 and len(rows) > 1 and width > 1 and len(rows[0]) == 1 and rows[0][0].isdecimal():
        rows = rows[1:]  # an array of variable size has its number of rows in front (OGC 08-094r1 clause 8.5)
        number += 1
    for offset, row in enumerate(rows):
        if len(row) == width:
            yield row
        elif len(row) == width + 1 and not row[-1].strip():
            yield row[:-1]
        elif width == 1:
            yield from ([token] for token in row if token.strip())
        else:
            raise InvalidRequest(
                f"Row {number + offset} of the array has {len(row)} tokens, {width} are declared ({where})."
            )


def _table(fields: tuple[Field, ...], tokens: Sequence[Sequence[str]], count: int, separators: Separators) -> Table:
    columns: list[Sequence[str]] = []
    position = 0
    for each in fields:
        if each.value is not None:
            columns.append((each.value,) * count)
        elif each.kind in RANGES:
            begins, ends = tokens[position : position + 2]
            columns.append([f"{begin.strip()}/{end.strip()}" for begin, end in zip(begins, ends, strict=True)])
        else:
            columns.append(tokens[position])
        if separators.decimal != "." and each.kind == "Quantity":
            columns[-1] = [_with_point(token.strip(), separators.decimal) for token in columns[-1]]
        position += each.tokens
    return Table(fields, tuple(columns))


def _with_point(token: str, decimal: str) -> str:
    """Give a number with a decimal point; a text may hold the separator for other reasons."""
    written = token.replace(decimal, ".")
    return written if _NUMBER.fullmatch(written) else token


def _batches(rows: Iterable[swe_nested.Row]) -> Iterator[Table]:
    """Put rows of the same fields that follow each other together."""
    fields: tuple[Field, ...] = ()
    context = 0
    collected: list[tuple[str, ...]] = []
    for row in chain(rows, [None]):
        if row is None or len(collected) >= ROWS or row.context != context or not _same(row.fields, fields):
            if collected:
                yield Table(fields, tuple(zip(*collected, strict=True)), context)
            collected = []
        if row is not None:
            fields, context = row.fields, row.context
            collected.append(row.texts)


def _same(one: tuple[Field, ...], other: tuple[Field, ...]) -> bool:
    return len(one) == len(other) and all(a is b for a, b in zip(one, other, strict=True))
