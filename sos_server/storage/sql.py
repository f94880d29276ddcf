"""The storage of the service: what operations ask for, each call in one transaction on the database."""

from __future__ import annotations

from collections import ChainMap
from typing import TYPE_CHECKING

from sqlalchemy import Column, select, update

from sos_server.errors import InvalidParameterValue
from sos_server.storage import insert, sensors
from sos_server.storage.base import open_database
from sos_server.storage.select import row_queries, select_series, stream_rows
from sos_server.storage.tables import FEATURES, OFFERING_TERMS, OFFERINGS, PROCEDURES, SERVICE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from sos_server.filters import TemporalFilter
    from sos_server.model import Offering, OfferingContent, SensorDescription, SeriesInfo, StoredRow
    from sos_server.requests import GetObservation, InsertSensor
    from sos_server.storage.base import Database
    from sos_server.storage.series import SeriesKey, StoredSeries

# what a request names: the locator of the parameter, and where the names are that exist
_NAMES: dict[str, Column[str]] = {
    "offering": OFFERINGS.c.identifier,
    "procedure": PROCEDURES.c.identifier,
    "observedProperty": OFFERING_TERMS.c.term,
    "featureOfInterest": FEATURES.c.identifier,
}
_CHUNK = 500


class Storage:
    """Sensors and observations in one database; open one with `open_storage`. Safe to use from many threads."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: dict[tuple[tuple[str, ...], SeriesKey], StoredSeries] = {}

    def close(self) -> None:
        """Close the connections that are not in use."""
        self._database.close()

    def connections_in_use(self) -> int:
        """Give the number of connections that requests hold just now."""
        return self._database.connections_in_use()

    def sensor(self, procedure: str) -> SensorDescription | None:
        """Give the description of a procedure, None where it is not registered."""
        with self._database.reading() as connection:
            return sensors.find_sensor(connection, procedure)

    def contents(self, offerings: Sequence[str] | None = None) -> tuple[OfferingContent, ...]:
        """Give the offerings in the order they were registered: all, or those named."""
        with self._database.reading() as connection:
            return sensors.read_contents(connection, offerings)

    def contents_and_time(self) -> tuple[tuple[OfferingContent, ...], int]:
        """Give all offerings and when they changed last, both of the same moment."""
        with self._database.reading() as connection:
            return sensors.read_contents(connection), int(connection.scalars(select(SERVICE.c.updated)).one())

    def missing(self, locator: str, names: Sequence[str]) -> str | None:
        """Give the first of the names of a parameter that does not exist here, None where all do."""
        column = _NAMES[locator]
        with self._database.reading() as connection:
            for start in range(0, len(names), _CHUNK):
                chunk = names[start : start + _CHUNK]
                query = select(column).where(column.in_(chunk))
                if column.table is OFFERING_TERMS:
                    query = query.where(OFFERING_TERMS.c.kind == sensors.Term.OBSERVED_PROPERTY)
                found = set(connection.scalars(query))
                for name in chunk:
                    if name not in found:
                        return name
        return None

    def insert_sensor(self, request: InsertSensor, offerings: Sequence[Offering], now: int) -> None:
        """Register a sensor with its offerings; raises where one of them exists already."""
        procedure = request.description.procedure
        with self._database.writing() as connection:
            if sensors.find_sensor(connection, procedure) is not None:
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
            sensors.insert_sensor(connection, request, offerings)
            updated = connection.scalars(select(SERVICE.c.updated)).one()
            connection.execute(update(SERVICE).values(updated=max(now, updated + 1)))

    def insert_observations(self, offerings: tuple[str, ...], batches: Iterable[insert.SeriesBatch], now: int) -> int:
        """Store all batches or none under offerings; gives the number of observations that are new."""
        known = ChainMap({}, self._known)
        with self._database.writing() as connection:
            new = insert.insert_observations(connection, offerings, batches, known, now)
        self._known.update(known.maps[0])
        return new

    def select_series(self, request: GetObservation) -> tuple[SeriesInfo, ...]:
        """Give the series that a request asks for, whatever its times."""
        with self._database.reading() as connection:
            return select_series(connection, request)

    def stream(
        self, series: Iterable[SeriesInfo], filters: Sequence[TemporalFilter]
    ) -> Iterator[tuple[SeriesInfo, Iterator[StoredRow]]]:
        """
        Read series by series the rows that pass all filters, ordered by phenomenon time, all of one moment.

        The connection is taken at the first row and given back after the last, or when the iterator is closed.
        """
        with self._database.reading() as connection:
            queries = row_queries(connection.dialect, filters)
            for info in series:
                yield info, stream_rows(connection, info, queries)


def open_storage(url: str) -> Storage:
    """Open the storage at a database URL such as `sqlite:///var/sos.sqlite`; its tables are made where missing."""
    return Storage(open_database(url))
