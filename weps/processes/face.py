"""
The WPS at its address: HTTP to requests, answers and errors to HTTP, and the documents that were stored.

    GET  /wps?service=WPS&request=…    KVP
    POST /wps                          XML, whatever the Content-Type says, also inside of SOAP 1.2
    GET  /wps/jobs/{name}              a stored answer or output

Which version a request is in decides the binding; all share the registry of processes. A request that tells no version
is one of 1.0.0, as clients of that version may leave it out.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING

from pywps import configuration
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from sos_server.codecs.xml import parse
from sos_server.errors import SosError
from weps.errors import NotFoundError, WepsError
from weps.processes.base import Answer, Context
from weps.processes.bodies import SECONDS as BODY_SECONDS
from weps.processes.bodies import Body, read_body
from weps.processes.face_versions import is_20_by_document, is_20_by_kvp, looks_like_20, read_kvp
from weps.processes.faults import WpsError
from weps.processes.job_control import JobControl
from weps.processes.jobs import StoredDocuments
from weps.processes.registry import PROCESSES
from weps.processes.soap import MEDIA_TYPE as SOAP
from weps.processes.soap import SoapError, is_envelope, open_envelope, wrap, write_soap_error
from weps.processes.wps10_binding import Wps10, write_exception
from weps.processes.wps10_kvp import decode_kvp as decode_kvp_10
from weps.processes.wps10_xml import decode_document as decode_document_10
from weps.processes.wps20_binding import Wps20, write_fault
from weps.processes.wps20_kvp import decode_kvp as decode_kvp_20
from weps.processes.wps20_xml import decode_document as decode_document_20

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lxml import etree
    from starlette.types import ASGIApp, Receive, Scope, Send

    from weps.engine import Engine
    from weps.feeders.http import Fetcher
    from weps.processes.base import ProcessSpec

LOG = logging.getLogger(__name__)

BODY_LIMIT = 16 * 1024 * 1024
_JOBS = "/jobs/"
_HEADERS = {
    # An echoed document must not be a page of ours to a browser.
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-cache",
}


class WpsFace:
    """The ASGI application, to be mounted; it answers with and without a slash behind the path it is mounted at."""

    def __init__(
        self, wps10: Wps10, wps20: Wps20, documents: StoredDocuments, body_limit: int, body_seconds: float
    ) -> None:
        self._wps10, self._wps20 = wps10, wps20
        self._documents, self._body_limit, self._body_seconds = documents, body_limit, body_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        request = Request(scope, receive)
        try:
            body = Body(b"")
            if request.method == "POST":
                body = await read_body(request, self._body_limit, self._body_seconds, needs_beginning=True)
            answer = await run_in_threadpool(self._answer, request, body)
        except ClientDisconnect:
            return
        headers = _HEADERS | ({"Allow": "GET, HEAD, POST"} if answer.status == 405 else {})
        response = Response(answer.body, answer.status, headers, f"{answer.media_type}; charset=utf-8")
        await response(scope, receive, send)

    def _answer(self, request: Request, body: Body) -> Answer:
        """Answer in the version that was asked for, also where no more can be told of the request than that."""
        in_soap = request.method == "POST" and _media_type(request) == SOAP
        is_20 = in_soap or looks_like_20(body.content) or is_20_by_kvp(read_kvp(request.url.query))
        try:
            if body.refusal is not None:
                raise body.refusal
            if request.method != "POST":
                return self._answer_get(request, is_20)
            self._check_path(request)
            root = parse(body.content, self._body_limit)
            if in_soap or is_envelope(root):
                in_soap = True
                root = open_envelope(root)
            is_20 = is_20_by_document(root)
            answer = self._answer_document(root, is_20)
        except SoapError as error:
            return write_soap_error(error)
        except (WepsError, SosError) as error:
            answer = write_fault(error) if is_20 else write_exception(error)
        except Exception as error:  # a fault of ours must not take the server down, nor tell strangers about it
            LOG.exception("request failed method=%s", request.method)
            answer = write_fault(error) if is_20 else write_exception(error)
        return wrap(answer) if in_soap else answer

    def _answer_get(self, request: Request, is_20: bool) -> Answer:
        if request.method not in {"GET", "HEAD"}:
            raise WpsError("NoApplicableCode", "A WPS takes GET and POST.", None, 405)
        path = _path(request)
        if path.startswith(_JOBS):
            return self._answer_stored(path.removeprefix(_JOBS))
        self._check_path(request)
        if is_20:
            return self._wps20.answer(decode_kvp_20(read_kvp(request.url.query)))
        return self._wps10.answer(decode_kvp_10(request.url.query))

    def _answer_stored(self, name: str) -> Answer:
        try:
            media_type, document = self._documents.read(name)
        except NotFoundError as error:
            raise WpsError("NoApplicableCode", error.message, None, 404) from error
        return Answer(document, media_type)

    def _answer_document(self, root: etree._Element, is_20: bool) -> Answer:
        if is_20:
            return self._wps20.answer(decode_document_20(root))
        return self._wps10.answer(decode_document_10(root))

    @staticmethod
    def _check_path(request: Request) -> None:
        path = _path(request)
        if path.strip("/"):
            raise WpsError("NoApplicableCode", f"There is nothing at {path}; ask the address without it.", None, 404)


def _media_type(request: Request) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def _path(request: Request) -> str:
    return str(request.scope["path"]).removeprefix(request.scope.get("root_path", ""))


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
    body_seconds: float = BODY_SECONDS,
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
    return WpsFace(
        Wps10(processes, context, documents, f"{base}/wps", body_limit),
        Wps20(processes, JobControl(processes, context), documents, f"{base}/wps", body_limit),
        documents,
        body_limit,
        body_seconds,
    )
