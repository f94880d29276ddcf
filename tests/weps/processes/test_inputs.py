"""Texts of clients read into values."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weps.errors import InputError, MissingInputError
from weps.processes.base import (
    JSON,
    XML,
    Complex,
    Document,
    Format,
    InputSpec,
    Kind,
    Literal,
    ProcessSpec,
    Text,
)
from weps.processes.echo import ECHO
from weps.processes.inputs import check_inputs, format_duration, read_duration, read_instant

PROCESS = ProcessSpec(
    "test:All",
    "All kinds of inputs",
    "",
    "1",
    inputs=(
        InputSpec("every", "a duration", Literal(Kind.DURATION, uoms=("s", "ms", "min", "h", "d"))),
        InputSpec("runtime", "a duration", Literal(Kind.DURATION, uoms=("ms", "s"), unlimited="-1")),
        InputSpec("level", "a number", Literal(Kind.NUMBER)),
        InputSpec("many", "a whole number", Literal(Kind.COUNT)),
        InputSpec("at", "an instant", Literal(Kind.INSTANT)),
        InputSpec("where", "a URL", Literal(Kind.URL), max_occurs=2),
        InputSpec("which", "a choice", Literal(allowed=("this", "that"), default="this")),
        InputSpec("rule", "a rule", Complex((Format(XML), Format(JSON)))),
    ),
    outputs=(),
    handler=lambda inputs, context: {},
)


@pytest.mark.parametrize(
    ("text", "uom", "expected"),
    [
        pytest.param("PT6H", None, timedelta(hours=6), id="hours"),
        pytest.param("P1DT2H3M4.5S", None, timedelta(days=1, hours=2, minutes=3, seconds=4.5), id="all parts"),
        pytest.param("P2W", None, timedelta(weeks=2), id="weeks"),
        pytest.param("5", None, timedelta(seconds=5), id="default unit"),
        pytest.param("5", "s", timedelta(seconds=5), id="seconds"),
        pytest.param("5", "ms", timedelta(milliseconds=5), id="milliseconds"),
        pytest.param("1.5", "min", timedelta(seconds=90), id="minutes"),
        pytest.param("6", "h", timedelta(hours=6), id="hours by unit"),
        pytest.param("2", "d", timedelta(days=2), id="days"),
        pytest.param("\n   600 ", None, timedelta(minutes=10), id="white space"),
    ],
)
def test_durations_are_iso_8601_or_a_number_with_a_unit(text, uom, expected):
    """
    A number without a unit is in the default unit of the input.
    """
    inputs = check_inputs(PROCESS, {"every": [Text(text, uom)]})

    found = inputs.duration("every")

    assert expected == found


@pytest.mark.parametrize(
    "text",
    ["-5", "0", "PT0S", "-PT5M", "P", "PT", "P1M", "P1Y", "five", "NaN", "inf", "1e400", "PT1H30", "99999999999", "१"],
)
def test_what_is_no_positive_duration_is_refused(text):
    """
    Also months and years, which have no fixed length. The error names the input.
    """
    with pytest.raises(InputError) as caught:
        check_inputs(PROCESS, {"every": [Text(text)]})

    assert caught.value.where == "every"


@pytest.mark.parametrize(("uom", "told"), [(None, "(s)"), ("h", "(h)")])
def test_a_duration_that_is_refused_tells_what_can_be_written(uom: str | None, told: str):
    """
    What is ISO 8601 as well, but months and years, and the unit of a number.
    """
    with pytest.raises(InputError, match="in weeks, days, hours, minutes and seconds") as caught:
        check_inputs(PROCESS, {"every": [Text("P1Y", uom)]})

    assert told in caught.value.message


def test_a_duration_may_be_without_end_where_the_input_says_so():
    """
    -1 means until cancelled, other negative numbers mean nothing.
    """
    unlimited = check_inputs(PROCESS, {"runtime": [Text("-1")]}).duration("runtime")
    with pytest.raises(InputError):
        check_inputs(PROCESS, {"runtime": [Text("-2")]})

    assert unlimited is None


@settings(max_examples=100)
@given(st.timedeltas(min_value=timedelta(microseconds=1), max_value=timedelta(days=36525)))
def test_a_duration_that_was_written_reads_back_as_the_same(duration):
    """
    Writing and reading are inverse to the microsecond.
    """
    text = format_duration(duration)

    assert duration == read_duration(text, None)


def test_values_have_their_types():
    """
    A handler gets numbers, instants and texts, not the texts of the client.
    """
    inputs = check_inputs(
        PROCESS,
        {
            "level": [Text(" -30.5e-1 ")],
            "many": [Text("3")],
            "at": [Text("2016-01-11T03:55:45+01:00")],
            "where": [Text("http://a/"), Text("https://b/")],
        },
    )

    assert inputs.number("level") == -3.05
    assert inputs.count("many") == 3
    assert inputs.instant("at") == datetime(2016, 1, 11, 2, 55, 45, tzinfo=UTC)
    assert inputs.texts("where") == ("http://a/", "https://b/")
    assert inputs.text("which") == "this"
    assert inputs.document("rule") is None


@pytest.mark.parametrize(
    ("identifier", "text", "uom"),
    [
        ("level", "30,6", None),
        ("level", "NaN", None),
        ("level", "0x10", None),
        ("level", "1_000", None),
        ("level", "5", "Cel"),
        ("many", "-3", None),
        ("many", "2.5", None),
        ("at", "yesterday", None),
        ("where", "file:///etc/passwd", None),
        ("where", "ftp://host/", None),
        ("where", "host/path", None),
        ("which", "other", None),
        ("which", "th\x00is", None),
        ("every", "5", "fortnight"),
        ("nothing", "5", None),
    ],
)
def test_wrong_texts_are_refused_with_the_name_of_their_input(identifier, text, uom):
    """
    Nothing is repaired: no NaN for a bad number, no now for a bad time.
    """
    with pytest.raises(InputError) as caught:
        check_inputs(PROCESS, {identifier: [Text(text, uom)]})

    assert caught.value.where == identifier


@pytest.mark.parametrize("identifier", ["level", "every", "which", "rule"])
def test_an_empty_input_is_missing(identifier):
    """
    An empty literal is no value, and not the text None.
    """
    with pytest.raises(MissingInputError) as caught:
        check_inputs(PROCESS, {identifier: [Text("  ")]})

    assert caught.value.where == identifier


def test_a_text_that_is_too_long_is_refused():
    """
    With how long it is and how long it may be; the longest is taken.
    """
    process = replace(PROCESS, inputs=(InputSpec("title", "a title", Literal(longest=10)),))

    assert "x" * 10 == check_inputs(process, {"title": [Text("x" * 10)]}).text("title")
    with pytest.raises(InputError, match="The text has 11 characters; at most 10 are taken"):
        check_inputs(process, {"title": [Text("x" * 11)]})


def test_an_empty_text_is_empty_where_it_may_be():
    """
    The echo gives back the empty text that it got.
    """
    assert check_inputs(ECHO, {"literalInput": [Text("")]}).text("literalInput") == ""


def test_more_occurrences_than_allowed_are_refused():
    """
    None of them is dropped silently.
    """
    with pytest.raises(InputError, match="3 times, at most 2") as caught:
        check_inputs(PROCESS, {"where": [Text("http://a/")] * 3})

    assert caught.value.where == "where"


@pytest.mark.parametrize(
    ("claimed", "expected"),
    [("text/xml", XML), ("application/xml; charset=utf-8", XML), ("text/json", JSON), (None, None), ("", None)],
)
def test_the_format_of_complex_data_is_one_of_those_of_the_input(claimed, expected):
    """
    Spellings of the same format are the same; no format leaves it open.
    """
    document = check_inputs(PROCESS, {"rule": [Document("<EML/>", claimed)]}).document("rule")

    assert document == Document("<EML/>", expected)


def test_another_format_is_refused():
    """
    A format that the input does not list is not tried.
    """
    with pytest.raises(InputError, match="text/csv") as caught:
        check_inputs(PROCESS, {"rule": [Document("a,b", "text/csv")]})

    assert caught.value.where == "rule"


def test_the_first_year_of_the_calendar_is_refused():
    """
    Sources are asked for a while before a start time, which must be a time as well.
    """
    with pytest.raises(ValueError, match="before the year 2"):
        read_instant("0001-01-01T00:00:00Z", None)
