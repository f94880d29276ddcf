"""Answers that are kept with what their server calls their version, so that it need not send them again."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass

_LARGEST_SHARE = 8
_MOST = 4096
"""So many are kept, however small: each has an address and headers too."""


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """A whole answer, and the headers that ask whether it is still the same."""

    conditions: Mapping[str, str]
    content_type: str
    body: bytes
    link: str = ""


class KeptAnswers:
    """The answers that were asked for last, `limit` octets of them; may be used by many threads at once."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._size = 0
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[str, ...], KeptAnswer] = OrderedDict()

    def find(self, url: str, headers: Mapping[str, str]) -> KeptAnswer | None:
        """Give what is kept of a URL that was asked with the same headers."""
        key = _key(url, headers)
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
            return self._kept.get(key)

    def keep(
        self, url: str, headers: Mapping[str, str], answered: Mapping[str, str], content_type: str, body: bytes
    ) -> None:
        """Keep an answer that has a version (`answered` are its headers), unless it is large or must not be kept."""
        conditions = {
            condition: answered[name]
            for condition, name in (("If-None-Match", "ETag"), ("If-Modified-Since", "Last-Modified"))
            if answered.get(name)
        }
        key = _key(url, headers)
        with self._lock:
            before = self._kept.pop(key, None)
            self._size -= len(before.body) if before else 0
            may_keep = "no-store" not in answered.get("Cache-Control", "").lower()
            if not conditions or not may_keep or len(body) > self._limit // _LARGEST_SHARE:
                return
            self._kept[key] = KeptAnswer(conditions, content_type, body, answered.get("Link", ""))
            self._size += len(body)
            while self._size > self._limit or len(self._kept) > _MOST:
                self._size -= len(self._kept.popitem(last=False)[1].body)


def _key(url: str, headers: Mapping[str, str]) -> tuple[str, ...]:
    return url, *(f"{name.lower()}: {value}" for name, value in sorted(headers.items()))
