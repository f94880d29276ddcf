"""OGC API - Processes as HTTP: the definition is valid, methods and preferences are understood, lists are narrowed."""

from __future__ import annotations

import json

import pytest
import requests
from openapi_spec_validator import OpenAPIV30SpecValidator

from tests.weps.processes.ogcapi import ASYNC, ECHO, SUBSCRIPTION, execute, get, links
from weps.processes.ogcapi_execute import prefers_async

PATHS = ("/conformance", "/openapi.json", "/processes", "/processes/weps:Subscribe", "/jobs", f"/processes/{ECHO}")


def test_the_definition_is_valid_openapi(wps):
    """
    By the validator of the OpenAPI community, every schema in it included (oas30/oas-definition-2).
    """
    errors = list(OpenAPIV30SpecValidator(get(wps, "/openapi.json").json()).iter_errors())

    assert errors == []


def test_the_definition_describes_what_is_answered(wps):
    """
    Lists and states have the members that their schemas require (json/definition).
    """
    schemas = get(wps, "/openapi.json").json()["components"]["schemas"]
    execute(wps, "weps:Subscribe", {"inputs": SUBSCRIPTION}, **ASYNC)

    jobs = get(wps, "/jobs").json()

    answers = {
        "LandingPage": get(wps, "/?f=json").json(),
        "Conformance": get(wps, "/conformance").json(),
        "ProcessList": get(wps, "/processes").json(),
        "Process": get(wps, "/processes/weps:DryRun").json(),
        "JobList": jobs,
        "StatusInfo": jobs["jobs"][0],
        "Problem": get(wps, "/jobs/nothing").json(),
    }
    for name, answer in answers.items():
        assert set(schemas[name]["required"]) <= answer.keys()
        assert answer.keys() <= schemas[name]["properties"].keys()


@pytest.mark.parametrize("path", PATHS)
def test_head_is_get_without_a_body(wps, path: str):
    """
    Same status, same media type, same length (RFC 9110 clause 9.3.2).
    """
    head, whole = requests.head(f"{wps.base}{path}", timeout=20), get(wps, path)

    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["Content-Type"] == whole.headers["Content-Type"]
    assert head.headers["Content-Length"] == whole.headers["Content-Length"]


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("POST", "/processes", "GET, HEAD"),
        ("DELETE", "/processes/weps:Subscribe", "GET, HEAD"),
        ("GET", "/processes/weps:Subscribe/execution", "POST"),
        ("PUT", "/jobs/1", "DELETE, GET, HEAD"),
        ("DELETE", "/conformance", "GET, HEAD"),
    ],
)
def test_another_method_is_a_problem_that_names_those_that_are_possible(wps, method: str, path: str, allowed: str):
    """
    405 with `Allow`, as problem details like any other.
    """
    answer = requests.request(method, f"{wps.base}{path}", timeout=20)

    assert (answer.status_code, answer.headers["Allow"]) == (405, allowed)
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert (answer.json()["status"], answer.json()["instance"]) == (405, path)


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ([], False),
        (["respond-async"], True),
        (["Respond-Async"], True),
        (["respond-async, wait=10"], True),
        (["wait=10; foo=bar, respond-async;wait=5"], True),
        (["return=minimal", "respond-async"], True),
        (["return=representation"], False),
        (["wait=1; respond-async"], False),
    ],
)
def test_the_preference_for_a_job_is_understood(headers: list[str], expected: bool):
    """
    In any case, with parameters, and beside other preferences (RFC 7240 clause 2).
    """
    assert prefers_async(headers) is expected


@pytest.mark.parametrize(
    ("headers", "status"), [({}, 200), ({"Prefer": "wait=5"}, 200), (ASYNC, 201)], ids=["none", "other", "async"]
)
def test_execution_is_synchronous_unless_a_job_is_preferred(wps, headers: dict[str, str], status: int):
    """
    A job is told with its address and that the preference was followed (core/process-execute-auto-execution-mode).
    """
    answer = execute(wps, "weps:ListRuleLanguages", {}, **headers)

    assert answer.status_code == status
    assert ("Location" in answer.headers, "Preference-Applied" in answer.headers) == (status == 201, status == 201)


def test_the_list_is_narrowed_before_it_is_cut_into_pages(wps):
    """
    A page of the jobs of one process is full although others were started in between; its links keep the filters.
    """
    made = []
    for _ in range(3):
        made.append(execute(wps, "weps:ListRuleLanguages", {}, **ASYNC).json()["jobID"])
        execute(wps, "weps:ListSubscriptions", {"inputs": {"limit": 1}}, **ASYNC)

    page = get(wps, "/jobs?limit=2&processID=weps:ListRuleLanguages&status=successful").json()
    following = requests.get(links(page)["next"], timeout=20).json()

    assert [one["jobID"] for one in page["jobs"]] == made[:0:-1]
    assert following["jobs"][0]["jobID"] == made[0]
    assert {one["processID"] for one in following["jobs"]} == {"weps:ListRuleLanguages"}
    assert {one["status"] for one in following["jobs"]} == {"successful"}


def test_a_job_links_to_itself_its_results_and_the_list(wps):
    """
    Each link has a relation and a type; those of a job that is over lead to what it gave (core/job-results).
    """
    job = execute(wps, "weps:ListRuleLanguages", {}, **ASYNC).json()

    document = get(wps, f"/jobs/{job['jobID']}").json()

    assert links(document) == {
        "self": f"{wps.base}/jobs/{job['jobID']}",
        "monitor": f"{wps.base}/jobs/{job['jobID']}",
        "up": f"{wps.base}/jobs",
        "http://www.opengis.net/def/rel/ogc/1.0/results": f"{wps.base}/jobs/{job['jobID']}/results",
    }
    assert all(one["type"] == "application/json" for one in document["links"])


def test_results_of_a_job_do_not_burden_its_status(wps):
    """
    A list or a state holds none of what the jobs gave.
    """
    job = execute(wps, "weps:ListRuleLanguages", {}, **ASYNC).json()["jobID"]

    listed = json.dumps(get(wps, "/jobs?limit=5").json())

    assert job in listed
    assert "languages" not in get(wps, f"/jobs/{job}").json()
    assert wps.engine.store.job(job).outputs is not None
    assert wps.engine.store.job_without_outputs(job).outputs is None
