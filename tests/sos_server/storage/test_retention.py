"""Deleting what is older than it is kept: what goes, what stays, and what capabilities tell afterwards."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from sos_server.app import create_app
from sos_server.model import Offering
from sos_server.settings import Settings, SettingsError, load_settings
from sos_server.storage.base import open_database
from sos_server.storage.integrity import find_faults
from sos_server.storage.retention import purge
from sos_server.time import to_microseconds
from tests.sos_server.make import Asked, insertion, minute, observation, open_service, sensor

if TYPE_CHECKING:
    from pathlib import Path

HOUR = timedelta(hours=1)
NOW = to_microseconds(minute(600))


@pytest.fixture
def filled(sos: Asked) -> Asked:
    """Two sensors, each with an observation a quarter of an hour until ten o'clock."""
    for procedure in ("thermometer", "second"):
        sos.ask(sensor(procedure))
        found = (observation(at, float(at), procedure=procedure) for at in range(0, 601, 15))
        sos.ask(insertion(*found, offerings=(f"{procedure}-offering",)))
    return sos


def test_each_offering_keeps_its_observations_as_long_as_is_set(filled: Asked) -> None:
    """
    `*` stands for the offerings that are not named; the border is kept.
    """
    deleted = sum(filled.service.storage.purge({"second-offering": HOUR, "*": 2 * HOUR}, NOW))

    kept = filled.observations()
    assert 68 == deleted
    assert list(range(480, 601, 15)) == [at for offering, at, _ in kept if offering == "thermometer-offering"]
    assert list(range(540, 601, 15)) == [at for offering, at, _ in kept if offering == "second-offering"]


def test_an_offering_that_is_not_named_keeps_all(filled: Asked) -> None:
    """
    Nothing is deleted that nobody asked to delete.
    """
    deleted = sum(filled.service.storage.purge({"second-offering": HOUR}, NOW))

    assert 36 == deleted
    assert 41 == len(filled.observations(offerings=("thermometer-offering",)))


def test_the_extents_follow(filled: Asked) -> None:
    """
    Capabilities tell what is left, and that they changed.
    """
    before = filled.service.storage.contents_and_time()[1]

    list(filled.service.storage.purge({"*": HOUR}, NOW))

    contents, updated = filled.service.storage.contents_and_time()
    assert [(minute(540), minute(600))] * 2 == [(each.extent.begin, each.extent.end) for each in contents]
    assert [minute(540)] * 2 == [each.extent.result_begin for each in contents]
    assert updated > before


def test_it_is_done_in_small_transactions_and_can_be_gone_on_with(filled: Asked, database_url: str) -> None:
    """
    Others write between the batches; a purge that was broken off leaves counts and begins that are true.
    """
    storage = filled.service.storage
    batches = purge(open_database(database_url), {"thermometer-offering": HOUR}, NOW, batch=10)

    first = next(batches)
    filled.ask(insertion(observation(700, 1.0)))
    batches.close()
    begins = [at for offering, at, _ in filled.observations() if offering == "thermometer-offering"]
    rest = list(purge(open_database(database_url), {"thermometer-offering": HOUR}, NOW, batch=10))

    (content, _) = storage.contents()
    assert (10, 150) == (first, min(begins))
    assert [10, 10, 6] == rest
    assert (minute(540), minute(700)) == (content.extent.begin, content.extent.end)


def test_the_last_batch_may_be_a_whole_one(filled: Asked, database_url: str) -> None:
    """
    The extents follow also then, and the series may become empty.
    """
    database = open_database(database_url)

    thermometer = list(purge(database, {"thermometer-offering": HOUR}, NOW, batch=6))
    second = list(purge(database, {"second-offering": timedelta(seconds=1)}, NOW + 2_000_000, batch=41))

    contents = filled.service.storage.contents()
    assert ([6] * 6, [41]) == (thermometer, second)
    assert [minute(540), None] == [each.extent.result_begin for each in contents]
    assert [minute(600), None] == [each.extent.end for each in contents]
    with database.reading() as connection:
        assert [] == list(find_faults(connection))
    database.close()


def test_what_is_published_twice_is_kept_as_long_as_the_longer(sos: Asked) -> None:
    """
    An observation of two offerings is stored once.
    """
    request = sensor()
    both = tuple(Offering(name, "thermometer") for name in ("short", "long"))
    sos.ask(replace(request, description=replace(request.description, offerings=both)))
    sos.ask(insertion(observation(0, 1.0), offerings=("short", "long")))
    sos.ask(insertion(observation(1, 2.0), offerings=("short",)))

    deleted = sum(sos.service.storage.purge({"short": HOUR, "long": 20 * HOUR}, NOW))

    assert (1, [1.0]) == (deleted, [value for _, _, value in sos.observations()])


def test_a_period_is_kept_until_its_end_is_too_old(sos: Asked) -> None:
    """
    It is as old as its end.
    """
    sos.ask(sensor())
    sos.ask(insertion(observation(0, 1.0, phenomenon_time_end=minute(590)), observation(1, 2.0)))

    deleted = sum(sos.service.storage.purge({"*": HOUR}, NOW))

    assert (1, [1.0]) == (deleted, [value for _, _, value in sos.observations()])


def test_an_offering_may_become_empty_and_be_filled_again(sos: Asked) -> None:
    """
    Then it has no extent, until something comes.
    """
    sos.ask(sensor())
    sos.ask(insertion(observation(0, 1.0)))
    list(sos.service.storage.purge({"*": HOUR}, NOW))
    (empty,) = sos.service.storage.contents()

    sos.ask(insertion(observation(0, 2.0)))

    (full,) = sos.service.storage.contents()
    assert (None, minute(0)) == (empty.extent.begin, full.extent.begin)
    assert (None, (7.0, 51.0, 7.0, 51.0)) == (empty.extent.bounds, full.extent.bounds)
    assert [2.0] == [value for _, _, value in sos.observations()]


def test_a_service_purges_in_the_background(tmp_path: Path) -> None:
    """
    As soon as it starts, and until it is closed.
    """
    service = Asked(open_service(tmp_path))
    service.ask(sensor())
    service.ask(insertion(observation(0, 1.0)))
    told = []

    app = create_app(Settings(data=tmp_path, retention={"*": timedelta(days=30)}))
    while not told:
        told = [None for content in service.service.storage.contents() if content.extent.begin is None]

    app.state.storage.close()
    assert [] == service.observations()
    service.service.storage.close()


@pytest.mark.parametrize(
    ("table", "reason"),
    [
        pytest.param('{"*": "P0D"}', "greater than 0", id="nothing"),
        pytest.param('{"*": "soon"}', "valid timedelta", id="no duration"),
        pytest.param('["P1D"]', "valid dictionary", id="no table"),
    ],
)
def test_a_retention_that_makes_no_sense_is_refused(
    table: str, reason: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """
    Deleting is nothing to guess about.
    """
    monkeypatch.setenv("SOS_RETENTION", table)
    monkeypatch.chdir(tmp_path)

    with pytest.raises(SettingsError, match=reason):
        load_settings()


def test_retention_is_read_from_a_table(tmp_path: Path) -> None:
    """
    Durations are ISO 8601.
    """
    file = tmp_path / "sos.toml"
    file.write_text('[retention]\n"*" = "P365D"\n"a" = "PT12H"\n')

    assert {"*": timedelta(days=365), "a": timedelta(hours=12)} == load_settings(file).retention
