"""One database: how it is opened, brought up to date, read and written."""

from __future__ import annotations

import logging
import sqlite3
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Connection, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as NoConnection

from weps.errors import SettingsError, StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from sqlalchemy import Dialect, Engine, Select

    from weps.model import Target

LOG = logging.getLogger(__name__)

PRAGMAS = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=30000")
"""An alert that was stored survives a power cut; a writer waits for its turn for half a minute."""


PASSING = frozenset({sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
PRIMARY = 0xFF  # of an error code of SQLite; what is above tells more
SNAPSHOT = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
TAKE_TURNS = text("SELECT pg_advisory_xact_lock(8769781)")  # any number, but the same in all processes


@dataclass(frozen=True, slots=True)
class _Prepared:
    """A statement for one dialect: its text, its own values, the names of those that go by position, column readers."""

    text: str
    values: dict[str, Any]
    names: Sequence[str] | None
    readers: tuple[Callable[[Any], Any] | None, ...]


class Database:
    """
    A database by its SQLAlchemy URL: a file of SQLite, or PostgreSQL.

    `standing_targets` are pushed every alert, whatever its subscription says.

    Readers see a snapshot and never wait. Writers take turns from their begin, so that what one reads is still true
    when it commits, and what has a higher number was committed later.

    What the database cannot do just now is raised as `StoreError` where the connection is given back.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.standing_targets: tuple[Target, ...] = ()
        self._engine = _open(url)
        self._prepared: dict[Select[Any], _Prepared] = {}

    def migrate(self) -> None:
        """Bring the tables to the newest version; raises `SettingsError` when the database cannot be used."""
        config = Config()
        config.set_main_option("script_location", str(Path(__file__).with_name("migrations")))
        try:
            with self.writing() as connection:
                config.attributes["connection"] = connection
                command.upgrade(config, "head")
        except CommandError as error:  # the version of the tables is none of ours
            raise SettingsError(f"the database was made by a newer WEPS; start it with that one ({error})") from error
        except (SQLAlchemyError, StoreError) as error:
            fault = f"the database {self._engine.url.database} cannot be opened or is damaged"
            raise SettingsError(f"{fault} ({type(error.__cause__ or error).__name__})") from error

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Give a connection that sees one snapshot."""
        options = {} if self._is_sqlite else SNAPSHOT
        with self._told(), self._engine.connect().execution_options(**options) as connection, connection.begin():
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Give a connection whose work is committed whole at the end, or not at all."""
        with self._told(), self._engine.connect().execution_options(write=True) as connection, connection.begin():
            if not self._is_sqlite:
                connection.execute(TAKE_TURNS)
            yield connection

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Raise `StoreError` for what the database cannot do just now."""
        try:
            yield
        except (OperationalError, NoConnection, self._engine.dialect.loaded_dbapi.OperationalError) as error:
            if not _is_passing(error):
                raise
            LOG.error("store unavailable reason=%r", str(getattr(error, "orig", None) or error).partition("\n")[0])
            raise StoreError(
                "The store of the service can do nothing just now: its disk may be full, or it is busy or away. "
                "Nothing of this request was kept; try it again in a while."
            ) from error

    def first_row(self, statement: Select[Any], **values: str) -> tuple[Any, ...] | None:
        """
        Give the first row of a statement that every reader asks, with as little as possible around it.

        It is compiled once, and sees a snapshot without a transaction: half of what such a question costs otherwise.
        """
        prepared = self._prepared.get(statement)
        if prepared is None:
            prepared = self._prepared.setdefault(statement, _prepare(statement, self._engine.dialect))
        with self._told(), closing(self._engine.raw_connection()) as connection:
            cursor = connection.cursor()
            given, names = prepared.values | values, prepared.names
            cursor.execute(prepared.text, given if names is None else tuple(given[name] for name in names))
            row = cursor.fetchone()
        if row is None:
            return None
        return tuple(read(value) if read else value for read, value in zip(prepared.readers, row, strict=True))

    @property
    def _is_sqlite(self) -> bool:
        return self._engine.dialect.name == "sqlite"

    def answers(self) -> bool:
        """Tell whether the database gives a sign of life; why it does not is logged."""
        try:
            with self.reading() as connection:
                connection.execute(text("SELECT 1"))
        except (SQLAlchemyError, StoreError):
            LOG.exception("database unreachable")
            return False
        return True

    def dispose(self) -> None:
        """Close all connections."""
        self._engine.dispose()


def _is_passing(error: Exception) -> bool:
    """Tell whether it is the moment that is wrong, and not what was asked."""
    cause = getattr(error, "orig", None) or error
    return not isinstance(cause, sqlite3.Error) or getattr(cause, "sqlite_errorcode", 0) & PRIMARY in PASSING


def _prepare(statement: Select[Any], dialect: Dialect) -> _Prepared:
    compiled = statement.compile(dialect=dialect)
    columns = statement.selected_columns
    readers = tuple(column.type.dialect_impl(dialect).result_processor(dialect, None) for column in columns)
    return _Prepared(str(compiled), dict(compiled.params), getattr(compiled, "positiontup", None), readers)


def _open(url: str) -> Engine:
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise SettingsError("setting database: this is no URL such as postgresql://user@host/weps") from error
    if parsed.get_backend_name() not in ("sqlite", "postgresql"):
        raise SettingsError(f"setting database: {parsed.drivername} is not supported; use sqlite or postgresql")
    if parsed.drivername == "postgresql":
        parsed = parsed.set(drivername="postgresql+psycopg")
    is_server = parsed.get_backend_name() != "sqlite"
    try:
        engine = create_engine(parsed, pool_size=20, max_overflow=40, pool_pre_ping=is_server)
    except ModuleNotFoundError as error:
        raise SettingsError("PostgreSQL needs its driver: pip install 'weps[postgresql]'") from error
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    # The driver's own transaction handling would begin late and without the write lock.
    connection.isolation_level = None
    for pragma in PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    write = connection.get_execution_options().get("write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")
