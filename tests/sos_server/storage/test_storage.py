"""The database: what survives, what readers see while others write, how its tables come to be."""

from __future__ import annotations

import sqlite3
import threading
from typing import TYPE_CHECKING, Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, text

from sos_server.requests import GetObservation
from sos_server.storage.base import DatabaseError, open_database
from sos_server.storage.sql import open_storage
from sos_server.storage.tables import METADATA
from tests.sos_server.make import Asked, insertion, minute, observation, open_service, sensor
from tests.waiting import join

if TYPE_CHECKING:
    from pathlib import Path

    from tests.postgres import Cluster


def test_a_restart_keeps_everything(database_url: str) -> None:
    """
    Sensors, observations and capabilities are the same, and inserting goes on.
    """
    first = Asked(open_service(database_url))
    first.ask(sensor())
    first.ask(insertion(observation(0, 1.0)))
    before = first.service.storage.contents_and_time()
    first.service.storage.close()

    again = Asked(open_service(database_url))

    assert before == again.service.storage.contents_and_time()
    assert 1 == again.ask(insertion(observation(0, 1.0), observation(1, 2.0))).count
    assert [1.0, 2.0] == [value for _, _, value in again.observations()]
    again.service.storage.close()


def test_the_migrations_make_the_tables_that_the_code_knows(database_url: str) -> None:
    """
    Otherwise a migration was forgotten.
    """
    open_database(database_url).close()

    with create_engine(database_url).connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), METADATA)

    assert [] == differences


def test_observations_are_clustered_and_durable(tmp_path: Path) -> None:
    """
    A range is read by the primary key alone, and what was acknowledged is on the disk.
    """
    file = tmp_path / "sos.sqlite"
    database = open_database(f"sqlite:///{file}")

    with database.reading() as connection:
        pragmas = [connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in ("journal_mode", "synchronous")]
    with sqlite3.connect(file) as plain:
        query = (
            "EXPLAIN QUERY PLAN SELECT number FROM observations WHERE series_id = 1 AND first >= 0 ORDER BY first, last"
        )
        ((*_, plan),) = plain.execute(query).fetchall()

    database.close()
    assert ["wal", 2] == pragmas
    assert "SEARCH observations USING PRIMARY KEY (series_id=? AND first>?)" == plan


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        pytest.param("sqlite://", r"must be a file such as sqlite:///var/sos\.sqlite", id="in memory"),
        pytest.param("sqlite:///:memory:", r"must be a file such as sqlite:///var/sos\.sqlite", id="named in memory"),
        pytest.param("sqlite:////proc/sos.sqlite", "unable to open database file", id="no such folder"),
        pytest.param("mysql://localhost/sos", "begins with sqlite or postgresql", id="another database"),
        pytest.param("var/sos.sqlite", "is given as a URL", id="no URL"),
        pytest.param(
            "postgresql://u:secret@/sos?host=/nowhere", r"u:\*\*\*@/sos.* cannot be used: .*/nowhere", id="no server"
        ),
    ],
)
def test_a_database_that_cannot_be_used_is_refused(url: str, reason: str) -> None:
    """
    With why, or what to give instead, and without its password.
    """
    with pytest.raises(DatabaseError, match=reason) as caught:
        open_storage(url)

    assert "secret" not in str(caught.value)


def test_a_reader_sees_one_moment_and_does_not_hold_up_a_writer(sos: Asked) -> None:
    """
    What is inserted while an answer is read is in the next answer.
    """
    sos.ask(sensor())
    sos.ask(sensor("second"))
    sos.ask(insertion(observation(0, 1.0)))
    sos.ask(insertion(observation(0, 1.0, procedure="second"), offerings=("second-offering",)))
    series = iter(sos.ask(GetObservation()).series)
    _, rows = next(series)
    first = [row.value for row in rows]

    sos.ask(insertion(observation(1, 2.0, procedure="second"), offerings=("second-offering",)))
    second = [row.value for _, rows in series for row in rows]

    assert ([1.0], [1.0]) == (first, second)
    assert 3 == len(sos.observations())
    assert 0 == sos.service.storage.connections_in_use()


def test_an_answer_that_is_not_read_holds_no_connection(sos: Asked) -> None:
    """
    Neither before its first row, nor when it is left in the middle.
    """
    sos.ask(sensor())
    sos.ask(insertion(*(observation(at, 1.0) for at in range(10))))
    never = sos.ask(GetObservation())
    left = sos.ask(GetObservation())
    _, rows = next(left.series)
    next(rows)
    held = sos.service.storage.connections_in_use()

    left.series.close()

    assert (1, 0) == (held, sos.service.storage.connections_in_use())
    del never


def test_many_may_write_and_read_at_once(sos: Asked) -> None:
    """
    Nothing is lost, doubled or refused; two that register the same series at once do not fall over each other.
    """
    sos.ask(sensor())
    failures: list[BaseException] = []

    def write(start: int) -> None:
        try:
            for at in range(start, start + 50, 10):
                sos.ask(insertion(*(observation(number, float(number)) for number in range(at, at + 10))))
                sos.observations()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=write, args=(start,)) for start in (0, 50, 100, 150, 0, 50)]
    for thread in threads:
        thread.start()
    join(threads)

    assert [] == failures
    assert [float(number) for number in range(200)] == [value for _, _, value in sos.observations()]
    (content,) = sos.service.storage.contents()
    assert (minute(0), minute(199)) == (content.extent.begin, content.extent.end)


def test_rows_are_read_from_a_server_a_few_at_a_time(postgres: Cluster) -> None:
    """
    PostgreSQL would hand over the whole answer at once, so a cursor is kept there and asked for more.
    """
    url = postgres.new_database()
    asked = Asked(open_service(url))
    asked.ask(sensor())
    asked.ask(insertion(*(observation(number) for number in range(5000))))
    answer = asked.ask(GetObservation())
    _, rows = next(answer.series)

    next(rows)
    with create_engine(url).connect() as connection:
        queries = connection.scalars(
            text("SELECT query FROM pg_stat_activity WHERE state = 'idle in transaction'")
        ).all()

    assert 4999 == len(list(rows))
    answer.series.close()
    asked.service.storage.close()
    assert [True] == [query.startswith("FETCH FORWARD 2000") for query in queries]


@pytest.mark.parametrize(
    "times",
    [
        pytest.param(lambda number: {}, id="plain"),
        pytest.param(lambda number: {"phenomenon_time_end": minute(number + 1)}, id="periods"),
    ],
)
def test_results_are_read_from_a_server_a_few_at_a_time(postgres: Cluster, times: Any) -> None:
    """
    As results and as arrays: the summary is made on the server, the rows come in chunks.
    """
    url = postgres.new_database()
    asked = Asked(open_service(url))
    asked.ask(sensor())
    asked.ask(insertion(*(observation(number, result_time=minute(9), **times(number)) for number in range(5000))))
    storage = asked.service.storage
    series = storage.select_series(GetObservation())
    seen = []

    for answer in (storage.stream_results(series, ()), storage.stream_merged(series, ())):
        (_, *_, chunks) = next(answer)
        first = next(chunks)
        with create_engine(url).connect() as connection:
            seen += connection.scalars(
                text("SELECT query FROM pg_stat_activity WHERE state = 'idle in transaction'")
            ).all()
        assert 5000 == len(first.begins) + sum(len(chunk.begins) for chunk in chunks)
        answer.close()

    storage.close()
    assert [True, True] == [query.startswith("FETCH FORWARD 500") for query in seen]
