"""What goes wrong in OGC API - Processes: problem details (RFC 7807) with the types of exceptions of OGC 18-062r2."""

from __future__ import annotations

import http.client
from dataclasses import dataclass
from typing import Any

from weps.errors import FeedError, InputError, NotFoundError, WepsError
from weps.processes.faults import NoSuchJob, ResultNotReady, fault_of

MEDIA_TYPE = "application/problem+json"
_TYPES = "http://www.opengis.net/def/exceptions/ogcapi-processes-1/1.0/"


class NoSuchProcess(NotFoundError):
    """There is no process of that name."""


TYPES: tuple[tuple[type[WepsError], str, int], ...] = (
    (NoSuchProcess, f"{_TYPES}no-such-process", 404),
    (NoSuchJob, f"{_TYPES}no-such-job", 404),
    (ResultNotReady, f"{_TYPES}result-not-ready", 404),
    (NotFoundError, "about:blank", 404),
    (InputError, "about:blank", 400),
    (FeedError, "about:blank", 502),
)
"""The type of exception and the HTTP status of our own errors; the first line that fits counts."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One exception, as it is sent."""

    type: str
    status: int
    detail: str
    where: str | None = None

    def to_json(self, instance: str | None = None) -> dict[str, Any]:
        """Give the problem details; `instance` is the address that was asked."""
        members = {
            "type": self.type,
            "title": http.client.responses.get(self.status, "Error"),
            "status": self.status,
            "detail": self.detail,
            "instance": instance,
            "where": self.where,
        }
        return {name: member for name, member in members.items() if member is not None}


def problem_of(error: Exception) -> Problem:
    """Give what clients are told about an error; what we did not raise on purpose is never told in detail."""
    fault = fault_of(error)
    for kind, name, status in TYPES:
        if isinstance(error, kind):
            detail = error.message if isinstance(error, (NoSuchJob, ResultNotReady)) else fault.text
            return Problem(name, status, detail, fault.locator)
    return Problem("about:blank", fault.status, fault.text, fault.locator)
