"""The bundled SOS on loopback, which answers a GetObservation only when a test lets it."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

from tests.flaky_sos import FlakySos
from tests.waiting import PATIENCE


class GatedSos(FlakySos):
    """A real SOS: each GetObservation of a time span waits for a permit of `gate`; `arrived` is how many have come."""

    def __init__(self, data: Path) -> None:
        super().__init__(data)
        self.gate = threading.Semaphore(0)
        self.arrived = 0

    def __exit__(self, *raised: object) -> None:
        self.open()
        super().__exit__(*raised)

    def open(self) -> None:
        """Let everybody through from now on."""
        self.gate.release(10_000)

    async def _door(self, scope, receive, send) -> None:
        query = scope["query_string"].decode()
        if "GetObservation" in query and "emporalFilter" in query:
            self.arrived += 1
            if not await asyncio.to_thread(self.gate.acquire, timeout=PATIENCE):
                raise TimeoutError(f"nobody let this through: {query}")
        await super()._door(scope, receive, send)
