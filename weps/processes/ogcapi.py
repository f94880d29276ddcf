"""
OGC API - Processes - Part 1: Core (OGC 18-062r2) over the registry of processes.

    GET    /  /conformance  /openapi.json            what this is, for clients that ask for JSON
    GET    /processes  /processes/{id}               what can be executed
    POST   /processes/{id}/execution                 execute it, or start a job
    GET    /jobs  /jobs/{id}  /jobs/{id}/results     what became of it
    DELETE /jobs/{id}                                dismiss a job; a subscription is ended
    GET    /schemas/rules/{name}                     the schemas of the rule languages that are ours

Handlers are plain functions in the thread pool; only the body of an execution is read on the loop. A job that makes a
subscription is the subscription.
"""

from __future__ import annotations

import json
import logging
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match, Route

from weps import __version__
from weps.errors import NotFoundError, SourceRefused, WepsError
from weps.processes.base import JSON, Context
from weps.processes.bodies import SECONDS as BODY_SECONDS
from weps.processes.bodies import read_body
from weps.processes.faults import WpsError
from weps.processes.job_control import JobControl
from weps.processes.list_rule_languages import OWN_SCHEMAS, SCHEMAS
from weps.processes.ogcapi_callback import SUBSCRIBER, Callbacks
from weps.processes.ogcapi_describe import RELATIONS, describe, link, summarise
from weps.processes.ogcapi_execute import Execute, Form, decode_execute, encode_results, prefers_async
from weps.processes.ogcapi_faults import MEDIA_TYPE as PROBLEM
from weps.processes.ogcapi_faults import NoSuchProcess, problem_of
from weps.processes.ogcapi_jobs import (
    LARGEST_LIMIT,
    decode_wanted,
    list_jobs,
    read_count,
    status_info,
)
from weps.processes.ogcapi_openapi import MEDIA_TYPE as OPENAPI
from weps.processes.ogcapi_openapi import write_openapi

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from starlette.types import Receive, Scope, Send

    from weps.processes.base import ProcessSpec

LOG = logging.getLogger(__name__)

