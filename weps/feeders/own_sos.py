"""
The SOS of the same process, asked without HTTP.

It takes the place of the fetcher of the SOS feeder: requests to our own SOS are decoded, carried out and encoded by the
parts that do so for HTTP, so that the answers are the same octets; all others go to the network.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

from sos_server.bindings import kvp, pox, soap
from sos_server.codecs import ows11, xml
from sos_server.codecs.sos20.encode import encode
from sos_server.errors import NoApplicableCode, OperationNotSupported, SosError
from weps.errors import SourceTooLarge
from weps.feeders.http import Answer

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sos_server.requests import Request
    from sos_server.service import Service
    from weps.feeders.http import HttpRequest

LOG = logging.getLogger("weps.feeders")

_XML = "application/xml"
_BINDINGS = {"": ("kvp", "pox", "soap"), "/kvp": ("kvp",), "/pox": ("pox",), "/soap": ("soap",)}


class Sender(Protocol):
    """What makes requests: a `Fetcher`, or one that knows a shorter way for some."""

    def send(self, request: HttpRequest, deadline: float | None = None) -> Answer:
        """Make a request and give its answer, see `Fetcher.send`."""
        ...


class OwnSos:
    """
    Carries out requests to `endpoints` itself, and leaves all others to a fetcher.

    `base_url` is the address that the service tells of itself (None: the one that was asked), `limit` how many octets
    an answer may have.
    """

    def __init__(
        self,
        fetcher: Sender,
        service: Service,
        endpoints: tuple[str, ...],
        base_url: str | None = None,
        limit: int = 64 * 1024 * 1024,
    ) -> None:
        self._fetcher = fetcher
        self._service = service
        self._base_url = base_url
        self._limit = limit
        self._bindings = {
            endpoint + path: (endpoint, bindings)
            for endpoint in endpoints
            for path, bindings in (*_BINDINGS.items(), ("/", _BINDINGS[""]))
        }

    def send(self, request: HttpRequest, deadline: float | None = None) -> Answer:
        """Make a request, see `Fetcher.send`."""
        found = self._bindings.get(request.url.partition("?")[0])
        if found is None:
            return self._fetcher.send(request, deadline)
        return self._carry_out(request, *found)

    def _carry_out(self, request: HttpRequest, endpoint: str, bindings: tuple[str, ...]) -> Answer:
        message: soap.Message | None = soap.Message() if bindings == ("soap",) else None
        try:
            root = None if request.method == "GET" else xml.parse(request.body or b"")
            if root is not None and soap.is_envelope(root):
                message = soap.decode_message(root)
            used, asked = _decode(request, root)
            if used not in bindings:
                raise OperationNotSupported(
                    f"This address takes no requests over {used.upper()}; use the one above it."
                )
            found = self._service.answer(asked, self._base_url or endpoint, datetime.now(UTC))
            parts = encode(found, counts_as_measures=self._service.counts_as_measures)
            body = self._joined(parts if message is None else soap.encode_answer(message, parts), request.url)
        except SosError as error:
            return _refused(error, message, request.url)
        except SourceTooLarge:
            raise
        except Exception:  # as over HTTP: a service that fails is a source that fails
            LOG.exception("own SOS failed")
            return _refused(NoApplicableCode("The service failed on this request."), message, request.url)
        return Answer(200, _XML if message is None else soap.media_type(message), body, request.url)

    def _joined(self, parts: Iterable[bytes], url: str) -> bytes:
        body = bytearray()
        for part in parts:
            body += part
            if len(body) > self._limit:
                message = f"the answer is larger than {self._limit} octets; ask for less at a time"
                raise SourceTooLarge(message, where=url.partition("?")[0])
        return bytes(body)


def _decode(request: HttpRequest, root: xml.Element | None) -> tuple[str, Request]:
    if root is None:
        return "kvp", kvp.decode(urlsplit(request.url).query)
    return ("soap", soap.decode(root)) if soap.is_envelope(root) else ("pox", pox.decode(root))


def _refused(error: SosError, message: soap.Message | None, url: str) -> Answer:
    if message is None:
        return Answer(error.status, _XML, ows11.encode_exception(error), url)
    fault, status = soap.refuse(message, error)
    return Answer(status, soap.media_type(message), fault, url)
