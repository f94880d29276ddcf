"""What the OpenAPI definition says of episodes and silences."""

from __future__ import annotations

from typing import Any

from weps.episodes import Action
from weps.model import AlertStatus, Severity
from weps.processes.base import JSON
from weps.silences import WEEKDAYS

_TEXT: dict[str, Any] = {"type": "string"}
_TIME: dict[str, Any] = {"type": "string", "format": "date-time"}
_DURATION: dict[str, Any] = {"type": "string", "format": "duration", "example": "PT1H"}
_TRUTH: dict[str, Any] = {"type": "boolean"}
_STATE: dict[str, Any] = {"type": "string", "enum": [status.value for status in AlertStatus]}
_SEVERITY: dict[str, Any] = {"type": "string", "enum": [severity.value for severity in Severity]}
_COUNT: dict[str, Any] = {"type": "integer", "minimum": 0}


def _object(required: tuple[str, ...] = (), **properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties} | ({"required": list(required)} if required else {})


def _array(items: dict[str, Any], **bounds: int) -> dict[str, Any]:
    return {"type": "array", "items": items, **bounds}


_ABOUT = {
    "id": _TEXT,
    "subscription": _TEXT,
    "title": _TEXT,
    "state": _STATE,
    "severity": _SEVERITY,
    "isOpen": _TRUTH,
    "opened": _TIME,
    "closed": _TIME,
    "procedure": _TEXT,
    "observedProperty": _TEXT,
    "featureOfInterest": _TEXT,
    "alertCount": _COUNT,
    "acknowledgedBy": _TEXT,
    "acknowledged": _TIME,
    "acknowledgedUntil": _TIME,
    "assignee": _TEXT,
    "escalated": _TRUTH,
    "silenced": _TRUTH,
    "continuedBy": _TEXT,
}
_NOTE = _object(
    ("time", "by", "action"),
    time=_TIME,
    by=_TEXT,
    action={"type": "string", "enum": [action.value for action in Action]},
    text=_TEXT,
)
_WEEKLY = {"from": _TEXT | {"example": "22:00"}, "until": _TEXT | {"example": "06:00"}, "timeZone": _TEXT}
_MATCHED = {
    "subscription": _array(_TEXT),
    "procedure": _array(_TEXT),
    "observedProperty": _array(_TEXT),
    "featureOfInterest": _array(_TEXT),
    "severity": _array(_SEVERITY),
    "bbox": _array({"type": "number"}, minItems=4, maxItems=4),
    "weekly": _object(("from", "until"), days=_array({"type": "string", "enum": list(WEEKDAYS)}), **_WEEKLY),
}
_PLAN = {"author": _TEXT, "reason": _TEXT, "begins": _TIME, "ends": _TIME}
_KNOWN = ("id", "subscription", "state", "severity", "isOpen", "opened", "alertCount")
EPISODE_SCHEMAS: dict[str, Any] = {
    "Episode": _object(_KNOWN, **_ABOUT),
    "WholeEpisode": _object((*_KNOWN, "alerts", "notes"), **_ABOUT, alerts=_array(_object()), notes=_array(_NOTE)),
    "EpisodeList": _object(("episodes",), episodes=_array({"$ref": "#/components/schemas/Episode"}), next=_TEXT),
    "Silence": _object(
        ("id", "author", "reason", "created", "begins", "holds"),
        id=_TEXT,
        created=_TIME,
        holds=_TRUTH,
        **_PLAN,
        **_MATCHED,
    ),
    "SilenceList": _object(("silences",), silences=_array({"$ref": "#/components/schemas/Silence"})),
    "NewSilence": _object(("author", "reason"), **_PLAN, **_MATCHED, **{"for": _DURATION}),
}
_BODIES = {
    "acknowledge": _object(("by",), by=_TEXT, until=_TIME, text=_TEXT, **{"for": _DURATION}),
    "assign": _object(("by", "to"), by=_TEXT, to=_TEXT, text=_TEXT),
    "comment": _object(("by", "text"), by=_TEXT, text=_TEXT),
    "cancel": _object(("by", "reason"), by=_TEXT, reason=_TEXT),
}
_SUMMARIES = {
    "acknowledge": "Let it be known that somebody takes care",
    "assign": "Say who is to take care",
    "comment": "Keep what somebody has to say",
    "cancel": "Withdraw an episode",
}


def _operation(
    summary: str, schema: str, *parameters: dict[str, Any], body: dict[str, Any] | None = None, status: str = "200"
) -> dict[str, Any]:
    """Give an operation whose refusals are plain sentences."""
    answer = {"description": summary, "content": {JSON: {"schema": {"$ref": f"#/components/schemas/{schema}"}}}}
    refusal = {"description": "Why not", "content": {"text/plain": {"schema": _TEXT}}}
    operation = {
        "summary": summary,
        "parameters": list(parameters),
        "responses": {status: answer, "default": refusal},
    }
    if body is not None:
        operation["requestBody"] = {"required": True, "content": {JSON: {"schema": body}}}
    return operation


def _query(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": False, "schema": schema, "style": "form", "explode": False}


def _path(name: str) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "schema": _TEXT}


_LIMIT = _query("limit", {"type": "integer", "minimum": 1, "maximum": 500, "default": 50})
EPISODE_PATHS: dict[str, Any] = {
    "/episodes": {
        "get": _operation(
            "The episodes of alerts, the last begun first",
            "EpisodeList",
            _query("subscription", _TEXT),
            _query("state", _array(_STATE)),
            _query("open", _TRUTH),
            _query("acknowledged", _TRUTH),
            _LIMIT,
            _query("after", _TEXT),
        )
    },
    "/episodes/{episodeId}": {"get": _operation("One episode", "WholeEpisode", _path("episodeId"))},
    **{
        f"/episodes/{{episodeId}}/{action}": {
            "post": _operation(_SUMMARIES[action], "WholeEpisode", _path("episodeId"), body=body)
        }
        for action, body in _BODIES.items()
    },
    "/silences": {
        "get": _operation(
            "The silences that are not over, the newest first",
            "SilenceList",
            _query("all", _TRUTH),
            _LIMIT,
            _query("offset", _COUNT),
        ),
        "post": _operation(
            "Silence certain alerts",
            "Silence",
            body={"$ref": "#/components/schemas/NewSilence"},
            status="201",
        ),
    },
    "/silences/{silenceId}": {"get": _operation("One silence", "Silence", _path("silenceId"))},
    "/silences/{silenceId}/end": {"post": _operation("End a silence now", "Silence", _path("silenceId"))},
}
