"""Addresses and methods that there are not, at a running service: each refusal says what to do."""

from __future__ import annotations

import pytest
import requests


@pytest.mark.parametrize("path", ["/nothing", "/sources/none", "/deliveries/none", "/alerts", "/%00%3C"])
def test_an_address_with_nothing_is_told(running_service, path: str):
    """
    The answer names the address, and where to look.
    """
    answer = requests.get(f"{running_service.url}{path}", timeout=20)

    assert answer.status_code == 404
    assert answer.text == f"There is nothing at {path}; {running_service.url}/ says what is where."


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "/silences", "GET, HEAD, POST"),
        ("DELETE", "/inhibitions", "GET, HEAD, POST"),
        ("PUT", "/push/token", "GET, HEAD, POST"),
        ("POST", "/sources", "GET, HEAD"),
        ("GET", "/store/InsertRSS", "POST"),
        ("GET", "/episodes/one/cancel", "POST"),
    ],
)
def test_a_method_that_is_not_possible_is_told_with_all_that_are(running_service, method: str, path: str, allowed: str):
    """
    Also where each method of an address has a route of its own.
    """
    answer = requests.request(method, f"{running_service.url}{path}", timeout=20)

    assert (answer.status_code, answer.headers["Allow"]) == (405, allowed)
    assert answer.text == f"{method} is not possible here; use {allowed}."
