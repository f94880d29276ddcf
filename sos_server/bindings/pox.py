"""The POX binding (OGC 12-006 clause 12): requests as XML documents in the body of a POST."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sos_server.codecs.sos20 import decode as sos20

if TYPE_CHECKING:
    from sos_server.codecs.xml import Element
    from sos_server.requests import Request


def decode(root: Element) -> Request:
    """Read the request of a document."""
    return sos20.decode(root)
