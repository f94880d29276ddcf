"""Tables of SWE Common as observations: one for each value, row by row, column by column, made many at once."""

from __future__ import annotations

from functools import partial
from itertools import chain, repeat
from typing import TYPE_CHECKING, Any

from sos_server.codecs import swe_columns, xml, xsd
from sos_server.codecs.sampling20 import UNKNOWN
from sos_server.model import OM_CATEGORY, OM_COUNT, OM_MEASUREMENT, OM_TEXT, OM_TRUTH, Observation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from sos_server.codecs.om_members import Members
    from sos_server.codecs.om_stations import Stations
    from sos_server.codecs.swe_columns import Roles
    from sos_server.codecs.swe_values import Table
    from sos_server.model import Feature

_TYPES = {
    "Quantity": OM_MEASUREMENT,
    "Count": OM_COUNT,
    "Boolean": OM_TRUTH,
    "Category": OM_CATEGORY,
    "Text": OM_TEXT,
}
# made from an iterable of tuples, without the constructor: four times as fast
_make: Callable[[Any], Observation] = partial(tuple.__new__, Observation)


def observe(
    table: Table, members: Members, stations: Stations | None = None, *, is_record: bool = False
) -> Iterator[Observation]:
    """
    Give the observations of a table; raises `InvalidRequest` with the row of what cannot be read.

    What a row tells of its time, place, feature and sensor counts; else what the observation tells as a whole. A
    record is one row, in which texts are values too.
    """
    roles = swe_columns.find_roles(table.fields, table.context, all_texts=is_record)
    if not roles.values or not table.rows:
        return iter(())
    common = _common(table, roles, members, stations)
    single = len(roles.values) == 1
    found = []
    for index in roles.values:
        told = table.fields[index]
        columns = dict(common)
        values, reasons = swe_columns.read_values(told, table.columns[index])
        columns["value"] = values
        columns["nil_reason"] = repeat(None) if reasons is None else reasons
        columns["uom"] = repeat(told.uom)
        columns["observed_property"] = repeat(members.property_of(told.definition, told.name, single=single))
        columns["observation_type"] = repeat(_TYPES.get(told.kind, members.observation_type))
        columns["quality"] = _quality(table, index, members)
        found.append(map(_make, zip(*columns.values(), strict=False)))
    return found[0] if single else chain.from_iterable(zip(*found, strict=True))


def _common(table: Table, roles: Roles, members: Members, stations: Stations | None) -> dict[str, Iterable[Any]]:
    """Give the columns that all values of a row share, by the members of an observation; each can be read again."""
    columns: dict[str, Iterable[Any]] = dict.fromkeys(Observation._fields, repeat(None))
    columns["phenomenon_time"], columns["phenomenon_time_end"] = _times(table, roles, members)
    columns["result_time"] = _result_times(table, roles, members)
    columns["procedure"] = _procedures(table, roles, members)
    columns["feature_of_interest"], columns["feature"] = _features(table, roles, members)
    columns["offering"] = repeat(members.offering)
    columns["identifier"] = repeat(members.identifier)
    columns["valid_time"] = repeat(members.valid_time)
    columns["geometry"] = _places(table, roles) or repeat(members.geometry)
    if stations is not None and roles.chosen is not None:
        stations.tell(table.columns[roles.chosen], columns)
    return columns


def _times(table: Table, roles: Roles, members: Members) -> tuple[Iterable[Any], Iterable[Any]]:
    if roles.time is None:
        time = members.phenomenon_time()
        return repeat(time.begin), repeat(time.end)
    where = xml.where(members.element)
    told, texts = table.fields[roles.time], table.columns[roles.time]
    if roles.end is not None:
        ends = swe_columns.read_instants(table.fields[roles.end], table.columns[roles.end], where)
        return swe_columns.read_instants(told, texts, where), ends
    if "/" not in "".join(texts):
        return swe_columns.read_instants(told, texts, where), repeat(None)
    begins, ends = (
        swe_columns.read_instants(told, [text.partition("/")[0] for text in texts], where),
        swe_columns.read_instants(told, [text.rpartition("/")[2] for text in texts], where),
    )
    return begins, ends


def _result_times(table: Table, roles: Roles, members: Members) -> Iterable[Any]:
    if roles.result_time is None:
        return repeat(members.result_time)
    told, texts = table.fields[roles.result_time], table.columns[roles.result_time]
    return swe_columns.read_instants(told, texts, xml.where(members.element))


def _procedures(table: Table, roles: Roles, members: Members) -> Iterable[Any]:
    if members.procedure is not None:
        return repeat(members.procedure)
    for index in (roles.sensor, roles.station):
        if index is not None:
            return [text.strip() or UNKNOWN for text in table.columns[index]]
    return repeat(members.any_name)


def _features(table: Table, roles: Roles, members: Members) -> tuple[Iterable[Any], Iterable[Any]]:
    """Give the identifiers of the features and the features themselves: rows tell which of several."""
    if members.feature_of_interest is not None:
        return repeat(members.feature_of_interest), repeat(members.feature)
    for index in (roles.feature, roles.station):
        if index is not None:
            known = members.features
            found: list[Feature | None] = [known.get(text.strip()) for text in table.columns[index]]
            names = [
                text.strip() or UNKNOWN if each is None else each.identifier
                for each, text in zip(found, table.columns[index], strict=True)
            ]
            only = members.feature
            return names, [each or only for each in found] if only is not None else found
    return repeat(members.any_name), repeat(members.feature)


def _places(table: Table, roles: Roles) -> list[Mapping[str, Any] | None] | None:
    """Give the points of rows; None where rows tell none."""
    if roles.latitude is None or roles.longitude is None:
        return None
    longitudes, latitudes = table.columns[roles.longitude], table.columns[roles.latitude]
    constant = all(table.fields[index].value is not None for index in (roles.longitude, roles.latitude))
    if constant:
        return [_point(longitudes[0], latitudes[0])] * table.rows
    return [_point(*place) for place in zip(longitudes, latitudes, strict=True)]


def _point(longitude: str, latitude: str) -> Mapping[str, Any] | None:
    try:
        place = [xsd.read_double(longitude), xsd.read_double(latitude)]
    except ValueError:
        return None
    if not -180 <= place[0] <= 360 or not -90 <= place[1] <= 90:
        return None
    return {"type": "Point", "coordinates": place}


def _quality(table: Table, index: int, members: Members) -> Iterable[str | None]:
    found = swe_columns.quality_of(index, table.fields)
    if isinstance(found, int):
        texts: Sequence[str] = table.columns[found]
        return [text.strip() or None for text in texts]
    return repeat(found or members.quality)
