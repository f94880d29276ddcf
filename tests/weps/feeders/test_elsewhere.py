"""Values that a document only refers to: they are left out, and where they are is told."""

from __future__ import annotations

import io
import logging

import pytest

from tests.weps.feeders.test_streaming import FOOT, HEAD, array, member
from weps.__main__ import main
from weps.feeders.documents import read_observations, stream_observations
from weps.feeders.messages import read_message
from weps.feeders.sources import push_source

PLACE = "http://sos.example/values.txt?key=abc"
EMPTY = array(1, "@@").replace("2016-01-11T00:00:00+00:00,0", "")
ARRAY = EMPTY.replace("<swe:values>", f'<swe:values xmlns:xlink="http://www.w3.org/1999/xlink" xlink:href="{PLACE}">')
RESULT = member(1).replace(
    '<om:result xsi:type="gml:MeasureType" uom="m">1</om:result>',
    f'<om:result xsi:type="swe:DataArrayPropertyType" xlink:href="{PLACE}"/>',
)


def document(*members: str) -> bytes:
    return "".join([HEAD, member(0), *members, FOOT]).encode()


@pytest.mark.parametrize(
    ("given", "count"),
    [(ARRAY, 1), (RESULT, 1), (ARRAY + RESULT, 2), (EMPTY, 0), (array(1, "@@"), 0)],
    ids=["values", "result", "both", "no values", "values in the document"],
)
def test_values_that_are_elsewhere_are_told(given, count):
    """
    What stands in the document is read all the same, as a whole and as a stream.
    """
    told, told_by_stream = [], []

    found = read_observations(document(given), elsewhere=told.append)
    streamed = tuple(stream_observations(io.BytesIO(document(given)), elsewhere=told_by_stream.append))

    assert [PLACE] * count == told == told_by_stream
    assert found == streamed
    assert 0.0 == found[0].value


def test_who_does_not_listen_finds_it_in_the_log(caplog):
    """
    Without the keys of the address.
    """
    with caplog.at_level(logging.WARNING):
        read_observations(document(ARRAY))

    assert ["values not in the document, not read where=http://sos.example/values.txt?key=..."] == caplog.messages


def test_a_pushed_document_counts_them():
    """
    Beside the observations that it holds.
    """
    batch = read_message(push_source("http://weps.example/push"), document(ARRAY, RESULT))

    assert (1, 2) == (len(batch.observations), batch.elsewhere)


def test_the_command_tells_people_once(tmp_path, capsys):
    """
    On standard error: standard output has observations only.
    """
    (tmp_path / "answer.xml").write_bytes(document(ARRAY, RESULT))

    code = main(["read", str(tmp_path / "answer.xml")])

    printed = capsys.readouterr()
    assert (0, 1) == (code, len(printed.out.splitlines()))
    assert f"weps: values were not read: the document only refers to {PLACE}\n" == printed.err
