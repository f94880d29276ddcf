"""Bodies that the doors for JSON and RSS do not take."""

from __future__ import annotations

import asyncio

import pytest
from starlette.applications import Starlette

from tests.weps.asgi import Client
from tests.weps.notify.stores import open_store
from weps.web.episodes import create_episode_routes
from weps.web.routes import create_routes


@pytest.fixture
def app(tmp_path):
    store = open_store(tmp_path)
    yield Starlette(routes=[*create_routes(store), *create_episode_routes(store)])
    store.dispose()


def send_headers(app: Starlette, path: str, headers: dict[str, str]) -> tuple[int, dict[bytes, bytes], str]:
    """Give the answer to a request of which nothing but the headers ever comes."""
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "server": ("weps.example.org", 80),
        "path": path,
        "query_string": b"",
        "root_path": "",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }
    sent: list[dict] = []

    async def receive() -> dict:
        raise AssertionError("nothing of the body is needed")

    async def send(message: dict) -> None:
        sent.append(message)

    asyncio.run(app(scope, receive, send))
    return sent[0]["status"], dict(sent[0]["headers"]), sent[1]["body"].decode()


@pytest.mark.parametrize("length", ["2000000", "9" * 5000], ids=["large", "with five thousand digits"])
@pytest.mark.parametrize("path", ["/store/InsertRSS", "/episodes/x/comment"])
def test_a_body_that_says_that_it_is_too_large_is_not_waited_for(app, path, length):
    """
    It is refused when its headers are there, and the connection ends because the body may still come.
    """
    headers = {"content-type": "application/json", "content-length": length}

    status, told, text = send_headers(app, path, headers)

    assert (413, b"close") == (status, told[b"connection"])
    assert "larger than" in text


@pytest.mark.parametrize("path", ["/store/InsertRSS", "/episodes/x/comment"])
def test_a_compressed_body_is_refused(app, path):
    """
    What it would be when it is unpacked is not known.
    """
    headers = {"content-type": "application/json", "content-encoding": "gzip", "content-length": "10"}

    status, _, text = send_headers(app, path, headers)

    assert (415, "The request is compressed; send it as it is.") == (status, text)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b'{"by": "Ada",\n "text": }', "Expecting value at line 2, column 10"),
        ('{"by": "Zoé"}'.encode("latin-1"), "it is not in UTF-8"),
        (b"[" * 50_000, "it is nested too deeply"),
    ],
    ids=["a fault", "another encoding", "deep"],
)
def test_a_body_that_is_no_json_is_refused_with_the_place_of_the_fault(app, body: bytes, reason: str):
    """
    As in messages that are pushed, and in requests of OGC API - Processes.
    """
    answer = Client(app).ask("POST", "/episodes/x/comment", body, content_type="application/json")

    assert (answer.status, answer.text) == (400, f"the body is no JSON: {reason}")
