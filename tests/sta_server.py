"""
A SensorThings service on loopback: Datastreams with Observations, `$filter` by time, pages, and `$expand` where asked.

It follows OGC 18-088 as far as a client that reads Observations needs it, and hands out short pages.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.loopback import Loopback, Request

MQTT = "http://www.opengis.net/spec/iot_sensing/1.1/req/receive-updates-via-mqtt/receive-updates"
PLACE = {"type": "Point", "coordinates": [7.59, 51.97]}


@dataclass
class StaServer:
    """
    The service; Observations are added by `observe`. `asked` has the paths and queries of all requests.

    `name` is how it calls itself in links, as behind a proxy. `streams` are the numbers of its Datastreams: odd ones
    are those of Things(1), even ones of Things(2).
    """

    page: int = 3
    broker: str | None = None
    name: str | None = None
    streams: tuple[int, ...] = (1, 2)
    observations: list[dict[str, Any]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def __enter__(self) -> StaServer:
        owner = self

        class Handler(Request):
            def get(self) -> None:
                owner.asked.append(self.path)
                status, document = owner.answer(self.path)
                self.answer(status, json.dumps(document).encode(), Content_Type="application/json")

        self._server = Loopback(Handler)
        self.host = self._server.host
        self.root = f"http://{self.host}/v1.1"
        return self

    def __exit__(self, *_: object) -> None:
        self._server.close()

    def observe(self, stream: int, time: datetime, result: Any) -> dict[str, Any]:
        """Add an Observation to a Datastream, and give it as it is published by MQTT."""
        number = len(self.observations) + 1
        entity = {
            "@iot.id": number,
            "@iot.selfLink": f"{self.root}/Observations({number})",
            "phenomenonTime": time.isoformat().replace("+00:00", "Z"),
            "resultTime": None,
            "result": result,
        }
        self.observations.append({"stream": stream, **entity})
        return entity

    def answer(self, target: str) -> tuple[int, Any]:
        """Answer a request."""
        parts = urlsplit(target)
        options = {name: values[0] for name, values in parse_qs(parts.query).items()}
        path = parts.path.removeprefix("/v1.1").strip("/")
        if not path:
            endpoints = {"endpoints": [f"mqtt://{self.broker}"]} if self.broker else {}
            return 200, {"value": [], "serverSettings": {MQTT: endpoints}}
        stream = re.fullmatch(r"Datastreams\((\d+)\)(/Observations)?", path)
        if stream and int(stream[1]) not in self.streams:
            return 404, {"code": 404, "type": "error", "message": "Nothing found."}
        if stream and not stream[2]:
            return 200, self._stream(int(stream[1]), options)
        if path.endswith("Datastreams"):
            return 200, self._streams(path, target, options)
        return 200, self._observations(int(stream[1]) if stream else None, target, options)

    def _streams(self, path: str, target: str, options: dict[str, str]) -> dict[str, Any]:
        thing = re.fullmatch(r"Things\((\d+)\)/Datastreams", path)
        named = re.findall(r"id eq (\d+)", options.get("$filter", ""))
        found = [
            number
            for number in self.streams
            if (thing is None or number % 2 == int(thing[1]) % 2) and (not named or str(number) in named)
        ]
        return self._page([self._stream(number, options) for number in found], target, options)

    def _page(self, found: list[dict[str, Any]], target: str, options: dict[str, str]) -> dict[str, Any]:
        size, skip = min(int(options.get("$top", 100)), self.page), int(options.get("$skip", 0))
        document: dict[str, Any] = {"value": found[skip : skip + size]}
        if skip + size < len(found):
            kept = re.sub(r"&\$skip=\d+|key=\w+&", "", target)
            document["@iot.nextLink"] = f"{self.name or f'http://{self.host}'}{kept}&$skip={skip + size}"
        return document

    def _observations(self, stream: int | None, target: str, options: dict[str, str]) -> dict[str, Any]:
        limits = re.findall(r"phenomenonTime (ge|le) (\S+)", options.get("$filter", ""))
        found = sorted(
            (one for one in self.observations if stream in (None, one["stream"])), key=lambda one: one["phenomenonTime"]
        )
        for word, limit in limits:
            found = [
                one
                for one in found
                if (one["phenomenonTime"] >= limit if word == "ge" else one["phenomenonTime"] <= limit)
            ]
        if "desc" in options.get("$orderby", ""):
            found.reverse()
        return self._page([self._shown(one, options) for one in found], target, options)

    def _shown(self, one: dict[str, Any], options: dict[str, str]) -> dict[str, Any]:
        shown = {name: value for name, value in one.items() if name != "stream"}
        if "Datastream" in options.get("$expand", ""):
            shown["Datastream"] = self._stream(one["stream"], {"$expand": "Sensor,ObservedProperty,Thing"})
        if "FeatureOfInterest" in options.get("$expand", ""):
            shown["FeatureOfInterest"] = {"@iot.id": 9, "name": f"river {one['stream']}", "feature": PLACE}
        return shown

    def _stream(self, number: int, options: dict[str, str]) -> dict[str, Any]:
        expand = options.get("$expand", "")
        found: dict[str, Any] = {
            "@iot.id": number,
            "name": f"stream {number}",
            "unitOfMeasurement": {"name": "metre", "symbol": "m", "definition": "ucum:m"},
        }
        if "Sensor" in expand:
            found["Sensor"] = {"@iot.id": number, "name": f"gauge {number}"}
            found["ObservedProperty"] = {"name": "Level", "definition": "http://example.org/level"}
            found["Thing"] = {"name": f"bridge {number}", "Locations": []}
        if "Observations(" in expand:
            inner = {"$orderby": "phenomenonTime desc", "$top": "1", "$expand": "FeatureOfInterest"}
            found["Observations"] = self._observations(number, "", inner)["value"]
        return found
