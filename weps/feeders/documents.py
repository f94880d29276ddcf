"""
Reading observations from files: any XML or JSON that holds them, CSV, JSON lines; each also compressed with gzip.

What a file is, is told by its content. A new format is a reader and a line in `_FORMATS`.
"""

from __future__ import annotations

import gzip
import io
import re
import tempfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any, BinaryIO, NamedTuple, TypeAlias

from sos_server.time import format_instant
from weps.errors import InputError
from weps.feeders import csv_sos
from weps.feeders.csv_lines import read_csv
from weps.feeders.json_documents import is_document, read_json_document
from weps.feeders.json_lines import read_json_lines
from weps.feeders.xml_documents import SIZE_LIMIT, read_xml, stream_xml, tell_in_log
from weps.model import Observation

_GZIP = b"\x1f\x8b"
_HEAD = 1 << 18


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
    read = _reader_of(content)
    found = read_xml(content, elsewhere) if read is None else read(io.BytesIO(content))
    return tuple(_numbered(found, include_nil))


def stream_observations(
    file: BinaryIO, include_nil: bool = False, elsewhere: Callable[[str], object] = tell_in_log
) -> Iterator[Observation]:
    """
    Give the observations of a file one after the other, as `read_observations` does.

    All formats are read as they come, so that memory does not grow with the file, which must be one that can be read
    twice. What stands before something that cannot be read is given before `InputError` is raised.
    """
    head = file.read(_HEAD)
    file.seek(0)
    if head.startswith(_GZIP):
        with tempfile.TemporaryFile() as unpacked:
            _unpack(file, unpacked)
            yield from stream_observations(unpacked, include_nil, elsewhere)
        return
    if not head.strip() and len(head) < _HEAD:
        raise _empty()
    read = _reader_of(head, is_whole=len(head) < _HEAD)
    yield from _numbered(stream_xml(file, elsewhere) if read is None else read(file), include_nil)


def _unpack(file: BinaryIO, unpacked: BinaryIO) -> None:
    """Unpack a file into another, because readers go back and forth."""
    try:
        with gzip.GzipFile(fileobj=file) as packed:
            while chunk := packed.read(_HEAD):
                unpacked.write(chunk)
                if unpacked.tell() > SIZE_LIMIT:
                    raise _too_large()
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise _damaged() from error
    unpacked.seek(0)


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
        raise _too_large()
    return content


def _too_large() -> InputError:
    return InputError(f"the file has more than {SIZE_LIMIT} octets when it is decompressed; split it")


def _damaged() -> InputError:
    return InputError("the file is damaged: its gzip compression breaks off or is wrong")


def _empty() -> InputError:
    return InputError("the file is empty; observations in XML, JSON or CSV are needed")


Read: TypeAlias = Callable[[BinaryIO], Iterator[Observation]]


def _reader_of(head: bytes, *, is_whole: bool = True) -> Read | None:
    """Tell by the begin of a file, or all of it, what reads it; None is XML, which is read in two ways."""
    # UTF-8 with or without its mark, or one of the marks of UTF-16, in which no other format here comes
    if _XML.match(head):
        return None
    return next(form.read for form in _FORMATS if form.matches(head, is_whole))


class _Format(NamedTuple):
    matches: Callable[[bytes, bool], object]
    read: Read


_XML = re.compile(rb"(?:\xef\xbb\xbf)?\s*<|\xff\xfe|\xfe\xff")
_BRACKET = re.compile(rb"(?:\xef\xbb\xbf)?\s*[{\[]")
_FORMATS = (
    _Format(lambda head, is_whole: _BRACKET.match(head) and is_document(head, is_whole=is_whole), read_json_document),
    _Format(lambda head, _: _BRACKET.match(head), read_json_lines),
    _Format(lambda head, _: csv_sos.matches(head), csv_sos.stream_csv_answer),
    _Format(lambda _head, _is_whole: True, read_csv),
)
