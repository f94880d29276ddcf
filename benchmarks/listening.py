"""
Server-sent events: five thousand clients of one process, the memory for each, and how long an alert takes to the last.

Alerts come as ever: an observation is published, a rule finds it, the alert is stored. The delay is counted from the
time that the alert was stored with, which is before its commit, to when the last client has it.
"""

from __future__ import annotations

import asyncio
import json
import resource
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from benchmarks import station
from benchmarks.frame import Line, Scale, WrongAnswer, at_most
from benchmarks.server import Server, serving
from weps.client import ComplexInput, execute

if TYPE_CHECKING:
    from asyncio import StreamReader

CLIENTS = 5_000
ALERTS = 5
SECONDS_LIMIT = 60.0
RULE = '{"type": "threshold", "condition": "greaterThan", "threshold": -100, "trigger": "every"}'


@dataclass(slots=True)
class Heard:
    """What one client has heard: when each alert came."""

    at: list[float]


def run(scale: Scale) -> list[Line]:
    """Let all listen, and tell them alerts one after the other."""
    clients = scale.of(CLIENTS)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 3 * clients)), hard))
    with TemporaryDirectory() as folder, serving(Path(folder)) as server:
        server.insert_sensor()
        inputs: dict[str, str | ComplexInput] = {"rule": ComplexInput(RULE, "application/json")}
        inputs |= {"procedure": station.PROCEDURE, "observedProperty": station.PROPERTY, "samplingRate": "PT0.2S"}
        execute(f"{server.url}/wps", "weps:Subscribe", inputs, {"subscriptionId": None})
        before, memory, delays = asyncio.run(_listen(server, clients))
    each = (memory - before) / clients / 1024
    return [
        Line(f"{clients:,} listeners: resident memory of the service for each", each, "KiB"),
        Line(
            f"{clients:,} listeners: from storing an alert to the last of them",
            median(delays) * 1e3,
            "ms",
            figure=median(delays),
            relation="seconds",
            spread=(min(delays), max(delays)),
            target=at_most(2),
        ),
    ]


async def _listen(server: Server, count: int) -> tuple[int, int, list[float]]:
    """Give the memory before anybody listened and when all did, and the delays of the alerts."""
    before = server.memory()
    heard = [Heard([]) for _ in range(count)]
    connections = []
    for start in range(0, count, 250):
        some = heard[start : start + 250]
        connections += await asyncio.gather(*(_connect(server.port) for _ in some))
    tasks = [asyncio.create_task(_hear(reader, each)) for (reader, _), each in zip(connections, heard, strict=True)]
    memory = server.memory()
    delays = []
    for number in range(ALERTS):
        await asyncio.to_thread(_publish, server, number)
        until = time.monotonic() + SECONDS_LIMIT
        while any(len(each.at) <= number for each in heard):
            if time.monotonic() > until:
                raise WrongAnswer(f"an alert did not reach all {count} listeners")
            await asyncio.sleep(0.01)
        stored = await asyncio.to_thread(_stored, server)
        delays.append(max(each.at[number] for each in heard) - stored)
    for task in tasks:
        task.cancel()
    for _, writer in connections:
        writer.close()
    return before, memory, delays


async def _connect(port: int) -> tuple[StreamReader, asyncio.StreamWriter]:
    """Begin to listen; gives the connection when the stream has begun."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET /events HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/event-stream\r\n\r\n")
    await reader.readuntil(b"id: ")
    return reader, writer


async def _hear(reader: StreamReader, heard: Heard) -> None:
    while line := await reader.readline():
        if line.startswith(b"data:"):
            heard.at.append(time.time())


def _publish(server: Server, number: int) -> None:
    """Publish an observation, which is above the threshold."""
    server.insert(number, 1)


def _stored(server: Server) -> float:
    """Give when the newest alert was stored."""
    feed = json.loads(server.ask("/store/GetRSS?format=json&limit=1"))
    return datetime.fromisoformat(feed["items"][0]["date_published"]).timestamp()
