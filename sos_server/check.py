"""`python -m sos_server check`: verify a database without changing it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sos_server.storage.base import connect_database, explained
from sos_server.storage.integrity import find_faults, summarize

if TYPE_CHECKING:
    from collections.abc import Callable


def check(url: str, tell: Callable[[str], object]) -> bool:
    """
    Tell each fault of the database at a URL, or how much is there where it has none; gives whether it is sound.

    Raises `DatabaseError` where it cannot be looked at.
    """
    database = connect_database(url)
    try:
        with explained(url), database.reading() as connection:
            sound = True
            for fault in find_faults(connection):
                tell(fault)
                sound = False
            if sound:
                there = summarize(connection)
                tell(
                    f"sound: {there.procedures} procedures, {there.offerings} offerings, {there.series} series, "
                    f"{there.observations} observations"
                )
    finally:
        database.close()
    return sound
