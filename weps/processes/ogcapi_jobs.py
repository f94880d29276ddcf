"""Jobs as OGC API - Processes tells of them: their states, and which of them a client wants to see."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sos_server.time import format_instant, parse_instant
from weps.errors import InputError
from weps.model import JobStatus, Page
from weps.processes.ogcapi_describe import RELATIONS, link

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from weps.processes.job_control import JobControl
    from weps.processes.job_state import JobState

DEFAULT_LIMIT = 10
LARGEST_LIMIT = 1000
MOST_LOOKED_AT = 2000
"""So many jobs are looked through for one answer; the next page goes on behind them."""

STATUSES = {
    JobStatus.ACCEPTED: "accepted",
    JobStatus.RUNNING: "running",
    JobStatus.SUCCEEDED: "successful",
    JobStatus.FAILED: "failed",
    JobStatus.DISMISSED: "dismissed",
}


def status_info(state: JobState, base: str) -> dict[str, Any]:
    """Give the state of a job."""
    url = f"{base}/jobs/{state.id}"
    links = [link(url, "self", "The state of this job"), link(url, "monitor", "The state of this job")]
    links.append(link(f"{base}/jobs", "up", "The jobs"))
    if state.status is JobStatus.SUCCEEDED:
        links.append(link(f"{url}/results", f"{RELATIONS}results", "What the job gave"))
    if state.status is JobStatus.FAILED:
        links.append(link(f"{url}/results", f"{RELATIONS}exceptions", "Why the job failed"))
    members: dict[str, Any] = {
        "jobID": state.id,
        "processID": state.process,
        "type": "process",
        "status": STATUSES[state.status],
        "message": _message(state),
        "created": format_instant(state.created),
        "started": None if state.status is JobStatus.ACCEPTED else format_instant(state.created),
        "finished": None if state.finished is None else format_instant(state.finished),
        "updated": format_instant(state.updated),
        "progress": state.percent,
        "links": links,
    }
    return {name: member for name, member in members.items() if member is not None}


def _message(state: JobState) -> str | None:
    if state.fault is not None:
        return state.fault.text
    if state.paused:
        return "The subscription is paused."
    if state.completion is not None:
        return f"It ends at {format_instant(state.completion)}."
    return None


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which jobs a client wants to see, and from where on."""

    processes: frozenset[str] = frozenset()
    statuses: frozenset[str] = frozenset()
    begin: datetime | None = None
    end: datetime | None = None
    shortest: float | None = None
    longest: float | None = None
    none_at_all: bool = False
    limit: int = DEFAULT_LIMIT
    offset: int = 0

    def has(self, state: JobState, now: datetime) -> bool:
        """
        Tell whether a job of the wanted processes and times is wanted itself.

        How long one that is not finished took is counted up to now.
        """
        seconds = (min(state.finished or now, now) - state.created).total_seconds()
        return (
            (not self.statuses or STATUSES[state.status] in self.statuses)
            and (self.shortest is None or seconds >= self.shortest)
            and (self.longest is None or seconds <= self.longest)
        )


def decode_wanted(query: Mapping[str, str]) -> Wanted:
    """Read the parameters of a job list; raises `InputError`."""
    statuses = _names(query, "status")
    for name in statuses - frozenset(STATUSES.values()):
        raise InputError(f'"{name}" is not one of {", ".join(STATUSES.values())}.', "status")
    begin, end = _period(query.get("datetime"))
    types = _names(query, "type")
    return Wanted(
        processes=_names(query, "processID"),
        statuses=statuses,
        begin=begin,
        end=end,
        shortest=_seconds(query, "minDuration"),
        longest=_seconds(query, "maxDuration"),
        none_at_all=bool(types) and "process" not in types,
        limit=read_count(query, "limit", DEFAULT_LIMIT, 1, LARGEST_LIMIT),
        offset=read_count(query, "offset", 0, 0, 2**31),
    )


def list_jobs(control: JobControl, wanted: Wanted, now: datetime) -> tuple[list[JobState], int | None]:
    """Give the jobs that are wanted, newest first, and where the next page begins (None: there is none)."""
    found: list[JobState] = []
    if wanted.none_at_all:
        return found, None
    offset = wanted.offset
    while offset < wanted.offset + MOST_LOOKED_AT:
        states = control.states(Page(offset, wanted.limit + 1), wanted.processes, wanted.begin, wanted.end)
        for state in states:
            if len(found) == wanted.limit:
                return found, offset
            offset += 1
            if wanted.has(state, now):
                found.append(state)
        if len(states) <= wanted.limit:
            return found, None
    return found, offset


def read_count(query: Mapping[str, str], name: str, default: int, least: int, most: int) -> int:
    """Read a whole number of a query; one beyond the largest counts as that, as OGC API says of limits."""
    text = query.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit()) or int(text[:20]) < least:
        raise InputError(f'"{text}" is not a whole number from {least} on.', name)
    return min(int(text[:20]), most)


def _names(query: Mapping[str, str], name: str) -> frozenset[str]:
    return frozenset(part.strip() for part in query.get(name, "").split(",") if part.strip())


def _seconds(query: Mapping[str, str], name: str) -> float | None:
    return float(read_count(query, name, 0, 0, 2**40)) if name in query else None


def _period(text: str | None) -> tuple[datetime | None, datetime | None]:
    """Read an instant or an interval `begin/end`, either open as `..` (OGC API - Features clause 7.15.4)."""
    if text is None:
        return None, None
    first, slash, last = text.partition("/")
    try:
        begin, end = (
            None if part.strip() in {"", ".."} else parse_instant(part) for part in (first, last if slash else first)
        )
    except ValueError as error:
        raise InputError(str(error), "datetime") from error
    return begin, end
