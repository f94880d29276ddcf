"""`weps deliveries`, `retry`, `replay`: the ledger."""

from __future__ import annotations

import pytest

from tests.waiting import wait_for


def test_the_ledger_tells_where_alerts_went(served, weps):
    """
    Each delivery with its alert, and one of them with its attempts.
    """
    watched = served.watch("/first", "/second")
    served.wait_for_alerts("/first", 1)

    def delivered():
        found = weps("deliveries", "--subscription", watched.subscription, "--status", "delivered")["deliveries"]
        return found if len(found) == 2 else None

    newest, oldest = wait_for(delivered)
    narrowed = weps("deliveries", "--subscription", watched.subscription, "--target", served.sink("/first"))
    paged = weps("deliveries", "--subscription", watched.subscription, "--limit", "1", "--before", str(newest["id"]))
    shown = weps("deliveries", str(oldest["id"]))

    assert {each["target"] for each in (newest, oldest)} == {served.sink("/first"), served.sink("/second")}
    assert {each["alert"] for each in (newest, oldest)} == {watched.episode}
    assert [each["target"] for each in narrowed["deliveries"]] == [served.sink("/first")]
    assert [each["id"] for each in paged["deliveries"]] == [oldest["id"]]
    assert [(each["successful"], each["status"]) for each in shown["attempts"]] == [(True, 204)]


def test_what_was_given_up_is_sent_again_when_the_target_is_mended(served, weps):
    """
    One by its id, the rest with `--all`; what was delivered is only replayed, under the same id.
    """
    first, second = served.watch("/410"), served.watch("/410")

    def given_up():
        found = weps("deliveries", "--target", served.sink("/410"), "--status", "given-up")["deliveries"]
        return {each["alert"]: each["id"] for each in found} if len(found) >= 2 else None

    dead = wait_for(given_up)
    served.peer.is_mended = True
    one = weps("retry", str(dead[first.episode]))
    rest = weps("retry", "--all", "--subscription", second.subscription, "--target", served.sink("/410"))
    wait_for(lambda: weps("deliveries", str(dead[first.episode]))["status"] == "delivered")
    refused = weps("retry", str(dead[first.episode]), refused=True)
    replayed = weps("replay", str(dead[first.episode]))
    wait_for(lambda: weps("deliveries", str(replayed["id"]))["status"] == "delivered")

    assert one["id"] == dead[first.episode]
    assert rest == {"retried": 1}
    assert "has been delivered; replay it to send it once more" in refused
    assert replayed["id"] != dead[first.episode]
    assert served.alerts_at("/410").count(first.episode) == 3


REFUSALS = {
    "no such delivery": (("deliveries", "987654321"), "there is no delivery 987654321"),
    "nothing to retry": (("retry", "987654321"), "there is no delivery 987654321"),
    "nothing to replay": (("replay", "987654321"), "there is no delivery 987654321"),
    "no status": (("deliveries", "--status", "lost"), "status: is none of queued"),
    "no target": (("deliveries", "--target", "everywhere"), "'everywhere' is no target"),
    "no number": (("deliveries", "--limit", "many"), "limit: is a whole number from 1 on"),
}


@pytest.mark.parametrize(("arguments", "reason"), REFUSALS.values(), ids=REFUSALS)
def test_what_cannot_be_done_is_said_in_one_sentence(served, weps, arguments, reason):
    """
    On stderr, with exit code 1 and nothing on stdout.
    """
    said = weps(*arguments, refused=True)

    assert said.startswith(f"weps: {served.service.url}/")
    assert reason in said


@pytest.mark.parametrize(
    "arguments",
    [("retry",), ("retry", "1", "--all"), ("replay",), ("deliveries", "first")],
    ids=["nothing to retry", "one and all", "nothing to replay", "no number"],
)
def test_misuse_ends_with_two(weps, arguments, capsys):
    """
    Before anything is asked, with how it is meant.
    """
    with pytest.raises(SystemExit) as left:
        weps(*arguments)

    assert left.value.code == 2
    assert "usage: weps" in capsys.readouterr().err
