"""The database below the storage: connections, transactions and the schema's migrations. SQLite by default."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, Table, create_engine, event, insert, make_url
from sqlalchemy.pool import QueuePool

if TYPE_CHECKING:
    from collections.abc import Iterator

MIGRATIONS = Path(__file__).parent / "migrations"

# FULL: what was acknowledged survives a power cut. WAL: readers see a snapshot and never wait for a writer.
_PRAGMAS = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=30000")
_SQLITE_BEGIN = "sos_sqlite_begin"


class Database:
    """Gives transactions on one database; open one with `open_database`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @property
    def dialect(self) -> str:
        """The name of the database's dialect: `sqlite` or `postgresql`."""
        return self._engine.dialect.name

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Give a connection that sees the database as it is now, until it is left."""
        with self._engine.connect() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Give a connection whose changes are kept when it is left in order, and undone when it raises."""
        # IMMEDIATE: a transaction that starts as a reader cannot become the writer when another one was faster
        options = {_SQLITE_BEGIN: "BEGIN IMMEDIATE"}
        with self._engine.connect().execution_options(**options) as connection, connection.begin():
            yield connection

    def connections_in_use(self) -> int:
        """Give the number of connections that are held just now."""
        pool = self._engine.pool
        return pool.checkedout() if isinstance(pool, QueuePool) else 0

    def close(self) -> None:
        """Close all connections that are not in use; those in use close when they are given back."""
        self._engine.dispose()


def insert_row(connection: Connection, table: Table, values: dict[str, Any]) -> int:
    """Insert a row into a table whose key is a number, and give the number it got."""
    key = connection.execute(insert(table).values(values)).inserted_primary_key
    if key is None:
        raise RuntimeError(f"{table.name} gave no number to a new row")
    return int(key[0])


def open_database(url: str) -> Database:
    """Open a database, bring its tables to the newest form and give it."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        if parsed.database in (None, "", ":memory:"):
            raise ValueError("the database must be a file such as sqlite:///var/sos.sqlite; its threads share it")
        Path(str(parsed.database)).parent.mkdir(parents=True, exist_ok=True)
        # each stream of an answer holds a connection, so their number is not limited here but by the requests served
        engine = create_engine(
            parsed, poolclass=QueuePool, pool_size=8, max_overflow=-1, connect_args={"check_same_thread": False}
        )
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    else:
        engine = create_engine(parsed, paramstyle="format")
    database = Database(engine)
    _migrate(database)
    return database


def _prepare_sqlite(connection: Any, _record: object) -> None:
    # the driver would begin transactions by itself, too late for a snapshot
    connection.isolation_level = None
    for pragma in _PRAGMAS:
        connection.execute(f"PRAGMA {pragma}").close()


def _begin_sqlite(connection: Connection) -> None:
    connection.exec_driver_sql(connection.get_execution_options().get(_SQLITE_BEGIN, "BEGIN"))


def _migrate(database: Database) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    with database.writing() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
