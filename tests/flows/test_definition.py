"""The OpenAPI definition against a running service: what is answered stands there, with its media type and schema."""

from __future__ import annotations

from typing import Any

import pytest
import requests
from openapi_schema_validator import OAS30Validator

from weps.web.queries import FILTERS

LISTS = ("episodes", "silences", "inhibitions", "deliveries", "webhooks", "sources", "jobs", "processes")
THRESHOLD = {"condition": "greaterThan", "threshold": 3, "procedure": "p", "observedProperty": "o"}


def definition(url: str) -> dict[str, Any]:
    return requests.get(f"{url}/openapi.json", timeout=20).json()


def faults(document: dict[str, Any], path: str, answer: requests.Response) -> list[str]:
    """Compare an answer with what the definition says of its path."""
    operation = document["paths"][path][answer.request.method.lower()]
    told = operation["responses"].get(str(answer.status_code), {"content": {}})["content"]
    media_type = answer.headers["Content-Type"].partition(";")[0]
    if media_type not in told and "*/*" not in told:
        return [f"{answer.status_code} {media_type} is none of {list(told)}"]
    if not media_type.endswith("json"):
        return []
    schema = told[media_type]["schema"] | {"components": document["components"]}
    return [each.message for each in OAS30Validator(schema).iter_errors(answer.json())]


@pytest.mark.parametrize("path", ["/", "/conformance", "/healthz", "/readyz", *(f"/{each}" for each in LISTS)])
def test_what_is_asked_without_a_parameter_is_answered_as_defined(running_service, path: str):
    """
    Its status, its media type and its members.
    """
    answer = requests.get(f"{running_service.url}{path}", timeout=20)

    assert answer.status_code == 200
    assert faults(definition(running_service.url), path, answer) == []


@pytest.mark.parametrize("name", ["rss", "atom", "json", "geojson", "cap"])
def test_feeds_and_the_data_store_are_answered_as_defined(running_service, name: str):
    """
    Each format has a media type of its own.
    """
    execution = f"{running_service.url}/processes/weps:Subscribe/execution"
    asked = {"inputs": THRESHOLD, "outputs": {"feed": {}}}
    feed = requests.post(execution, json=asked, timeout=20).text.removesuffix("rss")

    answers = {
        "/feeds/{token}.{format}": requests.get(f"{feed}{name}", timeout=20),
        "/store/GetRSS": requests.get(f"{running_service.url}/store/GetRSS", {"format": name}, timeout=20),
    }

    document = definition(running_service.url)
    assert [each.status_code for each in answers.values()] == [200, 200]
    assert [faults(document, path, answer) for path, answer in answers.items()] == [[], []]


@pytest.mark.parametrize(
    ("asked", "media_type"),
    [
        ({}, "multipart/related"),
        ({"outputs": {"feed": {}}}, "text/plain"),
        ({"response": "document"}, "application/json"),
    ],
    ids=["several raw outputs", "one raw output", "a document"],
)
def test_an_execution_is_answered_as_defined(running_service, asked: dict[str, Any], media_type: str):
    """
    What is raw has the media type of the output, or of parts.
    """
    path = "/processes/{processId}/execution"
    url = f"{running_service.url}{path.format(processId='weps:Subscribe')}"

    answer = requests.post(url, json={"inputs": THRESHOLD} | asked, timeout=20)

    told = definition(running_service.url)["paths"][path]["post"]["responses"]["200"]["content"]
    assert answer.headers["Content-Type"].partition(";")[0] == media_type
    assert list(told) == ["application/json", "multipart/related", "*/*"]
    assert faults(definition(running_service.url), path, answer) == []


@pytest.mark.parametrize("path", ["/store/GetRSS", "/events"])
def test_every_condition_is_defined(running_service, path: str):
    """
    The conditions of the data store are those of events, too.
    """
    parameters = definition(running_service.url)["paths"][path]["get"]["parameters"]

    assert set(FILTERS) <= {each["name"] for each in parameters}
