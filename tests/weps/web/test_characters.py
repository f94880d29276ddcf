"""Characters that are none, in addresses and in JSON: no database keeps them, and no answer shows them."""

from __future__ import annotations

import json

import pytest
from starlette.applications import Starlette

from tests.weps.asgi import Client
from weps.store import Store
from weps.web.deliveries import create_delivery_routes
from weps.web.episodes import create_episode_routes
from weps.web.inhibitions import create_inhibition_routes
from weps.web.routes import create_routes
from weps.web.silences import create_silence_routes


@pytest.fixture
def client(database_url):
    store = Store(database_url)
    store.migrate()
    faces = create_silence_routes, create_inhibition_routes, create_episode_routes, create_routes
    routes = [route for create in faces for route in create(store)]
    yield Client(Starlette(routes=[*routes, *create_delivery_routes(store, lambda: None)]))
    store.dispose()


@pytest.mark.parametrize("text", ["\ud800", "a\x00b"], ids=["half of a pair", "NUL"])
@pytest.mark.parametrize(
    ("url", "body"),
    [
        ("/silences", {"procedure": "{}"}),
        ("/silences", {"severity": "Minor", "for": "{}"}),
        ("/inhibitions", {"source": {"procedure": ["{}"]}, "target": {"severity": "Minor"}}),
        ("/episodes/x/comment", {"by": "Ada", "text": "{}"}),
    ],
    ids=["what is meant", "how long", "inside", "what is said"],
)
def test_a_body_with_them_is_refused(client, url, body, text):
    """
    And nothing of it is kept: a list with them could never be shown again.
    """
    written = json.dumps({"author": "Ada", "reason": "works"} | body).replace("{}", json.dumps(text)[1:-1])

    answer = client.ask("POST", url, written.encode(), content_type="application/json")

    assert (answer.status, "a character that is none" in answer.text) == (400, True), answer.text
    for kind in ("silences", "inhibitions"):
        assert json.loads(client.get(f"/{kind}?all=true").body) == {kind: []}


def test_whatever_is_a_character_is_kept(client):
    """
    Written as it is or as an escape, also one of two halves.
    """
    body = '{"author": "Ada", "reason": "works", "for": "PT1H", "procedure": ["\\ud83d\\ude00", "\\\\u0000 ü"]}'

    answer = client.ask("POST", "/silences", body.encode(), content_type="application/json")

    assert (answer.status, json.loads(answer.body)["procedure"]) == (201, ["😀", "\\u0000 ü"])


@pytest.mark.parametrize(
    "query",
    [
        "/episodes?after=%00",
        "/episodes?subscription=a%00",
        "/deliveries?subscription=%00",
        "/deliveries?target=mailto:a%00",
        "/silences?all=%00",
        "/store/GetRSS?id=%00",
        "/store/GetRSS?procedure=a%00",
        "/store/GetRSS?category=a&category=%00",
    ],
)
def test_a_query_with_them_is_refused(client, query):
    """
    With the name of the parameter.
    """
    answer = client.get(query)

    assert (answer.status, "a character that is none" in answer.text) == (400, True), answer.text


@pytest.mark.parametrize(
    "path",
    ["/silences/\x00", "/inhibitions/a\x00", "/episodes/\x00", "/feeds/\x00.rss", "/alerts/\x00", "/alerts/\x00.cap"],
)
def test_nothing_is_found_under_an_address_with_them(client, path):
    """
    As under any other that nothing has.
    """
    assert client.get(path).status == 404
