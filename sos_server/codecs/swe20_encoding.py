"""
The encodings of SWE Common 2.0 (OGC 08-094r1 clause 8.4 and 8.5): values of rows to tokens, and tokens to values.

In text encoding separators stand between tokens and between rows, in XML encoding each token is an element named as its
component. Binary encoding is not served.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import repeat
from typing import TYPE_CHECKING, TypeAlias

from sos_server.codecs import xml
from sos_server.errors import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from lxml import etree

TEXT_ENCODING = "http://www.opengis.net/swe/2.0/TextEncoding"
XML_ENCODING = "http://www.opengis.net/swe/2.0/XMLEncoding"
_NUMBER = re.compile(r"[+-]?[0-9]*\.[0-9]*([eE][+-]?[0-9]+)?")


@dataclass(frozen=True, slots=True)
class TextEncoding:
    """Separators of a text of rows; a separator of white space only stands for any white space."""

    token_separator: str = ","  # noqa: S105 -- a token of text, not of access
    block_separator: str = "@@"
    decimal_separator: str = "."

    def blocks(self, text: str) -> list[str]:
        """Split a text into rows; empty ones, as after a last separator, are none."""
        if not self.block_separator.strip() and "\n" not in self.block_separator:
            return text.split()
        return [block for block in text.split(self.block_separator) if block.strip()]

    def tokens(self, block: str) -> list[str]:
        """Split a row into its tokens, with decimal points."""
        separator = self.token_separator
        tokens = block.split(separator) if separator.strip() else block.split()
        if self.decimal_separator != ".":
            return [self._with_point(token.strip()) for token in tokens]
        return [token.strip() for token in tokens]

    def _with_point(self, token: str) -> str:
        """Give a number with a decimal point; a text may hold the separator for other reasons."""
        written = token.replace(self.decimal_separator, ".")
        return written if _NUMBER.fullmatch(written) else token

    def rows(self, text: str, expected: int, where: str) -> Iterator[list[str]]:
        """Give the tokens of each row; raises where a row has more or fewer than expected."""
        for number, block in enumerate(self.blocks(text), start=1):
            tokens = self.tokens(block)
            if len(tokens) != expected:
                raise InvalidRequest(
                    f"Row {number} of the array has {len(tokens)} tokens, {expected} are declared ({where})."
                )
            yield tokens

    def columns(self, text: str, expected: int) -> list[Sequence[str]] | None:
        """Give the tokens of a text column by column; None where rows or tokens have to be looked at one by one."""
        is_plain = self.decimal_separator == "." and not any(
            map(str.isspace, self.token_separator + self.block_separator)
        )
        parts = text.split() if is_plain else []
        if len(parts) != 1:
            return None
        return split_columns(list(filter(None, parts[0].split(self.block_separator))), self.token_separator, expected)

    def splits(self, text: str) -> bool:
        """Tell whether a text would be read as more than one token."""
        return self.token_separator in text or self.block_separator in text


@dataclass(frozen=True, slots=True)
class XmlEncoding:
    """Each row is an element, in it each token an element named as its component (OGC 08-094r1 clause 8.4.3)."""


Encoding: TypeAlias = TextEncoding | XmlEncoding


def split_columns(blocks: list[str], separator: str, width: int) -> list[Sequence[str]] | None:
    """Split rows that all have their width into columns, all at once; None where one has not."""
    if not separator.strip() or set(map(str.count, blocks, repeat(separator))) != {width - 1}:
        return None
    tokens = separator.join(blocks).split(separator)
    return [tokens[column::width] for column in range(width)]


# one row in XML encoding: the names of its components with their texts
NamedTokens: TypeAlias = "tuple[tuple[str, str], ...]"


def decode_encoding(element: etree._Element | None) -> Encoding:
    """Read a `swe:TextEncoding` or `swe:XMLEncoding`."""
    name = None if element is None else xml.local_name(element)
    if element is None or name not in ("TextEncoding", "XMLEncoding"):
        raise InvalidRequest(f"The encoding {name} is not served; use TextEncoding or XMLEncoding.", "encoding")
    if name == "XMLEncoding":
        return XmlEncoding()
    tokens, blocks = element.get("tokenSeparator"), element.get("blockSeparator")
    if not tokens or not blocks:
        raise InvalidRequest(f"tokenSeparator or blockSeparator is empty ({xml.where(element)}).", "encoding")
    return TextEncoding(tokens, blocks, element.get("decimalSeparator") or ".")


def encode_encoding(encoding: Encoding) -> etree._Element:
    """Write an encoding."""
    if isinstance(encoding, XmlEncoding):
        return xml.new("swe:XMLEncoding")
    element = xml.new(
        "swe:TextEncoding", tokenSeparator=encoding.token_separator, blockSeparator=encoding.block_separator
    )
    if encoding.decimal_separator != ".":
        element.set("decimalSeparator", encoding.decimal_separator)
    return element


def read_named(values: etree._Element) -> tuple[NamedTokens, ...]:
    """Read the rows of values in XML encoding; records inside of records are taken as their fields."""
    return tuple(tuple(_leaves(row)) for row in values.iterchildren("*"))


def _leaves(element: etree._Element) -> Iterator[tuple[str, str]]:
    for child in element.iterchildren("*"):
        if xml.first_element(child) is None:
            yield xml.local_name(child), (child.text or "").strip()
        else:
            yield from _leaves(child)


def named_rows(rows: Iterable[NamedTokens], names: list[str]) -> Iterator[list[str]]:
    """Give the tokens of rows in XML encoding; raises where the elements of a row are not those expected."""
    for number, row in enumerate(rows, start=1):
        found = [name for name, _ in row]
        if found != names:
            raise InvalidRequest(
                f"Row {number} of the array has the elements {', '.join(found)}; {', '.join(names)} are declared."
            )
        yield [text for _, text in row]
