"""
Inserts that commit together, in one thread over one connection of its own.

What is durable waits for the disk; those who come meanwhile are stored in the next transaction, all at once, each in a
savepoint of its own. Whoever cannot be stored that way, because something is unusual or wrong, is told so after
nothing of it was kept, and is to be stored the general way.
"""

from __future__ import annotations

import logging
import sqlite3
from queue import Empty, SimpleQueue
from threading import Lock, Thread
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from sos_server.storage.base import prepare_sqlite
from sos_server.storage.cursor import Reader
from sos_server.storage.quick import QuickDatabase, TakesLong

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy import Engine

_LOG = logging.getLogger("sos_server")
_MOST_AT_ONCE = 200  # of one transaction: other writers wait for it


class Insertion(NamedTuple):
    """What to do inside the transaction, and whom to tell whether it is durable."""

    work: Callable[[], object]
    done: Callable[[bool], None]


# functions to be called once what belongs to them is durable
_AfterCommit: TypeAlias = "list[Callable[[], None]]"


class JoinedDatabase(QuickDatabase):
    """Writes a file of SQLite for many at once; gives what `Database` gives, or raises `TakesLong`."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self._waiting: SimpleQueue[Insertion | None] = SimpleQueue()
        self._lock = Lock()
        self._thread: Thread | None = None
        self._is_closed = False
        self._after: _AfterCommit = []

    def insert(self, work: Callable[[], object], done: Callable[[bool], None]) -> None:
        """
        Have a function called that stores something, and another one after the commit: with False, nothing is kept.

        Both run in the thread of this database. Raises `TakesLong` once it is closed.
        """
        with self._lock:
            if self._is_closed:
                raise TakesLong
            if self._thread is None:
                self._thread = Thread(target=self._run, name="sos-inserts", daemon=True)
                self._thread.start()
            self._waiting.put(Insertion(work, done))

    def after_commit(self, call: Callable[[], None]) -> None:
        """Have a function called once what is being stored just now is durable."""
        self._after.append(call)

    def close(self) -> None:
        """Store what is waiting, then close the connection."""
        with self._lock:
            self._is_closed = True
            thread = self._thread
            self._waiting.put(None)
        if thread is not None:
            thread.join()

    def _run(self) -> None:
        connection: sqlite3.Connection | None = None
        goes_on = True
        while goes_on:
            found = [self._waiting.get(), *self._more()]
            goes_on = None not in found
            insertions = [each for each in found if each is not None]
            try:
                connection = connection or self._connect()
                kept, after = self._store(connection, insertions)
            except sqlite3.Error as error:  # the general way tells whoever asked, should it not be over by then
                _LOG.warning("not_stored_together insertions=%d reason=%r", len(insertions), str(error))
                kept, after = [False] * len(insertions), []
            for call in after:
                call()
            for insertion, is_kept in zip(insertions, kept, strict=True):
                insertion.done(is_kept)
        if connection is not None:
            connection.close()

    def _more(self) -> Iterator[Insertion | None]:
        try:
            for _ in range(_MOST_AT_ONCE - 1):
                yield self._waiting.get_nowait()
        except Empty:
            return

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(str(self.engine.url.database), check_same_thread=False)
        prepare_sqlite(connection)
        self._reader = Reader(self.engine.dialect, connection)
        return connection

    def _store(self, connection: sqlite3.Connection, insertions: list[Insertion]) -> tuple[list[bool], _AfterCommit]:
        """Store in one transaction what can be, and tell of each whether it was."""
        after: _AfterCommit = []
        if not insertions:
            return [], after
        connection.execute("BEGIN IMMEDIATE")
        try:
            if len(insertions) == 1:
                kept = [self._attempt(insertions[0])]
                after += self._after
            else:
                kept = [self._attempt_apart(connection, insertion, after) for insertion in insertions]
            connection.execute("COMMIT" if any(kept) else "ROLLBACK")
        finally:
            if connection.in_transaction:
                connection.rollback()
        return kept, after if any(kept) else []

    def _attempt_apart(self, connection: sqlite3.Connection, insertion: Insertion, after: _AfterCommit) -> bool:
        """Store one among others, or nothing of it."""
        connection.execute("SAVEPOINT one")
        is_kept = self._attempt(insertion)
        if is_kept:
            after += self._after
        else:
            connection.execute("ROLLBACK TO one")
        connection.execute("RELEASE one")
        return is_kept

    def _attempt(self, insertion: Insertion) -> bool:
        self._after = []
        try:
            insertion.work()
        except sqlite3.Error:
            raise  # it may have ended the whole transaction
        except Exception as error:  # refused, unusual or failed: the general way finds the same, and tells of it
            _LOG.debug("not_stored_together reason=%r", error)
            return False
        return True
