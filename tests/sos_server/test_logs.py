"""Lines of the log are those of the standard library, with the same members in the same order."""

from __future__ import annotations

import logging
import sys

import pytest

from sos_server.logs import LineFormatter

USUAL = logging.Formatter("%(asctime)s level=%(levelname)s logger=%(name)s event=%(message)s")


def record(created: float, *, failed: bool = False) -> logging.LogRecord:
    """A record of a moment."""
    try:
        raise ValueError("away")
    except ValueError:
        raised = sys.exc_info() if failed else None
    made = logging.LogRecord("sos_server", logging.WARNING, __file__, 1, "answered in=%d", (3,), raised)
    made.created, made.msecs = created, (created - int(created)) * 1000
    return made


@pytest.mark.parametrize("failed", [pytest.param(False, id="alone"), pytest.param(True, id="with what was raised")])
def test_a_line_is_that_of_the_usual_formatter(failed: bool) -> None:
    """
    In the same second, in the next one, and in one before.
    """
    formatter = LineFormatter()
    records = [record(created, failed=failed) for created in (1.7e9, 1.7e9 + 0.25, 1.7e9 + 1.5, 1.7e9 + 0.125)]

    lines = [formatter.format(each) for each in records]

    assert [USUAL.format(each) for each in records] == lines
