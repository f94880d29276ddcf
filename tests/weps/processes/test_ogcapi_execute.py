"""Executing by OGC API - Processes: inputs in every way, outputs as document, raw and in parts, and what is refused."""

from __future__ import annotations

import base64
import json

import pytest

from tests.weps.processes.ogcapi import ASYNC, ECHO, RULE, SUBSCRIPTION, execute

DAY = {"startTime": "2016-01-11T00:00:00Z", "endTime": "2016-01-11T03:00:00Z"}
CROWD = {"procedure": "PedestrianCounting1", "observedProperty": "PeopleCount", "condition": "greaterThan"}


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
