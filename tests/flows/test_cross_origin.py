"""Dashboards in browsers: pages of other origins read the service when its operator names them."""

from __future__ import annotations

import pytest
import requests

from tests.flows.conftest import Running

MAPS = "https://maps.example.org"
FACES = ("/processes", "/jobs", "/conformance", "/healthz", "/wps?service=WPS&request=GetCapabilities")


@pytest.mark.parametrize(
    ("setting", "told"), [(f'["{MAPS}"]', MAPS), ('["*"]', "*")], ids=["one origin", "every origin"]
)
def test_a_page_of_a_named_origin_may_read_and_execute(new_service, setting: str, told: str):
    """
    Browsers ask first, with the headers of a JSON request for a job; then they see where the job is.
    """
    running: Running = new_service(WEPS_CORS_ORIGINS=setting)
    execution = f"{running.url}/processes/weps:ListRuleLanguages/execution"
    asked = {
        "Origin": MAPS,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type,prefer",
    }

    first = requests.options(execution, headers=asked, timeout=20)
    answer = requests.post(execution, json={}, headers={"Origin": MAPS, "Prefer": "respond-async"}, timeout=20)
    faces = [requests.get(running.url + path, headers={"Origin": MAPS}, timeout=20) for path in FACES]

    assert (first.status_code, first.headers["Access-Control-Allow-Origin"]) == (200, told)
    assert {"POST", "DELETE"} <= set(first.headers["Access-Control-Allow-Methods"].split(", "))
    assert "Prefer" in first.headers["Access-Control-Allow-Headers"]
    assert answer.status_code == 201
    assert "Location" in answer.headers["Access-Control-Expose-Headers"]
    assert [one.headers.get("Access-Control-Allow-Origin") for one in faces] == [told] * len(FACES)
    assert "Access-Control-Allow-Credentials" not in answer.headers


def test_a_page_of_another_origin_may_not(new_service):
    """
    Nobody may unless named; a named one lets no other in.
    """
    closed: Running = new_service("closed")
    named: Running = new_service("named", WEPS_CORS_ORIGINS=f'["{MAPS}"]')

    answers = [
        requests.get(f"{running.url}/jobs", headers={"Origin": "https://elsewhere.example"}, timeout=20)
        for running in (closed, named)
    ]

    assert [one.status_code for one in answers] == [200, 200]
    assert ["Access-Control-Allow-Origin" in one.headers for one in answers] == [False, False]
