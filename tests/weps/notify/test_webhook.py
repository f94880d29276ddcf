from __future__ import annotations

import base64
import time
from dataclasses import replace

import pytest
from cloudevents.http import from_http
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from tests.weps.notify.samples import make_alert
from weps.errors import DeliveryError, InputError, SourceUnreachable
from weps.notify.posting import Reply
from weps.notify.webhook import WebhookChannel

KEY = bytes(range(32))
ALERTS = "http://weps.example.org/alerts"
ADDRESS = "https://example.org/hook/secret-path"


class Peer:
    """Takes posts, and answers as it is told."""

    def __init__(self, reply: Reply) -> None:
        self.reply = reply
        self.posts: list[tuple[str, bytes, dict[str, str]]] = []

    def __call__(self, url, body, headers) -> Reply:
        self.posts.append((url, body, dict(headers)))
        return self.reply


def channel(peer: Peer, clock=time.time) -> WebhookChannel:
    return WebhookChannel(peer, ALERTS, lambda: KEY, clock)


def test_the_signature_is_one_of_standard_webhooks():
    """
    The reference implementation verifies it with the secret that the owner was told.
    """
    peer, alert = Peer(Reply(204)), make_alert()
    sender = channel(peer)

    sender.send(alert, ADDRESS)

    _, body, headers = peer.posts[0]
    verified = Webhook(sender.secret(alert.subscription_id, ADDRESS)).verify(body, headers)
    assert verified["id"] == alert.id == headers["webhook-id"]


def test_another_secret_or_body_does_not_verify():
    """
    Each subscription and address has a secret of its own, and a changed body is noticed.
    """
    peer, alert = Peer(Reply(200)), make_alert()
    sender = channel(peer)
    sender.send(alert, ADDRESS)
    _, body, headers = peer.posts[0]
    secrets = {sender.secret(who, where) for who in ("a", "b") for where in (ADDRESS, f"{ADDRESS}2")}

    for secret, given in (
        (sender.secret("another", ADDRESS), body),
        (sender.secret(alert.subscription_id, ADDRESS), body + b" "),
    ):
        with pytest.raises(WebhookVerificationError):
            Webhook(secret).verify(given, headers)

    assert len(secrets) == 4
    assert {len(base64.b64decode(secret.removeprefix("whsec_"))) for secret in secrets} == {32}


def test_an_attempt_that_is_repeated_keeps_its_id_and_is_signed_anew():
    """
    Receivers drop doubles by `webhook-id`, and refuse old timestamps.
    """
    peer, moments = Peer(Reply(200)), iter((1_700_000_000.9, 1_700_000_300.0))
    sender = channel(peer, lambda: next(moments))

    for _ in range(2):
        sender.send(make_alert(), ADDRESS)

    first, second = (headers for _, _, headers in peer.posts)
    assert first["webhook-id"] == second["webhook-id"]
    assert (first["webhook-timestamp"], second["webhook-timestamp"]) == ("1700000000", "1700000300")
    assert first["webhook-signature"] != second["webhook-signature"]


def test_the_body_is_a_cloud_event():
    """
    The SDK of CloudEvents reads it, with the alert as its data.
    """
    peer = Peer(Reply(200))
    alert = replace(make_alert(3), title="Flood\x00 <b>", causes=("x" * 5000,) * 500)

    channel(peer).send(alert, ADDRESS)

    _, body, headers = peer.posts[0]
    event = from_http(headers, body)
    assert event["specversion"] == "1.0"
    assert (event["id"], event["type"], event["subject"]) == (alert.id, "org.weps.alert.firing", alert.episode)
    assert event["source"] == f"urn:uuid:{alert.subscription_id}"
    assert event["sequence"] == "00000000000000000003"
    assert event["severity"] == alert.severity.value
    assert event.data["title"] == "Flood <b>"
    assert event.data["url"] == f"{ALERTS}/{alert.id}"
    assert len(body) < 110_000


ANSWERS = {
    "gone": (Reply(410), True, True, None),
    "refused": (Reply(400, b"no such\x00 thing " + b"x" * 500), True, False, None),
    "busy": (Reply(429, retry_after=7.0), False, False, 7.0),
    "down for a while": (Reply(503, retry_after=60.0), False, False, 60.0),
    "broken": (Reply(500, retry_after=60.0), False, False, None),
}


@pytest.mark.parametrize(("reply", "permanent", "gone", "wish"), ANSWERS.values(), ids=ANSWERS)
def test_an_answer_says_whether_and_when_to_try_again(reply, permanent, gone, wish):
    """
    410 is for good, 4xx for this alert, the rest is tried again, at the wish of 429 and 503.
    """
    with pytest.raises(DeliveryError) as caught:
        channel(Peer(reply)).send(make_alert(), ADDRESS)

    error = caught.value
    assert (error.permanent, error.gone, error.retry_after, error.status) == (permanent, gone, wish, reply.status)
    assert len(error.answer) <= 200
    assert error.answer.isprintable()


def test_an_error_does_not_show_the_path():
    """
    The path of a webhook is often a key.
    """

    def unreachable(url, body, headers) -> Reply:
        raise SourceUnreachable("no connection", where=url)

    with pytest.raises(DeliveryError) as caught:
        WebhookChannel(unreachable, ALERTS, lambda: KEY).send(make_alert(), ADDRESS)

    assert str(caught.value) == "example.org: no connection"


@pytest.mark.parametrize("address", ["ftp://example.org/", "https://", "example.org/hook", "http://host:99999/"])
def test_an_address_that_is_no_url_is_refused(address):
    """
    Webhooks are http and https URLs.
    """
    with pytest.raises(InputError, match="a webhook is an http or https URL"):
        channel(Peer(Reply(200))).check(address)
