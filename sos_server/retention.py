"""The clock of retention: once an hour, what is older than it is kept is deleted."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from threading import Thread
from typing import TYPE_CHECKING

from sos_server.time import to_microseconds

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import timedelta

    from sos_server.storage.sql import Storage

_LOG = logging.getLogger("sos_server")
_SECONDS_BETWEEN = 3600.0
_SECONDS_TO_BREATHE = 0.05  # between two transactions, for those who wait to insert


def keep_purging(storage: Storage, retention: Mapping[str, timedelta]) -> None:
    """Purge a storage in the background, now and then once an hour, until it is closed."""
    Thread(target=_purge_for_ever, args=(storage, retention), name="sos-retention", daemon=True).start()


def _purge_for_ever(storage: Storage, retention: Mapping[str, timedelta]) -> None:
    while not storage.closed.is_set():
        try:
            _purge(storage, retention)
        except Exception:  # the database may be away; the next hour tries again
            _LOG.exception("not_purged")
        storage.closed.wait(_SECONDS_BETWEEN)


def _purge(storage: Storage, retention: Mapping[str, timedelta]) -> None:
    count = 0
    for deleted in storage.purge(retention, to_microseconds(datetime.now(UTC))):
        count += deleted
        if storage.closed.wait(_SECONDS_TO_BREATHE):
            break
    if count:
        _LOG.info("purged observations=%d", count)
