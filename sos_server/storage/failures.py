"""What a database cannot do just now, told as something to try again: a full disk, a server that is away or busy."""

from __future__ import annotations

import logging
import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from sos_server.errors import ServiceUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.engine.interfaces import DBAPIModule

_LOG = logging.getLogger("sos_server")

_FULL = (
    "The disk of the service is full, or fails. Nothing of this request was stored; send it again later, when the "
    "operator has made room."
)
_AWAY = (
    "The database of the service is away or busy just now. Send the request again in a moment; what is stored already "
    "is not stored twice."
)
_SECONDS = {_FULL: 60, _AWAY: 5}

_SQLITE = {
    sqlite3.SQLITE_FULL: _FULL,
    sqlite3.SQLITE_IOERR: _FULL,  # some limits of a disk are told so
    sqlite3.SQLITE_BUSY: _AWAY,
    sqlite3.SQLITE_LOCKED: _AWAY,
}
_PRIMARY = 0xFF  # of an error code of SQLite; what is above tells more
_POSTGRESQL = {"53100": _FULL, "58030": _FULL}  # disk_full, io_error (PostgreSQL, appendix A)


@contextmanager
def told(driver: DBAPIModule) -> Iterator[None]:
    """Raise `ServiceUnavailable` for what a database cannot do just now; all else stays as it is raised."""
    try:
        yield
    except (SQLAlchemyError, driver.Error) as error:
        cause = error.orig if isinstance(error, DBAPIError) else error
        message = _AWAY if isinstance(error, PoolTimeout) else _explain(cause, driver)
        if message is None:
            raise
        _LOG.error("unavailable reason=%r", str(cause).strip().partition("\n")[0])
        raise ServiceUnavailable(message, _SECONDS[message]) from error


def _explain(cause: BaseException | None, driver: DBAPIModule) -> str | None:
    if not isinstance(cause, driver.OperationalError):
        return None
    if isinstance(cause, sqlite3.Error):
        # those that the driver itself raises have no code
        return _SQLITE.get(getattr(cause, "sqlite_errorcode", 0) & _PRIMARY)
    return _POSTGRESQL.get(getattr(cause, "sqlstate", None) or "", _AWAY)
