"""What the OpenAPI definition says of inhibitions."""

from __future__ import annotations

from typing import Any

from weps.inhibitions import EQUAL
from weps.processes.openapi_episodes import (
    COUNT,
    DURATION,
    LIMIT,
    MATCHED,
    STATE,
    TEXT,
    TIME,
    TRUTH,
    array_of,
    object_of,
    operation,
    path_parameter,
    query_parameter,
)

_MEANT = object_of((), **MATCHED, status=array_of(STATE))
_PLAN = {
    "author": TEXT,
    "reason": TEXT,
    "source": _MEANT,
    "target": _MEANT,
    "equal": array_of({"type": "string", "enum": list(EQUAL)}),
    "ends": TIME,
}
_NEEDED = ("author", "reason", "source", "target")
INHIBITION_SCHEMAS: dict[str, Any] = {
    "Inhibition": object_of(("id", "created", "holds", *_NEEDED), id=TEXT, created=TIME, holds=TRUTH, **_PLAN),
    "InhibitionList": object_of(("inhibitions",), inhibitions=array_of({"$ref": "#/components/schemas/Inhibition"})),
    "NewInhibition": object_of(_NEEDED, **_PLAN, **{"for": DURATION}),
}
_ONE = path_parameter("inhibitionId")
INHIBITION_PATHS: dict[str, Any] = {
    "/inhibitions": {
        "get": operation(
            "The inhibitions that are not over, the newest first",
            "InhibitionList",
            query_parameter("all", TRUTH),
            LIMIT,
            query_parameter("offset", COUNT),
        ),
        "post": operation(
            "Let alerts mute others",
            "Inhibition",
            body={"$ref": "#/components/schemas/NewInhibition"},
            status="201",
        ),
    },
    "/inhibitions/{inhibitionId}": {"get": operation("One inhibition", "Inhibition", _ONE)},
    "/inhibitions/{inhibitionId}/end": {"post": operation("End an inhibition now", "Inhibition", _ONE)},
}
