"""Jobs of OGC API - Processes: how they go on, how they are listed, and who is told."""

from __future__ import annotations

import json
import threading
from queue import Empty, Queue
from typing import TYPE_CHECKING

import pytest
import requests
from owslib.ogcapi.processes import Processes

from tests.loopback import Loopback, Request
from tests.waiting import PATIENCE, wait_for
from tests.weps.processes.ogcapi import ASYNC, CONFORMANCE, EXCEPTIONS, RELATIONS, SUBSCRIPTION, execute, get, links
from tests.weps.processes.slow import LET_GO
from weps.feeders.http import Fetcher
from weps.processes.base import Context
from weps.processes.job_control import JobControl
from weps.processes.ogcapi_callback import Callbacks
from weps.processes.registry import PROCESSES
from weps.rules.languages import LANGUAGES

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def let_go() -> Iterator[threading.Event]:
    LET_GO.clear()
    yield LET_GO
    LET_GO.set()


@pytest.fixture
def told() -> Iterator[tuple[str, Queue]]:
    """A client that is told of jobs: its address, and what it was posted as (path, document)."""
    heard: Queue = Queue()

    class Ear(Request):
        def post(self) -> None:
            heard.put((self.path, json.loads(self.body())))
            self.answer(204)

    server = Loopback(Ear)
    yield server.url, heard
    server.close()


def test_a_job_that_makes_a_subscription_is_the_subscription(wps):
    """
    It runs until it is dismissed, which ends the subscription; its id is that of the subscription (dismiss).
    """
    answer = execute(wps, "weps:Subscribe", {"inputs": SUBSCRIPTION}, **ASYNC)
    job = answer.json()
    early = get(wps, f"/jobs/{job['jobID']}/results")
    before = wps.engine.subscription(job["jobID"]).status.value

    gone = [requests.delete(answer.headers["Location"], timeout=20) for _ in range(2)]

    assert (answer.status_code, answer.headers["Preference-Applied"]) == (201, "respond-async")
    assert (job["status"], job["type"], job["processID"]) == ("running", "process", "weps:Subscribe")
    assert answer.headers["Location"] == links(job)["monitor"] == f"{wps.base}/jobs/{job['jobID']}"
    assert (early.status_code, early.json()["type"]) == (404, f"{EXCEPTIONS}result-not-ready")
    assert [(one.status_code, one.json()["status"]) for one in gone] == [(200, "dismissed")] * 2
    assert (before, wps.engine.subscription(job["jobID"]).status.value) == ("active", "cancelled")


def test_a_job_goes_from_running_to_successful(wps, let_go):
    """
    While it runs its progress is told, and its results are not there; then they are, as the client wanted them.
    """
    body = {"inputs": {"end": "well"}, "response": "document"}
    job = execute(wps, "test:Slow", body, **ASYNC).json()
    let_go.set()
    done = job
    while done["status"] in ("accepted", "running"):
        done = get(wps, f"/jobs/{job['jobID']}").json()

    results = requests.get(links(done)[f"{RELATIONS}results"], timeout=20)

    assert (job["status"], job["progress"]) == ("running", 40)
    assert (done["status"], done["progress"]) == ("successful", 100)
    assert done["created"] <= done["started"] <= done["finished"]
    assert results.json() == {"text": "well"}


def test_a_job_that_fails_tells_why_without_secrets(wps, let_go):
    """
    Its results are the exception, with an HTTP status of an error.
    """
    job = execute(wps, "test:Slow", {"inputs": {"end": "break"}}, **ASYNC).json()
    let_go.set()
    done = job
    while done["status"] in ("accepted", "running"):
        done = get(wps, f"/jobs/{job['jobID']}").json()

    results = get(wps, f"/jobs/{job['jobID']}/results")

    assert done["status"] == "failed"
    assert (results.status_code, results.headers["Content-Type"]) == (500, "application/problem+json")
    assert "secret" not in results.text + json.dumps(done)


