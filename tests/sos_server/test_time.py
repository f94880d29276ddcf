"""Instants as text."""

from __future__ import annotations

import pytest

from sos_server.time import format_instant, parse_instant


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
        *("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"),
    ],
)
def test_what_is_no_instant_is_refused(text):
    """
    Nothing is made of it.
    """
    with pytest.raises(ValueError, match="is not an ISO 8601 time"):
        parse_instant(text)
