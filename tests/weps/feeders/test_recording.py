"""Observations for a backtest: as they would be seen live."""

from __future__ import annotations

import pytest

from weps.feeders.documents import read_recording

LINE = b'{"phenomenon_time": "2024-05-01T12:00:00Z", "procedure": "p", "observed_property": "o", '
LINE += b'"feature_of_interest": "f", "value": null}'
TABLE = b"time,procedure,observed_property,feature_of_interest,lat,lon,value,uom\n2024-05-01T12:00:00Z,p,o,f,,,,Cel\n"


@pytest.mark.parametrize(
    ("data", "values"),
    [(b"", []), (b" \n", []), (LINE, [None]), (TABLE, [])],
    ids=["empty file", "blank file", "null in a JSON line", "no value in a table"],
)
def test_recording_holds_events_without_value_of_json_lines_only(data: bytes, values: list[None]):
    """
    JSON lines are events, one by one; a document's results that are missing are no observations.
    """
    assert values == [one.value for one in read_recording(data)]
