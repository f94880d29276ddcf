"""Random documents of every family of encodings are read back as they were written."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sos_server.codecs import om_documents, xml
from sos_server.errors import InvalidRequest
from tests.sos_server.codecs import written_documents as written
from tests.sos_server.codecs.written_documents import Column

INSTANTS = st.datetimes(datetime(1980, 1, 1), datetime(2050, 1, 1)).map(lambda time: time.replace(tzinfo=UTC))
NUMBERS = st.floats(allow_nan=False, allow_infinity=False).filter(lambda number: number != -9999)
VALUES = {
    "Quantity": NUMBERS,
    "Count": st.integers(-(10**12), 10**12).filter(lambda number: number != -9999),
    "Boolean": st.booleans(),
    "Category": st.text("abcxyzÄß_", min_size=1, max_size=5),
}
SEPARATORS = st.sampled_from([(",", "@@"), (",", "\n"), (";", " "), ("|", ";"), ("#", "@"), (",", "HIHI")])
REASONS = {"": "missing", "-9999": "gone"}


def columns(count: int) -> st.SearchStrategy[list[Column]]:
    def one(kind: str, number: int) -> st.SearchStrategy[Column]:
        nil = "-9999" if number % 2 else ""
        values = st.lists(st.none() | VALUES[kind], min_size=count, max_size=count)
        plain = values.map(lambda found: Column(kind, f"f{number}", tuple(found), nil))
        constant = VALUES[kind].map(lambda value: Column(kind, f"f{number}", (value,) * count, nil, constant=True))
        return plain | constant

    kinds = st.lists(st.sampled_from(sorted(VALUES)), min_size=1, max_size=4)
    return kinds.flatmap(lambda found: st.tuples(*(one(kind, number) for number, kind in enumerate(found))).map(list))


TABLES = st.lists(INSTANTS, min_size=1, max_size=5).flatmap(
    lambda times: st.tuples(st.just(times), columns(len(times)))
)


def read(document: str) -> list[tuple[object, ...]]:
    found = list(om_documents.decode_observations(xml.parse(document.encode())))
    assert {(each.procedure, each.feature_of_interest) for each in found} <= {("sensor", "river")}
    return [
        (each.phenomenon_time, each.observed_property, each.value, type(each.value), each.nil_reason, each.uom)
        for each in found
    ]


def expected(times: list[datetime], found: list[Column], *, single: str | None = None) -> list[tuple[object, ...]]:
    return [
        (
            time,
            single if single is not None and len(found) == 1 else f"urn:{column.name}",
            column.values[row],
            type(column.values[row]),
            REASONS[column.nil] if column.values[row] is None else None,
            "m" if column.kind == "Quantity" else None,
        )
        for row, time in enumerate(times)
        for column in found
    ]


@settings(max_examples=60, deadline=None)
@given(TABLES, SEPARATORS)
def test_text_arrays_of_swe_101_are_read_as_they_were_written(table, separators):
    """
    In O&M 1.0, with fields and separators of every kind, values that are nil and constants.
    """
    times, found = table

    document = written.OM10.format(result=written.text_array(times, found, separators, "SimpleDataArray"))

    assert expected(times, found) == read(document)


@settings(max_examples=60, deadline=None)
@given(TABLES, st.sampled_from(["DataArray", "DataStream"]), SEPARATORS)
def test_text_arrays_of_swe_20_are_read_as_they_were_written(table, tag, separators):
    """
    In O&M 2.0, where a single value is of the observation's own property.
    """
    times, found = table

    document = written.OM20.format(result=written.text_array(times, found, separators, tag))

    assert expected(times, found, single="all") == read(document)


@settings(max_examples=40, deadline=None)
@given(TABLES)
def test_arrays_in_xml_encoding_are_read_as_they_were_written(table):
    """
    Each token is an element named as its component.
    """
    times, found = table

    document = written.OM20.format(result=written.xml_array(times, found))

    assert expected(times, found, single="all") == read(document)


ROWS = st.lists(
    st.tuples(st.just("L"), INSTANTS, st.lists(NUMBERS, min_size=1, max_size=1))
    | st.tuples(st.just("P"), INSTANTS, st.lists(NUMBERS, max_size=4)),
    min_size=1,
    max_size=6,
)


@settings(max_examples=40, deadline=None)
@given(ROWS)
def test_streams_of_choices_and_nested_arrays_are_read_as_they_were_written(rows):
    """
    Each row is a level, or a profile of as many depths as it tells.
    """
    units = {"L": None, "P": "m"}

    found = read(written.OM20.format(result=written.choice_stream(rows)))

    assert [(each[0], each[2], each[5]) for each in found] == [
        (time, value, units[kind]) for kind, time, values in rows for value in values
    ]


POINTS = st.lists(st.tuples(INSTANTS, st.none() | NUMBERS, st.sampled_from([None, "good", "bad"])), max_size=8)


@settings(max_examples=40, deadline=None)
@given(POINTS)
def test_time_value_pairs_of_waterml_are_read_as_they_were_written(points):
    """
    The quality of a point counts before that of its series.
    """
    document = written.OM20.format(result=written.pairs(points))

    found = list(om_documents.decode_observations(xml.parse(document.encode())))

    assert [(each.phenomenon_time, each.value, each.quality, each.uom) for each in found] == [
        (time, value, quality or "usual", "m3/s") for time, value, quality in points
    ]
    assert [each.nil_reason for each in found] == [None if value is not None else "missing" for _, value, _ in points]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(INSTANTS, st.none() | NUMBERS), min_size=1, max_size=8))
def test_domain_and_range_of_waterml_are_read_as_they_were_written(points):
    """
    As many values as times, some of them nil.
    """
    found = read(written.OM20.format(result=written.domain_range(points)))

    assert [(each[0], each[2], each[5]) for each in found] == [(time, value, "m3/s") for time, value in points]


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=30), st.integers(0, 10_000), st.sampled_from(["text", "choice", "pairs", "range"]))
def test_damaged_documents_are_read_or_refused(noise, place, family):
    """
    Whatever is put anywhere into a document: the only error is the one that says what and where.
    """
    time = datetime(2016, 1, 11, tzinfo=UTC)
    results = {
        "text": written.text_array([time], [Column("Quantity", "f", (1.5,), "-9")], (",", "@@"), "DataArray"),
        "choice": written.choice_stream([("L", time, [1.5]), ("P", time, [1.5, 2.5])]),
        "pairs": written.pairs([(time, 1.5, "good"), (time + timedelta(days=1), None, None)]),
        "range": written.domain_range([(time, 1.5), (time, None)]),
    }
    document = written.OM20.format(result=results[family]).encode()
    cut = place % len(document)

    with suppress(InvalidRequest):
        list(om_documents.decode_observations(xml.parse(document[:cut] + noise + document[cut:])))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (",1.5@@", ",1.5,9@@", "Row 1 of the array has 3 tokens, 2 are declared"),
        ("2016-01-12T00:00:00+00:00,", "soon,", "The time time of row 2: 'soon' is not an ISO 8601 time"),
        ("<swe:TextEncoding ", "<swe:BinaryEncoding ", "The encoding BinaryEncoding is not read"),
        ("<swe:Quantity ", "<swe:Quality ", "A component Quality is not supported"),
    ],
)
def test_what_cannot_be_read_is_told_with_its_row_and_line(old, new, message):
    """
    The message says what is wrong, and where.
    """
    times = [datetime(2016, 1, day, tzinfo=UTC) for day in (11, 12)]
    found = [Column("Quantity", "f", (1.5, 2.5))]
    document = written.OM20.format(result=written.text_array(times, found, (",", "@@"), "DataArray"))
    assert old in document
    if new == "<swe:Quality ":
        document = document.replace("</swe:Quantity>", "</swe:Quality>")

    with pytest.raises(InvalidRequest, match=message) as refused:
        read(document.replace(old, new))

    assert "line" in refused.value.message
