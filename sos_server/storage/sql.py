"""The storage of the service: what operations ask for, each call in one transaction on the database."""

from __future__ import annotations

from collections import ChainMap
from threading import Event
from typing import TYPE_CHECKING

from sqlalchemy import select, update

from sos_server.announcements import Announcements
from sos_server.errors import InvalidParameterValue
from sos_server.storage import descriptions, identifiers, insert, overview, removal, results, sensors, templates
from sos_server.storage.base import open_database
from sos_server.storage.contents import Contents
from sos_server.storage.cursor import reader_of
from sos_server.storage.descriptions import Validity
from sos_server.storage.names import find_missing
from sos_server.storage.prompt import PromptDatabase
from sos_server.storage.retention import purge
from sos_server.storage.sampling import stream_parts
from sos_server.storage.select import read_series_of, row_queries, row_query, select_series, stream_rows
from sos_server.storage.selections import Selections
from sos_server.storage.tables import SERVICE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from datetime import timedelta

    from sqlalchemy import Connection

    from sos_server.announcements import Announcement
    from sos_server.filters import SpatialFilter, TemporalFilter
    from sos_server.model import (
        Feature,
        Offering,
        OfferingContent,
        ResultRows,
        ResultTemplate,
        RowSummary,
        SeriesExtent,
        SeriesInfo,
        StoredRow,
        ValidDescription,
    )
    from sos_server.requests import (
        DeleteObservation,
        GetDataAvailability,
        GetFeatureOfInterest,
        GetObservation,
        InsertSensor,
    )
    from sos_server.storage.base import Database
    from sos_server.storage.series import SeriesKey, StoredSeries

_MOST_KNOWN = 100_000  # series that are remembered for inserts


