"""The ledger: every attempt, read and steered over HTTP."""

from __future__ import annotations

import json

import pytest
from starlette.applications import Starlette

from tests.weps.asgi import Answer, Client
from tests.weps.delivery.receiver import NOW, SECOND, add, events, outbox, run
from tests.weps.notify.stores import subscribe
from weps.ledger import LedgerSelection
from weps.web.deliveries import create_delivery_routes


def test_every_attempt_stands_in_the_ledger_with_its_answer(store, channels, receiver):
    """
    Two refusals and a success: when, which status, and the beginning of what was said.
    """
    subscription = subscribe(store, f"{receiver.url}/unsteady")
    add(store, subscription, *events(1))

    for seconds in (0, 5, 15):
        run(store, channels, NOW + seconds * SECOND)

    (entry,) = store.deliveries(LedgerSelection(subscription=subscription.id), 10)
    attempts = store.delivery(entry.delivery.id).attempts
    assert (entry.delivery.status, entry.queued, entry.finished) == ("delivered", NOW, NOW + 15 * SECOND)
    assert [(each.successful, each.receipt.status, each.receipt.text) for each in attempts] == [
        (False, 503, "because"),
        (False, 503, "because"),
        (True, 200, "because"),
    ]
    assert [each.began - NOW for each in attempts] == [0 * SECOND, 5 * SECOND, 15 * SECOND]
    assert attempts[0].error == f"{receiver.url}/unsteady/InsertRSS: the data store answered with HTTP status 503"


class Api:
    """The ledger over HTTP, and how often the delivery was woken."""

    def __init__(self, store) -> None:
        self.woken = 0
        self._client = Client(Starlette(routes=create_delivery_routes(store, self.wake)))

    def wake(self) -> None:
        self.woken += 1

    def get(self, path: str) -> Answer:
        return self._client.get(path)

    def post(self, path: str) -> Answer:
        return self._client.post(path)

    def read(self, path: str) -> dict:
        return json.loads(self.get(path).body)


@pytest.fixture
def api(store):
    return Api(store)


def test_the_ledger_is_read_and_filtered_over_http(store, channels, receiver, api):
    """
    Newest first, page by page, by subscription, target and status; addresses without their keys.
    """
    good = subscribe(store, f"{receiver.url}/good?key=geheim")
    bad = subscribe(store, f"{receiver.url}/500")
    add(store, good, *events(3))
    add(store, bad, *events(1, first=4))
    run(store, channels, NOW)
    add(store, good, *events(1, first=5))

    def ids(query: str) -> list[int]:
        return [each["id"] for each in api.read(f"/deliveries{query}")["deliveries"]]

    first = api.read("/deliveries?limit=2")
    assert ids("") == [5, 4, 3, 2, 1]
    assert [each["id"] for each in first["deliveries"]] == [5, 4]
    assert [each["id"] for each in api.read(first["next"])["deliveries"]] == [3, 2]
    assert ids(f"?subscription={bad.id}") == ids("?status=failed") == ids(f"?target={receiver.url}/500") == [4]
    assert (ids("?status=queued"), ids("?status=delivered"), ids("?status=given-up")) == ([5], [3, 2, 1], [])
    assert "geheim" not in api.get("/deliveries").text
    one = api.read("/deliveries/4")
    assert (one["status"], one["attemptCount"], one["attempts"][0]["status"]) == ("failed", 1, 500)
    assert one["lastError"].endswith("HTTP status 500")


WRONG = {
    "/deliveries?colour=red": 400,
    "/deliveries?status=red": 400,
    "/deliveries?target=red": 400,
    "/deliveries?limit=0": 400,
    "/deliveries?before=x": 400,
    "/deliveries/99": 404,
    "/deliveries/99999999999999999999": 404,
}


@pytest.mark.parametrize(("path", "status"), WRONG.items(), ids=WRONG)
def test_a_wrong_question_is_refused(api, path, status):
    """
    With what is allowed.
    """
    assert api.get(path).status == status


def test_what_was_given_up_is_sent_again_at_request(store, channels, receiver, api):
    """
    One, or all that meet conditions; the target is asked again also when it had been gone. Delivered is delivered.
    """
    subscription = subscribe(store, f"{receiver.url}/good")
    gone = subscribe(store, f"{receiver.url}/410")
    add(store, subscription, *events(1))
    add(store, gone, *events(2, first=2))
    run(store, channels, NOW)

    refused = api.post("/deliveries/1/retry")
    one = api.post("/deliveries/2/retry")
    rest = api.post(f"/deliveries/retry?target={receiver.url}/410")

    assert (refused.status, "replay it" in refused.text) == (409, True)
    assert (json.loads(one.body)["status"], json.loads(one.body)["attemptCount"]) == ("queued", 0)
    assert json.loads(rest.body) == {"retried": 1}
    assert [row[0] for row in outbox(store)] == ["delivered", "queued", "queued"]
    assert api.woken == 2
    assert api.post("/deliveries/99/retry").status == 404


def test_an_alert_is_sent_once_more_at_request(store, channels, receiver, api):
    """
    As a delivery of its own, with the same id for the receiver.
    """
    add(store, subscribe(store, f"{receiver.url}/good"), *events(1))
    run(store, channels, NOW)

    made = api.post("/deliveries/1/replay")

    run(store, channels, store.next_delivery_due())
    assert (made.status, made.headers["location"], json.loads(made.body)["alert"]) == (201, "/deliveries/2", "a-1")
    assert receiver.guids["/good/InsertRSS"] == ["a-1", "a-1"]
    assert [row[0] for row in outbox(store)] == ["delivered"] * 2
