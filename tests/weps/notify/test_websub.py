from __future__ import annotations

from dataclasses import replace
from urllib.parse import parse_qs

import pytest

from tests.weps.notify.samples import make_alert
from tests.weps.notify.test_webhook import Peer
from weps.errors import DeliveryError
from weps.notify.base import Portion
from weps.notify.posting import Reply
from weps.notify.websub import WebSubChannel

HUB = "https://hub.example.org/"


def feeds_of(subscription_id: str) -> tuple[str, ...]:
    if subscription_id == "gone":
        return ()
    return tuple(f"http://weps.example.org/feeds/{subscription_id}.{name}" for name in ("rss", "atom"))


def test_the_hub_is_told_once_of_each_feed_with_news():
    """
    Ten alerts of two subscriptions are news in four documents; a subscription that is not there any more has none.
    """
    hub = Peer(Reply(204))
    channel = WebSubChannel(hub, feeds_of)
    alerts = [replace(make_alert(n), subscription_id=("a", "b", "gone")[n % 3]) for n in range(10)]

    channel.send_all(alerts, HUB)

    told = [parse_qs(body.decode()) for _, body, _ in hub.posts]
    assert {(url, headers["Content-Type"]) for url, _, headers in hub.posts} == {
        (HUB, "application/x-www-form-urlencoded")
    }
    assert [(form["hub.mode"], form["hub.url"]) for form in told] == [
        (["publish"], [f"http://weps.example.org/feeds/{name}"]) for name in ("a.rss", "a.atom", "b.rss", "b.atom")
    ]
    assert channel.portion(HUB, 10) == Portion(10)


def test_a_hub_that_fails_is_told_again_later():
    """
    As any other target.
    """
    with pytest.raises(DeliveryError, match=r"hub\.example\.org: the hub answered with HTTP status 500") as caught:
        WebSubChannel(Peer(Reply(500)), feeds_of).send(replace(make_alert(), subscription_id="a"), HUB)

    assert not caught.value.permanent