class Storage:
    """Sensors and observations in one database; open one with `open_storage`. Safe to use from many threads."""

    def __init__(self, database: Database, selections: Selections | None = None) -> None:
        self._database = database
        self.closed = Event()
        self._announcements = Announcements()
        self._selections = selections or Selections()
        self._prompt: tuple[PromptDatabase, Storage] | None = None
        self._contents = Contents()
        self._known: dict[tuple[int, tuple[str, ...], SeriesKey], StoredSeries] = {}

    def subscribe(self, callback: Callable[[Announcement], None]) -> Callable[[], None]:
        """Have a function called when a series has new observations, after their commit; gives what ends it."""
        return self._announcements.subscribe(callback)

    def prompt(self) -> tuple[PromptDatabase, Storage] | None:
        """
        Give a storage of the same that answers at once or raises `TakesLong`, within `read` of its database.

        It finds only series that were found before. None where the database is a server.
        """
        if self._prompt is None and self._database.is_sqlite:
            database = PromptDatabase(self._database.engine)
            self._prompt = database, Storage(database, self._selections)
        return self._prompt

    def close(self) -> None:
        """Close the connections that are not in use, and end what runs in the background."""
        self.closed.set()
        if self._prompt is not None:
            self._prompt[0].close()
        self._database.close()

    def connections_in_use(self) -> int:
        """Give the number of connections that requests hold just now."""
        return self._database.connections_in_use()

    def descriptions(self, procedure: str) -> tuple[ValidDescription, ...]:
        """Give all descriptions of a procedure in the order of time; none where it is not registered."""
        with self._database.reading() as connection:
            return tuple(each.description for each in descriptions.read(connection, procedure))

    def contents(self, offerings: Sequence[str] | None = None) -> tuple[OfferingContent, ...]:
        """Give the offerings in the order they were registered: all, or those named."""
        with self._database.reading() as connection:
            return sensors.read_contents(connection, offerings)

    def terms(self, offerings: tuple[str, ...]) -> tuple[OfferingContent, ...]:
        """Give what offerings allow as `contents` does, but their extents may be those of an earlier moment."""
        with self._database.snapshot() as reader:
            generation, found = self._contents.find(reader, offerings)
        if not found:
            found = self.contents(offerings)
            self._contents.remember(generation, offerings, found)
        return found

    def purge(self, retention: Mapping[str, timedelta], now: int) -> Iterator[int]:
        """Delete what is older than its offerings keep it; gives the number after each small transaction."""
        return purge(self._database, retention, now)

    def contents_and_time(self) -> tuple[tuple[OfferingContent, ...], int]:
        """Give all offerings and when they changed last, both of the same moment."""
        with self._database.reading() as connection:
            return self._contents.read(connection)

    def missing(self, locator: str, names: Sequence[str]) -> str | None:
        """Give the first of the names of a parameter that does not exist here, None where all do."""
        if not names:
            return None
        with self._database.reading() as connection:
            return find_missing(connection, locator, names)

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

    def insert_observations(self, offerings: tuple[str, ...], batches: Sequence[insert.SeriesBatch], now: int) -> int:
        """Store all batches or none under offerings; gives the number of observations that are new."""
        known = ChainMap({}, self._known)
        with self._database.writing() as connection:
            new = insert.insert_observations(connection, offerings, batches, known, now)
        if len(self._known) > _MOST_KNOWN:
            self._known.clear()  # most of it is of generations that are gone
        self._known.update(known.maps[0])
        if new:
            self._announcements.tell(offerings, batches)
        return new

    def selected_series(self, request: GetObservation) -> tuple[SeriesInfo, ...] | None:
        """Give the series that a request asks for as they were found before; None where they have to be found anew."""
        if not self._selections.may_have(request):
            return None
        with self._database.snapshot() as reader:
            return self._selections.find(reader, request)

    def select_series(self, request: GetObservation, *, remember: bool = False) -> tuple[SeriesInfo, ...]:
        """Give the series that a request asks for, whatever its times; remember them where all its names exist."""
        with self._database.reading() as connection:
            series = select_series(connection, request)
            if remember:
                self._selections.remember(reader_of(connection), request, series)
            return series

    def stream(
        self, series: Iterable[SeriesInfo], filters: Sequence[TemporalFilter], place: SpatialFilter | None = None
    ) -> Iterator[tuple[SeriesInfo, Iterator[StoredRow]]]:
        """
        Read series by series the rows that pass all filters, ordered by phenomenon time, all of one moment.

        `place` is a filter on the sampling geometry. The connection is taken at the first row and given back after the
        last, or when the iterator is closed.
        """
        with self._database.snapshot() as reader:
            queries = row_queries(filters)
            for info in series:
                if info.mobile or info.annotated:
                    query = row_query(info, queries)
                    yield from stream_parts(reader, info, query, place, annotated=info.annotated)
                else:
                    yield info, stream_rows(reader, info, queries)

    def stream_results(
        self,
        series: Iterable[SeriesInfo],
        filters: Sequence[TemporalFilter],
        place: SpatialFilter | None = None,
        *,
        result_times: bool = False,
    ) -> Iterator[tuple[SeriesInfo, Iterator[ResultRows]]]:
        """Read as `stream` does, of each row only what results tell; result times where they are asked for."""
        with self._database.snapshot() as reader:
            yield from results.stream_results(reader, series, filters, place, result_times=result_times)

    def stream_merged(
        self, series: Iterable[SeriesInfo], filters: Sequence[TemporalFilter], place: SpatialFilter | None = None
    ) -> Iterator[tuple[SeriesInfo, RowSummary, Iterator[ResultRows]]]:
        """Read as `stream_results` does, with a summary before the rows; a series without rows is left out."""
        with self._database.snapshot() as reader:
            yield from results.stream_merged(reader, series, filters, place)

    def insert_result_template(self, template: ResultTemplate) -> None:
        """Store a template; raises where its identifier is taken."""
        with self._database.writing() as connection:
            templates.insert_template(connection, template)

    def delete_result_templates(self, identifiers: Sequence[str], places: Sequence[tuple[str, str]]) -> tuple[str, ...]:
        """Delete templates by identifier, or by offering and property, all or none; gives their identifiers."""
        with self._database.writing() as connection:
            return templates.delete_templates(connection, identifiers, places)

    def result_template(self, identifier: str) -> ResultTemplate | None:
        """Give a template, None where there is none of this identifier."""
        with self._database.reading() as connection:
            return templates.find_template(connection, identifier)

    def result_templates(self, offering: str, observed_property: str) -> tuple[ResultTemplate, ...]:
        """Give the templates for a property in an offering, in the order they came."""
        with self._database.reading() as connection:
            return templates.templates_of(connection, offering, observed_property)

    def stream_named(self, names: Sequence[str]) -> Iterator[tuple[SeriesInfo, Iterator[StoredRow]]]:
        """Read the observations with these identifiers, series by series; those that are not here are left out."""
        with self._database.reading() as connection:
            found, _ = identifiers.find(connection, names)
            queries = row_queries(())
            for info in read_series_of(connection, tuple(found)):
                query = row_query(info, queries).where(found[info.key].condition())
                reader = reader_of(connection)
                for part, rows in stream_parts(reader, info, query, None, annotated=info.annotated):
                    yield part, identifiers.named(info.key, rows)

    def example_identifiers(self, limit: int) -> tuple[str, ...]:
        """Give the identifiers of some observations that are here; cheap, however many there are."""
        with self._database.reading() as connection:
            return identifiers.examples(connection, limit)

    def features(self, request: GetFeatureOfInterest) -> tuple[Feature, ...]:
        """Give the features that a request asks for."""
        with self._database.reading() as connection:
            return overview.read_features(connection, request)

    def availability(
        self, request: GetDataAvailability, *, by_offering: bool
    ) -> tuple[tuple[SeriesExtent, ...], dict[str, tuple[str, ...]]]:
        """Give how much there is of the series that a request names, and the formats procedures are described in."""
        with self._database.reading() as connection:
            extents = overview.read_extents(connection, request, by_offering=by_offering)
            return extents, overview.read_formats(connection)


def _move_on(connection: Connection, now: int) -> None:
    """Move the update sequence on."""
    updated = connection.scalars(select(SERVICE.c.updated)).one()
    connection.execute(update(SERVICE).values(updated=max(now, updated + 1)))


def _unknown_procedure(procedure: str) -> InvalidParameterValue:
    return InvalidParameterValue(f"There is no procedure {procedure!r} here; the capabilities list them.", "procedure")


def open_storage(url: str) -> Storage:
    """Open the storage at a database URL such as `sqlite:///var/sos.sqlite`; its tables are made where missing."""
    return Storage(open_database(url))
