"""The bundled SOS on loopback, behind a door that can misbehave."""

from __future__ import annotations

import asyncio
import re
import threading
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import unquote

import requests
from granian.constants import Interfaces
from granian.server.embed import Server
from lxml import etree

from sos_server.app import create_app
from sos_server.codecs import sensorml, xml
from sos_server.codecs.sos20.encode import encode_request
from sos_server.model import OM_MEASUREMENT, SAMPLING_POINT, Feature, Observation, Offering
from sos_server.requests import InsertObservation, InsertSensor
from sos_server.settings import Settings
from sos_server.time import parse_instant
from tests.ports import free_port
from tests.waiting import join, wait_for


class FlakySos:
    """
    A real SOS; while `answer` is set, every GetObservation gets that body and status instead of a true answer.

    While `most` is set, an answer to a time span ends after so many observations without a word; while `longest` is,
    one to a longer span comes never (so a client gives up). `asked` has the query strings of all GetObservation
    requests, `counted` those of all GetDataAvailability requests; while `uncounted` is set, the latter is not known.
    """

    def __init__(self, data: Path) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}/"
        self.answer: tuple[int, bytes] | None = None
        self.most: int | None = None
        self.longest: timedelta | None = None
        self.asked: list[str] = []
        self.counted: list[str] = []
        self.uncounted = False
        self._app = create_app(Settings(data=data))
        self._loop = asyncio.new_event_loop()
        self._server: Server | None = None
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> FlakySos:
        self._thread.start()
        wait_for(self._answers, pause=0.01)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._server.stop)
        join([self._thread])
        self._app.state.storage.close()

    def _answers(self) -> bool:
        try:
            requests.get(self.url, timeout=5)
        except (requests.ConnectionError, requests.Timeout):
            return False
        return True

    def insert_sensor(self, procedure: str = "ws", observed_property: str = "AirTemperature") -> None:
        offering = Offering(procedure, procedure)
        description = sensorml.encode_description(procedure, procedure, offering, [(observed_property, "Cel")], None)
        self._post(
            encode_request(InsertSensor(description, (observed_property,), (OM_MEASUREMENT,), (SAMPLING_POINT,)))
        )

    def insert(self, *rows: tuple[datetime, float], procedure: str = "ws", feature: str = "station") -> None:
        station = Feature(feature, feature_type=SAMPLING_POINT, geometry={"type": "Point", "coordinates": [7.5, 52.0]})
        observations = tuple(
            Observation(
                time,
                procedure,
                "AirTemperature",
                feature,
                value,
                "Cel",
                result_time=time,
                observation_type=OM_MEASUREMENT,
                feature=station,
            )
            for time, value in rows
        )
        self._post(encode_request(InsertObservation((procedure,), observations)))

    def template(self, procedure: str = "ws") -> str:
        return (
            f"{self.url}?service=SOS&version=2.0.0&request=GetObservation"
            f"&offering={procedure}&procedure={procedure}&observedProperty=AirTemperature"
        )

    def _post(self, document: bytes) -> None:
        answer = requests.post(self.url, data=document, headers={"Content-Type": "application/xml"}, timeout=30)
        assert answer.status_code == 200, answer.text

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._server = Server(
            self._door,
            address="127.0.0.1",
            port=self.port,
            interface=Interfaces.ASGINL,
            websockets=False,
            log_enabled=False,
        )
        self._loop.run_until_complete(self._server.serve())

    async def _door(self, scope, receive, send) -> None:
        query = scope["query_string"].decode()
        if "GetDataAvailability" in query:
            self.counted.append(query)
            if self.uncounted:
                scope = {**scope, "query_string": b"service=SOS&version=2.0.0&request=Unknown"}
        if "GetObservation" not in query:
            await self._app(scope, receive, send)
            return
        self.asked.append(query)
        if self.longest is not None and _span(query) > self.longest:
            await asyncio.sleep(60)
        if self.answer is None and self.most is None:
            await self._app(scope, receive, send)
            return
        status, body = self.answer or await self._cut(scope, receive)
        await send({"type": "http.response.start", "status": status, "headers": [(b"content-type", b"text/xml")]})
        await send({"type": "http.response.body", "body": body})

    async def _cut(self, scope, receive) -> tuple[int, bytes]:
        parts: list[bytes] = []

        async def collect(message) -> None:
            parts.append(message.get("body", b""))

        headers = [(name, value) for name, value in scope["headers"] if name != b"accept-encoding"]
        await self._app({**scope, "headers": headers}, receive, collect)
        root = xml.parse(b"".join(parts))
        for member in root.findall("{*}observationData")[self.most :]:
            root.remove(member)
        return 200, etree.tostring(root)


def _span(query: str) -> timedelta:
    """The time that a query asks for."""
    found = re.search(r"emporalFilter=[^&]*?(\d{4}-[^&/]*)/(\d{4}-[^&]*)", unquote(query))
    return parse_instant(found[2]) - parse_instant(found[1]) if found else timedelta(0)
