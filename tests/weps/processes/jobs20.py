"""Subscribing as a job of WPS 2.0."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sos_server.time import parse_instant
from tests.weps.processes.requests20 import (
    THRESHOLD,
    execute,
    literals,
    output,
)

if TYPE_CHECKING:
    from datetime import datetime


def subscribe(*, mode: str = "async", response: str = "document", outputs: str = "", **inputs: str) -> str:
    wanted = "".join(output(one) for one in (outputs or "subscriptionId feed").split())
    return execute("weps:Subscribe", literals(**THRESHOLD | inputs), wanted, mode, response)


def instant(reply, name: str) -> datetime:
    [text] = reply.texts(f"/wps:StatusInfo/wps:{name}")
    return parse_instant(text)
