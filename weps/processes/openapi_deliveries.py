"""What the OpenAPI definition says of deliveries and of events."""

from __future__ import annotations

from typing import Any

from weps.model import DeliveryStatus
from weps.processes.base import JSON
from weps.processes.openapi_alerts import CONDITIONS

_TEXT: dict[str, Any] = {"type": "string"}
_TIME: dict[str, Any] = {"type": "string", "format": "date-time"}
_COUNT: dict[str, Any] = {"type": "integer", "minimum": 0}
_STATUS: dict[str, Any] = {"type": "string", "enum": [status.value for status in DeliveryStatus]}
_ATTEMPT = {
    "type": "object",
    "required": ["began", "ended", "successful"],
    "properties": {
        "began": _TIME,
        "ended": _TIME,
        "successful": {"type": "boolean"},
        "status": _COUNT,
        "answer": _TEXT,
        "error": _TEXT,
    },
}
_KNOWN = ["id", "subscription", "title", "channel", "target", "status", "attemptCount", "queued"]
DELIVERY_SCHEMAS: dict[str, Any] = {
    "Delivery": {
        "type": "object",
        "required": _KNOWN,
        "properties": {
            **dict.fromkeys(_KNOWN, _TEXT),
            "id": _COUNT,
            "status": _STATUS,
            "attemptCount": _COUNT,
            "queued": _TIME,
            "due": _TIME,
            "finished": _TIME,
            "lastError": _TEXT,
            "alert": _TEXT,
            "episode": _TEXT,
            "group": _TEXT,
            "alertCount": _COUNT,
            "alerts": {"type": "array", "items": _TEXT},
            "attempts": {"type": "array", "items": _ATTEMPT},
        },
    },
    "DeliveryList": {
        "type": "object",
        "required": ["deliveries"],
        "properties": {
            "deliveries": {"type": "array", "items": {"$ref": "#/components/schemas/Delivery"}},
            "next": _TEXT,
        },
    },
    "WebhookList": {
        "type": "object",
        "required": ["webhooks"],
        "properties": {"webhooks": {"type": "array", "items": {"$ref": "#/components/schemas/Webhook"}}},
    },
    "Webhook": {
        "type": "object",
        "required": ["subscription", "target"],
        "properties": {
            "subscription": _TEXT,
            "target": _TEXT,
            "rotated": _TIME,
            "oldUntil": _TIME,
            "secret": _TEXT | {"description": "Told in the answer to a change alone"},
        },
    },
    "WebhookRotation": {
        "type": "object",
        "properties": {
            "subscription": _TEXT,
            "target": _TEXT,
            "all": {"type": "boolean"},
            "oldFor": {"type": "string", "format": "duration", "default": "P1D"},
        },
    },
    "Retried": {"type": "object", "required": ["retried"], "properties": {"retried": _COUNT}},
}
_REFUSAL = {"description": "Why not", "content": {"text/plain": {"schema": _TEXT}}}


def _operation(summary: str, schema: str, *parameters: dict[str, Any], status: str = "200") -> dict[str, Any]:
    answer = {"description": summary, "content": {JSON: {"schema": {"$ref": f"#/components/schemas/{schema}"}}}}
    return {"summary": summary, "parameters": list(parameters), "responses": {status: answer, "default": _REFUSAL}}


def _query(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": False, "schema": schema}


_ROTATION = {"$ref": "#/components/schemas/WebhookRotation"}
_ID = {"name": "deliveryId", "in": "path", "required": True, "schema": _COUNT}
_WHICH = (_query("subscription", _TEXT), _query("target", _TEXT))
_LIMIT = _query("limit", {"type": "integer", "minimum": 1, "maximum": 500, "default": 50})
DELIVERY_PATHS: dict[str, Any] = {
    "/deliveries": {
        "get": _operation(
            "Where alerts were pushed, newest first",
            "DeliveryList",
            *_WHICH,
            _query("status", _STATUS),
            _LIMIT,
            _query("before", _COUNT),
        )
    },
    "/deliveries/retry": {"post": _operation("Send all that was given up", "Retried", *_WHICH)},
    "/deliveries/{deliveryId}": {"get": _operation("One delivery with its attempts", "Delivery", _ID)},
    "/deliveries/{deliveryId}/retry": {"post": _operation("Send what failed or was given up", "Delivery", _ID)},
    "/deliveries/{deliveryId}/replay": {
        "post": _operation("Send an alert to a target once more", "Delivery", _ID, status="201")
    },
    "/webhooks": {"get": _operation("Webhooks, and since when they have their secrets", "WebhookList", *_WHICH)},
    "/webhooks/rotate": {
        "post": _operation("Give webhooks other secrets, and tell them", "WebhookList")
        | {"requestBody": {"required": True, "content": {JSON: {"schema": _ROTATION}}}}
    },
    "/events": {
        "get": {
            "summary": "Alerts as server-sent events",
            "parameters": [
                *CONDITIONS,
                _query("feed", _TEXT),
                _query("lastEventId", _TEXT),
                {"name": "Last-Event-ID", "in": "header", "required": False, "schema": _TEXT},
            ],
            "responses": {
                "200": {"description": "A stream", "content": {"text/event-stream": {"schema": _TEXT}}},
                "default": _REFUSAL,
            },
        }
    },
}
