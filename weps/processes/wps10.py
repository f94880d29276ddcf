"""
The WPS at its address: HTTP to requests, answers and errors to HTTP, and the documents that were stored.

    GET  /wps?service=WPS&request=…    KVP
    POST /wps                          XML, whatever the Content-Type says
    GET  /wps/jobs/{name}              a stored answer or output

Which version a request is in decides the binding; all share the registry of processes.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING

from pywps import configuration
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from sos_server.errors import SosError
from weps.errors import NotFoundError, WepsError
from weps.processes.base import Context
from weps.processes.faults import WpsError
from weps.processes.jobs import StoredDocuments
from weps.processes.registry import PROCESSES
from weps.processes.wps10_binding import Answer, Wps10, write_exception
from weps.processes.wps10_kvp import decode_kvp
from weps.processes.wps10_xml import decode_xml

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.types import ASGIApp, Receive, Scope, Send

    from weps.engine import Engine
    from weps.feeders.http import Fetcher
    from weps.processes.base import ProcessSpec

LOG = logging.getLogger(__name__)

BODY_LIMIT = 16 * 1024 * 1024
_JOBS = "/jobs/"


class WpsFace:
    """The ASGI application, to be mounted; it answers with and without a slash behind the path it is mounted at."""

    def __init__(self, binding: Wps10, documents: StoredDocuments, body_limit: int) -> None:
        self._binding, self._documents, self._body_limit = binding, documents, body_limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        request = Request(scope, receive)
        try:
            body = await self._read(request) if request.method == "POST" else b""
            answer = await run_in_threadpool(self._answer, request, body)
        except ClientDisconnect:
            return
        except WpsError as error:
            answer = write_exception(error)
        headers = {"Allow": "GET, HEAD, POST"} if answer.status == 405 else None
        response = Response(answer.body, answer.status, headers, f"{answer.media_type}; charset=utf-8")
        await response(scope, receive, send)

    async def _read(self, request: Request) -> bytes:
        """Read the body; one that is too large is not read to its end, whether it states its length or not."""
        stated = request.headers.get("content-length", "")
        body = bytearray()
        if not stated.isdecimal() or int(stated) <= self._body_limit:
            async for piece in request.stream():
                body += piece
                if len(body) > self._body_limit:
                    break
            else:
                return bytes(body)
        raise WpsError(
            "FileSizeExceeded", f"The request is larger than {self._body_limit} bytes; make it smaller.", None, 413
        )

    def _answer(self, request: Request, body: bytes) -> Answer:
        try:
            return self._carry_out(request, body)
        except (WepsError, SosError) as error:
            return write_exception(error)
        except Exception as error:  # a fault of ours must not take the server down, nor tell strangers about it
            LOG.exception("request failed method=%s", request.method)
            return write_exception(error)

    def _carry_out(self, request: Request, body: bytes) -> Answer:
        path = request.scope["path"].removeprefix(request.scope.get("root_path", ""))
        if request.method not in {"GET", "HEAD", "POST"}:
            raise WpsError("OperationNotSupported", "A WPS takes GET and POST.", None, 405)
        if path.startswith(_JOBS) and request.method != "POST":
            media_type, document = self._documents.read(path.removeprefix(_JOBS))
            return Answer(document, media_type)
        if path.strip("/"):
            raise NotFoundError(f"There is nothing at {path}; ask the address without it.")
        if request.method == "POST":
            return self._binding.answer(decode_xml(body, self._body_limit))
        return self._binding.answer(decode_kvp(request.url.query))


def _configuration_file() -> Path:
    """Give the `pywps.cfg` of the current directory, else the one beside the packages, which need not exist."""
    here = Path("pywps.cfg")
    return here if here.is_file() else Path(__file__).parents[2] / "pywps.cfg"


def create_app(
    engine: Engine,
    fetcher: Fetcher,
    *,
    base_url: str,
    data: Path,
    sos_endpoint: str | None = None,
    body_limit: int = BODY_LIMIT,
    pywps_configuration: Path | None = None,
    processes: Mapping[str, ProcessSpec] = PROCESSES,
) -> ASGIApp:
    """
    Give the ASGI application of the WPS, to be mounted at `/wps` below `base_url`.

    `fetcher` gets what clients refer to, `data` is the folder of stored answers, `sos_endpoint` the SOS that is asked
    when a client names none (default: `/sos` below `base_url`), `pywps_configuration` a `pywps.cfg`.
    """
    configuration.load_configuration([str(pywps_configuration or _configuration_file())])
    base = base_url.rstrip("/")
    documents = StoredDocuments(data, f"{base}/wps/jobs")
    context = Context(engine, fetcher, sos_endpoint or f"{base}/sos")
    return WpsFace(Wps10(processes, context, documents, f"{base}/wps", body_limit), documents, body_limit)
