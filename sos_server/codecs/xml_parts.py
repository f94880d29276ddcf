"""
Long documents in parts: some members at a time inside of what stands around all members, each part a document itself.

Parts are parsed as strictly as any document. To find where a member ends costs next to nothing, so that a document in
parts takes hardly longer than as a whole, and no more memory than its longest part.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lxml import etree

from sos_server.codecs import xml
from sos_server.errors import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_LONGEST_HEAD = 1 << 16


def parse_parts(chunks: Iterable[bytes], members: Sequence[str]) -> Iterator[etree._Element]:
    """
    Read a document that comes in chunks, and give the root of each part.

    `members` are the local names of what is many times in it, of which the first that occurs is taken. Raises
    `InvalidRequest` for a document without members, or for a part that cannot be read: comments that look like members
    are one reason. Then the document is to be read as a whole.
    """
    rest = iter(chunks)
    buffer = bytearray(next(rest, b"").lstrip())
    head, end_tag = _head(bytes(buffer[:_LONGEST_HEAD]), members)
    foot = _foot(head)
    del buffer[: len(head)]
    searched = 0
    while True:
        found = buffer.rfind(end_tag, searched)
        if found >= 0:
            cut = found + len(end_tag)
            yield _parse(head, buffer[:cut], foot)
            del buffer[:cut]
        searched = max(len(buffer) - len(end_tag), 0)
        chunk = next(rest, None)
        if chunk is None:
            break
        buffer += chunk
    # what stands after the last member, and that the document is whole
    _parse(head, buffer, b"")


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
