"""
The database below the storage: connections, transactions and the schema's migrations.

SQLite by default, PostgreSQL where the URL says so. On both a reader sees one moment and never waits, and writers take
turns: what a writer reads is still true when it commits.
"""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, Engine, Table, create_engine, event, insert, make_url, text
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.pool import QueuePool

from sos_server.errors import ServiceUnavailable
from sos_server.storage import failures
from sos_server.storage.cursor import Reader

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

    from sqlalchemy import URL

MIGRATIONS = Path(__file__).parent / "migrations"

# FULL: what was acknowledged survives a power cut. WAL: readers see a snapshot and never wait for a writer.
_PRAGMAS = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=30000")
_SQLITE_BEGIN = "sos_sqlite_begin"

# each stream of an answer holds a connection while it is sent, also those that go slowly
_POOL_SIZE = 8
_SERVER_CONNECTIONS = 64  # PostgreSQL allows 100 as it is installed
_SNAPSHOT = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
_DRIVER_SNAPSHOT = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"
_TAKE_TURNS = text("SELECT pg_advisory_xact_lock(7378803)")  # any number, but the same in all processes


class DatabaseError(ValueError):
    """A database cannot be used; the text says why and what to do."""


class Database:
    """
    Gives transactions on one database; open one with `open_database`.

    What the database cannot do just now is raised inside of them as `ServiceUnavailable`.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    @property
    def is_sqlite(self) -> bool:
        """Whether this is a file of SQLite, not a PostgreSQL server."""
        return self.engine.dialect.name == "sqlite"

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Give a connection that sees the database as it is now, until it is left."""
        options = {} if self.is_sqlite else _SNAPSHOT
        with self._told(), self.engine.connect().execution_options(**options) as connection, connection.begin():
            yield connection

    def snapshot(self) -> AbstractContextManager[Reader]:
        """Give such a moment to the driver itself, for what is asked often: a connection costs more than reading."""
        return self._snapshot()

    @contextmanager
    def _snapshot(self) -> Iterator[Reader]:
        with self._told():
            pooled = self.engine.raw_connection()
            try:
                driver: Any = pooled.driver_connection
                driver.execute("BEGIN" if self.is_sqlite else _DRIVER_SNAPSHOT).close()
                yield Reader(self.engine.dialect, driver)
            finally:
                pooled.close()  # which ends the transaction

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Give a connection whose changes are kept when it is left in order, and undone when it raises."""
        # IMMEDIATE: a transaction that starts as a reader cannot become the writer when another one was faster
        options = {_SQLITE_BEGIN: "BEGIN IMMEDIATE"}
        with self._told(), self.engine.connect().execution_options(**options) as connection, connection.begin():
            if not self.is_sqlite:
                connection.execute(_TAKE_TURNS)
            yield connection

    def _told(self) -> AbstractContextManager[None]:
        return failures.told(self.engine.dialect.loaded_dbapi)

    def connections_in_use(self) -> int:
        """Give the number of connections that are held just now."""
        pool = self.engine.pool
        return pool.checkedout() if isinstance(pool, QueuePool) else 0

    def close(self) -> None:
        """Close all connections that are not in use; those in use close when they are given back."""
        self.engine.dispose()


def insert_row(connection: Connection, table: Table, values: dict[str, Any]) -> int:
    """Insert a row into a table whose key is a number, and give the number it got."""
    key = connection.execute(insert(table).values(values)).inserted_primary_key
    if key is None:
        raise RuntimeError(f"{table.name} gave no number to a new row")
    return int(key[0])


def open_database(url: str) -> Database:
    """Open a database, bring its tables to the newest form and give it; raises `DatabaseError`."""
    parsed = _parse(url)
    if parsed.get_backend_name() == "sqlite":
        Path(str(parsed.database)).parent.mkdir(parents=True, exist_ok=True)
    database = _connect(parsed)
    with explained(parsed):
        _migrate(database)
    return database


def connect_database(url: str) -> Database:
    """Open a database that is there already, as it is; raises `DatabaseError`."""
    parsed = _parse(url)
    if parsed.get_backend_name() == "sqlite" and not Path(str(parsed.database)).is_file():
        raise DatabaseError(f"there is no database {parsed.database}")
    return _connect(parsed)


@contextmanager
def explained(url: URL | str) -> Iterator[None]:
    """Raise `DatabaseError` for what a database cannot do inside the block."""
    try:
        yield
    except (SQLAlchemyError, ServiceUnavailable) as error:
        cause = error.__cause__ if isinstance(error, ServiceUnavailable) else error
        reason = str(getattr(cause, "orig", None) or cause).strip().partition("\n")[0]
        shown = make_url(url).render_as_string()
        raise DatabaseError(f"the database {shown} cannot be used: {reason}") from error


def newest_revision() -> str | None:
    """Give the number of the newest migration."""
    return ScriptDirectory(str(MIGRATIONS)).get_current_head()


def _parse(url: str) -> URL:
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise DatabaseError("the database is given as a URL such as sqlite:///var/sos.sqlite") from error
    kind = parsed.get_backend_name()
    if kind not in _ENGINES:
        raise DatabaseError(f"{kind} is no database here; give a URL that begins with {' or '.join(_ENGINES)}")
    if kind == "sqlite" and parsed.database in (None, "", ":memory:"):
        raise DatabaseError("the database must be a file such as sqlite:///var/sos.sqlite; its threads share it")
    return parsed


def _connect(url: URL) -> Database:
    return Database(_ENGINES[url.get_backend_name()](url))


def _sqlite_engine(url: URL) -> Engine:
    engine = create_engine(
        url,
        poolclass=QueuePool,
        pool_size=_POOL_SIZE,
        max_overflow=-1,
        connect_args={"check_same_thread": False},
    )
    event.listen(engine, "connect", prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _postgresql_engine(url: URL) -> Engine:
    if url.drivername == "postgresql":
        url = url.set(drivername="postgresql+psycopg")
    try:
        return create_engine(
            url,
            paramstyle="format",  # rows to insert are bare tuples
            pool_size=_POOL_SIZE,
            max_overflow=_SERVER_CONNECTIONS - _POOL_SIZE,
            pool_pre_ping=True,
        )
    except ModuleNotFoundError as error:
        raise DatabaseError("PostgreSQL needs its driver: pip install 'weps[postgresql]'") from error


_ENGINES = {"sqlite": _sqlite_engine, "postgresql": _postgresql_engine}


def prepare_sqlite(connection: Any, _record: object = None) -> None:
    """Set what a connection to SQLite needs to read moments and to write durably."""
    # the driver would begin transactions by itself, too late for a snapshot
    connection.isolation_level = None
    for pragma in _PRAGMAS:
        connection.execute(f"PRAGMA {pragma}").close()


def _begin_sqlite(connection: Connection) -> None:
    connection.exec_driver_sql(connection.get_execution_options().get(_SQLITE_BEGIN, "BEGIN"))


def _migrate(database: Database) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    try:
        with database.writing() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    except CommandError as error:  # the version of the tables is none of ours
        raise DatabaseError(f"the database was made by a newer version; start it with that one ({error})") from error
