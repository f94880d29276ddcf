"""
The channel to webhooks: one alert as a CloudEvent, signed as Standard Webhooks says (headers `webhook-*`, v1).

The secret of a webhook follows from a key of this service, the subscription, the address and, once it was changed, a
salt. It is told to who gives the webhook as a target or changes the secret, and stands nowhere. For a while after a
change deliveries are signed with the old one too, the newest first.
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
    from collections.abc import Sequence

    from weps.ledger import Receipt
    from weps.model import Alert

PREFIX = "whsec_"


@dataclass(frozen=True, slots=True)
class WebhookChannel:
    """
    Posts alerts to webhooks.

    `key` gives the key of this service, `salts` those of a subscription's webhook at an address, the newest first;
    `alerts_url` is what stands before `/{id}` in the permalink of an alert.
    """

    post: Post
    alerts_url: str
    key: Callable[[], bytes]
    clock: Callable[[], float] = time.time
    salts: Callable[[str, str], tuple[str, ...]] = lambda _subscription_id, _address: ("",)

    def send(self, alert: Alert, address: str) -> Receipt:
        """Post one alert; raises `DeliveryError` when the webhook did not take it."""
        body = write_cloud_event(alert, self.alerts_url)
        secrets = self._secrets(alert.subscription_id, address)
        headers = {"Content-Type": MEDIA_TYPE, **sign(secrets, alert.id, int(self.clock()), body)}
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
        newest = self._secrets(subscription_id, address)[0]
        return f"{PREFIX}{base64.b64encode(newest).decode()}"

    def _secrets(self, subscription_id: str, address: str) -> list[bytes]:
        key = self.key()
        return [derive_secret(key, subscription_id, address, salt) for salt in self.salts(subscription_id, address)]


def derive_secret(key: bytes, subscription_id: str, address: str, salt: str = "") -> bytes:
    """Give a secret that the webhooks of one subscription at one address are signed with."""
    parts = (subscription_id, address, salt) if salt else (subscription_id, address)
    return hmac.digest(key, "\n".join(parts).encode(), hashlib.sha256)


def sign(secrets: Sequence[bytes], identifier: str, timestamp: int, body: bytes) -> dict[str, str]:
    """Give the headers that show who sent a body, and when: a signature for each secret, with spaces between."""
    signed = f"{identifier}.{timestamp}.".encode() + body
    digests = (hmac.digest(secret, signed, hashlib.sha256) for secret in secrets)
    return {
        "webhook-id": identifier,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(f"v1,{base64.b64encode(digest).decode()}" for digest in digests),
    }
