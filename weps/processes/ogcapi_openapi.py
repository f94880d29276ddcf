"""The OpenAPI 3.0 definition of the service as OGC API - Processes offers it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from weps.processes.base import JSON
from weps.processes.ogcapi_faults import MEDIA_TYPE as PROBLEM
from weps.processes.ogcapi_jobs import DEFAULT_LIMIT, LARGEST_LIMIT, STATUSES
from weps.processes.openapi_alerts import ALERT_PATHS, ALERT_SCHEMAS
from weps.processes.openapi_deliveries import DELIVERY_PATHS, DELIVERY_SCHEMAS
from weps.processes.openapi_episodes import EPISODE_PATHS, EPISODE_SCHEMAS
from weps.processes.openapi_inhibitions import INHIBITION_PATHS, INHIBITION_SCHEMAS
from weps.processes.openapi_sources import SOURCE_ID, SOURCE_PAGE, SOURCE_PARAMETERS, SOURCE_SCHEMAS

if TYPE_CHECKING:
    from collections.abc import Iterable

MEDIA_TYPE = "application/vnd.oai.openapi+json;version=3.0"
_OBJECT = {"type": "object"}
_LIMIT = {"type": "integer", "minimum": 1, "maximum": LARGEST_LIMIT, "default": DEFAULT_LIMIT}
_TEXTS = {"type": "array", "items": {"type": "string"}}


def write_openapi(base: str, version: str, processes: Iterable[str]) -> dict[str, Any]:
    """Give the definition."""
    return {
        "openapi": "3.0.3",
        "info": {
            "title": "WEPS",
            "version": version,
            "description": "A Web Event Processing Service: subscribe to events in sensor observations.",
            "license": {"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
        },
        "servers": [{"url": base}],
        "paths": _paths(list(processes)),
        "components": {
            "schemas": _SCHEMAS
            | SOURCE_SCHEMAS
            | EPISODE_SCHEMAS
            | INHIBITION_SCHEMAS
            | DELIVERY_SCHEMAS
            | ALERT_SCHEMAS,
            "responses": {"Problem": _answer("What went wrong", "Problem", PROBLEM)},
        },
    }


def _paths(processes: list[str]) -> dict[str, Any]:
    process = _parameter("processId", "path", {"type": "string", "enum": processes})
    job = _parameter("jobId", "path", {"type": "string"})
    return {
        "/": {"get": _operation("Landing page", "LandingPage")},
        "/conformance": {"get": _operation("What is conformed to", "Conformance")},
        "/processes": {
            "get": _operation(
                "The processes",
                "ProcessList",
                _parameter("limit", "query", _LIMIT),
                _parameter("offset", "query", {"type": "integer", "minimum": 0, "default": 0}),
            )
        },
        "/processes/{processId}": {"get": _operation("The description of a process", "Process", process)},
        "/processes/{processId}/execution": {"post": _execution(process)},
        "/jobs": {"get": _operation("The jobs, newest first", "JobList", *_job_parameters(processes))},
        "/jobs/{jobId}": {
            "get": _operation("The state of a job", "StatusInfo", job),
            "delete": _operation("Dismiss a job; a subscription is ended", "StatusInfo", job),
        },
        "/jobs/{jobId}/results": {"get": _operation("What a job gave", "Results", job) | {"responses": _results()}},
        "/sources": {"get": _listing("How sources fare", "SourceList", *SOURCE_PARAMETERS)},
        "/sources/{sourceId}": {"get": _listing("How one source fares", "Source", SOURCE_ID)},
        "/sources/{sourceId}/series": {"get": _listing("The series of a source", "SourceSeriesList", *SOURCE_PAGE)},
        "/sources/{sourceId}/corrections": {
            "get": _listing("What a source has changed", "CorrectionList", *SOURCE_PAGE)
        },
        **EPISODE_PATHS,
        **INHIBITION_PATHS,
        **DELIVERY_PATHS,
        **ALERT_PATHS,
    }


def _job_parameters(processes: list[str]) -> list[dict[str, Any]]:
    statuses = {"type": "array", "items": {"type": "string", "enum": list(STATUSES.values())}}
    seconds = {"type": "integer", "minimum": 0}
    schemas: dict[str, dict[str, Any]] = {
        "type": {"type": "array", "items": {"type": "string", "enum": ["process"]}},
        "processID": {"type": "array", "items": {"type": "string", "enum": processes}},
        "status": statuses,
        "datetime": {"type": "string"},
        "minDuration": seconds,
        "maxDuration": seconds,
        "limit": _LIMIT,
        "offset": {"type": "integer", "minimum": 0, "default": 0},
    }
    return [_parameter(name, "query", schema) for name, schema in schemas.items()]


def _parameter(name: str, place: str, schema: dict[str, Any]) -> dict[str, Any]:
    style = {"style": "form", "explode": False} if place == "query" else {}
    return {"name": name, "in": place, "required": place == "path", "schema": schema, **style}


def _operation(summary: str, schema: str, *parameters: dict[str, Any]) -> dict[str, Any]:
    return {
        "summary": summary,
        "parameters": list(parameters),
        "responses": {"200": _answer(summary, schema), "default": {"$ref": "#/components/responses/Problem"}},
    }


def _listing(summary: str, schema: str, *parameters: dict[str, Any]) -> dict[str, Any]:
    """Give an operation whose refusals are plain sentences."""
    refusal = {"description": "Why not", "content": {"text/plain": {"schema": _TEXT}}}
    answers = {"200": _answer(summary, schema), "default": refusal}
    return {"summary": summary, "parameters": list(parameters), "responses": answers}


def _execution(process: dict[str, Any]) -> dict[str, Any]:
    prefer = {"name": "Prefer", "in": "header", "required": False, "schema": {"type": "string"}}
    operation = _operation("Execute a process", "Results", process, prefer)
    operation["requestBody"] = {"required": True, "content": {JSON: {"schema": _reference("Execute")}}}
    operation["responses"] = _results() | {"201": _answer("The job that was started", "StatusInfo")}
    told = {"200": {"description": "It was heard"}}
    operation["callbacks"] = {
        name: {
            f"{{$request.body#/subscriber/{uri}}}": {
                "post": {"requestBody": {"content": {JSON: {"schema": _reference(schema)}}}, "responses": told}
            }
        }
        for name, uri, schema in (
            ("jobCompleted", "successUri", "Results"),
            ("jobInProgress", "inProgressUri", "StatusInfo"),
            ("jobFailed", "failedUri", "StatusInfo"),
        )
    }
    return operation


def _results() -> dict[str, Any]:
    """Give the answers with outputs: as one document, or raw (the default): one as it is, several as parts."""
    raw = {"schema": {"type": "string", "format": "binary"}}
    document = _answer("The outputs", "Results")
    content = {**document["content"], "multipart/related": raw, "*/*": raw}
    return {"200": document | {"content": content}, "default": {"$ref": "#/components/responses/Problem"}}


def _answer(description: str, schema: str, media_type: str = JSON) -> dict[str, Any]:
    return {"description": description, "content": {media_type: {"schema": _reference(schema)}}}


def _reference(schema: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{schema}"}


def _object(required: tuple[str, ...] = (), **properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties} | ({"required": list(required)} if required else {})


def _list_of(schema: str) -> dict[str, Any]:
    return {"type": "array", "items": _reference(schema)}


_TEXT = {"type": "string"}
_TIME = {"type": "string", "format": "date-time"}
_URI = {"type": "string", "format": "uri"}
_SUMMARY = {
    "id": _TEXT,
    "version": _TEXT,
    "title": _TEXT,
    "description": _TEXT,
    "jobControlOptions": _TEXTS,
    "outputTransmission": _TEXTS,
    "metadata": {"type": "array", "items": _OBJECT},
    "links": _list_of("Link"),
}
_SCHEMAS: dict[str, Any] = {
    "Link": _object(("href",), href=_URI, rel=_TEXT, type=_TEXT, title=_TEXT),
    "LandingPage": _object(("links",), title=_TEXT, description=_TEXT, links=_list_of("Link")),
    "Conformance": _object(("conformsTo",), conformsTo=_TEXTS),
    "ProcessSummary": _object(("id", "version"), **_SUMMARY),
    "ProcessList": _object(("processes", "links"), processes=_list_of("ProcessSummary"), links=_list_of("Link")),
    "Process": _object(("id", "version"), **_SUMMARY, inputs=_OBJECT, outputs=_OBJECT),
    "Execute": _object(
        inputs=_OBJECT,
        outputs=_OBJECT,
        response={"type": "string", "enum": ["raw", "document"], "default": "raw"},
        subscriber=_object(("successUri",), successUri=_URI, inProgressUri=_URI, failedUri=_URI),
    ),
    "Results": _OBJECT,
    "StatusInfo": _object(
        ("jobID", "status", "type"),
        jobID=_TEXT,
        processID=_TEXT,
        type={"type": "string", "enum": ["process"]},
        status={"type": "string", "enum": list(STATUSES.values())},
        message=_TEXT,
        created=_TIME,
        started=_TIME,
        finished=_TIME,
        updated=_TIME,
        progress={"type": "integer", "minimum": 0, "maximum": 100},
        links=_list_of("Link"),
    ),
    "JobList": _object(("jobs", "links"), jobs=_list_of("StatusInfo"), links=_list_of("Link")),
    "Problem": _object(
        ("type",), type=_TEXT, title=_TEXT, status={"type": "integer"}, detail=_TEXT, instance=_TEXT, where=_TEXT
    ),
}
