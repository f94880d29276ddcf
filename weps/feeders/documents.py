"""
Reading observations from files: any O&M 2.0 document, CSV, JSON lines; each also compressed with gzip.

What a file is, is told by its content. A new format is a reader and a line in `_FORMATS`.
"""

from __future__ import annotations

import gzip
import io
import logging
import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from sos_server.codecs import om20, om20_result, xml
from sos_server.codecs.xml_recovery import recover
from sos_server.errors import SosError
from sos_server.time import format_instant
from weps.errors import InputError
from weps.feeders import csv_sos
from weps.feeders.convert import convert_each
from weps.feeders.csv_lines import read_csv
from weps.feeders.json_documents import is_document, read_json_document
from weps.feeders.json_lines import read_json_lines
from weps.model import Observation

LOG = logging.getLogger("weps.feeders")

_GZIP = b"\x1f\x8b"
_SIZE_LIMIT = 1024 * 1024 * 1024
_MAY_BE_EMPTY = frozenset({"GetObservationResponse", "InsertObservation", "ObservationCollection"})


def read_observations(data: bytes, include_nil: bool = False) -> tuple[Observation, ...]:
    """
    Read all observations of a file in their order; nil results only with `include_nil`.

    `id` is what the file gives, else the position among all observations of the file, counted from 0.
    Raises `InputError` with the line of what cannot be read.
    """
    content = _decompressed(data)
    if not content.strip():
        raise InputError("the file is empty; observations as O&M 2.0, CSV or JSON lines are needed")
    read = _reader_of(content)
    found = (one if one.id else one._replace(id=str(index)) for index, one in enumerate(read(content)))
    return tuple(one for one in found if include_nil or one.value is not None)


def read_recording(data: bytes) -> tuple[Observation, ...]:
    """
    Read all observations of a file for a backtest: as they would be seen live.

    The nil results of a document are left out, as when a source is polled. JSON lines are a recording of events, one by
    one: there `"value": null` is an event without a value. An empty file is the recording of a time when nothing came.
    """
    content = _decompressed(data)
    if not content.strip():
        return ()
    return read_observations(content, include_nil=_reader_of(content) is read_json_lines)


def to_json_line(observation: Observation) -> dict[str, Any]:
    """Give an observation as the members of one line of `weps read`; what is not known is left out."""
    end, result_time, position = observation.phenomenon_time_end, observation.result_time, observation.position
    members = {
        "phenomenon_time": format_instant(observation.phenomenon_time),
        "phenomenon_time_end": format_instant(end) if end else None,
        "result_time": format_instant(result_time) if result_time else None,
        "procedure": observation.procedure,
        "observed_property": observation.observed_property,
        "feature_of_interest": observation.feature_of_interest,
        "offering": observation.offering,
        "value": observation.value,
        "nil_reason": observation.nil_reason,
        "uom": observation.uom,
        "longitude": position[0] if position else None,
        "latitude": position[1] if position else None,
        "quality": observation.quality,
    }
    always = {"value", "nil_reason"} if observation.value is None else {"value"}
    return {name: value for name, value in members.items() if value is not None or name in always}


def _read_xml(data: bytes) -> Iterator[Observation]:
    try:
        root, mended = recover(data, limit=_SIZE_LIMIT)
        found = tuple(om20.decode_observations(root))
    except SosError as error:
        raise InputError(error.message) from error
    for note in mended:
        LOG.warning("document mended what=%s", note)
    names = {xml.local_name(element) for element in root.iter("*")} if not found else set()
    if not found and "OM_Observation" not in names and not names & _MAY_BE_EMPTY:
        raise InputError(f"the document ({root.tag}) holds no O&M 2.0 observations; other formats cannot be read yet")
    # a place is a result, but no value; nor is it nil
    valued = (each for each in found if each.observation_type != om20_result.GEOMETRY_OBSERVATION)
    for observation in convert_each(valued):
        # Here the identity is the place in the file: two entries of one file are two observations, whatever they say.
        yield observation._replace(id="")


def _decompressed(data: bytes) -> bytes:
    if not data.startswith(_GZIP):
        return data
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as file:
            content = file.read(_SIZE_LIMIT + 1)
    except (OSError, EOFError, ValueError) as error:
        raise InputError("the file is damaged: its gzip compression breaks off or is wrong") from error
    if len(content) > _SIZE_LIMIT:
        raise InputError(f"the file has more than {_SIZE_LIMIT} octets when it is decompressed; split it")
    return content


def _reader_of(content: bytes) -> Callable[[bytes], Iterator[Observation]]:
    return next(form.read for form in _FORMATS if form.matches(content))


class _Format(NamedTuple):
    matches: Callable[[bytes], object]
    read: Callable[[bytes], Iterator[Observation]]


_BRACKET = re.compile(rb"(?:\xef\xbb\xbf)?\s*[{\[]")
_FORMATS = (
    # UTF-8 with or without its mark, or one of the marks of UTF-16, in which no other format here comes
    _Format(re.compile(rb"(?:\xef\xbb\xbf)?\s*<|\xff\xfe|\xfe\xff").match, _read_xml),
    _Format(lambda content: _BRACKET.match(content) and is_document(content), read_json_document),
    _Format(_BRACKET.match, read_json_lines),
    _Format(csv_sos.matches, csv_sos.read_csv_answer),
    _Format(bool, read_csv),
)