_CONFORMANCE = "http://www.opengis.net/spec/ogcapi-processes-1/1.0/conf/"
CONFORMS_TO = tuple(
    _CONFORMANCE + name
    for name in ("core", "ogc-process-description", "json", "oas30", "job-list", "callback", "dismiss")
)
_HEADERS = {"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "sandbox; default-src 'none'"}


class ApiRoute(Route):
    """A route that refuses other methods as this API refuses."""

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        methods = self.methods or {scope["method"]}
        if scope["method"] in methods:
            await super().handle(scope, receive, send)
            return
        text = f"{scope['method']} is not possible here; use {', '.join(sorted(methods))}."
        answer = _problem(WpsError("OperationNotSupported", text, None, 405), Request(scope))
        answer.headers["Allow"] = ", ".join(sorted(methods))
        await answer(scope, receive, send)


class JsonRoute(ApiRoute):
    """A route for clients that do not ask for a page: at the same address browsers are shown one."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Leave the address to others when a page is wanted."""
        headers = dict(scope.get("headers", ()))
        wants_json = b"f=json" in scope.get("query_string", b"").split(b"&")
        if b"text/html" in headers.get(b"accept", b"") and not wants_json:
            return Match.NONE, {}
        return super().matches(scope)


@dataclass(frozen=True, slots=True)
class ProcessesFace:
    """Answers requests. `base_url` is the address of the service, `body_limit` the size of the largest request.

    All of it must arrive within `body_seconds`.
    """

    processes: Mapping[str, ProcessSpec]
    control: JobControl
    callbacks: Callbacks
    base_url: str
    body_limit: int
    body_seconds: float

    def landing(self, request: Request) -> Response:
        """Say what is where."""
        base = self.base_url
        links = [
            link(f"{base}/", "self", "This document"),
            link(f"{base}/", "alternate", "This page for people", "text/html"),
            link(f"{base}/openapi.json", "service-desc", "The definition of this API", OPENAPI),
            link(f"{base}/conformance", f"{RELATIONS}conformance", "What is conformed to"),
            link(f"{base}/conformance", "conformance", "What is conformed to"),
            link(f"{base}/processes", f"{RELATIONS}processes", "The processes"),
            link(f"{base}/jobs", f"{RELATIONS}job-list", "The jobs"),
        ]
        return _json(
            {"title": "WEPS", "description": "A Web Event Processing Service for sensor observations.", "links": links}
        )

    def conformance(self, request: Request) -> Response:
        """Say what is conformed to."""
        return _json({"conformsTo": list(CONFORMS_TO)})

    def openapi(self, request: Request) -> Response:
        """Give the definition of the API."""
        return _json(write_openapi(self.base_url, __version__, self.processes), media_type=OPENAPI)

    def list_processes(self, request: Request) -> Response:
        """Give the processes."""
        limit = read_count(request.query_params, "limit", 100, 1, LARGEST_LIMIT)
        offset = read_count(request.query_params, "offset", 0, 0, LARGEST_LIMIT)
        listed = list(self.processes.values())
        following = offset + limit if offset + limit < len(listed) else None
        return _json(
            {
                "processes": [summarise(spec, self.base_url) for spec in listed[offset : offset + limit]],
                "links": self._page_links("processes", request, following),
            }
        )

    def describe_process(self, request: Request) -> Response:
        """Describe a process."""
        return _json(describe(self._process(request), self.base_url))

    async def execute(self, request: Request) -> Response:
        """Run a process, or start a job."""
        body = await read_body(request, self.body_limit, self.body_seconds)
        if body.refusal is not None:
            return _problem(body.refusal, request)
        return await run_in_threadpool(_guarded(self._execute_body), request, body.content)

    def _execute_body(self, request: Request, body: bytes) -> Response:
        spec = self._process(request)
        asked = decode_execute(body, spec)
        if prefers_async(request.headers.getlist("prefer")):
            return self._start(spec, asked)
        result = encode_results(spec, self.control.run(spec, asked.inputs), asked.form)
        return Response(result.body, 200, _HEADERS, result.media_type)

    def _start(self, spec: ProcessSpec, asked: Execute) -> Response:
        form = asked.form.to_json()
        if asked.subscriber is not None:
            try:
                self.callbacks.check(asked.subscriber)
            except SourceRefused as error:
                raise WpsError("InvalidParameterValue", str(error), "subscriber") from error
            form[SUBSCRIBER] = asdict(asked.subscriber)
        state = self.control.start(spec, asked.inputs, form)
        if asked.subscriber is not None:
            self.callbacks.watch(state.id)
        headers = {"Location": f"{self.base_url}/jobs/{state.id}", "Preference-Applied": "respond-async"}
        return _json(status_info(state, self.base_url), 201, headers=headers)

    def list_jobs(self, request: Request) -> Response:
        """Give the jobs that a client wants to see, newest first."""
        found, following = list_jobs(self.control, decode_wanted(request.query_params), datetime.now(UTC))
        return _json(
            {
                "jobs": [status_info(state, self.base_url) for state in found],
                "links": self._page_links("jobs", request, following),
            }
        )

    def job(self, request: Request) -> Response:
        """Tell how far a job has come, or dismiss it."""
        identifier = request.path_params["id"]
        state = self.control.dismiss(identifier) if request.method == "DELETE" else self.control.state(identifier)
        return _json(status_info(state, self.base_url))

    def results(self, request: Request) -> Response:
        """Give what a job gave, in the form that was asked for when it was started."""
        state, outputs = self.control.result(request.path_params["id"])
        spec = self.processes[state.process]
        result = encode_results(spec, outputs, Form.from_json(state.form, spec))
        return Response(result.body, 200, _HEADERS, result.media_type)

    def schema(self, request: Request) -> Response:
        """Give the schema of a rule language."""
        make = OWN_SCHEMAS.get(request.path_params["name"])
        if make is None:
            raise NotFoundError(f"There is no schema {request.path_params['name']}.", "name")
        return _json(make(), media_type="application/schema+json")

    def _process(self, request: Request) -> ProcessSpec:
        identifier = request.path_params["id"]
        if identifier not in self.processes:
            raise NoSuchProcess(f"There is no process {identifier}; see {self.base_url}/processes.", identifier)
        return self.processes[identifier]

    def _page_links(self, path: str, request: Request, following: int | None) -> list[dict[str, str]]:
        url, query = f"{self.base_url}/{path}", dict(request.query_params)
        links = [link(f"{url}?{urlencode(query)}" if query else url, "self", "This page")]
        if following is not None:
            query["offset"] = str(following)
            links.append(link(f"{url}?{urlencode(query)}", "next", "The next page"))
        return links


def create_routes(
    processes: Mapping[str, ProcessSpec],
    context: Context,
    *,
    base_url: str,
    body_limit: int,
    body_seconds: float = BODY_SECONDS,
) -> list[Route]:
    """Give the routes of this face; jobs of before are watched for those who want to be told of them."""
    base = base_url.rstrip("/")
    control = JobControl(processes, context)
    face = ProcessesFace(
        processes, control, Callbacks(processes, context, control, base), base, body_limit, body_seconds
    )
    face.callbacks.resume()
    return [
        JsonRoute("/", _guarded(face.landing)),
        ApiRoute("/conformance", _guarded(face.conformance)),
        ApiRoute("/openapi.json", _guarded(face.openapi)),
        ApiRoute("/processes", _guarded(face.list_processes)),
        ApiRoute("/processes/{id}", _guarded(face.describe_process)),
        ApiRoute("/processes/{id}/execution", face.execute, methods=["POST"]),
        ApiRoute("/jobs", _guarded(face.list_jobs)),
        ApiRoute("/jobs/{id}", _guarded(face.job), methods=["GET", "DELETE"]),
        ApiRoute("/jobs/{id}/results", _guarded(face.results)),
        ApiRoute(f"/{SCHEMAS}/{{name}}", _guarded(face.schema)),
    ]


def _guarded(handler: Callable[..., Response]) -> Callable[..., Response]:
    """Turn what goes wrong in a handler into problem details."""

    def answer(request: Request, *arguments: Any) -> Response:
        try:
            return handler(request, *arguments)
        except WepsError as error:
            return _problem(error, request)
        except Exception as error:  # a fault of ours must not take the server down, nor tell strangers about it
            LOG.exception("request failed method=%s", request.method)
            return _problem(error, request)

    return answer


def _problem(error: Exception, request: Request) -> Response:
    problem = problem_of(error)
    return _json(problem.to_json(request.url.path), problem.status, PROBLEM)


def _json(
    members: Mapping[str, Any], status: int = 200, media_type: str = JSON, headers: Mapping[str, str] | None = None
) -> Response:
    body = json.dumps(members, ensure_ascii=False, allow_nan=False).encode()
    return Response(body, status, {**_HEADERS, **(headers or {})}, media_type)
