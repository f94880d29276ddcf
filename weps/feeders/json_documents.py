"""
Every JSON document that holds observations: which encoding it is, told by its members.

A new encoding is a module with `matches` and `decode`, and a line in `_FORMATS`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from weps.errors import InputError
from weps.feeders import json_istsos, json_om, json_sensorthings, json_timeseries
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


def is_document(data: bytes) -> bool:
    """Tell a JSON document from JSON lines, of which the first is complete and has our members."""
    first = data.removeprefix(b"\xef\xbb\xbf").lstrip().partition(b"\n")[0]
    try:
        members = json.loads(first)
    except (ValueError, RecursionError):
        return first.strip() in (b"{", b"[") or _is_whole(data)
    return any(form.matches(members) for form in _FORMATS)


def read_json_document(data: bytes) -> Iterator[Observation]:
    """Read the observations of a JSON document; raises `InputError` with the line of what is no JSON."""
    try:
        document = json.loads(data.removeprefix(b"\xef\xbb\xbf"), parse_constant=lambda _: None)
    except (ValueError, RecursionError) as error:
        raise InputError(f"the document is no JSON: {error}") from error
    yield from decode_json(document)


def _is_whole(data: bytes) -> bool:
    try:
        json.loads(data.removeprefix(b"\xef\xbb\xbf"))
    except (ValueError, RecursionError):
        return False
    return True
