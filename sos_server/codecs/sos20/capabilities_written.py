"""Capabilities documents that were written already: each is written once, until a sensor or an extent changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sos_server.codecs.sos20 import capabilities

if TYPE_CHECKING:
    from sos_server.responses import Capabilities

_MOST = 4  # clients that reach the service by other addresses or ask for other sections get other documents

_parts = capabilities.Written()
_written: tuple[tuple[Capabilities, bytes], ...] = ()


def encode(response: Capabilities) -> bytes:
    """Give the document of capabilities, which is written where it is not among those written last."""
    global _written  # noqa: PLW0603 -- replaced as a whole, so that threads need no lock; what one loses is written anew
    for known, document in _written:
        # the update sequence is compared before the contents, and the storage gives the same contents until they change
        if known == response:
            return document
    document = capabilities.encode(response, _parts)
    _written = ((response, document), *_written)[:_MOST]
    return document
