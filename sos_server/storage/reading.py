"""What operations read from the storage, each call of one moment of the database."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sos_server.announcements import Announcements
from sos_server.storage import descriptions, identifiers, overview, results, sensors, templates
from sos_server.storage.contents import Contents
from sos_server.storage.cursor import reader_of
from sos_server.storage.names import find_missing
from sos_server.storage.sampling import stream_parts
from sos_server.storage.select import read_series_of, row_queries, row_query, select_series, stream_rows
from sos_server.storage.selections import Selections

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from sos_server.filters import SpatialFilter, TemporalFilter
    from sos_server.model import (
        Feature,
        OfferingContent,
        ResultRows,
        ResultTemplate,
        RowSummary,
        SeriesExtent,
        SeriesInfo,
        StoredRow,
        ValidDescription,
    )
    from sos_server.requests import GetDataAvailability, GetFeatureOfInterest, GetObservation
    from sos_server.storage.base import Database
    from sos_server.storage.series import SeriesKey, StoredSeries


class Remembered:
    """What is remembered of a database, and who wants to hear of it; shared by all storages on that database."""

    def __init__(self) -> None:
        self.announcements = Announcements()
        self.selections = Selections()
        self.contents = Contents()
        self.known: dict[tuple[int, tuple[str, ...], SeriesKey], StoredSeries] = {}


class ReadableStorage:
    """The sensors and observations of one database, to be read. Safe to use from many threads."""

    def __init__(self, database: Database, remembered: Remembered | None = None) -> None:
        self._database = database
        self._remembered = remembered or Remembered()

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
            generation, found = self._remembered.contents.find(reader, offerings)
        if not found:
            found = self.contents(offerings)
            self._remembered.contents.remember(generation, offerings, found)
        return found

    def contents_and_time(self) -> tuple[tuple[OfferingContent, ...], int]:
        """Give all offerings and when they changed last, both of the same moment."""
        with self._database.reading() as connection:
            return self._remembered.contents.read(connection)

    def missing(self, locator: str, names: Sequence[str]) -> str | None:
        """Give the first of the names of a parameter that does not exist here, None where all do."""
        if not names:
            return None
        with self._database.reading() as connection:
            return find_missing(connection, locator, names)

    def selected_series(self, request: GetObservation) -> tuple[SeriesInfo, ...] | None:
        """Give the series that a request asks for as they were found before; None where they have to be found anew."""
        if not self._remembered.selections.may_have(request):
            return None
        with self._database.snapshot() as reader:
            return self._remembered.selections.find(reader, request)

    def select_series(self, request: GetObservation, *, remember: bool = False) -> tuple[SeriesInfo, ...]:
        """Give the series that a request asks for, whatever its times; remember them where all its names exist."""
        with self._database.reading() as connection:
            series = select_series(connection, request)
            if remember:
                self._remembered.selections.remember(reader_of(connection), request, series)
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
