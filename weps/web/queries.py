"""What readers ask of feeds and of the data store: which notices, which part of them, in which format."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from sos_server.time import parse_instant
from weps.errors import InputError
from weps.model import AlertStatus, Severity
from weps.notices import Mark, Selection, Window, read_box
from weps.notify.formats import FORMATS
from weps.notify.page import PAGE_LIMIT, PAGE_SIZE
from weps.web.bodies import Word, check_text, read_words

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from starlette.datastructures import QueryParams

    from weps.notices import Box

PAGING = ("limit", "before", "after")
FILTERS = (
    *("subscription", "procedure", "observedProperty", "featureOfInterest", "category", "severity", "status"),
    *("bbox", "from", "to", "since"),
)
VALUES_LIMIT = 50


@dataclass(frozen=True, slots=True)
class Query:
    """A query that was read: what it names beside the page, and the page."""

    selection: Selection
    window: Window
    feed_format: str
    guid: str | None = None
    kept: tuple[tuple[str, str], ...] = field(default=())

    def url(self, address: str, **mark: Mark | None) -> str:
        """Give the address of this page, or of another that begins `before` a mark or `after` it."""
        marks = [(name, f"{at.alert}-{at.item}") for name, at in mark.items() if at is not None]
        query = urlencode([*self.kept, *marks])
        return f"{address}?{query}" if query else address


def read_feed_query(parameters: QueryParams, subscription_id: str, feed_format: str) -> Query:
    """Read what is asked of one subscription's feed; raises `InputError`."""
    given = _given(parameters, PAGING)
    selection = Selection(subscriptions=(subscription_id,), alerts_only=True)
    return Query(selection, _window(given), feed_format, kept=_kept(given))


def read_store_query(parameters: QueryParams) -> Query:
    """Read what is asked of the data store; raises `InputError` that says what is allowed."""
    given = _given(parameters, ("id", "format", *FILTERS, *PAGING))
    feed_format = _one(given, "format") or "rss"
    if feed_format not in FORMATS:
        raise InputError(f"{feed_format!r} is none of {', '.join(FORMATS)}", where="format")
    guid = _one(given, "id")
    if guid is not None and set(given) - {"id", "format"}:
        raise InputError("asks for one item; leave out all else but format", where="id")
    selection = Selection(
        subscriptions=_many(given, "subscription"),
        procedures=_many(given, "procedure"),
        observed_properties=_many(given, "observedProperty"),
        features_of_interest=_many(given, "featureOfInterest"),
        categories=_many(given, "category"),
        severities=_words(given, "severity", Severity),
        statuses=_words(given, "status", AlertStatus),
        box=_box(given),
        begin=_instant(given, "from"),
        end=_instant(given, "to"),
        since=_instant(given, "since"),
        alerts_only=FORMATS[feed_format].alerts_only,
    )
    if selection.begin and selection.end and selection.end <= selection.begin:
        raise InputError("lies before from, so that nothing can be between them", where="to")
    return Query(selection, _window(given), feed_format, guid, _kept(given))


def _given(parameters: QueryParams, known: Sequence[str]) -> dict[str, list[str]]:
    """Give the values of each parameter, in whatever case its name is written."""
    names = {name.lower(): name for name in known}
    given: dict[str, list[str]] = {}
    for name, value in parameters.multi_items():
        if name.lower() not in names:
            raise InputError(f"there is no parameter {name[:100]!r}; there are {', '.join(known)}")
        given.setdefault(names[name.lower()], []).append(value.strip())
    for name, values in given.items():
        if len(values) > VALUES_LIMIT:
            raise InputError(f"is given {len(values)} times, at most {VALUES_LIMIT} are taken", where=name)
        if not all(values):
            raise InputError("is empty; leave it out or give a value", where=name)
        check_text(values, name)
    return given


def _kept(given: dict[str, list[str]]) -> tuple[tuple[str, str], ...]:
    return tuple((name, value) for name, values in given.items() if name not in PAGING[1:] for value in values)


def _one(given: dict[str, list[str]], name: str) -> str | None:
    values = given.get(name, [])
    if len(values) > 1:
        raise InputError("is given more than once", where=name)
    return values[0] if values else None


def _many(given: dict[str, list[str]], name: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(given.get(name, ())))


def _words(given: dict[str, list[str]], name: str, words: type[Word]) -> tuple[Word, ...]:
    """Read words of an enumeration: several parameters, or one with commas."""
    return read_words(",".join(given.get(name, ())), words, name)


def _instant(given: dict[str, list[str]], name: str) -> datetime | None:
    text = _one(given, name)
    try:
        # a plus sign that was not encoded comes as a blank
        return parse_instant(text.replace(" ", "+")) if text else None
    except ValueError as error:
        raise InputError(f"is an instant such as 2016-01-11T03:55:45Z ({error})", where=name) from error


def _box(given: dict[str, list[str]]) -> Box | None:
    text = _one(given, "bbox")
    return None if text is None else read_box(text)


def _window(given: dict[str, list[str]]) -> Window:
    text = _one(given, "limit") or str(PAGE_SIZE)
    limit = int(text) if re.fullmatch("[0-9]{1,6}", text) else 0
    if not 1 <= limit <= PAGE_LIMIT:
        raise InputError(f"is a whole number from 1 to {PAGE_LIMIT}", where="limit")
    before, after = (_mark(given, name) for name in ("before", "after"))
    if before is not None and after is not None:
        raise InputError("leads to newer notices and before to older ones; leave one of them out", where="after")
    return Window(limit, before, after)


def _mark(given: dict[str, list[str]], name: str) -> Mark | None:
    text = _one(given, name)
    if text is None:
        return None
    if not re.fullmatch("[0-9]{1,18}-[0-9]{1,18}", text):
        raise InputError("is taken from the links of a page as it stands there, such as 1024-17", where=name)
    return Mark(*map(int, text.split("-")))
