"""Instants as text."""

from __future__ import annotations

from datetime import timedelta

import pytest

from sos_server.time import FIRST, LAST, format_instant, parse_instant, shifted


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2016-01-11T03:55:45.014Z", "2016-01-11T03:55:45.014Z"),
        ("2016-01-11T03:55:45+12:00", "2016-01-10T15:55:45Z"),
        ("2016-01-11T03:55:45+0100", "2016-01-11T02:55:45Z"),
        ("2016-01-11T03:55:45+02", "2016-01-11T01:55:45Z"),
        ("2016-01-11T03:55:45 02:00", "2016-01-11T01:55:45Z"),
        ("2016-01-11T03:55", "2016-01-11T03:55:00Z"),
        ("2016-01-11", "2016-01-11T00:00:00Z"),
        ("2016-01-11Z", "2016-01-11T00:00:00Z"),
        ("2016-01-11-05:00", "2016-01-11T05:00:00Z"),
        ("2019-01", "2019-01-01T00:00:00Z"),
        ("2019-01+12:00", "2018-12-31T12:00:00Z"),
        ("2019", "2019-01-01T00:00:00Z"),
        ("2019-03:00", "2019-01-01T03:00:00Z"),
        ("2016-01-11T24:00:00Z", "2016-01-12T00:00:00Z"),
        ("2016-12-31T24:00:00.000+01:00", "2016-12-31T23:00:00Z"),
        ("2016-02-28T24:00", "2016-02-29T00:00:00Z"),
        ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"),
        ("9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59.999999Z"),
    ],
)
def test_instants_are_read_in_every_form_that_services_write(text, expected):
    """
    Without zone it is UTC, without time of day or day the start of it, in the zone that is told.
    """
    assert expected == format_instant(parse_instant(text))


@pytest.mark.parametrize(
    "text",
    [
        *("", "yesterday", "2016-13", "2016-1", "2016-01-32", "2016-01-11T25:00Z", "12:00"),
        *("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "9999-12-31T24:00:00Z"),
        *("2016-12-31T23:59:60Z", "2016-01-11T24:00:01Z", "2016-01-11T24:01Z", "2016-01-11T24:00:00.1Z"),
        *("-0001-01-01T00:00:00Z", "0000-01-01T00:00:00Z", "10000-01-01T00:00:00Z", "2016" * 1000),
    ],
)
def test_what_is_no_instant_is_refused(text):
    """
    Nothing is made of it.
    """
    with pytest.raises(ValueError, match="is not an ISO 8601 time") as refused:
        parse_instant(text)

    assert len(str(refused.value)) < 200


@pytest.mark.parametrize(
    ("instant", "by", "expected"),
    [
        ("2016-01-11T00:00:00Z", timedelta(days=-1), "2016-01-10T00:00:00Z"),
        ("0001-01-01T12:00:00Z", timedelta(days=-1), format_instant(FIRST)),
        ("9999-12-31T12:00:00Z", timedelta(days=1), format_instant(LAST)),
        ("0001-01-01T00:00:00Z", timedelta(days=1), "0001-01-02T00:00:00Z"),
    ],
    ids=["within", "before the first", "behind the last", "from the first on"],
)
def test_nothing_is_before_the_first_instant_or_behind_the_last(instant, by, expected):
    """
    What would be there is the first or the last one.
    """
    found = shifted(parse_instant(instant), by)

    assert expected == format_instant(found)
