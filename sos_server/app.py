"""
The HTTP face of the service as an ASGI application.

`create_app` gives it; `mount` puts it under a path of another application, so that `/sos` and `/sos/` both answer.
The address itself takes every binding, `/kvp`, `/pox` and `/soap` take one.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response
from starlette.routing import Match, Mount, Route

from sos_server.bindings import kvp, pox, soap
from sos_server.bindings.at_hand import AtHand, log_answer
from sos_server.bindings.http import accepts_gzip, compressed, in_chunks, is_form, read_body, resumed
from sos_server.bindings.inserting import Inserting
from sos_server.bindings.receiving import InTime
from sos_server.bindings.refusing import HANDLERS, message_of, told_as_sent
from sos_server.bindings.sending import PatientStream
from sos_server.codecs import ows11, xml
from sos_server.codecs.sos20.encode import encode
from sos_server.errors import (
    InvalidRequest,
    NoApplicableCode,
    OperationNotSupported,
    OptionNotSupported,
    RequestTooSlow,
)
from sos_server.operations.base import Identity
from sos_server.requests import GetCapabilities
from sos_server.retention import keep_purging
from sos_server.service import Service
from sos_server.storage.sql import open_storage

if TYPE_CHECKING:
    from starlette.requests import Request as HttpRequest
    from starlette.types import ASGIApp, Receive, Scope, Send

    from sos_server.requests import Request
    from sos_server.settings import Settings

PATH = "/sos"
_KVP, _POX, _SOAP = "kvp", "pox", "soap"
_MEDIA_TYPE = "application/xml"


def create_app(settings: Settings, *, short_cuts: str | None = "") -> Starlette:
    """
    Make the application; its storage, `app.state.storage`, is open and stays so until it is closed.

    Under the path `short_cuts` small questions and inserts are answered without a thread for each.
    It takes care of its own errors: every refusal is an OWS exception report.
    """
    storage = open_storage(settings.database_url)
    if settings.retention:
        keep_purging(storage, settings.retention)
    identity = Identity(
        settings.title,
        settings.abstract,
        settings.provider_name,
        None if settings.provider_site is None else str(settings.provider_site),
    )
    service = Service(
        storage,
        identity,
        settings.merge_observations,
        settings.strict_spatial_filtering,
        settings.counts_as_measures,
    )
    face = _Face(service, settings)
    app = _Application(
        service,
        settings,
        short_cuts,
        routes=[
            Route("/", face.answer_any, methods=["GET", "POST"]),
            Route(f"/{_KVP}", face.answer_kvp, methods=["GET", "POST"]),
            Route(f"/{_POX}", face.answer_pox, methods=["GET", "POST"]),
            Route(f"/{_SOAP}", face.answer_soap, methods=["GET", "POST"]),
        ],
        exception_handlers={**HANDLERS, HTTPException: _no_route},
    )
    app.state.service, app.state.storage = service, storage
    app.add_middleware(_BareAddress)
    return app


def create_standalone(settings: Settings) -> Starlette:
    """Make the application with nothing else around it: at `/sos`, which `/` leads to."""
    sos = create_app(settings, short_cuts=None)
    app = _Application(sos.state.service, settings, PATH, routes=[Route("/", _lead_to_service), mount(PATH, sos)])
    app.state.storage = sos.state.storage
    return app


def mount(path: str, app: ASGIApp) -> Mount:
    """Give the route that answers with an application at a path, with and without a slash at its end."""
    return _WholeMount(path, app=app)


class _WholeMount(Mount):
    """A mount that also matches its path without a slash at the end."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        path = scope.get("path", "")
        if path == scope.get("root_path", "") + self.path:
            return super().matches({**scope, "path": f"{path}/"})
        return super().matches(scope)


