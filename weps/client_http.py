"""Asking a running service over HTTP, as far as the command line does: whatever goes wrong is told in a sentence."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import requests

from weps.errors import InputError, WepsError

SECONDS = 60.0
IS_IT_WEPS = "give the address of a running `weps serve`, such as http://127.0.0.1:8080"
_SHOWN = 500
_OF_OURS = ("text/plain", "application/json", "application/problem+json")


def base_of(address: str) -> str:
    """Give the address of a service as its other addresses begin, whether that of its WPS was given or its own."""
    return address.strip().rstrip("/").removesuffix("/wps").rstrip("/")


def ask(method: str, address: str, **options: Any) -> requests.Response:
    """Make a request; raises `WepsError` where there is no answer."""
    try:
        return requests.request(method, address, timeout=SECONDS, **options)
    except (requests.RequestException, ValueError) as error:  # the latter of urllib3, for hosts that cannot be
        raise unanswered(error, address) from error


def ask_json(method: str, address: str, body: Mapping[str, object] | None = None) -> str:
    """
    Ask the JSON interface, perhaps with a body; gives the document, which is an object.

    Raises `InputError` with the service's words when it refuses the request, `WepsError` when it cannot be reached or
    does not answer as a WEPS.
    """
    answer = ask(method, address, json=body)
    require_success(answer, address)
    try:
        if isinstance(json.loads(answer.text), dict):
            return answer.text
    except (ValueError, RecursionError):
        pass
    raise WepsError(f"the answer is none of WEPS; {IS_IT_WEPS}", where=address)


def require_success(answer: requests.Response, address: str) -> None:
    """Raise what a service says when it does not do what it was asked; raises as `ask_json` does."""
    if answer.ok:
        return
    media_type = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    text = " ".join(answer.text.split())[:_SHOWN] if media_type in _OF_OURS else ""
    if text and answer.status_code < 500:
        raise InputError(text, where=address)
    status = f"HTTP {answer.status_code}"
    raise WepsError(f"{status}: {text}" if text else f"the answer is {status}; {IS_IT_WEPS}", where=address)


def unanswered(error: Exception, address: str) -> WepsError:
    """Give the error that says why there was no answer, and what to do."""
    return WepsError(_reason(error), where=address)


def _reason(error: Exception) -> str:
    if isinstance(error, ValueError):
        return "this is no address that starts with http:// or https:// and names a host that can be"
    if isinstance(error, requests.exceptions.SSLError):
        return "no TLS can be spoken there, or its certificate is not trusted; is it http:// that is meant?"
    if isinstance(error, requests.Timeout):
        return "no answer in time; is it busy? Try again later"
    if isinstance(error, requests.TooManyRedirects):
        return f"it leads in circles; {IS_IT_WEPS}"
    if isinstance(error, requests.ConnectionError):
        return "no answer; is the service running, and is this its address?"
    return f"the answer broke off ({type(error).__name__}); try again"
