"""What OGC API - Processes says there is: landing page, definition, processes and their schemas."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import requests
from jsonschema import Draft7Validator, Draft202012Validator

from tests.weps.processes.ogcapi import CONFORMANCE, ECHO, EXCEPTIONS, RELATIONS, RULE, get, links
from weps.processes.registry import PROCESSES

if TYPE_CHECKING:
    from collections.abc import Iterator


def test_the_landing_page_links_to_everything(wps):
    """
    Conformance, processes, jobs and the definition of the API are found from the landing page (core 7.2).
    """
    answer = get(wps, "/", headers={"Accept": "application/json"})

    found = links(answer.json())
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/json")
    for relation, path in {
        "service-desc": "/openapi.json",
        f"{RELATIONS}conformance": "/conformance",
        f"{RELATIONS}processes": "/processes",
        f"{RELATIONS}job-list": "/jobs",
    }.items():
        assert found[relation] == wps.base + path
        assert get(wps, path).status_code == 200


def test_browsers_are_left_to_the_page_for_people(wps):
    """
    Who asks for HTML does not get JSON at the landing page.
    """
    answer = get(wps, "/", headers={"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"})
    forced = get(wps, "/?f=json", headers={"Accept": "text/html"})

    assert answer.status_code == 404  # no page is mounted here
    assert forced.json()["title"] == "WEPS"


def test_what_is_conformed_to_is_declared(wps):
    """
    The conformance classes that are supported, and no others (core 7.4).
    """
    assert get(wps, "/conformance").json() == {
        "conformsTo": [
            CONFORMANCE + name
            for name in ("core", "ogc-process-description", "json", "oas30", "job-list", "callback", "dismiss")
        ]
    }


def test_the_definition_names_every_path_and_resolves(wps):
    """
    The OpenAPI document has version 3.0, a place for every resource, and no reference into nowhere (oas30).
    """
    answer = get(wps, "/openapi.json")
    document = answer.json()

    def references(part: object) -> Iterator[str]:
        if isinstance(part, dict):
            if isinstance(part.get("$ref"), str):
                yield part["$ref"]
            part = list(part.values())
        if isinstance(part, list):
            for one in part:
                yield from references(one)

    assert answer.headers["Content-Type"] == "application/vnd.oai.openapi+json;version=3.0"
    assert document["openapi"].startswith("3.0.")
    assert list(document["paths"]) == [
        "/",
        "/conformance",
        "/processes",
        "/processes/{processId}",
        "/processes/{processId}/execution",
        "/jobs",
        "/jobs/{jobId}",
        "/jobs/{jobId}/results",
        "/sources",
        "/sources/{sourceId}",
        "/sources/{sourceId}/series",
        "/sources/{sourceId}/corrections",
        "/episodes",
        "/episodes/{episodeId}",
        *(f"/episodes/{{episodeId}}/{action}" for action in ("acknowledge", "assign", "comment", "cancel")),
        "/silences",
        "/silences/{silenceId}",
        "/silences/{silenceId}/end",
        "/inhibitions",
        "/inhibitions/{inhibitionId}",
        "/inhibitions/{inhibitionId}/end",
        "/deliveries",
        "/deliveries/retry",
        "/deliveries/{deliveryId}",
        "/deliveries/{deliveryId}/retry",
        "/deliveries/{deliveryId}/replay",
        "/webhooks",
        "/webhooks/rotate",
        "/events",
        "/feeds/{token}.{format}",
        "/alerts/{alertId}",
        "/alerts/{alertId}.cap",
        "/store/GetRSS",
        "/store/InsertRSS",
        "/push/{token}",
        "/healthz",
        "/readyz",
    ]
    for reference in references(document):
        _, _, kind, name = reference.split("/")
        assert name in document["components"][kind]


def test_the_processes_are_listed_with_what_the_schema_requires(wps):
    """
    Each summary has id, version, the ways of execution and a link to its description (core 7.9).
    """
    document = get(wps, "/processes").json()

    assert {one["id"] for one in document["processes"]} >= set(PROCESSES)
    for one in document["processes"]:
        assert one["version"]
        assert one["outputTransmission"] == ["value"]
        assert one["jobControlOptions"] == ["sync-execute", "async-execute", "dismiss"]
        assert links(one)["self"] == f"{wps.base}/processes/{one['id']}"
        assert links(one)[f"{RELATIONS}execute"] == f"{wps.base}/processes/{one['id']}/execution"


def test_the_list_of_processes_comes_in_pages(wps):
    """
    With a limit, the links called next lead through all processes once.
    """
    found, url = [], f"{wps.base}/processes?limit=4"
    while url:
        document = requests.get(url, timeout=20).json()
        found += [one["id"] for one in document["processes"]]
        url = links(document).get("next")

    assert sorted(found) == sorted(one["id"] for one in get(wps, "/processes").json()["processes"])


@pytest.mark.parametrize("process", [*PROCESSES, ECHO])
def test_every_process_is_described_with_valid_schemas(wps, process: str):
    """
    Inputs and outputs have a title and a JSON Schema each, inputs how often they may occur (ogc-process-description).
    """
    document = get(wps, f"/processes/{process}").json()

    spec = PROCESSES.get(process)
    if spec is not None:
        assert list(document["inputs"]) == [one.identifier for one in spec.inputs]
        assert list(document["outputs"]) == [one.identifier for one in spec.outputs]
    for one in (*document["inputs"].values(), *document["outputs"].values()):
        assert one["title"]
        Draft7Validator.check_schema(one["schema"])  # the standard lets contentSchema be an address
    assert all(one["minOccurs"] <= one["maxOccurs"] for one in document["inputs"].values())


def test_rule_languages_are_told_as_metadata_and_their_schemas_are_served(wps):
    """
    A client finds the schema of our own rule language from the description of a process, and it judges rules.
    """
    metadata = get(wps, "/processes/weps:Subscribe").json()["metadata"]

    schema = requests.get(next(one["href"] for one in metadata if one["href"].startswith(wps.base)), timeout=20)
    assert schema.headers["Content-Type"] == "application/schema+json"
    assert Draft202012Validator(schema.json()).is_valid(RULE)
    assert not Draft202012Validator(schema.json()).is_valid({**RULE, "condition": "higherThan"})


@pytest.mark.parametrize(
    ("path", "status", "kind"),
    [
        ("/processes/nothing", 404, f"{EXCEPTIONS}no-such-process"),
        ("/jobs/nothing", 404, f"{EXCEPTIONS}no-such-job"),
        ("/jobs/nothing/results", 404, f"{EXCEPTIONS}no-such-job"),
        ("/schemas/rules/nothing.json", 404, "about:blank"),
        ("/jobs?limit=0", 400, "about:blank"),
        ("/jobs?limit=ten", 400, "about:blank"),
        ("/jobs?status=lost", 400, "about:blank"),
        ("/jobs?datetime=yesterday", 400, "about:blank"),
        ("/processes?limit=-1", 400, "about:blank"),
    ],
)
def test_what_is_not_there_is_a_problem(wps, path: str, status: int, kind: str):
    """
    The type of the exception and the HTTP status say what is wrong.
    """
    answer = get(wps, path)

    problem = answer.json()
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert (answer.status_code, problem["status"], problem["type"]) == (status, status, kind)
    assert problem["detail"]
