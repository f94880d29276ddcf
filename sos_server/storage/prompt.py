"""
A database that never keeps its caller waiting, so that an event loop may read it itself.

Handing a small question to a thread costs several times as much as answering it. So it is asked here first: whatever
takes more than a few steps, or could have to wait, raises `TakesLong`, and is asked again in a thread.
"""

from __future__ import annotations

import sqlite3
from threading import Lock
from typing import TYPE_CHECKING, TypeVar

from sos_server.storage.cursor import Reader
from sos_server.storage.quick import QuickDatabase, TakesLong

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Engine

Read = TypeVar("Read")

_STEPS = 1000  # of SQLite's machine between two looks
_MOST_LOOKS = 8  # some hundred rows, about a millisecond


class PromptDatabase(QuickDatabase):
    """Reads a file of SQLite over one connection of its own; gives what `Database` gives, or raises `TakesLong`."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self._lock = Lock()
        self._connection: sqlite3.Connection | None = None
        self._looks = 0

    def read(self, read: Callable[[], Read]) -> Read:
        """Call a function, for which all comes from the database as it is now; raises `TakesLong` where it has to."""
        if not self._lock.acquire(blocking=False):
            raise TakesLong
        try:
            connection = self._connection or self._connect()
            connection.execute("BEGIN")
            self._looks = 0
            self._reader = Reader(self.engine.dialect, connection)
            try:
                return read()
            finally:
                self._reader = None
                connection.execute("ROLLBACK")  # the method of this name has it compiled each time
        except sqlite3.Error as error:  # interrupted, held by somebody else, or broken: the usual way tells
            raise TakesLong from error
        finally:
            self._lock.release()

    def close(self) -> None:
        """Close the connection."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _look(self) -> bool:
        """Count a look, and tell whether to interrupt."""
        self._looks += 1
        return self._looks > _MOST_LOOKS

    def _connect(self) -> sqlite3.Connection:
        # without a timeout: what is locked raises at once
        file = str(self.engine.url.database)
        connection = sqlite3.connect(file, timeout=0, isolation_level=None, check_same_thread=False)
        connection.execute("PRAGMA query_only=ON").close()
        connection.set_progress_handler(self._look, _STEPS)
        self._connection = connection
        return connection
