"""Writing O&M 2.0: the way of the service against an lxml tree of the same answer."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

from lxml import etree

from benchmarks import om20_tree, station
from benchmarks.frame import Case, Line, Scale, at_least, compare, require_equal
from sos_server.codecs.om20_encode import encode_observations

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sos_server.model import SeriesInfo, StoredRow


def run(scale: Scale) -> list[Line]:
    """Write one series of measurements both ways."""
    count = scale.of(5000)
    rows = [station.row(number) for number in range(count)]

    def series() -> Iterator[tuple[SeriesInfo, Iterator[StoredRow]]]:
        yield station.SERIES, iter(rows)

    def ours() -> bytes:
        return b"".join(encode_observations(series()))

    def tree() -> bytes:
        return om20_tree.encode(series())

    require_equal("the canonical form of the answer", _canonical(tree()), _canonical(ours()))
    return compare(
        [
            Case("an lxml tree", tree, count),
            Case("an observation as O&M 2.0", ours, count, against="an lxml tree", target=at_least(8)),
        ],
        scale,
    )


def _canonical(document: bytes) -> str:
    text: str = etree.canonicalize(from_file=BytesIO(document))
    return text
