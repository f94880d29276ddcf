"""What clients get who are refused, or failed by the service: exception reports, faults for those who speak SOAP."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from starlette.requests import ClientDisconnect
from starlette.responses import Response

from sos_server.bindings import soap
from sos_server.codecs import ows11
from sos_server.errors import NoApplicableCode, ServiceUnavailable, SosError

if TYPE_CHECKING:
    from collections.abc import Generator

    from starlette.requests import Request

_LOG = logging.getLogger("sos_server")
_MEDIA_TYPE = "application/xml"


@contextmanager
def told_as_sent(http: Request) -> Generator[None]:
    """Refuse in SOAP what says that it is SOAP, also where nothing could be read of it."""
    try:
        yield
    except SosError:
        if soap.is_soap(http.headers.get("content-type", "")):
            http.state.soap = soap.Message()
        raise


def message_of(http: Request) -> soap.Message | None:
    """Give the SOAP message that a request came in, None where it came without."""
    message: soap.Message | None = getattr(http.state, "soap", None)
    return message


async def _refuse(request: Request, error: Exception) -> Response:
    refusal = error if isinstance(error, SosError) else NoApplicableCode("The request could not be answered.")
    _LOG.info("refused code=%s locator=%r status=%d", refusal.code, refusal.locator, refusal.status)
    headers = {"Retry-After": str(refusal.seconds)} if isinstance(refusal, ServiceUnavailable) else {}
    message = message_of(request)
    if message is None:
        return Response(ows11.encode_exception(refusal), refusal.status, headers, _MEDIA_TYPE)
    fault, status = soap.refuse(message, refusal)
    return Response(fault, status, {"Content-Type": soap.media_type(message), **headers})


async def _leave(_request: Request, _error: Exception) -> Response:
    _LOG.info("abandoned reason='client left before the request was whole'")
    return Response(status_code=400)


async def _fail(request: Request, error: Exception) -> Response:
    _LOG.error("failed path=%s", request.url.path, exc_info=error)
    return await _refuse(
        request, NoApplicableCode("The service failed on this request; its operator finds why in the log.")
    )


HANDLERS: dict[Any, Any] = {SosError: _refuse, ClientDisconnect: _leave, Exception: _fail}  # as Starlette takes them
