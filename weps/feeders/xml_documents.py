"""
Observations in XML documents: O&M 1.0 and 2.0, SWE Common and WaterML 2.0 in any answer, insertion or envelope.

A document is read whole, or as a stream with a memory that does not grow with it. Only where a stream refers to what
stands far away in it, or is not quite XML, it is read again as a whole, from where the stream was left.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from itertools import islice
from typing import TYPE_CHECKING, BinaryIO

from sos_server.codecs import om_documents, xml
from sos_server.codecs.xml_recovery import recover
from sos_server.errors import InvalidRequest, RequestTooLarge, SosError
from weps.errors import InputError
from weps.feeders.convert import convert_each
from weps.feeders.secrets import masked

if TYPE_CHECKING:
    from sos_server import model as sos
    from weps.model import Observation

LOG = logging.getLogger("weps.feeders")

SIZE_LIMIT = 1024 * 1024 * 1024
_CHUNK = 1 << 20


def tell_in_log(reference: str) -> None:
    """Tell in the log that values are not in the document, and where they are."""
    LOG.warning("values not in the document, not read where=%s", masked(reference))


def read_xml(data: bytes, elsewhere: Callable[[str], object] = tell_in_log) -> Iterator[Observation]:
    """
    Read the observations of a document; raises `InputError` with the line of what cannot be read.

    `elsewhere` is told where values are that the document only refers to.
    """
    return _converted(_whole(data, elsewhere))


def stream_xml(file: BinaryIO, elsewhere: Callable[[str], object] = tell_in_log) -> Iterator[Observation]:
    """
    Read the observations of a document from the begin of a file that can be read twice.

    Raises `InputError` with the line of what cannot be read, when it is come to. `elsewhere` is told where values are
    that the document only refers to; twice, where it has to be read twice.
    """
    return _converted(_stream(file, elsewhere))


def _converted(found: Iterator[sos.Observation]) -> Iterator[Observation]:
    try:
        for observation in convert_each(found):
            # Here the identity is the place in the file: two entries of one file are two observations.
            yield observation._replace(id="")
    except SosError as error:
        raise InputError(error.message) from error


def _whole(data: bytes, elsewhere: Callable[[str], object]) -> Iterator[sos.Observation]:
    root, mended = recover(data, limit=SIZE_LIMIT)
    for note in mended:
        LOG.warning("document mended what=%s", note)
    if not om_documents.holds_observations(root):
        raise InputError(
            f"the document ({xml.local_name(root)}) holds no observations; "
            "those of O&M 1.0 and 2.0, SWE Common and WaterML 2.0 are read"
        )
    yield from om_documents.decode_observations(root, elsewhere)


def _stream(file: BinaryIO, elsewhere: Callable[[str], object]) -> Iterator[sos.Observation]:
    given = 0
    fault: SosError | None = None
    try:
        for observation in om_documents.decode_parts(_chunks(file), elsewhere):
            yield observation
            given += 1
        if given:
            return
    except InvalidRequest as error:
        LOG.debug("document read again as a whole why=%s", error.message)
        fault = error
    file.seek(0)
    try:
        yield from islice(_whole(file.read(SIZE_LIMIT + 1), elsewhere), given, None)
    except RequestTooLarge as too_large:
        # it can be read in parts only, so that what is wrong in a part is what is wrong
        raise (fault or too_large) from too_large


def _chunks(file: BinaryIO) -> Iterator[bytes]:
    file.seek(0)
    size = 0
    while chunk := file.read(_CHUNK):
        size += len(chunk)
        if size > SIZE_LIMIT:
            raise InputError(f"the file has more than {SIZE_LIMIT} octets; split it")
        yield chunk
