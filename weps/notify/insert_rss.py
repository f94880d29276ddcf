"""The channel to a data store for notifications of the IMIS IoT pilot: one alert as an RSS document to `InsertRSS`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

from weps.errors import InputError
from weps.notify.posting import Post, post_alert
from weps.notify.rss import build_notification
from weps.notify.text import without_secrets

if TYPE_CHECKING:
    from weps.ledger import Receipt
    from weps.model import Alert

OPERATION = "InsertRSS"
MEDIA_TYPE = "application/xml"


@dataclass(frozen=True, slots=True)
class InsertRssChannel:
    """
    Pushes an alert to a data store for notifications.

    `post` sends a body to a URL (see `posting`); `alerts_url` is what stands before `/{id}` in the permalink of an
    alert.
    """

    post: Post
    alerts_url: str

    def send(self, alert: Alert, address: str) -> Receipt:
        """Post one alert; raises `DeliveryError` when the data store did not take it."""
        url = insert_url(address)
        body = build_notification(alert, alerts_url=self.alerts_url)
        headers = {"Content-Type": MEDIA_TYPE}
        return post_alert(self.post, url, body, headers, who="the data store", where=without_secrets(url))

    def check(self, address: str) -> None:
        """Refuse an address that is no http or https URL."""
        insert_url(address)


def insert_url(address: str) -> str:
    """Give the URL to post to: the endpoint with `/InsertRSS` behind its path, unless it ends so already."""
    try:
        parts = urlsplit("".join(address.split()))
        usable = parts.scheme.lower() in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise InputError(f"{address.strip()[:200]!r} is no http or https URL; give the address of a data store")
    path = parts.path.rstrip("/")
    if path.rsplit("/", 1)[-1].lower() != OPERATION.lower():
        path = f"{path}/{OPERATION}"
    return urlunsplit((parts.scheme, parts.netloc, path, parts.query, ""))
