"""What the service cannot do just now: it says so, with 503 and when to come back, keeps nothing of it and goes on."""

from __future__ import annotations

import resource
from typing import TYPE_CHECKING, Any

import pytest
import requests
from lxml import etree
from sqlalchemy import create_engine, event, text

from sos_server.app import create_app
from sos_server.check import check
from sos_server.codecs.sos20.encode import encode_request
from sos_server.requests import GetObservation
from sos_server.settings import Settings
from sos_server.storage.base import DatabaseError, open_database
from tests.sos_server.asgi import Client
from tests.sos_server.enhanced import enveloped
from tests.sos_server.make import insertion, observation, sensor
from tests.sos_server.server import running_sos

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from starlette.applications import Starlette

    from tests.postgres import Cluster

XML = {"Content-Type": "application/xml"}
FIND = "?service=SOS&version=2.0.0&request=GetObservation"
FEW, MANY = range(10, 12), range(100, 2000)  # a body that is stored together with others, and one that is not


def _insertion(numbers: range) -> bytes:
    return encode_request(insertion(*(observation(number, float(number)) for number in numbers)))


def _told(answer: requests.Response) -> tuple[int, str, str | None, str]:
    """Status, media type, wish and text of a refusal."""
    words = etree.fromstring(answer.content).findtext(".//{*}ExceptionText") or ""
    return answer.status_code, answer.headers["Content-Type"], answer.headers.get("Retry-After"), words


@pytest.mark.parametrize("numbers", [pytest.param(FEW, id="few"), pytest.param(MANY, id="many")])
def test_a_disk_that_takes_nothing_is_told_and_nothing_stored(tmp_path: Path, numbers: range) -> None:
    """
    What is there is still answered; when there is room again the same request is stored, and the database is sound.
    """
    with running_sos(tmp_path) as sos:
        for body in (encode_request(sensor()), _insertion(range(2))):
            assert requests.post(sos.url, body, headers=XML, timeout=20).ok
        size = max(each.stat().st_size for each in tmp_path.iterdir())
        _, most = resource.prlimit(sos.process.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(sos.process.pid, resource.RLIMIT_FSIZE, (size, most))

        refused = [requests.post(sos.url, _insertion(numbers), headers=XML, timeout=20) for _ in range(2)]
        meanwhile = requests.get(sos.url + FIND, timeout=20)
        resource.prlimit(sos.process.pid, resource.RLIMIT_FSIZE, (most, most))
        stored = requests.post(sos.url, _insertion(numbers), headers=XML, timeout=20)
        after = requests.get(sos.url + FIND, timeout=20)

    for answer in refused:
        status, media_type, wish, words = _told(answer)
        assert (503, "application/xml", "60") == (status, media_type, wish)
        assert words.startswith("The disk of the service is full, or fails. Nothing of this request was stored;")
    assert (200, 200) == (meanwhile.status_code, stored.status_code)
    assert 2 == meanwhile.content.count(b"<om:OM_Observation")
    assert 2 + len(numbers) == after.content.count(b"<om:OM_Observation")
    assert check(f"sqlite:///{tmp_path / 'sos.sqlite'}", print)


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Starlette]:
    """The application over an empty file."""
    made = create_app(Settings(data=tmp_path), short_cuts=None)
    yield made
    made.state.storage.close()


@pytest.mark.parametrize("document", [pytest.param(bytes, id="POX"), pytest.param(enveloped, id="SOAP")])
def test_a_file_that_may_not_grow_is_a_full_disk(app: Starlette, document: Any) -> None:
    """
    SQLite has an error of its own for it; in an envelope the refusal is a fault, with the same wish.
    """
    client = Client(app, "/")
    engine = app.state.storage._database.engine
    for body in (encode_request(sensor()), _insertion(range(2))):
        assert 200 == client.post(body).status
    engine.dispose()
    event.listen(engine, "connect", lambda driver, _: driver.execute("PRAGMA max_page_count=1"))

    answer = client.post(document(_insertion(MANY)))

    assert (503, "60") == (answer.status, answer.headers["retry-after"])
    assert b"The disk of the service is full" in answer.body
    assert 2 == client.post(encode_request(GetObservation())).body.count(b"<om:OM_Observation")


def test_a_database_that_others_hold_is_busy(app: Starlette, tmp_path: Path) -> None:
    """
    Whoever waits for it too long may come again soon.
    """
    client = Client(app, "/")
    assert 200 == client.post(encode_request(sensor())).status
    engine = app.state.storage._database.engine
    engine.dispose()
    event.listen(engine, "connect", lambda driver, _: driver.execute("PRAGMA busy_timeout=10"))
    other = create_engine(f"sqlite:///{tmp_path / 'sos.sqlite'}")

    with other.connect() as holder:
        holder.exec_driver_sql("BEGIN IMMEDIATE")
        answer = client.post(_insertion(FEW))
    other.dispose()

    assert (503, "5") == (answer.status, answer.headers["retry-after"])
    assert answer.text.startswith("The database of the service is away or busy just now. Send the request again")
    assert 200 == client.post(_insertion(FEW)).status


@pytest.fixture
def served(postgres: Cluster) -> Iterator[tuple[Starlette, str]]:
    """The application over a database of PostgreSQL with a sensor, and the URL of that."""
    url = postgres.new_database()
    made = create_app(Settings(database=url))
    assert 200 == Client(made, "/").post(encode_request(sensor())).status
    yield made, url
    made.state.storage.close()


def test_a_full_disk_of_postgresql_is_told_too(served: tuple[Starlette, str]) -> None:
    """
    The server says so with a code of its own; afterwards the same request is stored.
    """
    app, url = served
    client, engine = Client(app, "/"), create_engine(url, isolation_level="AUTOCOMMIT")
    full = "BEGIN RAISE EXCEPTION 'No space left on device' USING ERRCODE = 'disk_full'; END"
    with engine.connect() as connection:
        connection.execute(text(f"CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $${full}$$"))
        connection.execute(
            text("CREATE TRIGGER full_disk BEFORE INSERT ON observations FOR EACH ROW EXECUTE FUNCTION full_disk()")
        )
    refused = client.post(_insertion(FEW))
    with engine.connect() as connection:
        connection.execute(text("DROP TRIGGER full_disk ON observations"))
    engine.dispose()

    stored = client.post(_insertion(FEW))

    assert (503, "60") == (refused.status, refused.headers["retry-after"])
    assert refused.text.startswith("The disk of the service is full, or fails.")
    assert 200 == stored.status


def test_a_postgresql_that_is_away_is_told_and_taken_again(served: tuple[Starlette, str], postgres: Cluster) -> None:
    """
    For questions and for inserts; nothing has to be started anew afterwards.
    """
    app, url = served
    client, name = Client(app, "/"), url.partition("@/")[2].partition("?")[0]
    with postgres.connect() as connection:
        connection.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,))
        refused = [client.get(FIND[1:]), client.post(_insertion(FEW))]
        with pytest.raises(DatabaseError, match="not currently accepting connections"):
            open_database(url)
        connection.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")

    stored = client.post(_insertion(FEW))

    assert [(503, "5")] * 2 == [(each.status, each.headers["retry-after"]) for each in refused]
    assert 200 == stored.status
    assert len(FEW) == client.get(FIND[1:]).body.count(b"<om:OM_Observation")
