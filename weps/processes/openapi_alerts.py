"""What the OpenAPI definition says of feeds, alerts, the data store for notifications, pushes, and health."""

from __future__ import annotations

from typing import Any

from weps.model import AlertStatus, Severity
from weps.notify.formats import FORMATS
from weps.processes.base import JSON

_TEXT: dict[str, Any] = {"type": "string"}
_TIME: dict[str, Any] = {"type": "string", "format": "date-time"}
_NUMBER: dict[str, Any] = {"type": "number"}
_COUNT: dict[str, Any] = {"type": "integer", "minimum": 0}
_TRUTH: dict[str, Any] = {"type": "boolean"}
_OBJECT: dict[str, Any] = {"type": "object"}
_STATUS: dict[str, Any] = {"type": "string", "enum": [status.value for status in AlertStatus]}
_SEVERITY: dict[str, Any] = {"type": "string", "enum": [severity.value for severity in Severity]}
_KNOWN = ["id", "episode", "subscription_id", "status", "severity", "title", "text", "rule_name", "detected", "late"]
ALERT_SCHEMAS: dict[str, Any] = {
    "Alert": {
        "type": "object",
        "required": _KNOWN,
        "description": "Members that an alert has no value for are left out; more may come.",
        "properties": {
            **dict.fromkeys(_KNOWN, _TEXT),
            "status": _STATUS,
            "severity": _SEVERITY,
            "rule_version": _COUNT,
            "pattern": _TEXT,
            **dict.fromkeys(("detected", "event_time", "phenomenon_time"), _TIME),
            "event": _TEXT,
            "value": {},
            "uom": _TEXT,
            "comparison": _OBJECT,
            **dict.fromkeys(("procedure", "observed_property", "feature_of_interest"), _TEXT),
            **dict.fromkeys(("longitude", "latitude"), _NUMBER),
            "late": _TRUTH | {"description": "what caused it came late"},
            "causes": {"type": "array", "items": _TEXT},
            "evidence": _TEXT | {"description": "an address that fetches the observations"},
            "language": _TEXT,
            "use": _TEXT | {"description": "Actual, Exercise, Test or System, as in CAP"},
            "sequence": _COUNT,
            "rule": _OBJECT,
        },
    },
    "Readiness": {
        "type": "object",
        "required": ["status", "database", "worker"],
        "properties": {"status": _TEXT, "database": _TEXT, "worker": _TEXT},
    },
    "Health": {"type": "object", "required": ["status"], "properties": {"status": _TEXT}},
}
_REFUSAL = {"description": "Why not", "content": {"text/plain": {"schema": _TEXT}}}
_FEED = {
    each.media_type: {"schema": _TEXT if each.media_type.endswith("xml") else _OBJECT} for each in FORMATS.values()
}
_FORMAT = {"type": "string", "enum": list(FORMATS)}
_RSS = {"application/rss+xml": {"schema": _TEXT}}


def _answer(description: str, content: dict[str, Any]) -> dict[str, Any]:
    return {"description": description, "content": content}


def _json(summary: str, schema: str) -> dict[str, Any]:
    return _answer(summary, {JSON: {"schema": {"$ref": f"#/components/schemas/{schema}"}}})


def _plain(description: str) -> dict[str, Any]:
    return _answer(description, {"text/plain": {"schema": _TEXT}})


def _operation(summary: str, answers: dict[str, Any], *parameters: dict[str, Any]) -> dict[str, Any]:
    return {"summary": summary, "parameters": list(parameters), "responses": answers | {"default": _REFUSAL}}


def _path(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "schema": schema}


def _query(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": False, "schema": schema}


def _equal(name: str) -> dict[str, Any]:
    return _query(name, {"type": "array", "items": _TEXT}) | {"style": "form", "explode": True}


def _one_of(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    return _query(name, {"type": "array", "items": schema}) | {"style": "form", "explode": False}


CONDITIONS = (
    *(_equal(each) for each in ("subscription", "procedure", "observedProperty", "featureOfInterest", "category")),
    _one_of("severity", _SEVERITY),
    _one_of("status", _STATUS),
    _query("bbox", _TEXT | {"description": "west,south,east,north in degrees"}),
    *(_query(each, _TIME) for each in ("from", "to", "since")),
)
_PAGE = (
    _query("limit", {"type": "integer", "minimum": 1, "maximum": 500, "default": 100}),
    *(_query(each, _TEXT | {"description": "from a link of a page"}) for each in ("before", "after")),
)
_UNCHANGED = {"304": {"description": "Nothing new since the ETag or time that was sent"}}
_ALERT = _path("alertId", _TEXT)
_OBSERVATIONS = {"*/*": {"schema": {"type": "string", "format": "binary"}}}
ALERT_PATHS: dict[str, Any] = {
    "/feeds/{token}.{format}": {
        "get": _operation(
            "The alerts of a subscription, newest first",
            {"200": _answer("A page of the feed", _FEED), **_UNCHANGED},
            *(_path("token", _TEXT), _path("format", _FORMAT), *_PAGE),
        )
    },
    "/alerts/{alertId}": {"get": _operation("One alert", {"200": _json("The alert", "Alert")}, _ALERT)},
    "/alerts/{alertId}.cap": {
        "get": _operation(
            "One alert as a message of the Common Alerting Protocol",
            {"200": _answer("The message", {"application/cap+xml": {"schema": _TEXT}}), **_UNCHANGED},
            _ALERT,
        )
    },
    "/store/GetRSS": {
        "get": _operation(
            "All alerts and what was posted, newest first; one with its id",
            {"200": _answer("A page of the data store", _FEED), **_UNCHANGED},
            *(_query("id", _TEXT), _query("format", _FORMAT | {"default": "rss"}), *CONDITIONS, *_PAGE),
        )
    },
    "/store/InsertRSS": {
        "post": _operation(
            "Post 1 to 100 items as RSS 2.0",
            {"200": _plain("They were stored before"), "201": _plain("Stored: the guids, one a line")},
        )
        | {"requestBody": {"required": True, "content": _RSS}}
    },
    "/push/{token}": {
        "post": _operation(
            "Push observations to a subscription", {"200": _plain("Stored: how many")}, _path("token", _TEXT)
        )
        | {"requestBody": {"required": True, "content": _OBSERVATIONS}}
    },
    "/healthz": {"get": _operation("Whether the process lives", {"200": _json("It does", "Health")})},
    "/readyz": {
        "get": _operation(
            "Whether the database and the worker are there",
            {"200": _json("They are", "Readiness"), "503": _json("One is not", "Readiness")},
        )
    },
}
