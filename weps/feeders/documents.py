"""
Reading observations from files: any XML or JSON that holds them, CSV, JSON lines; each also compressed with gzip.

What a file is, is told by its content. A new format is a reader and a line in `_FORMATS`.
"""

from __future__ import annotations

import gzip
import io
import re
import zlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any, BinaryIO, NamedTuple, cast

from sos_server.time import format_instant
from weps.errors import InputError
from weps.feeders import csv_sos
from weps.feeders.csv_lines import read_csv
from weps.feeders.json_documents import is_document, read_json_document
from weps.feeders.json_lines import read_json_lines
from weps.feeders.xml_documents import SIZE_LIMIT, read_xml, stream_xml, tell_in_log
from weps.model import Observation

_GZIP = b"\x1f\x8b"
_HEAD = 4096


def read_observations(
    data: bytes, include_nil: bool = False, elsewhere: Callable[[str], object] = tell_in_log
) -> tuple[Observation, ...]:
    """
    Read all observations of a file in their order; nil results only with `include_nil`.

    `elsewhere` is told where values are that the file only refers to: they are not read.

    `id` is what the file gives, else the position among all observations of the file, counted from 0.
    Raises `InputError` with the line of what cannot be read.
    """
    content = _decompressed(data)
    if not content.strip():
        raise _empty()
    reader = _reader_of(content)
    found = read_xml(content, elsewhere) if reader is read_xml else reader(content)
    return tuple(_numbered(found, include_nil))


def stream_observations(
    file: BinaryIO, include_nil: bool = False, elsewhere: Callable[[str], object] = tell_in_log
) -> Iterator[Observation]:
    """
    Give the observations of a file one after the other, as `read_observations` does.

    XML is read as it comes, so that memory does not grow with the file, which must be one that can be read twice. What
    stands before something that cannot be read is given before `InputError` is raised.
    """
    head = file.read(_HEAD)
    file.seek(0)
    if head.startswith(_GZIP):
        unpacked = cast("BinaryIO", gzip.GzipFile(fileobj=file))
        try:
            yield from stream_observations(unpacked, include_nil, elsewhere)
        except (OSError, EOFError, zlib.error) as error:
            raise _damaged() from error
    elif head.strip() and _reader_of(head) is read_xml:
        yield from _numbered(stream_xml(file, elsewhere), include_nil)
    else:
        yield from read_observations(file.read(), include_nil)


def _numbered(found: Iterable[Observation], include_nil: bool) -> Iterator[Observation]:
    for index, observation in enumerate(found):
        if include_nil or observation.value is not None:
            yield observation if observation.id else observation._replace(id=str(index))


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


def _decompressed(data: bytes) -> bytes:
    if not data.startswith(_GZIP):
        return data
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as file:
            content = file.read(SIZE_LIMIT + 1)
    except (OSError, EOFError, ValueError, zlib.error) as error:
        raise _damaged() from error
    if len(content) > SIZE_LIMIT:
        raise InputError(f"the file has more than {SIZE_LIMIT} octets when it is decompressed; split it")
    return content


def _damaged() -> InputError:
    return InputError("the file is damaged: its gzip compression breaks off or is wrong")


def _empty() -> InputError:
    return InputError("the file is empty; observations in XML, JSON or CSV are needed")


def _reader_of(content: bytes) -> Callable[[bytes], Iterator[Observation]]:
    return next(form.read for form in _FORMATS if form.matches(content))


class _Format(NamedTuple):
    matches: Callable[[bytes], object]
    read: Callable[[bytes], Iterator[Observation]]


_BRACKET = re.compile(rb"(?:\xef\xbb\xbf)?\s*[{\[]")
_FORMATS = (
    # UTF-8 with or without its mark, or one of the marks of UTF-16, in which no other format here comes
    _Format(re.compile(rb"(?:\xef\xbb\xbf)?\s*<|\xff\xfe|\xfe\xff").match, read_xml),
    _Format(lambda content: _BRACKET.match(content) and is_document(content), read_json_document),
    _Format(_BRACKET.match, read_json_lines),
    _Format(csv_sos.matches, csv_sos.read_csv_answer),
    _Format(bool, read_csv),
)
