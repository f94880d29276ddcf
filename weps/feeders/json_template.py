"""Templates in 52°North's JSON binding of SOS 2.0: their one form, and the request of a time span made from it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sos_server.time import format_instant
from weps.errors import TemplateError
from weps.feeders.json_parts import name_of
from weps.feeders.kvp import OM_20, PHENOMENON_TIME, RESULT_TIME, SERIES_NAMES, SOS_20, time_reference
from weps.feeders.pox import SHOW_COUNT
from weps.json_faults import json_fault

if TYPE_CHECKING:
    from datetime import datetime

_FIXED = (("service", "SOS"), ("version", SOS_20), ("request", "GetObservation"))
_BY_RESULT = {"during": {"ref": f"om:{RESULT_TIME}"}}
_KEPT = ("extensions", "spatialFilter")
_KNOWN = frozenset({*(name for name, _ in _FIXED), *SERIES_NAMES, *_KEPT, "temporalFilter", "responseFormat"})


def canonical_document(text: str) -> str:
    """Give the one form of a request: no time, members and identifiers in order."""
    try:
        members = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise TemplateError(f"the template cannot be read: not JSON: {json_fault(error)}") from error
    if not isinstance(members, dict):
        raise TemplateError("the template is no JSON object; send a GetObservation with its members")
    for name, needed in _FIXED:
        if str(members.get(name, "")).lower() != needed.lower():
            raise TemplateError(f'the template needs "{name}": "{needed}", it has {members.get(name)!r}', where=name)
    unknown = sorted(members.keys() - _KNOWN)
    if unknown:
        raise TemplateError(f"the member {unknown[0]} is not of a GetObservation; leave it out", where=unknown[0])
    kept: dict[str, Any] = {**dict(_FIXED), **{name: members[name] for name in _KEPT if members.get(name)}}
    for name in SERIES_NAMES:
        if name in members:
            kept[name] = _identifiers(name, members[name])
    if time_reference(_references(members.get("temporalFilter"))) == RESULT_TIME:
        kept["temporalFilter"] = _BY_RESULT
    return _canonical(kept)


def read_selection(document: str) -> dict[str, tuple[str, ...]]:
    """Give what a canonical document asks for: identifiers by the name of their parameter."""
    members = json.loads(document)
    return {name: tuple(members[name]) for name in SERIES_NAMES if name in members}


def read_time_reference(document: str) -> str:
    """Give the time that a canonical document is filtered by."""
    return RESULT_TIME if "temporalFilter" in json.loads(document) else PHENOMENON_TIME


def read_parameters(document: str) -> dict[str, str] | None:
    """Give what else a canonical document says as parameters of a URL; None where it cannot be said so."""
    return None if any(name in json.loads(document) for name in _KEPT) else {"responseFormat": OM_20}


def during_document(document: str, begin: datetime, end: datetime) -> bytes:
    """Give the request of a canonical document for a span of the time that it is filtered by."""
    span = [format_instant(begin), format_instant(end)]
    return _filtered(document, "during", read_time_reference(document), span)


def known_document(document: str) -> str:
    """Give a canonical document with its filter over the result time."""
    return _canonical({**json.loads(document), "temporalFilter": _BY_RESULT})


def latest_document(document: str) -> bytes:
    """Give the request of a canonical document for the newest observation of each series."""
    return _filtered(document, "equals", PHENOMENON_TIME, "latest")


def availability_document(document: str, counted: bool) -> bytes:
    """Give the GetDataAvailability for the series of a canonical document; `counted` asks how many there are."""
    fixed: dict[str, Any] = {**dict(_FIXED), "request": "GetDataAvailability"}
    if counted:
        fixed["extensions"] = [{"definition": SHOW_COUNT, "value": True}]
    return _written({**fixed, **read_selection(document)})


def _canonical(members: Mapping[str, Any]) -> str:
    return json.dumps(members, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def _filtered(document: str, operator: str, reference: str, value: Any) -> bytes:
    condition = {operator: {"ref": f"om:{reference}", "value": value}}
    return _written({**json.loads(document), "temporalFilter": condition})


def _written(members: Mapping[str, Any]) -> bytes:
    return json.dumps(members, ensure_ascii=False).encode()


def _identifiers(name: str, value: Any) -> list[str]:
    found = [name_of(one) for one in (value if isinstance(value, list) else [value])]
    identifiers = sorted({one for one in found if one})
    if not identifiers or None in found:
        raise TemplateError(f"{name} is empty or no identifier; give one or leave it out", where=name)
    return identifiers


def _references(condition: Any) -> list[str]:
    """Give the times that filters are over; there may be one or a list."""
    found = []
    for one in condition if isinstance(condition, list) else [condition]:
        for operand in one.values() if isinstance(one, Mapping) else ():
            reference = operand.get("ref") if isinstance(operand, Mapping) else None
            found += [reference] if isinstance(reference, str) else []
    return found
