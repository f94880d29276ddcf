"""
Long documents in parts: some members at a time inside of what stands around all members, each part a document itself.

Parts are parsed as strictly as any document. To find where a member ends costs next to nothing, so that a document in
parts takes hardly longer than as a whole, and no more memory than its longest part. A member that is longer than that
comes in parts itself: each with some rows of its array, or with some points of its series of WaterML.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lxml import etree

from sos_server.codecs import xml
from sos_server.errors import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

_LONGEST_HEAD = 1 << 16
_LONGEST_MEMBER = 1 << 22
_VALUES = re.compile(rb"<(?:[^\s<>:/!?]+:)?values(?:\s[^<>]*)?(?<!/)>")
_POINT = re.compile(rb"<((?:[^\s<>:/!?]+:)?point)[\s>]")
# what says that points have no times of their own, but each a time after that of the one before
_SPACED = re.compile(rb"<(?:[^\s<>:/!?]+:)?(?:spacing|baseTime)[\s>]")


def parse_parts(
    chunks: Iterable[bytes], members: Sequence[str], separator_of: Callable[[etree._Element], str]
) -> Iterator[etree._Element]:
    """
    Read a document that comes in chunks, and give the root of each part.

    `members` are the local names of what is many times in it, of which the first that occurs is taken; `separator_of`
    tells what stands between the rows of an array, given the element of its values. Raises
    `InvalidRequest` for a document without members, or for a part that cannot be read: comments that look like members
    are one reason. Then the document is to be read as a whole.
    """
    rest = iter(chunks)
    buffer = bytearray(next(rest, b"").lstrip())
    head, end_tag = _head(bytes(buffer[:_LONGEST_HEAD]), members)
    foot = _foot(head)
    del buffer[: len(head)]
    searched = 0
    in_rows = False
    while True:
        found = buffer.rfind(end_tag, searched)
        if found >= 0:
            cut = found + len(end_tag)
            yield _parse(head, buffer[:cut], foot)
            del buffer[:cut]
            in_rows = False
        elif len(buffer) > _LONGEST_MEMBER and not in_rows:
            in_rows = True
            if _VALUES.search(buffer, 0, _LONGEST_HEAD):
                yield from _rows(head, buffer, rest, separator_of)
            else:
                yield from _points(head, buffer, rest)
            searched = 0
            continue
        searched = max(len(buffer) - len(end_tag), 0)
        chunk = next(rest, None)
        if chunk is None:
            break
        buffer += chunk
    # what stands after the last member, and that the document is whole
    _parse(head, buffer, b"")


def _rows(
    head: bytes, buffer: bytearray, rest: Iterator[bytes], separator_of: Callable[[etree._Element], str]
) -> Iterator[etree._Element]:
    """Give a member in parts, each with some rows of its array; the member without rows is left in the buffer."""
    found = _VALUES.search(buffer, 0, _LONGEST_HEAD)
    if found is None:
        return
    begin = bytes(buffer[: found.end()])
    del buffer[: found.end()]
    foot = _foot(head + begin)
    separator = _between(_parse(head + begin, bytearray(), foot), separator_of)
    while (end := buffer.find(b"<")) < 0:
        cut = buffer.rfind(separator)
        if cut > 0:
            yield _parse(head + begin, buffer[:cut], foot)
            del buffer[: cut + len(separator)]
        chunk = next(rest, None)
        if chunk is None:
            break
        buffer += chunk
    if end > 0:
        yield _parse(head + begin, buffer[:end], foot)
        del buffer[:end]
    buffer[:0] = begin


def _points(head: bytes, buffer: bytearray, rest: Iterator[bytes]) -> Iterator[etree._Element]:
    """Give a member in parts, each with some points of its series; the member without points is left in the buffer."""
    found = _POINT.search(buffer, 0, _LONGEST_HEAD)
    if found is None or _SPACED.search(buffer, 0, found.start()):
        return
    begin, end_tag = bytes(buffer[: found.start()]), b"</" + found[1] + b">"
    del buffer[: len(begin)]
    foot = _foot(head + begin)
    series_end = foot[: foot.index(b">") + 1]
    searched = 0
    while True:
        end = buffer.find(series_end, searched)
        cut = buffer.rfind(end_tag, 0, None if end < 0 else end)
        if cut >= 0:
            cut += len(end_tag)
            yield _parse(head + begin, buffer[:cut], foot)
            del buffer[:cut]
        chunk = next(rest, None) if end < 0 else None
        if chunk is None:
            break
        searched = max(len(buffer) - len(series_end), 0)
        buffer += chunk
    buffer[:0] = begin


def _between(root: etree._Element, separator_of: Callable[[etree._Element], str]) -> bytes:
    """Give what stands between rows, as it is written in a document."""
    *_, values = root.iter("{*}values")
    separator = separator_of(values)
    return xml.escape_text(separator.strip() or ("\n" if "\n" in separator else " ")).encode()


def _head(begin: bytes, members: Sequence[str]) -> tuple[bytes, bytes]:
    """Give what stands before the first member, and the end tag of members."""
    names = "|".join(map(re.escape, members)).encode()
    found = re.search(rb"<((?:[^\s<>:/!?]+:)?(?:" + names + rb"))[\s>]", begin)
    if found is None:
        raise InvalidRequest("The document has no members to be read one after the other.")
    return begin[: found.start()], b"</" + found[1] + b">"


def _foot(head: bytes) -> bytes:
    """Give the end tags of what is open at the end of a head."""
    parser = etree.XMLPullParser(events=("start", "end"), **xml.SAFELY)
    try:
        parser.feed(head)
        events = list(parser.read_events())
    except etree.XMLSyntaxError as error:
        raise InvalidRequest(f"The begin of the document is not well-formed XML: {error.msg}.") from error
    open_names: list[str] = []
    for event, element in events:
        if event == "start":
            name = xml.local_name(element)
            open_names.append(f"{element.prefix}:{name}" if element.prefix else name)
        else:
            open_names.pop()
    return "".join(f"</{name}>" for name in reversed(open_names)).encode()


def _parse(head: bytes, content: bytearray, foot: bytes) -> etree._Element:
    data = b"".join((head, content, foot))
    return xml.parse(data, limit=len(data))
