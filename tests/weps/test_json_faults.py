"""Texts that are no JSON: why is told without the inside of Python."""

from __future__ import annotations

import json

import pytest

from weps.errors import InputError
from weps.feeders.documents import read_observations
from weps.json_faults import json_fault
from weps.processes.ogcapi_execute import decode_execute
from weps.processes.subscribe import SUBSCRIBE

FAULTS = {
    "five thousand digits": (b'{"inputs": {"samplingRate": ' + b"9" * 5000 + b"}}", "a number has too many digits"),
    "deep": (b'{"inputs": ' + b"[" * 100_000, "it is nested too deeply"),
    "Latin-1": (b'{"inputs": "\xe9"}', "it is not in UTF-8"),
    "broken off": (b'{"inputs":\n{', "Expecting property name enclosed in double quotes at line 2, column 2"),
}


@pytest.mark.parametrize(("body", "reason"), FAULTS.values(), ids=FAULTS)
def test_the_reason_is_told_as_one_of_the_text(body, reason):
    """
    Wherever the text came in.
    """
    with pytest.raises((ValueError, RecursionError)) as raised:
        json.loads(body)

    assert reason == json_fault(raised.value)


@pytest.mark.parametrize(("body", "reason"), FAULTS.values(), ids=FAULTS)
def test_a_request_that_is_no_json_is_refused(body, reason):
    """
    The door of OGC API - Processes.
    """
    with pytest.raises(InputError) as refused:
        decode_execute(body, SUBSCRIBE)

    assert f"The request is no JSON: {reason}." == refused.value.message


def test_a_line_with_a_number_of_five_thousand_digits_is_refused():
    """
    The door of observations.
    """
    line = b'{"procedure": "p", "value": ' + b"9" * 5000 + b"}"

    with pytest.raises(InputError) as refused:
        read_observations(line)

    assert "not one JSON object on one line: a number has too many digits" == refused.value.message
