"""Rows are stored many in one statement: whatever their number and their columns, all come out as they went in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sos_server.errors import InvalidParameterValue
from sos_server.model import OM_COUNT, OM_MEASUREMENT, OM_TEXT, OM_TRUTH
from sos_server.requests import GetObservation, InsertResult, InsertResultTemplate
from tests.sos_server.make import Asked, insertion, minute, observation, sensor
from tests.sos_server.results import SENSOR, template

if TYPE_CHECKING:
    from sos_server.model import StoredRow

TYPES = (OM_MEASUREMENT, OM_COUNT, OM_TRUTH, OM_TEXT)


def stored(sos: Asked) -> list[StoredRow]:
    """All rows, series by series."""
    return [row for _, rows in sos.ask(GetObservation()).series for row in rows]


@pytest.mark.parametrize("number", [1, 149, 150, 151, 300, 451])
def test_any_number_of_rows_is_stored(sos: Asked, number: int) -> None:
    """
    As many as fit into one statement, one less, one more, and those of several statements with a rest.
    """
    sos.ask(sensor())

    answer = sos.ask(insertion(*(observation(each, float(each)) for each in range(number))))

    assert number == answer.count
    assert [(float(each), float(each)) for each in range(number)] == [
        (at, value) for _, at, value in sos.observations()
    ]


@pytest.mark.parametrize("number", [1, 150, 451])
def test_any_number_of_results_is_stored(sos: Asked, number: int) -> None:
    """
    Results are never made observations one by one; what is stored is the same.
    """
    sos.ask(SENSOR)
    sos.ask(InsertResultTemplate(template()))
    sos.ask(insertion(*(observation(each, float(each)) for each in range(number))))
    of_observations = [row[1:] for row in stored(sos)]

    text = "@@".join(f"{minute(each + 10_000).isoformat()},{each}" for each in range(number))
    answer = sos.ask(InsertResult("hourly", text))

    later = 10_000 * 60_000_000
    shifted = [(row[0] + later, row[1] + later, row[2] + later, *row[3:]) for row in of_observations]
    assert number == answer.count
    assert of_observations + shifted == [row[1:] for row in stored(sos)]
    assert list(range(1, 2 * number + 1)) == [row.id for row in stored(sos)]


def test_rows_of_different_columns_are_stored_together(sos: Asked) -> None:
    """
    Numbers, texts, names, nil reasons, valid times and periods of several series in one request.
    """
    sos.ask(sensor(properties=("A", "B", "C", "D"), types=TYPES))
    one = observation(0, 1.5, observed_property="A")
    sent = [
        one,
        one._replace(phenomenon_time=minute(1), result_time=minute(9)),
        one._replace(phenomenon_time=minute(2), phenomenon_time_end=minute(3), result_time=None),
        one._replace(phenomenon_time=minute(4), result_time=None, value=None, nil_reason="missing"),
        one._replace(phenomenon_time=minute(5), identifier="named", valid_time=(minute(5), minute(7))),
        one._replace(observed_property="B", value=7, uom=None, observation_type=OM_COUNT),
        one._replace(observed_property="C", value=True, uom=None, observation_type=OM_TRUTH),
        one._replace(observed_property="D", value="a text", uom=None, observation_type=OM_TEXT),
    ]

    count = sos.ask(insertion(*sent)).count

    def at(number: int) -> int:
        return 1451606400000000 + number * 60_000_000

    assert len(sent) == count
    assert [
        (at(0), at(0), at(0), 1.5, None, None, None, None),
        (at(1), at(1), at(9), 1.5, None, None, None, None),
        (at(2), at(3), at(3), 1.5, None, None, None, None),
        (at(4), at(4), at(4), None, None, "missing", None, None),
        (at(5), at(5), at(0), 1.5, "named", None, at(5), at(7)),
        (at(0), at(0), at(0), 7, None, None, None, None),
        (at(0), at(0), at(0), True, None, None, None, None),
        (at(0), at(0), at(0), "a text", None, None, None, None),
    ] == [row[1:] for row in stored(sos)]


def test_what_is_here_already_is_counted_in_every_statement(sos: Asked) -> None:
    """
    Of rows of several statements some are new, wherever they stand; one that differs undoes all of them.
    """
    sos.ask(sensor())
    sos.ask(insertion(*(observation(each, float(each)) for each in range(0, 400, 3))))

    again = sos.ask(insertion(*(observation(each, float(each)) for each in range(400)))).count
    with pytest.raises(InvalidParameterValue, match=r"399\.0, not 1\.0"):
        sos.ask(insertion(*(observation(each, 1.0 if each == 399 else float(each)) for each in range(380, 900))))

    assert (400 - 134, 400) == (again, len(sos.observations()))
