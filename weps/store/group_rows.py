"""What tells several alerts as it is kept in the outbox: so it is the same however often it is sent."""

from __future__ import annotations

from dataclasses import fields
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sos_server.time import from_microseconds, to_microseconds
from weps.groups import PATTERN, GroupAlert, GroupEntry
from weps.model import AlertStatus, AlertUse, Language, Reminder, Severity

if TYPE_CHECKING:
    from collections.abc import Mapping

_KINDS: dict[str, type[AlertStatus | AlertUse | Language | Reminder | Severity]] = {
    "status": AlertStatus,
    "state": AlertStatus,
    "use": AlertUse,
    "language": Language,
    "reminder": Reminder,
    "severity": Severity,
}
_INSTANTS = ("detected", "event_time", "phenomenon_time")


def write_group(group: GroupAlert) -> dict[str, Any]:
    """Give a group as it is kept."""
    members = _write(group)
    return members | {"entries": [_write(entry) for entry in group.entries]}


def read_group(stored: Mapping[str, Any]) -> GroupAlert:
    """Give a group as it was kept."""
    entries = tuple(GroupEntry(**_read(entry)) for entry in stored["entries"])
    return GroupAlert(**_read(stored) | {"entries": entries, "pattern": PATTERN})


def _write(value: GroupAlert | GroupEntry) -> dict[str, Any]:
    members = {each.name: getattr(value, each.name) for each in fields(value) if each.name != "entries"}
    written = {name: to_microseconds(part) if isinstance(part, datetime) else part for name, part in members.items()}
    return {name: part for name, part in written.items() if part is not None and part != ()}


def _read(stored: Mapping[str, Any]) -> dict[str, Any]:
    members: dict[str, Any] = {name: _KINDS[name](part) if name in _KINDS else part for name, part in stored.items()}
    return members | {name: from_microseconds(members[name]) for name in _INSTANTS if name in members}
