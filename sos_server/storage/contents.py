"""What offerings are and allow, as it was read last: read again only where it changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from sos_server.storage import sensors
from sos_server.storage.tables import SERVICE

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from sos_server.model import OfferingContent
    from sos_server.storage.cursor import Reader

_MOST = 10_000  # requests whose offerings are remembered
_GENERATION = str(select(SERVICE.c.generation))  # what an offering allows stays until something is deleted


class Contents:
    """All offerings of a database, and what those allow that are inserted under; safe to use from many threads."""

    def __init__(self) -> None:
        self._all: tuple[tuple[OfferingContent, ...], int] = ((), 0)
        self._offerings: tuple[int, dict[int, sensors.KnownContent]] = (0, {})  # by generation
        self._named: dict[tuple[str, ...], tuple[int, tuple[OfferingContent, ...]]] = {}

    def read(self, connection: Connection) -> tuple[tuple[OfferingContent, ...], int]:
        """Give all offerings and when they changed last, both of the moment that the connection sees."""
        generation, updated = connection.execute(select(SERVICE.c.generation, SERVICE.c.updated)).one()
        if self._all[1] != updated:
            known_generation, known = self._offerings
            found = sensors.refresh_contents(connection, known if known_generation == generation else {})
            self._offerings = generation, found
            self._all = tuple(each.content for each in found.values()), updated
        return self._all

    def find(self, reader: Reader, offerings: tuple[str, ...]) -> tuple[int, tuple[OfferingContent, ...]]:
        """Give the generation, and what is remembered of offerings; nothing where they have to be read."""
        ((generation,),) = reader.driver.execute(_GENERATION).fetchall()
        known, found = self._named.get(offerings, (None, ()))
        return generation, found if known == generation else ()

    def remember(self, generation: int, offerings: tuple[str, ...], found: tuple[OfferingContent, ...]) -> None:
        """Remember offerings that were read in a generation, or later; those that are not there are not remembered."""
        if len(found) != len(offerings):
            return
        if len(self._named) >= _MOST:
            self._named.clear()
        self._named[offerings] = generation, found
