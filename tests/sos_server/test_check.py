"""`python -m sos_server check`: a sound database is told to be so, and each thing that is wrong is found."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import create_engine, text

from sos_server.__main__ import main
from tests.sos_server.make import Asked, insertion, minute, observation, open_service, sensor

if TYPE_CHECKING:
    from pathlib import Path

OFFERING = "offering 'thermometer-offering'"
DAMAGES = [
    pytest.param("UPDATE series SET count = 7", "series 1 tells count = 7, but it is 3", id="count"),
    pytest.param(
        "UPDATE series SET last = last + 1",
        "series 1 tells last = 1451606520000001, but it is 1451606520000000",
        id="series extent",
    ),
    pytest.param(
        "UPDATE offerings SET first = 0", f"{OFFERING} tells first = 0, but it is 1451606400000000", id="extent"
    ),
    pytest.param("UPDATE offerings SET west = 6.5", f"{OFFERING} tells west = 6.5, but it is 7.0", id="bounds"),
    pytest.param("DELETE FROM series_offerings", "1 series are published under no offering", id="no offering"),
    pytest.param(
        "UPDATE service SET last_observation = 2",
        "an observation has the number 3, but only 2 were given",
        id="numbers",
    ),
    pytest.param("DELETE FROM service", "the table service has not exactly one row", id="no service row"),
    pytest.param("UPDATE alembic_version SET version_num = '0000'", "the tables are of version 0000", id="version"),
]


@pytest.fixture
def filled(sos: Asked) -> Asked:
    sos.ask(sensor())
    sos.ask(insertion(*(observation(at) for at in range(3))))
    return sos


def change(url: str, statement: str) -> None:
    """Change a database behind the back of the service."""
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text(statement))
    engine.dispose()


def test_a_sound_database_is_told_to_be_so(
    filled: Asked, database_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """
    With how much is there; the exit code is 0.
    """
    code = main(["check", "--database", database_url])

    assert (0, "sound: 1 procedures, 1 offerings, 1 series, 3 observations\n") == (code, capsys.readouterr().out)


def test_what_was_deleted_and_inserted_leaves_it_sound(
    filled: Asked, database_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """
    Extents follow whatever the service does.
    """
    place = {"type": "Point", "coordinates": [8.0, 52.0]}
    filled.ask(sensor("second"))
    filled.ask(
        insertion(
            observation(9, procedure="second", geometry=place),
            observation(8, None, procedure="second", uom=None, result_time=minute(20)),
            offerings=("second-offering",),
        )
    )
    sum(filled.service.storage.purge({"thermometer-offering": minute(2) - minute(0)}, 1451606400000000 + 240_000_000))

    code = main(["check", "--database", database_url])

    assert (0, "sound: 2 procedures, 2 offerings, 2 series, 3 observations\n") == (code, capsys.readouterr().out)


@pytest.mark.parametrize(("statement", "fault"), DAMAGES)
def test_what_is_wrong_is_found(
    filled: Asked, database_url: str, capsys: pytest.CaptureFixture[str], statement: str, fault: str
) -> None:
    """
    It is told in a line, and the exit code is 1.
    """
    change(database_url, statement)

    code = main(["check", "--database", database_url])

    assert 1 == code
    assert fault in capsys.readouterr().out


def test_rows_that_belong_to_nothing_are_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """
    SQLite lets other programs leave them; PostgreSQL does not.
    """
    service = open_service(tmp_path)
    Asked(service).ask(sensor())
    Asked(service).ask(insertion(observation(0)))
    service.storage.close()
    change(f"sqlite:///{tmp_path / 'sos.sqlite'}", "DELETE FROM series")

    code = main(["check", "--data", str(tmp_path)])

    assert 1 == code
    assert "1 rows of observations belong to rows of series that are not there" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "reason"), [("missing", "there is no database"), ("damaged", "cannot be used: file is not a database")]
)
def test_what_is_no_database_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, reason: str
) -> None:
    """
    And none is made.
    """
    (tmp_path / "damaged").write_bytes(b"this is no database at all, whatever its name says" * 100)

    code = main(["check", "--database", f"sqlite:///{tmp_path / name}"])

    assert 1 == code
    assert reason in capsys.readouterr().err
    assert not (tmp_path / "missing").exists()


def test_a_folder_that_cannot_be_is_told_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """
    Where a file stands in place of the folder of the database; the exit code is 1.
    """
    (tmp_path / "file").write_text("")

    code = main(["serve", "--host", "127.0.0.9", "--data", str(tmp_path / "file")])

    told = capsys.readouterr().err.splitlines()
    assert (code, len(told), "File exists" in told[-1]) == (1, 1, True)
