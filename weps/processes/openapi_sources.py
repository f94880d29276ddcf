"""What the OpenAPI definition says of sources: the schemas of `/sources` and its parameters."""

from __future__ import annotations

from typing import Any

_TEXT: dict[str, Any] = {"type": "string"}
_TIME: dict[str, Any] = {"type": "string", "format": "date-time"}
_NUMBER: dict[str, Any] = {"type": "number"}
_COUNT: dict[str, Any] = {"type": "integer", "minimum": 0}
_TEXTS: dict[str, Any] = {"type": "array", "items": _TEXT}
_STATES = ["ok", "stale", "failing", "down", "idle"]
_RATE: dict[str, Any] = {"type": "number", "minimum": 0, "maximum": 1, "nullable": True}


def _object(required: tuple[str, ...] = (), **properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties} | ({"required": list(required)} if required else {})


def _array(items: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": items}


_OFFERING = _object(("id",), id=_TEXT, procedures=_TEXTS, properties=_TEXTS, begin=_TIME, end=_TIME)
_CHANGE = _object(
    ("kind", "change", "before"),
    time=_TIME,
    kind={"type": "string", "enum": ["offering", "procedure", "observedProperty"]},
    change={"type": "string", "enum": ["gone", "renamed"]},
    before=_TEXT,
    after=_TEXT,
    offering=_TEXT,
)
_SERVES = _object(
    read=_TIME,
    readAgain=_TIME,
    error=_TEXT,
    title=_TEXT,
    offerings=_COUNT,
    procedures=_COUNT,
    properties=_COUNT,
    begin=_TIME,
    end=_TIME,
    offeringList=_array(_OFFERING),
)
_ARRIVALS = _object(
    late=_COUNT | {"description": "observations older than the newest of their series when they came"},
    dropped=_COUNT | {"description": "late ones that rules with the policy drop were not shown"},
    tooLate=_COUNT | {"description": "those that came after the bound of rules with the policy reorder"},
    repeated=_COUNT | {"description": "observations that came again within an answer, or under another result time"},
    lost=_COUNT | {"description": "messages of a broker that could not be stored in five tries, and were given up"},
    corrected=_COUNT | {"description": "values that the source has changed"},
    nil=_COUNT | {"description": "results of the last answer that were nil"},
    elsewhere=_COUNT | {"description": "results of the last answer that stand outside of it, and are not read"},
)
_NAMES = {"procedure": _TEXT, "observedProperty": _TEXT, "featureOfInterest": _TEXT}
SOURCE_SCHEMAS: dict[str, Any] = {
    "SourceSeries": _object(
        (*_NAMES, "newestObservation", "lag"),
        **_NAMES,
        newestObservation=_TIME,
        lag=_NUMBER | {"description": "seconds since the newest observation"},
        value={},
        uom=_TEXT,
        usualDistance=_NUMBER | {"description": "usual seconds from news to news"},
        silent={"type": "boolean", "description": "it has nothing new while others of the source go on"},
    ),
    "SourceSeriesList": _object(("series",), series=_array({"$ref": "#/components/schemas/SourceSeries"}), next=_TEXT),
    "Correction": _object(
        (*_NAMES, "phenomenonTime", "before", "after", "recorded", "times"),
        **_NAMES,
        phenomenonTime=_TIME,
        before=_TEXT,
        after=_TEXT,
        recorded=_TIME,
        times=_COUNT | {"description": "how often the value of this series and time was changed"},
    ),
    "CorrectionList": _object(
        ("corrections",), corrections=_array({"$ref": "#/components/schemas/Correction"}), next=_TEXT
    ),
    "Source": _object(
        ("id", "state", "binding", "endpoint", "subscriptions", "interval"),
        id=_COUNT,
        href=_TEXT,
        state={"type": "string", "enum": _STATES},
        binding=_TEXT,
        endpoint=_TEXT,
        version=_TEXT,
        operation=_TEXT,
        selection={"type": "object", "additionalProperties": _TEXTS},
        subscriptions=_COUNT,
        interval=_NUMBER | {"description": "seconds from poll to poll"},
        lastSuccess=_TIME,
        nextPoll=_TIME,
        failures=_COUNT | {"description": "failed polls in a row"},
        lastError=_TEXT,
        downSince=_TIME,
        silentSince=_TIME,
        series=_COUNT,
        newestObservation=_TIME,
        lag=_NUMBER | {"description": "seconds since the newest observation"},
        slowestSeries=_TIME | {"description": "the newest observation of the series that is furthest behind"},
        usualDistance=_NUMBER | {"description": "usual seconds from news to news"},
        errorRate=_object(lastHour=_RATE, lastDay=_RATE),
        answerTime=_object(last=_NUMBER, mean=_NUMBER, p95=_NUMBER, requests=_COUNT),
        arrivals=_ARRIVALS,
        notices=_TEXTS,
        serves=_SERVES,
        changes=_array(_CHANGE),
    ),
    "SourceList": _object(
        ("sources", "count"), sources=_array({"$ref": "#/components/schemas/Source"}), count=_COUNT, next=_TEXT
    ),
}


def _query(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": False, "schema": schema, "style": "form", "explode": False}


SOURCE_ID: dict[str, Any] = {"name": "sourceId", "in": "path", "required": True, "schema": {"type": "integer"}}
_LIMIT = _query("limit", {"type": "integer", "minimum": 1, "maximum": 1000, "default": 100})
SOURCE_PAGE = (SOURCE_ID, _LIMIT, _query("offset", {"type": "integer", "minimum": 0, "default": 0}))
SOURCE_PARAMETERS = (
    _query("state", _array({"type": "string", "enum": _STATES})),
    _LIMIT,
    _query("after", {"type": "integer", "minimum": 1}),
)
