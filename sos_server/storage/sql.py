"""The storage of the service: what operations ask for, each call in one transaction on the database."""

from __future__ import annotations

from collections import ChainMap
from functools import partial
from threading import Event
from typing import TYPE_CHECKING

from sqlalchemy import select, update

from sos_server.errors import InvalidParameterValue
from sos_server.storage import descriptions, insert, removal, sensors, templates
from sos_server.storage.base import open_database
from sos_server.storage.descriptions import Validity
from sos_server.storage.prompt import PromptDatabase
from sos_server.storage.reading import ReadableStorage
from sos_server.storage.retention import purge
from sos_server.storage.tables import SERVICE
from sos_server.storage.together import JoinedDatabase

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from datetime import timedelta

    from sqlalchemy import Connection

    from sos_server.announcements import Announcement
    from sos_server.model import Offering, ResultTemplate
    from sos_server.requests import DeleteObservation, InsertSensor
    from sos_server.storage.base import Database
    from sos_server.storage.batches import SeriesBatch
    from sos_server.storage.reading import Remembered

_MOST_KNOWN = 100_000  # series that are remembered for inserts


class Storage(ReadableStorage):
    """Sensors and observations in one database; open one with `open_storage`. Safe to use from many threads."""

    def __init__(self, database: Database, remembered: Remembered | None = None) -> None:
        super().__init__(database, remembered)
        self.closed = Event()
        self._prompt: tuple[PromptDatabase, Storage] | None = None
        self._joined: tuple[JoinedDatabase, Storage] | None = None

    def subscribe(self, callback: Callable[[Announcement], None]) -> Callable[[], None]:
        """Have a function called when a series has new observations, after their commit; gives what ends it."""
        return self._remembered.announcements.subscribe(callback)

    def prompt(self) -> tuple[PromptDatabase, Storage] | None:
        """
        Give a storage of the same that answers at once or raises `TakesLong`, within `read` of its database.

        It finds only series that were found before. None where the database is a server.
        """
        if self._prompt is None and self._database.is_sqlite:
            database = PromptDatabase(self._database.engine)
            self._prompt = database, Storage(database, self._remembered)
        return self._prompt

    def joined(self) -> tuple[JoinedDatabase, Storage] | None:
        """
        Give a storage of the same that stores for many at once or raises `TakesLong`, within `insert` of its database.

        It stores only observations of series that were stored before. None where the database is a server.
        """
        if self._joined is None and self._database.is_sqlite:
            database = JoinedDatabase(self._database.engine)
            self._joined = database, _JoinedStorage(database, self._remembered)
        return self._joined

    def close(self) -> None:
        """Close the connections that are not in use, and end what runs in the background."""
        self.closed.set()
        for found in (self._joined, self._prompt):
            if found is not None:
                found[0].close()
        self._database.close()

    def connections_in_use(self) -> int:
        """Give the number of connections that requests hold just now."""
        return self._database.connections_in_use()

    def purge(self, retention: Mapping[str, timedelta], now: int) -> Iterator[int]:
        """Delete what is older than its offerings keep it; gives the number after each small transaction."""
        return purge(self._database, retention, now)

    def insert_sensor(self, request: InsertSensor, offerings: Sequence[Offering], now: int) -> None:
        """Register a sensor with its offerings; raises where one of them exists already."""
        procedure = request.description.procedure
        with self._database.writing() as connection:
            if sensors.find_number(connection, procedure) is not None:
                raise InvalidParameterValue(
                    f"The procedure {procedure!r} is registered already; give another identifier.", "procedure"
                )
            taken = sensors.read_contents(connection, [offering.identifier for offering in offerings])
            if taken:
                raise InvalidParameterValue(
                    f"The offering {taken[0].offering.identifier!r} belongs to the procedure "
                    f"{taken[0].offering.procedure!r}; an offering has one procedure only.",
                    "offering",
                )
            sensors.insert_sensor(connection, request, offerings, now)
            _move_on(connection, now)

    def update_sensor(self, procedure: str, changes: Iterable[Validity], now: int) -> None:
        """Put descriptions among those of a procedure, one after the other; raises where it is not registered."""
        with self._database.writing() as connection:
            number = sensors.find_number(connection, procedure)
            if number is None:
                raise _unknown_procedure(procedure)
            held = descriptions.read(connection, procedure)
            for new in changes:
                held = descriptions.replace(held, new)
            descriptions.write(connection, number, held)
            _move_on(connection, now)

    def delete_sensor(self, procedure: str, now: int) -> None:
        """Delete a procedure with all that is its own; raises where it is not registered."""
        with self._database.writing() as connection:
            if not removal.delete_sensor(connection, procedure):
                raise _unknown_procedure(procedure)
            _move_on(connection, now)

    def delete_observations(self, request: DeleteObservation, now: int) -> int:
        """Delete what a request names, all or nothing; gives its number, raises where an identifier is of none."""
        with self._database.writing() as connection:
            if request.observations:
                count, missing = removal.delete_named(connection, request.observations)
                if missing is not None:
                    raise InvalidParameterValue(f"There is no observation {missing!r} here.", "observation")
            else:
                count = removal.delete_observations(connection, request)
            if count:
                _move_on(connection, now)
        return count

    def insert_observations(self, offerings: tuple[str, ...], batches: Sequence[SeriesBatch], now: int) -> int:
        """Store all batches or none under offerings; gives the number of observations that are new."""
        remembered = self._remembered.known
        known = ChainMap({}, remembered)
        with self._database.writing() as connection:
            new = insert.insert_observations(connection, offerings, batches, known, now)
        if len(remembered) > _MOST_KNOWN:
            remembered.clear()  # most of it is of generations that are gone
        remembered.update(known.maps[0])
        if new:
            self._remembered.announcements.tell(offerings, batches)
        return new

    def insert_result_template(
        self, template: ResultTemplate, agree: Callable[[ResultTemplate, ResultTemplate], bool]
    ) -> None:
        """Store a template; raises where its identifier is taken, or it does not agree with those of its place."""
        with self._database.writing() as connection:
            templates.insert_template(connection, template, agree)

    def delete_result_templates(self, identifiers: Sequence[str], places: Sequence[tuple[str, str]]) -> tuple[str, ...]:
        """Delete templates by identifier, or by offering and property, all or none; gives their identifiers."""
        with self._database.writing() as connection:
            return templates.delete_templates(connection, identifiers, places)


class _JoinedStorage(Storage):
    """Stores inside the transaction of many, and tells of it after their commit."""

    def __init__(self, database: JoinedDatabase, remembered: Remembered) -> None:
        super().__init__(database, remembered)
        self._together = database

    def insert_observations(self, offerings: tuple[str, ...], batches: Sequence[SeriesBatch], now: int) -> int:
        """Store all batches, all of them new and of known series, under offerings; gives the number of observations."""
        with self._database.snapshot() as reader:
            new = insert.insert_known(reader, offerings, batches, self._remembered.known, now)
        self._together.after_commit(partial(self._remembered.announcements.tell, offerings, batches))
        return new


def _move_on(connection: Connection, now: int) -> None:
    """Move the update sequence on."""
    updated = connection.scalars(select(SERVICE.c.updated)).one()
    connection.execute(update(SERVICE).values(updated=max(now, updated + 1)))


def _unknown_procedure(procedure: str) -> InvalidParameterValue:
    return InvalidParameterValue(f"There is no procedure {procedure!r} here; the capabilities list them.", "procedure")


def open_storage(url: str) -> Storage:
    """Open the storage at a database URL such as `sqlite:///var/sos.sqlite`; its tables are made where missing."""
    return Storage(open_database(url))
