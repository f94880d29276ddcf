"""Requests to OGC API - Processes, and the subscription that its tests make."""

from __future__ import annotations

import json

import requests

RELATIONS = "http://www.opengis.net/def/rel/ogc/1.0/"
EXCEPTIONS = "http://www.opengis.net/def/exceptions/ogcapi-processes-1/1.0/"
CONFORMANCE = "http://www.opengis.net/spec/ogcapi-processes-1/1.0/conf/"
ECHO = "org.n52.javaps.test.EchoProcess"
ASYNC = {"Prefer": "respond-async"}
RULE = {"type": "threshold", "procedure": "ws2500", "condition": "greaterThan", "threshold": 30, "uom": "Cel"}
SUBSCRIPTION = {
    "rule": {"value": RULE, "mediaType": "application/json"},
    "procedure": "ws2500",
    "observedProperty": "AirTemperature",
    "samplingRate": {"measurement": 10, "uom": "min"},
    "runtime": "P1D",
}


def get(wps, path: str, **options) -> requests.Response:
    return requests.get(f"{wps.base}{path}", timeout=20, **options)


def execute(wps, process: str, body: dict | bytes, **headers: str) -> requests.Response:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    url = f"{wps.base}/processes/{process}/execution"
    return requests.post(url, data=data, headers={"Content-Type": "application/json", **headers}, timeout=20)


def links(document: dict) -> dict[str, str]:
    return {one["rel"]: one["href"] for one in document["links"]}