class _BareAddress:
    """Lets the address under which an application is mounted stand without a slash."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] == scope.get("root_path", ""):
            scope = {**scope, "path": scope["path"] + "/"}
        await self._app(scope, receive, send)


class _Application(Starlette):
    """
    The routes, and before them the short ways of the addresses under a path, where one is given.

    Then it is the outermost, so it also watches the time in which requests have to arrive.
    """

    def __init__(self, service: Service, settings: Settings, short_cuts: str | None, **options: Any) -> None:
        super().__init__(**options)
        self._seconds = None if short_cuts is None else settings.request_limit_seconds

        def addresses(*paths: str) -> frozenset[str]:
            return frozenset() if short_cuts is None else frozenset(short_cuts + path for path in paths)

        self._at_hand = AtHand(service, addresses("", "/", f"/{_KVP}"))
        self._inserting = Inserting(service, addresses("", "/", f"/{_POX}"))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if await self._at_hand.answer(scope, send):
            return
        if self._seconds is not None and scope["type"] == "http" and scope["method"] == "POST":
            receive = InTime(receive, self._seconds)
        try:
            rest = await self._inserting.answer(scope, receive, send)
        except RequestTooSlow:
            rest = receive  # which raises it again where it is answered
        if rest is not None:
            await super().__call__(scope, rest, send)


@dataclass(frozen=True, slots=True)
class _Face:
    """Takes HTTP requests to the service and its answers back."""

    service: Service
    settings: Settings

    async def answer_any(self, request: HttpRequest) -> Response:
        return await self._answer(request, (_KVP, _POX, _SOAP))

    async def answer_kvp(self, request: HttpRequest) -> Response:
        return await self._answer(request, (_KVP,))

    async def answer_pox(self, request: HttpRequest) -> Response:
        return await self._answer(request, (_POX,))

    async def answer_soap(self, request: HttpRequest) -> Response:
        request.state.soap = soap.Message()
        return await self._answer(request, (_SOAP,))

    async def _answer(self, request: HttpRequest, bindings: tuple[str, ...]) -> Response:
        body = b""
        if request.method == "POST":
            with told_as_sent(request):
                if request.headers.get("content-encoding", "").strip().lower() not in ("", "identity"):
                    raise OptionNotSupported("The request is compressed; send it as it is.", "Content-Encoding")
                body = await read_body(request, self.settings.request_limit_bytes)
        return await run_in_threadpool(self._work, request, body, bindings)

    def _work(self, http: HttpRequest, body: bytes, bindings: tuple[str, ...]) -> Response:
        began = time.monotonic()
        binding, decode = self._binding(http, body)
        if binding not in bindings:
            raise OperationNotSupported(f"This address takes no requests over {binding.upper()}; use the one above it.")
        request = decode()
        found = self.service.answer(request, self._base_url(http), datetime.now(UTC))
        parts = encode(found, counts_as_measures=self.service.counts_as_measures)
        message = message_of(http)
        chunks = in_chunks(parts if message is None else soap.encode_answer(message, parts))
        headers = {"Content-Type": _media_type(request, message), "Vary": "Accept-Encoding"}
        if accepts_gzip(http.headers.get("accept-encoding", "")):
            headers["Content-Encoding"] = "gzip"
            chunks = compressed(chunks)
        # read here, so that what fails first still gets an exception report
        first, second = next(chunks, b""), next(chunks, None)
        log_answer(request, binding, began)
        if second is None:
            return Response(first, headers=headers)
        return PatientStream(resumed((first, second), chunks), headers, self.settings.answer_pause_seconds)

    def _binding(self, http: HttpRequest, body: bytes) -> tuple[str, partial[Request]]:
        # some clients send the parameters in the address of a POST
        if http.method != "POST" or (http.url.query and not body.strip()):
            return _KVP, partial(kvp.decode, http.url.query)
        if is_form(http.headers.get("content-type", ""), body):
            return _KVP, partial(_decode_form, body)
        with told_as_sent(http):
            root = xml.parse(body, self.settings.request_limit_bytes)
        if not soap.is_envelope(root):
            return _POX, partial(pox.decode, root)
        http.state.soap = soap.decode_message(root)
        return _SOAP, partial(soap.decode, root)

    def _base_url(self, http: HttpRequest) -> str:
        if self.settings.base_url is not None:
            return str(self.settings.base_url)
        return f"{http.url.scheme}://{http.url.netloc}{http.scope.get('root_path', '')}"


async def _lead_to_service(_request: HttpRequest) -> Response:
    return RedirectResponse(f"{PATH}?service=SOS&request=GetCapabilities")


def _decode_form(body: bytes) -> Request:
    try:
        return kvp.decode(body.decode("ascii").strip())
    except UnicodeDecodeError as error:
        raise InvalidRequest("The form is not percent-encoded; encode what is not ASCII.") from error


def _media_type(request: Request, message: soap.Message | None) -> str:
    if isinstance(request, GetCapabilities) and request.accept_formats:
        return _MEDIA_TYPE if _MEDIA_TYPE in request.accept_formats else "text/xml"
    return _MEDIA_TYPE if message is None else soap.media_type(message)


async def _no_route(request: HttpRequest, error: Exception) -> Response:
    """Say where the service answers, and to what, when no route took the request."""
    found = error if isinstance(error, HTTPException) else HTTPException(404)
    asked, bindings = f"{request.method} {quote(request.url.path)}", f"{PATH}/{_KVP}, {PATH}/{_POX} and {PATH}/{_SOAP}"
    refusal = NoApplicableCode(f"{asked} is not answered here; send GET or POST to {PATH}, {bindings}.")
    return Response(ows11.encode_exception(refusal), found.status_code, found.headers, _MEDIA_TYPE)
