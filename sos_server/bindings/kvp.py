"""
The KVP binding (OGC 12-006 clause 11): requests as parameters of a URL, or of a form.

Clients ask for the same again and again, and only the time moves on; so what was read of the rest is kept.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, unquote_plus

from sos_server.codecs.sos20 import kvp
from sos_server.codecs.sos20.kvp_filters import decode_temporal
from sos_server.errors import InvalidRequest, SosError
from sos_server.requests import GetObservation, GetResult

if TYPE_CHECKING:
    from sos_server.filters import TemporalFilter
    from sos_server.requests import Request

_MOST_PARAMETERS = 1000
_LONGEST_KEPT = 2000  # characters
_TIME = "&temporalFilter="


def decode(text: str) -> Request:
    """Read the request of a query string; empty values count, as they are asked for."""
    if len(text) > _LONGEST_KEPT:
        return _decode(text)
    before, mark, found = text.partition(_TIME)
    time, _, after = found.partition("&")
    if not mark:
        return _decode_once(text)
    try:
        rest, condition = _decode_once(f"{before}&{after}"), _decode_time(time)
    except (SosError, UnicodeDecodeError):
        return _decode(text)
    if not isinstance(rest, GetObservation | GetResult) or rest.temporal_filters:
        return _decode(text)
    return _with_time(rest, condition)


def _with_time(request: GetObservation | GetResult, condition: TemporalFilter) -> Request:
    if isinstance(request, GetResult):
        return replace(request, temporal_filters=(condition,))
    # what replace does, in a third of the time
    return GetObservation(
        request.offerings,
        request.procedures,
        request.observed_properties,
        request.features_of_interest,
        (condition,),
        request.spatial_filter,
        request.response_format,
        request.merged,
    )


def _decode(text: str) -> Request:
    try:
        parameters = parse_qsl(text, keep_blank_values=True, max_num_fields=_MOST_PARAMETERS, errors="strict")
    except UnicodeDecodeError as error:
        raise InvalidRequest("The parameters are not UTF-8; encode them so before the percent encoding.") from error
    except ValueError as error:
        raise InvalidRequest(f"There are more than {_MOST_PARAMETERS} parameters; send the request as XML.") from error
    return kvp.decode(parameters)


@lru_cache(maxsize=1000)  # many series are asked for with the same time
def _decode_time(text: str) -> TemporalFilter:
    written = unquote_plus(text, errors="strict").strip()
    if "\x00" in written:
        raise InvalidRequest("A text has no such character.")
    return decode_temporal(written)


_decode_once = lru_cache(maxsize=1000)(_decode)
