"""Changing the secrets of webhooks: both hold for a while, and the new one is told once."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime, timedelta

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError
from starlette.applications import Starlette

from tests.weps.asgi import Client
from tests.weps.notify.samples import CREATED, make_alert
from weps.delivery.rotating import Rotation
from weps.errors import InputError, NotFoundError
from weps.model import Attention, NewSubscription, RuleText, Source, SubscriptionStatus, Target
from weps.notify.posting import Reply
from weps.notify.webhook import WebhookChannel
from weps.store import Store
from weps.web.webhooks import create_webhook_routes

HOOK, DUTY = "https://example.org/hook/secret-path", "https://example.org/duty"
MINUTE = timedelta(minutes=1)


class Desk:
    """A store, the channel of webhooks on it, and what was posted; time can be set on by a few minutes."""

    def __init__(self, url: str) -> None:
        self.store = Store(url)
        self.store.migrate()
        self.now = datetime.now(UTC)
        self.posts: list[tuple[bytes, dict[str, str]]] = []
        self.channel = WebhookChannel(
            self._post,
            "http://weps.example.org/alerts",
            lambda: self.store.service_key("webhooks"),
            self._seconds,
            lambda subscription, address: self.store.webhook_salts(subscription, address, self.now),
        )
        self.rotation = Rotation(self.store, self.channel)

    def _seconds(self) -> float:
        return self.now.timestamp()

    def _post(self, url, body, headers) -> Reply:
        self.posts.append((body, dict(headers)))
        return Reply(204)

    def subscribe(self, *addresses: str, duty: tuple[str, ...] = ()) -> str:
        new = NewSubscription(
            rule=RuleText("threshold", "{}", "crowded"),
            source=Source("kvp", "http://sos.example.org/sos", "service=SOS"),
            sampling_rate=timedelta(seconds=5),
            targets=(*(Target("webhook", each) for each in addresses), Target("email", "duty@example.org")),
            attention=Attention(None, MINUTE, tuple(Target("webhook", each) for each in duty)) if duty else Attention(),
        )
        return self.store.add_subscription(new, "crowded", CREATED, CREATED).id

    def rotate(
        self, subscription: str | None = None, address: str | None = None, old_for: timedelta = MINUTE
    ) -> list[str]:
        """Change secrets; gives the new ones."""
        target = None if address is None else Target("webhook", address)
        return [secret for _, secret in self.rotation.rotate(self.now, subscription, target, old_for)]

    def verified_by(self, subscription: str, *secrets: str, address: str = HOOK) -> list[bool]:
        """Send an alert, and tell which secrets its receiver can verify it with."""
        self.channel.send(make_alert(subscription_id=subscription), address)
        body, headers = self.posts[-1]
        return [_verifies(secret, body, headers) for secret in secrets]


def _verifies(secret: str, body: bytes, headers: dict[str, str]) -> bool:
    try:
        Webhook(secret).verify(body, headers)
    except WebhookVerificationError:
        return False
    return True


@pytest.fixture
def desk(database_url):
    made = Desk(database_url)
    yield made
    made.store.dispose()


def test_both_secrets_verify_until_the_old_one_ends(desk):
    """
    Standard Webhooks puts several signatures into one header; after the change the old one fails, the new one goes on.
    """
    mine = desk.subscribe(HOOK)
    old = desk.channel.secret(mine, HOOK)

    (new,) = desk.rotate(mine, HOOK)

    assert desk.verified_by(mine, old, new) == [True, True]
    assert desk.posts[-1][1]["webhook-signature"].count("v1,") == 2
    desk.now += MINUTE - timedelta(seconds=1)
    assert desk.verified_by(mine, old, new) == [True, True]
    desk.now += timedelta(seconds=1)
    assert desk.verified_by(mine, old, new) == [False, True]
    assert desk.channel.secret(mine, HOOK) == new


def test_who_changes_twice_has_three_for_a_while(desk):
    """
    Each old secret ends at its own time.
    """
    mine = desk.subscribe(HOOK)
    first = desk.channel.secret(mine, HOOK)
    (second,) = desk.rotate(mine, HOOK, 2 * MINUTE)
    desk.now += MINUTE

    (third,) = desk.rotate(mine, HOOK, 2 * MINUTE)

    assert desk.verified_by(mine, first, second, third) == [True, True, True]
    desk.now += MINUTE
    assert desk.verified_by(mine, first, second, third) == [False, True, True]
    desk.now += MINUTE
    assert desk.verified_by(mine, first, second, third) == [False, False, True]
    assert len({first, second, third}) == 3


def test_a_secret_that_strangers_know_ends_at_once(desk):
    """
    And so do those before it.
    """
    mine = desk.subscribe(HOOK)
    first = desk.channel.secret(mine, HOOK)
    (second,) = desk.rotate(mine, HOOK)

    (third,) = desk.rotate(mine, HOOK, timedelta(0))

    assert desk.verified_by(mine, first, second, third) == [False, False, True]


def test_only_the_webhooks_that_are_named_get_other_secrets(desk):
    """
    One address of one subscription, an address of all, a subscription with those it escalates to, or all there are.
    """
    mine, other = desk.subscribe(HOOK, duty=(DUTY,)), desk.subscribe(HOOK)
    over = desk.subscribe(HOOK)
    desk.store.end_subscription(over, SubscriptionStatus.CANCELLED, desk.now)
    places = [(mine, HOOK), (mine, DUTY), (other, HOOK), (over, HOOK)]

    def changed(subscription: str | None, address: str | None) -> list[bool]:
        before = [desk.channel.secret(*place) for place in places]
        desk.rotate(subscription, address)
        return [desk.channel.secret(*place) != secret for place, secret in zip(places, before, strict=True)]

    assert changed(mine, HOOK) == [True, False, False, False]
    assert changed(None, HOOK) == [True, False, True, False]
    assert changed(mine, None) == [True, True, False, False]
    assert changed(None, None) == [True, True, True, False]


def test_what_cannot_be_changed_is_refused(desk):
    """
    A stranger's address, a subscription that is not there or over, what is not signed, and years of two secrets.
    """
    mine = desk.subscribe(HOOK)

    for subscription, target in (("nobody", None), (mine, Target("webhook", DUTY)), (None, Target("webhook", DUTY))):
        with pytest.raises(NotFoundError):
            desk.rotation.rotate(desk.now, subscription, target)
    with pytest.raises(InputError, match="target: is no webhook"):
        desk.rotation.rotate(desk.now, mine, Target("email", "duty@example.org"))
    for old_for in (-MINUTE, timedelta(days=31)):
        with pytest.raises(InputError, match="oldFor: is from PT0S"):
            desk.rotate(mine, HOOK, old_for)

    assert desk.verified_by(mine, desk.channel.secret(mine, HOOK)) == [True]


def test_over_http_a_new_secret_is_told_once(desk, caplog):
    """
    In the answer to the change: not in the list, where the path that may be a key is all there is, nor in the log.
    """
    caplog.set_level(logging.DEBUG)
    mine = desk.subscribe(HOOK)
    old = desk.channel.secret(mine, HOOK)
    client = Client(Starlette(routes=create_webhook_routes(desk.store, desk.channel)))

    before = json.loads(client.get("/webhooks").body)
    body = json.dumps({"subscription": mine, "target": f"webhook+{HOOK}", "oldFor": "PT2H"}).encode()
    answer = client.ask("POST", "/webhooks/rotate", body, content_type="application/json")
    after = client.get(f"/webhooks?subscription={mine}")

    (told,) = json.loads(answer.body)["webhooks"]
    secret = told.pop("secret")
    assert answer.headers["cache-control"] == "no-store"
    assert before == {"webhooks": [{"subscription": mine, "target": f"webhook+{HOOK}"}]}
    assert json.loads(after.body) == {"webhooks": [told]}
    rotated, ends = (datetime.fromisoformat(told[name]) for name in ("rotated", "oldUntil"))
    assert ends - rotated == timedelta(hours=2)
    desk.now = rotated
    assert desk.verified_by(mine, old, secret) == [True, True]
    assert not any(
        each.removeprefix("whsec_") in before_or_log
        for each in (old, secret)
        for before_or_log in (caplog.text, after.text)
    )


REFUSALS = {
    "nothing named": ({}, 400, "all: name a subscription, a target, or both; or say true for all webhooks"),
    "all and one": ({"all": True, "subscription": "s"}, 400, "all: name a subscription"),
    "all as a text": ({"all": "yes"}, 400, "all: name a subscription"),
    "no such subscription": ({"subscription": "s"}, 404, "there is no subscription 's'"),
    "no such webhook": ({"target": "webhook+https://example.org/other"}, 404, "has such a webhook"),
    "no webhook": ({"target": "mailto:duty@example.org"}, 400, "target: is no webhook"),
    "no duration": ({"all": True, "oldFor": "a day"}, 400, "oldFor: "),
    "a stranger's member": ({"secret": "whsec_AAAA"}, 400, "there is no member 'secret'"),
}


@pytest.mark.parametrize(("body", "status", "text"), REFUSALS.values(), ids=REFUSALS)
def test_a_change_that_cannot_be_made_is_refused_in_one_sentence(tmp_path, body, status, text):
    """
    It says what, and nothing is changed.
    """
    desk = Desk(f"sqlite:///{tmp_path}/weps.db")
    mine = desk.subscribe(HOOK)
    before = desk.channel.secret(mine, HOOK)
    client = Client(Starlette(routes=create_webhook_routes(desk.store, desk.channel)))

    answer = client.ask("POST", "/webhooks/rotate", json.dumps(body).encode(), content_type="application/json")

    assert (answer.status, text in answer.text) == (status, True), answer.text
    assert desk.channel.secret(mine, HOOK) == before
    desk.store.dispose()
