"""
The channel to a WebSub hub: it is told that feeds have news, and fetches and spreads them itself.

WebSub leaves to hub and publisher how that is told (W3C WebSub clause 6); this is what hubs take: a form with
`hub.mode=publish` and the address of a feed as `hub.url`, once for each of its formats.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from weps.ledger import Receipt
from weps.notify.base import Portion
from weps.notify.posting import Post, post_alert
from weps.notify.targets import host_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from weps.model import Alert

TOLD_TO_HUBS = ("rss", "atom", "json")
"""The formats of feeds that name the hub."""

MEDIA_TYPE = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class WebSubChannel:
    """Tells a hub; `feeds_of` gives the addresses of a subscription's feeds, none where there is no such."""

    post: Post
    feeds_of: Callable[[str], tuple[str, ...]]

    def send(self, alert: Alert, address: str) -> Receipt:
        """Tell that the feeds with an alert have news; raises `DeliveryError` when the hub did not take it."""
        return self.send_all((alert,), address)

    def check(self, address: str) -> None:
        """Take any address: it comes from the settings, and an unusable one fails where it is asked."""

    def portion(self, address: str, waiting: int) -> Portion:
        """Tell of all that waits together: a hub reads a feed once, however much is new in it."""
        return Portion(waiting)

    def send_all(self, alerts: Sequence[Alert], address: str) -> Receipt:
        """Tell of the feeds of several alerts, each feed once."""
        receipt = Receipt()
        for subscription_id in dict.fromkeys(alert.subscription_id for alert in alerts):
            for feed in self.feeds_of(subscription_id):
                body = urlencode({"hub.mode": "publish", "hub.url": feed, "hub.topic": feed}).encode()
                headers = {"Content-Type": MEDIA_TYPE}
                receipt = post_alert(self.post, address, body, headers, who="the hub", where=host_of(address))
        return receipt
