"""
Every JSON document that holds observations: which encoding it is, told by its members.

A new encoding is a module with `matches` and `decode`, and a line in `_FORMATS`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO, NamedTuple

from weps.errors import InputError
from weps.feeders import json_istsos, json_large, json_om, json_sensorthings, json_timeseries
from weps.model import Observation


class _Format(NamedTuple):
    matches: Callable[[Any], bool]
    decode: Callable[[Any], Iterator[Observation]]


_FORMATS = tuple(
    _Format(each.matches, each.decode) for each in (json_istsos, json_om, json_sensorthings, json_timeseries)
)


def decode_json(document: Any) -> Iterator[Observation]:
    """Read all observations of a JSON document; raises `InputError` where it holds none or one cannot be read."""
    for form in _FORMATS:
        if form.matches(document):
            return form.decode(document)
    raise InputError("the JSON holds no observations that can be read: 52°North, istSOS, SensorThings and OM-JSON are")


def is_document(head: bytes, *, is_whole: bool = True) -> bool:
    """
    Tell a JSON document from JSON lines, of which the first is complete and has our members.

    `head` is the begin of the data, or all of them.
    """
    first, line_end, _ = head.removeprefix(b"\xef\xbb\xbf").lstrip().partition(b"\n")
    if not is_whole and not line_end:
        return True
    try:
        members = json.loads(first)
    except (ValueError, RecursionError):
        return first.strip() in (b"{", b"[") or not is_whole or _is_json(head)
    return any(form.matches(members) for form in _FORMATS)


def read_json_document(file: BinaryIO) -> Iterator[Observation]:
    """
    Read the observations of a JSON document from a file that can be read in any order.

    Raises `InputError` with the place of what is no JSON.
    """
    yield from decode_json(json_large.load(file))


def _is_json(data: bytes) -> bool:
    try:
        json.loads(data.removeprefix(b"\xef\xbb\xbf"))
    except (ValueError, RecursionError):
        return False
    return True
