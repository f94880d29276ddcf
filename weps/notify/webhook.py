"""
The channel to webhooks: one alert as a CloudEvent, signed as Standard Webhooks says (headers `webhook-*`, v1).

The secret of a webhook follows from a key of this service, the subscription and the address. It is told to who gives
the webhook as a target, and stands nowhere.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from weps.errors import InputError
from weps.notify.cloud_event import MEDIA_TYPE, write_cloud_event
from weps.notify.posting import Post, post_alert
from weps.notify.targets import host_of

if TYPE_CHECKING:
    from weps.ledger import Receipt
    from weps.model import Alert

PREFIX = "whsec_"


@dataclass(frozen=True, slots=True)
class WebhookChannel:
    """
    Posts alerts to webhooks.

    `key` gives the key of this service; `alerts_url` is what stands before `/{id}` in the permalink of an alert.
    """

    post: Post
    alerts_url: str
    key: Callable[[], bytes]
    clock: Callable[[], float] = time.time

    def send(self, alert: Alert, address: str) -> Receipt:
        """Post one alert; raises `DeliveryError` when the webhook did not take it."""
        body = write_cloud_event(alert, self.alerts_url)
        secret = derive_secret(self.key(), alert.subscription_id, address)
        headers = {"Content-Type": MEDIA_TYPE, **signature(secret, alert.id, int(self.clock()), body)}
        return post_alert(self.post, address, body, headers, who="the webhook", where=host_of(address))

    def check(self, address: str) -> None:
        """Refuse an address that is no http or https URL."""
        try:
            parts = urlsplit(address)
            usable = parts.scheme.lower() in ("http", "https") and bool(parts.hostname) and parts.port != 0
        except ValueError:
            usable = False
        if not usable:
            raise InputError("a webhook is an http or https URL behind webhook+", where="sink")

    def secret(self, subscription_id: str, address: str) -> str:
        """Give the secret of a webhook as its owner enters it where signatures are checked."""
        derived = derive_secret(self.key(), subscription_id, address)
        return f"{PREFIX}{base64.b64encode(derived).decode()}"


def derive_secret(key: bytes, subscription_id: str, address: str) -> bytes:
    """Give the secret that the webhooks of one subscription at one address are signed with."""
    return hmac.digest(key, f"{subscription_id}\n{address}".encode(), hashlib.sha256)


def signature(secret: bytes, identifier: str, timestamp: int, body: bytes) -> dict[str, str]:
    """Give the headers that show who sent a body, and when."""
    signed = hmac.digest(secret, f"{identifier}.{timestamp}.".encode() + body, hashlib.sha256)
    return {
        "webhook-id": identifier,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": f"v1,{base64.b64encode(signed).decode()}",
    }
