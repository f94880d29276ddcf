"""`weps webhooks`, `rotate`: the secrets of webhooks of a running service."""

from __future__ import annotations

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError


def verifies(secret: str, post: tuple[bytes, dict[str, str]]) -> bool:
    try:
        Webhook(secret).verify(*post)
    except WebhookVerificationError:
        return False
    return True


def test_a_secret_is_changed_without_a_receiver_missing_an_alert(served, weps):
    """
    Old and new verify what is sent after the change; the new one is printed once and is not in the log.
    """
    watched = served.watch("/hook")
    (first,) = weps("rotate", "--subscription", watched.subscription, "--target", served.sink("/hook"))["webhooks"]
    listed = weps("webhooks", "--subscription", watched.subscription)

    (second,) = weps("rotate", "--subscription", watched.subscription, "--old-for", "PT1H")["webhooks"]
    served.service.insert(watched.procedure, "AirTemperature", (2, 20))
    served.wait_for_alerts("/hook", 2)

    secrets = [each.pop("secret") for each in (first, second)]
    assert [verifies(secret, served.peer.of("/hook")[-1]) for secret in secrets] == [True, True]
    assert [verifies(secret, served.peer.of("/hook")[0]) for secret in secrets] == [False, False]
    assert listed == {"webhooks": [first]}
    assert first["target"] == served.sink("/hook")
    assert not any(secret.removeprefix("whsec_") in served.service.log() for secret in secrets)


def test_all_secrets_are_changed_at_once_when_strangers_may_know_them(served, weps):
    """
    `--all --old-for PT0S`: from then on only the new ones verify.
    """
    watched = served.watch("/leaked")
    (old,) = weps("rotate", "--subscription", watched.subscription)["webhooks"]

    changed = {each["subscription"]: each for each in weps("rotate", "--all", "--old-for", "PT0S")["webhooks"]}
    served.service.insert(watched.procedure, "AirTemperature", (2, 20))
    served.wait_for_alerts("/leaked", 2)

    post = served.peer.of("/leaked")[-1]
    secrets = [old["secret"], changed[watched.subscription]["secret"]]
    assert [verifies(secret, post) for secret in secrets] == [False, True]
    assert all("oldUntil" not in each for each in changed.values())


REFUSALS = {
    "nothing named": (("rotate",), "all: name a subscription, a target, or both; or say true for all webhooks"),
    "no such subscription": (("rotate", "--subscription", "s-0"), "there is no subscription 's-0'"),
    "no webhook": (("rotate", "--target", "mailto:duty@example.org"), "target: is no webhook"),
    "too long": (("rotate", "--all", "--old-for", "P1Y"), "oldFor: "),
    "a stranger's address": (("webhooks", "--target", "webhook+http://example.org/"), "has such a webhook"),
}


@pytest.mark.parametrize(("arguments", "reason"), REFUSALS.values(), ids=REFUSALS)
def test_what_cannot_be_done_is_said_in_one_sentence(served, weps, arguments, reason):
    """
    On stderr, with exit code 1 and nothing on stdout.
    """
    said = weps(*arguments, refused=True)

    assert said.startswith(f"weps: {served.service.url}/webhooks")
    assert reason in said
