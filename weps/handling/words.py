"""What people say when they do something: who they are, why they do it, and until when it holds."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from weps.errors import InputError
from weps.notify.text import clean_line, clean_text

if TYPE_CHECKING:
    from datetime import datetime

NAME_LIMIT = 200
TEXT_LIMIT = 2_000
LONGEST = timedelta(days=3660)


def read_author(name: str, where: str = "by") -> str:
    """Give who does something; raises `InputError` where nobody is named."""
    author = read_name(name)
    if not author:
        raise InputError("say who you are", where=where)
    return author


def read_name(name: str) -> str:
    """Give somebody's name, without what cannot be shown; empty where nobody is named."""
    return clean_line(name.strip(), NAME_LIMIT)


def read_words(text: str) -> str:
    """Give what somebody has to say, without what cannot be shown."""
    return clean_text(text.strip(), TEXT_LIMIT)


def read_reason(text: str) -> str:
    """Give why somebody does something; raises `InputError` where nothing is said."""
    reason = read_words(text)
    if not reason:
        raise InputError("say why", where="reason")
    return reason


def read_end(begin: datetime, ends: datetime | None, lasting: timedelta | None, where: str) -> datetime | None:
    """Give until when something holds that begins now or later; None: until somebody ends it. Raises `InputError`."""
    if ends is not None and lasting is not None:
        raise InputError("say until when or for how long, not both", where=where)
    end = ends if lasting is None else begin + lasting
    if end is not None and not begin < end <= begin + LONGEST:
        told = "must lie ahead, after the begin where one is given, and within ten years"
        raise InputError(told, where=where if lasting is None else "for")
    return end
