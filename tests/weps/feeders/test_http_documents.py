"""Documents in CSV and JSON that are read again and again."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from tests import misbehaving_sos as misbehaving
from weps.errors import SourceException, SourceGarbled, SourceUnreachable
from weps.feeders.http_documents import DocumentFeeder
from weps.feeders.sources import CSV, JSON, document_source

BEGIN = datetime(2024, 3, 1, tzinfo=UTC)
MAPPING = json.dumps({"time": "t", "value": "v", "procedure": "p", "observedProperty": {"constant": "Level"}})
TABLE = (
    b"t,p,v\n2024-03-01T00:00:00Z,A,1\n2024-03-01T00:05:00Z,A,2\n2024-03-01T00:04:00Z,B,7\n2024-03-01T00:10:00Z,A,\n"
)


def at(minutes: float) -> datetime:
    return BEGIN + timedelta(minutes=minutes)


@pytest.fixture
def documents(fetcher):
    return DocumentFeeder(fetcher)


def test_of_a_document_what_lies_in_the_span_is_taken(server, documents):
    """
    Borders belong to the span; a nil value is counted.
    """
    server.behaviours["/data.csv"] = misbehaving.answer(TABLE, content_type="text/csv")

    batch = documents.fetch(document_source(CSV, server.url("/data.csv"), MAPPING), at(4), at(10))

    assert ([("A", 2), ("B", 7)], 1) == ([(one.procedure, one.value) for one in batch.observations], batch.nils)


def test_the_newest_of_each_series_is_known_from_the_document(server, documents):
    """
    Whatever the order of its lines.
    """
    server.behaviours["/data.csv"] = misbehaving.answer(TABLE)

    batch = documents.latest(document_source(CSV, server.url("/data.csv"), MAPPING))

    assert {("A", 2), ("B", 7)} == {(one.procedure, one.value) for one in batch.observations}


def test_the_span_is_put_into_the_address(server, documents):
    """
    Where the address has places for it; then the newest cannot be asked for.
    """
    document = [{"t": "2024-03-01T00:05:00Z", "p": "A", "v": 2}]
    server.behaviours["/data"] = misbehaving.answer(json.dumps(document).encode())
    source = document_source(JSON, server.url("/data?from={begin}&to={end}&key=abc"), MAPPING)

    batch = documents.fetch(source, at(0), at(10))

    assert [2] == [one.value for one in batch.observations]
    assert "/data?from=2024-03-01T00:00:00Z&to=2024-03-01T00:10:00Z&key=abc" == server.requests[0].target
    with pytest.raises(SourceException):
        documents.latest(source)


def test_without_a_mapping_the_format_is_told_by_the_content(server, documents):
    """
    Here our own columns.
    """
    table = b"time,procedure,observed_property,feature_of_interest,value,uom\n2024-03-01T00:05:00Z,A,Level,river,2,m\n"
    server.behaviours["/data.csv"] = misbehaving.answer(table)

    (found,) = documents.fetch(document_source(CSV, server.url("/data.csv"), None), at(0), at(10)).observations

    assert ("A|Level|river|2024-03-01T00:05:00Z|", 2, "m") == (found.id, found.value, found.uom)


@pytest.mark.parametrize(
    ("behaviour", "error"),
    [
        (misbehaving.answer(b"<html></html>", content_type="text/html"), SourceGarbled),
        (misbehaving.answer(b"gone", status=404), SourceGarbled),
        (misbehaving.answer(b"busy", status=503), SourceUnreachable),
    ],
    ids=["html", "gone", "busy"],
)
def test_what_is_no_document_is_an_error(server, documents, behaviour, error):
    """
    Nothing of it counts as read.
    """
    server.behaviours["/data.csv"] = behaviour

    with pytest.raises(error):
        documents.fetch(document_source(CSV, server.url("/data.csv"), MAPPING), at(0), at(10))


def test_an_empty_document_holds_nothing(server, documents):
    """
    Services that rotate their files have none for a moment.
    """
    server.behaviours["/data.csv"] = misbehaving.answer(b"\n")

    batch = documents.fetch(document_source(CSV, server.url("/data.csv"), MAPPING), at(0), at(10))

    assert () == batch.observations
