"""The channel to a data store for notifications of the IMIS IoT pilot: one alert as an RSS document to `InsertRSS`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

from weps.errors import DeliveryError, FeedError, InputError, SourceRefused
from weps.notify.rss import build_notification
from weps.notify.text import without_secrets

if TYPE_CHECKING:
    from collections.abc import Callable

    from weps.model import Alert

NAME = "insert-rss"
OPERATION = "InsertRSS"
MEDIA_TYPE = "application/xml"

_TRY_AGAIN = frozenset({408, 425, 429})


@dataclass(frozen=True, slots=True)
class InsertRssChannel:
    """
    Pushes an alert to a data store for notifications.

    `post` sends a body to a URL and gives the HTTP status, or raises a `FeedError`; `alerts_url` is what stands before
    `/{id}` in the permalink of an alert.
    """

    post: Callable[[str, bytes, str], int]
    alerts_url: str

    def send(self, alert: Alert, address: str) -> None:
        """Post one alert; raises `DeliveryError` when the data store did not take it."""
        url = insert_url(address)
        try:
            status = self.post(url, build_notification(alert, alerts_url=self.alerts_url), MEDIA_TYPE)
        except FeedError as error:
            raise DeliveryError(
                error.message, where=without_secrets(url), permanent=isinstance(error, SourceRefused)
            ) from error
        if not 200 <= status < 300:
            permanent = 400 <= status < 500 and status not in _TRY_AGAIN
            message = f"the data store answered with HTTP status {status}"
            raise DeliveryError(message, where=without_secrets(url), permanent=permanent)

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
