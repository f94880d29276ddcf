from __future__ import annotations

import pytest

from weps.notify.text import (
    clean_identifier,
    clean_line,
    clean_text,
    format_value,
    short_name,
    with_unit,
    without_secrets,
)

VALUES = {
    "whole": (500.0, "500"),
    "fraction": (2.5, "2.5"),
    "computed": (18.11111111111111, "18.111111"),
    "rounding error": (0.1 + 0.2, "0.3"),
    "large": (123456789.25, "123456789.25"),
    "huge": (1e300, "1e+300"),
    "integer": (10**14, "100000000000000"),
    "truth": (False, "false"),
    "text": ("a\nb", "a b"),
    "nil": (None, "nil"),
}


@pytest.mark.parametrize(("value", "text"), VALUES.values(), ids=VALUES)
def test_a_value_reads_well(value, text):
    """
    Numbers have no needless digits, truths and nil their own words.
    """
    assert text == format_value(value)


UNITS = {
    "unit": ("mm", "3 mm"),
    "coded": ("Cel", "3 °C"),
    "unknown": ("[arb'U]", "3 [arb'U]"),
    "pure number": ("1", "3"),
    "none": (None, "3"),
    "empty": ("", "3"),
}


@pytest.mark.parametrize(("uom", "text"), UNITS.values(), ids=UNITS)
def test_a_unit_stands_behind_its_value(uom, text):
    """
    The unit of pure numbers goes without saying.
    """
    assert text == with_unit(3.0, uom)


NAMES = {
    "URL": ("http://example.org/places/flinders", "flinders"),
    "URL with fragment": ("http://example.org/places#flinders", "flinders"),
    "URL with slash at the end": ("http://example.org/places/flinders/", "flinders"),
    "host alone": ("http://example.org/", "example.org"),
    "URN": ("urn:ogc:def:property:OGC:1.0:temperature", "temperature"),
    "plain": ("PeopleCount", "PeopleCount"),
    "plain with slash": ("km/h counter", "km/h counter"),
    "nothing but marks": ("/", "/"),
    "empty": ("", ""),
}


@pytest.mark.parametrize(("identifier", "name"), NAMES.values(), ids=NAMES)
def test_a_short_name_is_the_last_part_of_a_uri(identifier, name):
    """
    Names that are no URI stay as they are.
    """
    assert name == short_name(identifier)


def test_lines_are_joined_or_kept():
    """
    A title is one line, a text keeps its own, and an identifier keeps the blanks that machines compare.
    """
    text = " one  two\r\n\x00three "

    assert "one two three" == clean_line(text, 50)
    assert "one  two\nthree" == clean_text(text, 50)
    assert "one  two three" == clean_identifier(text, 50)


def test_a_cut_is_seen():
    """
    The ellipsis is part of the limit.
    """
    assert ("abcd…", "abcde") == (clean_line("abcdef", 5), clean_line("abcde", 5))


URLS = {
    "query": ("http://host/store?key=1", "http://host/store"),
    "password": ("https://user:pass@host:1/s", "https://host:1/s"),
    "at sign in the path": ("http://host/a@b", "http://host/a@b"),
    "fragment": ("http://host/s#x", "http://host/s"),
    "plain": ("http://host/s", "http://host/s"),
}


@pytest.mark.parametrize(("url", "shown"), URLS.values(), ids=URLS)
def test_a_url_is_shown_without_its_keys(url, shown):
    """
    User, password and query do not get into logs.
    """
    assert shown == without_secrets(url)
