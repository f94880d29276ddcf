"""What the OpenAPI definition says of episodes and silences."""

from __future__ import annotations

from typing import Any

from weps.episodes import Action
from weps.model import AlertStatus, Severity
from weps.processes.base import JSON
from weps.silences import WEEKDAYS

TEXT: dict[str, Any] = {"type": "string"}
TIME: dict[str, Any] = {"type": "string", "format": "date-time"}
DURATION: dict[str, Any] = {"type": "string", "format": "duration", "example": "PT1H"}
TRUTH: dict[str, Any] = {"type": "boolean"}
STATE: dict[str, Any] = {"type": "string", "enum": [status.value for status in AlertStatus]}
SEVERITY: dict[str, Any] = {"type": "string", "enum": [severity.value for severity in Severity]}
COUNT: dict[str, Any] = {"type": "integer", "minimum": 0}


def object_of(required: tuple[str, ...] = (), **properties: Any) -> dict[str, Any]:
    """Give the schema of an object."""
    return {"type": "object", "properties": properties} | ({"required": list(required)} if required else {})


def array_of(items: dict[str, Any], **bounds: int) -> dict[str, Any]:
    """Give the schema of an array."""
    return {"type": "array", "items": items, **bounds}


_ABOUT = {
    "id": TEXT,
    "subscription": TEXT,
    "title": TEXT,
    "state": STATE,
    "severity": SEVERITY,
    "isOpen": TRUTH,
    "opened": TIME,
    "closed": TIME,
    "procedure": TEXT,
    "observedProperty": TEXT,
    "featureOfInterest": TEXT,
    "alertCount": COUNT,
    "acknowledgedBy": TEXT,
    "acknowledged": TIME,
    "acknowledgedUntil": TIME,
    "assignee": TEXT,
    "escalated": TRUTH,
    "silenced": TRUTH,
    "continuedBy": TEXT,
}
_NOTE = object_of(
    ("time", "by", "action"),
    time=TIME,
    by=TEXT,
    action={"type": "string", "enum": [action.value for action in Action]},
    text=TEXT,
)
_WEEKLY = {"from": TEXT | {"example": "22:00"}, "until": TEXT | {"example": "06:00"}, "timeZone": TEXT}
MATCHED = {
    "subscription": array_of(TEXT),
    "procedure": array_of(TEXT),
    "observedProperty": array_of(TEXT),
    "featureOfInterest": array_of(TEXT),
    "severity": array_of(SEVERITY),
    "bbox": array_of({"type": "number"}, minItems=4, maxItems=4),
}
_HOURS = object_of(("from", "until"), days=array_of({"type": "string", "enum": list(WEEKDAYS)}), **_WEEKLY)
_PLAN = {"author": TEXT, "reason": TEXT, "begins": TIME, "ends": TIME, "weekly": _HOURS}
_KNOWN = ("id", "subscription", "state", "severity", "isOpen", "opened", "alertCount")
EPISODE_SCHEMAS: dict[str, Any] = {
    "Episode": object_of(_KNOWN, **_ABOUT),
    "WholeEpisode": object_of(
        (*_KNOWN, "alerts", "notes"), **_ABOUT, alerts=array_of(object_of()), notes=array_of(_NOTE)
    ),
    "EpisodeList": object_of(("episodes",), episodes=array_of({"$ref": "#/components/schemas/Episode"}), next=TEXT),
    "Silence": object_of(
        ("id", "author", "reason", "created", "begins", "holds"),
        id=TEXT,
        created=TIME,
        holds=TRUTH,
        **_PLAN,
        **MATCHED,
    ),
    "SilenceList": object_of(("silences",), silences=array_of({"$ref": "#/components/schemas/Silence"})),
    "NewSilence": object_of(("author", "reason"), **_PLAN, **MATCHED, **{"for": DURATION}),
}
_BODIES = {
    "acknowledge": object_of(("by",), by=TEXT, until=TIME, text=TEXT, **{"for": DURATION}),
    "assign": object_of(("by", "to"), by=TEXT, to=TEXT, text=TEXT),
    "comment": object_of(("by", "text"), by=TEXT, text=TEXT),
    "cancel": object_of(("by", "reason"), by=TEXT, reason=TEXT),
}
_SUMMARIES = {
    "acknowledge": "Let it be known that somebody takes care",
    "assign": "Say who is to take care",
    "comment": "Keep what somebody has to say",
    "cancel": "Withdraw an episode",
}


def operation(
    summary: str, schema: str, *parameters: dict[str, Any], body: dict[str, Any] | None = None, status: str = "200"
) -> dict[str, Any]:
    """Give an operation whose refusals are plain sentences."""
    answer = {"description": summary, "content": {JSON: {"schema": {"$ref": f"#/components/schemas/{schema}"}}}}
    refusal = {"description": "Why not", "content": {"text/plain": {"schema": TEXT}}}
    operation = {
        "summary": summary,
        "parameters": list(parameters),
        "responses": {status: answer, "default": refusal},
    }
    if body is not None:
        operation["requestBody"] = {"required": True, "content": {JSON: {"schema": body}}}
    return operation


def query_parameter(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    """Give a parameter of a query that may be left out."""
    return {"name": name, "in": "query", "required": False, "schema": schema, "style": "form", "explode": False}


def path_parameter(name: str) -> dict[str, Any]:
    """Give a parameter in a path."""
    return {"name": name, "in": "path", "required": True, "schema": TEXT}


LIMIT = query_parameter("limit", {"type": "integer", "minimum": 1, "maximum": 500, "default": 50})
EPISODE_PATHS: dict[str, Any] = {
    "/episodes": {
        "get": operation(
            "The episodes of alerts, the last begun first",
            "EpisodeList",
            query_parameter("subscription", TEXT),
            query_parameter("state", array_of(STATE)),
            query_parameter("open", TRUTH),
            query_parameter("acknowledged", TRUTH),
            LIMIT,
            query_parameter("after", TEXT),
        )
    },
    "/episodes/{episodeId}": {"get": operation("One episode", "WholeEpisode", path_parameter("episodeId"))},
    **{
        f"/episodes/{{episodeId}}/{action}": {
            "post": operation(_SUMMARIES[action], "WholeEpisode", path_parameter("episodeId"), body=body)
        }
        for action, body in _BODIES.items()
    },
    "/silences": {
        "get": operation(
            "The silences that are not over, the newest first",
            "SilenceList",
            query_parameter("all", TRUTH),
            LIMIT,
            query_parameter("offset", COUNT),
        ),
        "post": operation(
            "Silence certain alerts",
            "Silence",
            body={"$ref": "#/components/schemas/NewSilence"},
            status="201",
        ),
    },
    "/silences/{silenceId}": {"get": operation("One silence", "Silence", path_parameter("silenceId"))},
    "/silences/{silenceId}/end": {"post": operation("End a silence now", "Silence", path_parameter("silenceId"))},
}