def test_jobs_are_listed_newest_first_and_filtered(wps):
    """
    By process, status, time and duration, in pages (job-list).
    """
    made = [execute(wps, "weps:Subscribe", {"inputs": SUBSCRIPTION}, **ASYNC).json() for _ in range(3)]
    requests.delete(f"{wps.base}/jobs/{made[0]['jobID']}", timeout=20)
    identifiers = [one["jobID"] for one in made]

    def listed(query: str) -> list[str]:
        found = get(wps, f"/jobs?limit=1000&{query}").json()["jobs"]
        return [one["jobID"] for one in found if one["jobID"] in identifiers]

    page = get(wps, "/jobs?limit=2").json()
    assert [one["jobID"] for one in page["jobs"]] == identifiers[:0:-1]
    assert requests.get(links(page)["next"], timeout=20).json()["jobs"][0]["jobID"] == identifiers[0]
    assert listed("processID=weps:Subscribe&status=running") == identifiers[:0:-1]
    assert listed("status=dismissed,failed") == identifiers[:1]
    assert listed(f"datetime={made[1]['created']}/..") == identifiers[:0:-1]
    assert (listed("datetime=../2020-01-01T00:00:00Z"), listed("minDuration=3600"), listed("type=other")) == (
        [],
        [],
        [],
    )
    assert listed("maxDuration=3600&type=process,other") == identifiers[::-1]


def test_a_subscriber_is_told_how_its_job_goes(wps, let_go, told):
    """
    Of progress with the state, of success with the results, of failure with the state (callback).
    """
    address, heard = told
    subscriber = {f"{name}Uri": f"{address}/{name}" for name in ("success", "inProgress", "failed")}
    for end in ("well", "break"):
        body = {"inputs": {"end": end}, "response": "document", "subscriber": subscriber}
        execute(wps, "test:Slow", body, **ASYNC)
    first = [heard.get(timeout=PATIENCE) for _ in range(2)]
    let_go.set()

    last = sorted((heard.get(timeout=PATIENCE) for _ in range(2)), key=lambda one: one[0])

    assert [(path, document["status"]) for path, document in first] == [("/inProgress", "running")] * 2
    assert [path for path, _ in last] == ["/failed", "/success"]
    assert (last[0][1]["status"], last[1][1]) == ("failed", {"text": "well"})
    with pytest.raises(Empty):
        heard.get(timeout=0.7)


def test_a_subscriber_is_told_after_a_restart_of_what_ended_before(wps, told):
    """
    Whom to tell is kept with the job; who was told is not told again.
    """
    address, heard = told
    context = Context(wps.engine, Fetcher(frozenset({"127.0.0.1"})), f"{wps.base}/sos")
    control = JobControl(PROCESSES, context)
    subscriber = {"success": f"{address}/success", "in_progress": None, "failed": None}
    form = {"response": "raw", "wanted": [["total", "text/plain"]], "subscriber": subscriber}
    job = control.start(PROCESSES["weps:ListRuleLanguages"], {}, form).id

    Callbacks(PROCESSES, context, control, wps.base).resume()
    first = heard.get(timeout=PATIENCE)
    wait_for(lambda: "subscriber" not in wps.engine.store.job(job).form)
    Callbacks(PROCESSES, context, control, wps.base).resume()

    assert first == ("/success", {"total": len(LANGUAGES)})
    with pytest.raises(Empty):
        heard.get(timeout=1)


def test_a_subscriber_at_a_private_address_is_refused(wps):
    """
    Before anything is started.
    """
    subscriber = {"successUri": "http://169.254.169.254/latest"}
    before = wps.count

    answer = execute(wps, "weps:Subscribe", {"inputs": SUBSCRIPTION, "subscriber": subscriber}, **ASYNC)

    assert (answer.status_code, answer.json()["where"]) == (400, "subscriber")
    assert wps.count == before


def test_owslib_executes_and_watches(wps):
    """
    OWSLib's client finds the processes, executes one now and one as a job.
    """
    client = Processes(wps.base)
    now = client.execute("weps:ListRuleLanguages", {}, response="document")
    job = client.execute("weps:Subscribe", SUBSCRIPTION, async_=True)
    listed = client.execute("weps:GetSubscription", {"subscriptionId": job["jobID"]}, response="document")

    assert {one["id"] for one in client.processes()} >= set(PROCESSES)
    assert client.process("weps:Subscribe")["id"] == "weps:Subscribe"
    assert client.conformance()["conformsTo"][0] == f"{CONFORMANCE}core"
    assert client.api()["openapi"] == "3.0.3"
    assert now["total"] == len(now["languages"]["value"]["languages"])
    assert (listed["status"], listed["subscription"]["value"]["id"]) == ("active", job["jobID"])
