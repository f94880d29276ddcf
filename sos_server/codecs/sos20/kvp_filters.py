"""Filters of SOS 2.0 requests as keyword-value pairs (OGC 12-006 clause 13.2.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sos_server.codecs import fes20, gml32, xsd
from sos_server.errors import InvalidParameterValue, MissingParameterValue, OptionNotSupported
from sos_server.filters import SpatialOperator, TemporalFilter, TemporalOperator
from sos_server.time import parse_limit

if TYPE_CHECKING:
    from datetime import datetime

    from sos_server.filters import SpatialFilter


def decode_temporal(text: str) -> TemporalFilter:
    """Read `om:phenomenonTime,begin/end`, `…,instant`, `…,latest` or `…,first`."""
    name, comma, time = (part.strip() for part in text.partition(","))
    if not name and not comma:
        raise MissingParameterValue("The parameter temporalFilter is empty; leave it out or fill it.", "temporalFilter")
    reference = fes20.read_temporal_reference(name)
    if not time:
        raise MissingParameterValue(f"The temporal filter {text!r} has no time.", "temporalFilter")
    if time in fes20.FIRST_AND_LATEST:
        return TemporalFilter(fes20.FIRST_AND_LATEST[time], reference=reference)
    begin, end = read_time(time, "temporalFilter")
    return TemporalFilter(TemporalOperator.DURING if "/" in time else TemporalOperator.EQUALS, begin, end, reference)


def read_time(time: str, name: str) -> tuple[datetime, datetime]:
    """Read an instant, or a period as `begin/end`."""
    begin_text, slash, end_text = time.partition("/")
    try:
        begin = parse_limit(begin_text)
        end = parse_limit(end_text) if slash else begin
    except (ValueError, OverflowError) as error:
        raise InvalidParameterValue(f"The time of {name} cannot be read: {error}.", name) from error
    if begin > end:
        raise InvalidParameterValue(f"The period {time} ends before it begins; swap its ends.", name)
    return begin, end


def decode_spatial(text: str) -> SpatialFilter:
    """Read `om:featureOfInterest/*/sams:shape,lower corner,upper corner[,crs]` in the axis order of its system."""
    parts = [part.strip() for part in text.split(",")]
    if not text:
        raise MissingParameterValue("The parameter spatialFilter is empty; leave it out or fill it.", "spatialFilter")
    reference = fes20.read_spatial_reference(parts[0])
    if len(parts) not in (5, 6):
        raise InvalidParameterValue(
            "The spatial filter needs a property, four coordinates and perhaps a reference system.", "spatialFilter"
        )
    try:
        first, second, third, fourth = (xsd.read_double(part) for part in parts[1:5])
        swap = gml32.latitude_first(parts[5] if len(parts) == 6 else None)
    except ValueError as error:
        raise InvalidParameterValue(f"The spatial filter cannot be read: {error}.", "spatialFilter") from error
    corners = (second, first, fourth, third) if swap else (first, second, third, fourth)
    return fes20.make_box(*corners, reference)


def write_spatial(condition: SpatialFilter) -> str:
    """Write a spatial filter; raises `OptionNotSupported` for what has no form in KVP."""
    if condition.operator is not SpatialOperator.BBOX:
        raise OptionNotSupported(f"{condition.operator} has no form in KVP; send XML.", "spatialFilter")
    west, south, east, north = fes20.bounds_of(condition)
    corners = ",".join(xsd.write_double(number) for number in (south, west, north, east))
    return f"{condition.reference},{corners},{gml32.WGS84}"
