"""Requests with long lists of names: they are answered on any SQLite, and refused where they are too long."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import event

from sos_server.errors import InvalidParameterValue
from sos_server.requests import (
    DeleteObservation,
    GetDataAvailability,
    GetFeatureOfInterest,
    GetObservation,
    GetObservationById,
)
from tests.sos_server.make import Asked, insertion, observation, open_service, sensor

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MOST = 6000
NAMES: dict[str, Any] = {
    "offerings": ("thermometer-offering",) * MOST,
    "procedures": ("thermometer",) * MOST,
    "observed_properties": ("AirTemperature",) * MOST,
    "features_of_interest": ("station",) * MOST,
}
ELSEWHERE = {name: values for name, values in NAMES.items() if name != "offerings"}
REQUESTS = [
    pytest.param(GetObservation, NAMES, id="GetObservation"),
    pytest.param(GetDataAvailability, NAMES, id="GetDataAvailability"),
    pytest.param(DeleteObservation, NAMES, id="DeleteObservation"),
    pytest.param(GetFeatureOfInterest, ELSEWHERE, id="GetFeatureOfInterest"),
    pytest.param(GetObservationById, {"observations": ("observation.1.1451606400000000.1",) * MOST}, id="ById"),
    pytest.param(DeleteObservation, {"observations": ("observation.1.1451606400000000.1",) * MOST}, id="delete by id"),
]


@pytest.fixture
def sos(tmp_path: Path) -> Iterator[Asked]:
    """A service with an observation, over an SQLite that takes no more values than it does by default."""
    service = open_service(tmp_path)
    engine = service.storage._database.engine
    event.listen(engine, "connect", lambda driver, _: driver.setlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER, 32_766))
    engine.dispose()
    asked = Asked(service)
    asked.ask(sensor())
    asked.ask(insertion(observation(0)))
    yield asked
    service.storage.close()


@pytest.mark.parametrize(("kind", "lists"), REQUESTS)
def test_as_many_names_are_taken_as_fit_into_a_query(sos: Asked, kind: Any, lists: dict[str, Any]) -> None:
    """
    In all lists at once.
    """
    answer = sos.ask(kind(**lists))

    found = list(answer.series) if hasattr(answer, "series") else answer
    assert found


@pytest.mark.parametrize(("kind", "lists"), REQUESTS)
def test_one_name_more_is_refused(sos: Asked, kind: Any, lists: dict[str, Any]) -> None:
    """
    With the list that it is in, and how many there may be.
    """
    name, values = next(iter(lists.items()))

    with pytest.raises(InvalidParameterValue, match="has 6001 values, at most 6000 are taken") as caught:
        sos.ask(kind(**{name: (*values, values[0])}))

    assert caught.value.locator in ("offering", "procedure", "observation")
