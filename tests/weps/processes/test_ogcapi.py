"""OGC API - Processes (OGC 18-062r2) over HTTP: what its requirements ask of documents, links and statuses."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Empty, Queue

import pytest
import requests
from jsonschema import Draft7Validator, Draft202012Validator
from owslib.ogcapi.processes import Processes

from tests.weps.processes.slow import LET_GO
from weps.feeders.http import Fetcher
from weps.processes.base import Context
from weps.processes.job_control import JobControl
from weps.processes.ogcapi_callback import Callbacks
from weps.processes.registry import PROCESSES
from weps.rules.languages import LANGUAGES

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
DAY = {"startTime": "2016-01-11T00:00:00Z", "endTime": "2016-01-11T03:00:00Z"}
CROWD = {"procedure": "PedestrianCounting1", "observedProperty": "PeopleCount", "condition": "greaterThan"}


def get(wps, path: str, **options) -> requests.Response:
    return requests.get(f"{wps.base}{path}", timeout=20, **options)


def execute(wps, process: str, body: dict | bytes, **headers: str) -> requests.Response:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    url = f"{wps.base}/processes/{process}/execution"
    return requests.post(url, data=data, headers={"Content-Type": "application/json", **headers}, timeout=20)


def links(document: dict) -> dict[str, str]:
    return {one["rel"]: one["href"] for one in document["links"]}


@pytest.fixture
def let_go() -> Iterator[threading.Event]:
    LET_GO.clear()
    yield LET_GO
    LET_GO.set()


@pytest.fixture
def told() -> Iterator[tuple[str, Queue]]:
    """A client that is told of jobs: its address, and what it was posted as (path, document)."""
    heard: Queue = Queue()

    class Ear(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            heard.put((self.path, json.loads(body)))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Ear)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", heard
    server.shutdown()
    server.server_close()


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
        "/episodes",
        "/episodes/{episodeId}",
        *(f"/episodes/{{episodeId}}/{action}" for action in ("acknowledge", "assign", "comment", "cancel")),
        "/silences",
        "/silences/{silenceId}",
        "/silences/{silenceId}/end",
        "/deliveries",
        "/deliveries/retry",
        "/deliveries/{deliveryId}",
        "/deliveries/{deliveryId}/retry",
        "/deliveries/{deliveryId}/replay",
        "/events",
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


def test_a_document_has_all_outputs_with_their_types(wps):
    """
    Executed without a preference, the answer is the results: literals as JSON values, others qualified (core 7.11).
    """
    answer = execute(wps, "weps:DryRun", {"inputs": {**CROWD, "threshold": 500, **DAY}, "response": "document"})

    document = answer.json()
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/json")
    assert (document["count"], document["observations"], document["timeInAlert"]) == (1, 2, "PT2H")
    assert document["detections"]["mediaType"] == "application/json"
    [found] = document["detections"]["value"]["detections"]
    assert (found["time"], found["value"], found["status"]) == ("2016-01-11T01:00:00Z", 612, "firing")


@pytest.mark.parametrize(
    ("wanted", "media_type", "begin"),
    [
        ({"count": {}}, "text/plain; charset=utf-8", "1"),
        ({"detections": {"format": {"mediaType": "text/csv"}}}, "text/csv; charset=utf-8", "time,status,pattern"),
        ({"detections": {"format": {"mediaType": "application/rss+xml"}}}, "application/rss+xml", "<?xml"),
        ({"detections": {}}, "application/json", '{"rule"'),
    ],
    ids=["literal", "csv", "georss", "json"],
)
def test_one_raw_output_is_the_answer_itself(wps, wanted: dict, media_type: str, begin: str):
    """
    Raw is the default; one output comes in its own media type (core, sync-raw-value-one).
    """
    body = {"inputs": {**CROWD, "threshold": 500, **DAY}, "outputs": wanted}

    answer = execute(wps, "weps:DryRun", body)

    assert (answer.status_code, answer.headers["Content-Type"]) == (200, media_type)
    assert answer.text.startswith(begin)


def test_several_raw_outputs_are_parts(wps):
    """
    They come as multipart/related, each with its identifier (core, sync-raw-value-multi).
    """
    body = {"inputs": {"rule": {"value": RULE}}, "outputs": {"valid": {}, "name": {}}}

    answer = execute(wps, "weps:ValidateRule", body)

    kind, boundary = answer.headers["Content-Type"].split("; boundary=")
    parts = answer.text.split(f"--{boundary}")
    assert kind == 'multipart/related; type="text/plain"'
    assert [part.split("\r\n")[1] for part in parts[1:-1]] == ["Content-ID: <valid>", "Content-ID: <name>"]
    assert parts[1].endswith("\r\n\r\ntrue\r\n")
    assert parts[-1] == "--\r\n"


def test_a_wrong_rule_is_an_answer_with_its_lines(wps):
    """
    ValidateRule gives the faults as data, also of a text in no known language.
    """
    text = '{\n"type": "threshold",\n"condition": "higherThan",\n"threshold": 30}'

    answers = [
        execute(wps, "weps:ValidateRule", {"inputs": {"rule": rule}, "response": "document"}).json()
        for rule in (text, "<what/>")
    ]

    assert [(one["valid"], one["name"]) for one in answers] == [(False, ""), (False, "")]
    assert [fault["line"] for fault in answers[0]["faults"]["value"]["faults"]] == [3]
    assert len(answers[1]["faults"]["value"]["faults"]) == 1


def test_an_input_comes_in_every_way(wps):
    """
    As a value, qualified, in base64, as several, as a bounding box and by reference (core 7.11.2.3).
    """
    wps.documents["rule.json"] = json.dumps(RULE).encode()
    ways = [
        json.dumps(RULE),
        RULE,
        [RULE],
        {"value": json.dumps(RULE), "mediaType": "application/json"},
        {"value": base64.b64encode(json.dumps(RULE).encode()).decode(), "encoding": "base64"},
        {"href": f"{wps.base}/documents/rule.json", "type": "application/json"},
    ]
    box = {"bbox": [7, 51, 8, 52], "crs": "http://www.opengis.net/def/crs/OGC/1.3/CRS84"}
    echo = {"inputs": {"literalInput": 3, "boundingboxInput": box}, "response": "document"}

    valid = [execute(wps, "weps:ValidateRule", {"inputs": {"rule": way}, "outputs": {"valid": {}}}) for way in ways]
    echoed = execute(wps, ECHO, echo).json()

    assert [answer.text for answer in valid] == ["true"] * len(ways)
    assert (echoed["literalOutput"], echoed["boundingboxOutput"]) == ("3", box)


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
    first = [heard.get(timeout=10) for _ in range(2)]
    let_go.set()

    last = sorted((heard.get(timeout=10) for _ in range(2)), key=lambda one: one[0])

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
    first = heard.get(timeout=10)
    while "subscriber" in wps.engine.store.job(job).form:
        pass
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


@pytest.mark.parametrize(
    ("process", "body", "status", "where"),
    [
        ("nothing", {}, 404, "nothing"),
        ("weps:Subscribe", b"{", 400, None),
        ("weps:Subscribe", b"[]", 400, None),
        ("weps:Subscribe", b'{"inputs": NaN}', 400, None),
        ("weps:Subscribe", b'{"a":' * 30_000, 400, None),
        ("weps:Subscribe", b"\xff{}", 400, None),
        ("weps:Subscribe", b" " * 300_000, 413, None),
        ("weps:Subscribe", {"input": {}}, 400, "input"),
        ("weps:Subscribe", {"inputs": []}, 400, "inputs"),
        ("weps:Subscribe", {"inputs": {"nothing": 1}}, 400, "nothing"),
        ("weps:Subscribe", {"inputs": {"title": None}}, 400, "title"),
        ("weps:Subscribe", {"inputs": {"title": ["a", "b"]}}, 400, "title"),
        ("weps:Subscribe", {"inputs": {"rule": {"value": "x", "encoding": "zip"}}}, 400, "rule"),
        ("weps:Subscribe", {"inputs": {"rule": {"value": "%", "encoding": "base64"}}}, 400, "rule"),
        ("weps:Subscribe", {"inputs": {"rule": {"value": "x", "mediaType": "image/png"}}}, 400, "rule"),
        ("weps:Subscribe", {"inputs": {"rule": {"href": "file:///etc/passwd"}}}, 400, "rule"),
        ("weps:Subscribe", {"inputs": {"rule": {"href": "http://169.254.169.254/"}}}, 400, "rule"),
        ("weps:Subscribe", {"inputs": SUBSCRIPTION, "outputs": {"nothing": {}}}, 400, "nothing"),
        ("weps:Subscribe", {"outputs": {"feed": {"transmissionMode": "reference"}}}, 400, "feed"),
        ("weps:Subscribe", {"outputs": {"subscription": {"format": {"mediaType": "a/b"}}}}, 400, "subscription"),
        ("weps:Subscribe", {"inputs": SUBSCRIPTION, "response": "both"}, 400, "response"),
        ("weps:Subscribe", {"inputs": SUBSCRIPTION, "subscriber": {}}, 400, "subscriber"),
        ("weps:Subscribe", {"inputs": {**SUBSCRIPTION, "rule": "{}"}}, 400, "rule"),
        ("weps:DryRun", {"inputs": {**CROWD, "threshold": 5, **DAY, "endTime": "2015-01-01"}}, 400, "endTime"),
        ("weps:GetSubscription", {"inputs": {"subscriptionId": "nobody"}}, 404, "subscriptionId"),
        (ECHO, {"inputs": {"boundingboxInput": {"bbox": [1, 2]}}}, 400, "boundingboxInput"),
    ],
    ids=range(26),
)
@pytest.mark.parametrize("headers", [{}, ASYNC], ids=["sync", "async"])
def test_wrong_requests_are_problems_and_leave_nothing(wps, process: str, body, status: int, where, headers: dict):
    """
    The HTTP status and the name of the input say what is wrong; no subscription and no job comes of it.
    """
    before = wps.count, wps.engine.store.count_jobs()

    answer = execute(wps, process, body, **headers)

    assert (answer.status_code, answer.json().get("where")) == (status, where)
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert "Traceback" not in answer.text
    assert (wps.count, wps.engine.store.count_jobs()) == before


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
