"""
JSON documents of any size: arrays that are large are read as they are gone through, so that memory does not grow.

A document is looked through once for its brackets. What is small becomes what `json` makes of it; an array of more than
`LARGE` octets becomes a list that holds nothing, and reads its elements from the file each time it is gone through.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any, BinaryIO, NamedTuple, NoReturn, SupportsIndex

from weps.errors import InputError
from weps.json_faults import json_fault

LARGE = 1 << 20
CHUNK = 1 << 18
BATCH = 1 << 16
LONGEST_TEXT = 16 << 20
DEEPEST = 500
_PAIRS = {b"[": b"]", b"{": b"}"}
# Up to the next bracket that does not stand in a text; it never goes back, so that nothing is looked at twice.
_TO_BRACKET = re.compile(rb'(?:[^"\[\]{}]++|"[^"\\]*+(?:\\.[^"\\]*+)*+")*+([\[\]{}])', re.DOTALL)


class _Span(NamedTuple):
    begin: int
    end: int

    @property
    def length(self) -> int:
        return self.end - self.begin


def load(file: BinaryIO) -> Any:
    """Give a document, of which large arrays are `LargeArray`; raises `InputError` with the place for what is none."""
    end = file.seek(0, 2)
    file.seek(0)
    begin = 3 if file.read(3) == b"\xef\xbb\xbf" else 0
    return _load(file, _Span(begin, end))


class LargeArray(list[Any]):
    """
    An array that is read from its file each time it is gone through.

    It is a list, because readers tell arrays from other values by that, but holds nothing itself.
    """

    def __init__(self, file: BinaryIO, span: _Span) -> None:
        super().__init__()
        self._file = file
        self._span = span

    def __iter__(self) -> Iterator[Any]:
        return _elements(self._file, self._span)

    def __bool__(self) -> bool:
        return next(iter(self), None) is not None

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __getitem__(self, index: SupportsIndex | slice) -> Any:
        if isinstance(index, slice) or index.__index__() < 0:
            raise TypeError("a large array is gone through from its begin")
        for element in islice(self, index.__index__(), None):
            return element
        raise IndexError(index)


def _load(file: BinaryIO, span: _Span) -> Any:
    if span.length <= LARGE:
        return _parse(_read(file, span), span.begin)
    large = _large_arrays(file, span)
    if not large:
        return _parse(_read(file, span), span.begin)
    mark = secrets.token_hex(8)
    pieces, position = [], span.begin
    for number, each in enumerate(large):
        pieces += [_read(file, _Span(position, each.begin)), f'"{mark}{number}"'.encode()]
        position = each.end
    pieces.append(_read(file, _Span(position, span.end)))
    arrays = {f"{mark}{number}": LargeArray(file, each) for number, each in enumerate(large)}
    return _filled(_parse(b"".join(pieces), span.begin), arrays)


def _filled(value: Any, arrays: dict[str, LargeArray]) -> Any:
    """Put large arrays where they are named."""
    if isinstance(value, dict):
        return {name: _filled(member, arrays) for name, member in value.items()}
    if isinstance(value, list):
        return [_filled(member, arrays) for member in value]
    return arrays.get(value, value) if isinstance(value, str) else value


def _large_arrays(file: BinaryIO, span: _Span) -> list[_Span]:
    """Find the arrays that are large and stand in no other such array, but for a bracket that is all of the span."""
    found: list[_Span] = []
    begins: list[tuple[int, bytes]] = []
    for place, bracket in _brackets(file, span):
        if bracket in _PAIRS:
            begins.append((place, bracket))
            if len(begins) > DEEPEST:
                _refuse("it is nested too deeply", place)
            continue
        begin, opened = begins.pop() if begins else (place, b"")
        if _PAIRS.get(opened) != bracket:
            _refuse(f"{bracket.decode()} closes nothing", place)
        if bracket == b"]" and place + 1 - begin > LARGE:
            found = [each for each in found if each.begin < begin]
            found.append(_Span(begin, place + 1))
    if begins:
        _refuse("it breaks off", span.end)
    return found


def _elements(file: BinaryIO, array: _Span) -> Iterator[Any]:
    """Give the elements of an array, many read at once; those that are large themselves one by one."""
    inner = _Span(array.begin + 1, array.end - 1)
    read, begin, depth = inner.begin, inner.begin, 0
    for place, bracket in _brackets(file, inner):
        if bracket in _PAIRS:
            begin = place if depth == 0 else begin
            depth += 1
            continue
        depth -= 1
        if depth:
            continue
        if place + 1 - begin > LARGE:
            yield from _batch(file, _Span(read, begin), is_first=read == inner.begin, is_followed=True)
            yield _load(file, _Span(begin, place + 1))
            read = place + 1
        elif place + 1 - read > BATCH:
            yield from _batch(file, _Span(read, place + 1), is_first=read == inner.begin)
            read = place + 1
    yield from _batch(file, _Span(read, inner.end), is_first=read == inner.begin)


def _batch(file: BinaryIO, span: _Span, *, is_first: bool, is_followed: bool = False) -> list[Any]:
    """Read the elements of a part of an array, of which all but the first begin with a comma."""
    text = _read(file, span).strip()
    if not is_first and (text or is_followed):
        if not text.startswith(b","):
            _refuse("a comma is missing", span.begin)
        text = text[1:].lstrip()
        if not text and not is_followed:
            _refuse("a value is missing", span.end)
    if is_followed and text:
        if not text.endswith(b","):
            _refuse("a comma is missing", span.end)
        text = text[:-1].rstrip()
        if not text:
            _refuse("a value is missing", span.end)
    found: list[Any] = _parse(b"[" + text + b"]", span.begin)
    return found


def _brackets(file: BinaryIO, span: _Span) -> Iterator[tuple[int, bytes]]:
    """Give each bracket outside of texts with its place."""
    kept, position = b"", span.begin
    while position < span.end:
        file.seek(position)
        chunk = file.read(min(CHUNK, span.end - position))
        if not chunk:
            return
        text = kept + chunk
        begin, at = position - len(kept), 0
        position += len(chunk)
        while found := _TO_BRACKET.match(text, at):
            at = found.end()
            yield begin + at - 1, found[1]
        kept = text[at:]
        if len(kept) > LONGEST_TEXT:
            _refuse(f"a text or a number of values has more than {LONGEST_TEXT} octets", begin + at)


def _read(file: BinaryIO, span: _Span) -> bytes:
    file.seek(span.begin)
    return file.read(span.length)


def _parse(text: bytes, begin: int) -> Any:
    try:
        return json.loads(text, parse_constant=_no_number)
    except json.JSONDecodeError as error:
        place = "" if begin <= 3 else f", counted from octet {begin}"
        raise InputError(f"the document is no JSON: {error}{place}") from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"the document is no JSON: {json_fault(error)}") from error


_no_number: Callable[[str], None] = lambda _constant: None  # noqa: E731 -- NaN and the like are no value


def _refuse(why: str, place: int) -> NoReturn:
    raise InputError(f"the document is no JSON: {why} at octet {place}")
