"""
Records in rows of results: a field that is a `swe:DataRecord` (OGC 08-094r1 clause 7.3) and has many tokens in a row.

Such a record is the one value of a complex observation, kept as `swe20_record` writes it. The template tells its
structure; its values stand in the rows, one token for each scalar without a value of its own, also in records inside.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sos_server.codecs import swe20, swe20_record, xml
from sos_server.errors import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from lxml import etree

    from sos_server.codecs.swe20 import Component


@dataclass(frozen=True, slots=True)
class RecordForm:
    """
    The form of records in rows: `empty` is a record without what the rows tell, `leaves` are all its scalar fields.

    The leaves stand in the order of their tokens; those with a value of their own use none.
    """

    empty: str
    leaves: tuple[Component, ...]

    @property
    def tokens(self) -> int:
        """Give the number of tokens that a record uses in a row."""
        return sum(leaf.tokens for leaf in self.leaves)

    def fill(self, rows: Iterable[Sequence[str]], first_column: int) -> list[str]:
        """Give the record of the tokens of each row; raises `InvalidRequest` with row and column of what is wrong."""
        record = json.loads(self.empty)
        told = [(node, leaf) for node, leaf in self._leaves_of(record) if leaf.value is None]
        records = []
        for number, tokens in enumerate(rows, start=1):
            for column, ((node, leaf), token) in enumerate(zip(told, tokens, strict=True), start=first_column):
                text = token.strip()
                node["value"], reason = swe20.decode_value(leaf, text, f"row {number}, column {column}")
                node.pop("text", None)
                if reason is not None and text:
                    node["text"] = text
            records.append(swe20_record.to_text(record))
        return records

    def split(self, value: Any) -> list[str] | None:
        """Give the tokens of a record; None where it has another form."""
        record = json.loads(value) if isinstance(value, str) else None
        if record is None or len(list(swe20_record.leaves(record))) != len(self.leaves):
            return None
        tokens = []
        for node, leaf in self._leaves_of(record):
            if leaf.value is None:
                tokens.append(swe20_record.text_of(node) or "")
                node["value"] = None
                node.pop("text", None)
        return tokens if swe20_record.to_text(record) == self.empty else None

    def _leaves_of(self, record: dict[str, Any]) -> Iterator[tuple[dict[str, Any], Component]]:
        return zip(swe20_record.leaves(record), self.leaves, strict=True)


def decode_components(row: etree._Element) -> Iterator[Component]:
    """Read the fields of the record of a row; a record inside of it is one component."""
    for index, field in enumerate(row.iterchildren(xml.tag("swe:field"))):
        inner = xml.first_element(field)
        if inner is None:
            raise InvalidRequest(f"The swe:field at {xml.where(field)} is empty; define it inline.")
        name = field.get("name") or f"field{index}"
        if xml.local_name(inner) == "DataRecord":
            yield swe20.Component("DataRecord", name, inner.get("definition"), record=_decode_form(inner))
        else:
            yield from swe20.decode_components(inner, name)


def _decode_form(element: etree._Element) -> RecordForm:
    leaves = tuple(swe20.decode_components(element))
    wide = next((leaf for leaf in leaves if leaf.tokens > 1), None)
    if wide is not None:
        raise InvalidRequest(
            f"The field {wide.name} of the record at {xml.where(element)} is a range, which is not served there; "
            "make two fields of it."
        )
    form = RecordForm(swe20_record.decode_record(element), leaves)
    if not form.tokens:
        raise InvalidRequest(f"The record at {xml.where(element)} has no field whose value stands in the rows.")
    return form
