"""
Instants as text (ISO 8601 as GML and O&M use it) and as microseconds since 1970-01-01T00:00:00Z.

Named after what it holds; `import time` elsewhere still means the standard library, because imports are absolute.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FIRST = datetime.min.replace(tzinfo=UTC)
LAST = datetime.max.replace(tzinfo=UTC)
_FAR_YEAR = re.compile(r"[0-9]{5,9}-[0-9]{2}")
# a year, month or day, also with the zone that XML Schema allows behind it
_DAY = re.compile(r"([0-9]{4})(-[0-9]{2})?(?:(?<=-[0-9]{2})(-[0-9]{2}))?(Z|[+-][0-9]{2}:[0-9]{2})?")
_END_OF_DAY = re.compile(r"([0-9-]+T)24:00(?::00(?:[.,]0+)?)?([Z+-].*)?")
_MICROSECOND = timedelta(microseconds=1)


def to_microseconds(instant: datetime) -> int:
    """Give the microseconds since 1970 UTC of an aware instant, exactly."""
    return (instant - EPOCH) // _MICROSECOND


def from_microseconds(microseconds: int) -> datetime:
    """Give the instant of so many microseconds since 1970 UTC."""
    return EPOCH + timedelta(microseconds=microseconds)


def shifted(instant: datetime, by: timedelta) -> datetime:
    """Give the instant so much later, or earlier; where there is none, the last or the first that there is."""
    try:
        return instant + by
    except OverflowError:
        return FIRST if by < timedelta(0) else LAST


def format_instant(instant: datetime) -> str:
    """Write an instant as `2016-01-11T03:55:45.014Z`: UTC, a fraction only when it is not zero."""
    moment = instant.astimezone(UTC).replace(tzinfo=None)
    text = moment.isoformat(timespec="milliseconds" if moment.microsecond % 1000 == 0 else "microseconds")
    return (text[:-4] if moment.microsecond == 0 else text) + "Z"


def parse_limit(text: str) -> datetime:
    """Read an instant that limits a filter: one beyond the year 9999 is taken as the last one that there is."""
    return LAST if _FAR_YEAR.match(text.strip()) else parse_instant(text)


def parse_instant(text: str) -> datetime:
    """
    Read an ISO 8601 instant; without zone it is taken as UTC, without time of day or day as its start.

    Raises `ValueError` with the text when it is no instant. A `+` that arrived as a blank is read as `+`. 24:00 is the
    start of the day after (XML Schema part 2 clause 3.2.7); a leap second is no instant, since none is like it.
    """
    cleaned = text.strip()
    head, blank, zone = cleaned.partition(" ")
    if blank and "T" in head:
        cleaned = f"{head}+{zone}"
    day = _DAY.fullmatch(cleaned)
    if day is not None:
        year, month, number, zone = day.groups(default="")
        cleaned = f"{year}{month or '-01'}{number or '-01'}" + (f"T00:00:00{zone}" if zone else "")
    try:
        return _in_utc(cleaned)
    except (ValueError, OverflowError) as error:  # the latter where UTC is in the year 0 or 10000
        raise ValueError(f"{text[:100]!r} is not an ISO 8601 time such as 2016-01-11T03:55:45Z") from error


def _in_utc(text: str) -> datetime:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        end_of_day = _END_OF_DAY.fullmatch(text)
        if end_of_day is None:
            raise
        instant = datetime.fromisoformat(f"{end_of_day[1]}00:00{end_of_day[2] or ''}") + timedelta(days=1)
    return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)
