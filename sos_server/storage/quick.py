"""What databases have in common that speak to the driver of SQLite alone: what they cannot do is done the usual way."""

from __future__ import annotations

from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING

from sos_server.storage.base import Database

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

    from sqlalchemy import Connection, Engine

    from sos_server.storage.cursor import Reader


class TakesLong(Exception):
    """An answer is not at hand; ask in a thread."""


class QuickDatabase(Database):
    """Gives the reader of the moment while there is one, and raises `TakesLong` for all that `Database` gives else."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self._reader: Reader | None = None

    def snapshot(self) -> AbstractContextManager[Reader]:
        """Give the transaction to the driver itself; there is one only while something is done in it."""
        if self._reader is None:
            raise TakesLong
        return nullcontext(self._reader)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Raise: what is read over a connection of SQLAlchemy is not asked for often."""
        raise TakesLong
        yield  # never: it makes this the same kind of function as the one it stands for

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Raise: a writer over a connection of SQLAlchemy may have to wait for another one, and waits for the disk."""
        raise TakesLong
        yield  # never: it makes this the same kind of function as the one it stands for
