"""The channels of a service: a new one is a file in `notify/` and a line here."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from weps.errors import NotFoundError
from weps.feeders.guard import Guard
from weps.feeders.http import Fetcher, HttpRequest
from weps.model import Target
from weps.notify.insert_rss import InsertRssChannel
from weps.notify.mail import EmailChannel, Pace, read_mail_server
from weps.notify.mqtt import MqttChannel
from weps.notify.posting import Reply
from weps.notify.targets import EMAIL, INSERT_RSS, MQTT, WEBHOOK, WEBSUB
from weps.notify.webhook import WebhookChannel
from weps.notify.websub import TOLD_TO_HUBS, WebSubChannel
from weps.trust import create_broker_contexts

if TYPE_CHECKING:
    from weps.notify.base import Channel
    from weps.settings import Settings
    from weps.store import Store

WEBHOOK_KEY = "webhooks"
SECONDS_OF_SILENCE = 10.0
SECONDS_TO_ANSWER = 15.0
ANSWER_LIMIT = 2**20
"""A target is asked for a status; what else it says is read up to here."""


def create_channels(
    settings: Settings, store: Store, base_url: str, allowed_hosts: frozenset[str]
) -> dict[str, Channel]:
    """Give the channels by name; e-mail and WebSub only where the settings say how."""
    post = _poster(allowed_hosts)
    alerts_url = f"{base_url}/alerts"
    channels: dict[str, Channel] = {
        INSERT_RSS: InsertRssChannel(post, alerts_url),
        WEBHOOK: create_webhook_channel(store, base_url, allowed_hosts),
        MQTT: MqttChannel(
            Guard(allowed_hosts).connect, alerts_url, store.newest_alert, create_broker_contexts(settings)
        ),
    }
    if settings.smtp is not None:
        server = read_mail_server(settings.smtp.get_secret_value())
        sender = settings.mail_from or f"weps@{server.host}"
        pace = Pace(settings.mail_per_hour, digest=settings.mail_digest.total_seconds())
        channels[EMAIL] = EmailChannel(server, sender, alerts_url, pace, history=_MailHistory(store))
    if settings.websub_hub is not None:
        channels[WEBSUB] = WebSubChannel(post, _Feeds(store, base_url))
    return channels


def create_webhook_channel(store: Store, base_url: str, allowed_hosts: frozenset[str]) -> WebhookChannel:
    """Give the channel of webhooks, with the secrets that are in force when something is sent."""
    return WebhookChannel(
        _poster(allowed_hosts),
        f"{base_url}/alerts",
        lambda: store.service_key(WEBHOOK_KEY),
        salts=lambda subscription_id, address: store.webhook_salts(subscription_id, address, datetime.now(UTC)),
    )


def standing_targets(settings: Settings) -> tuple[Target, ...]:
    """Give the targets that every alert goes to, whatever its subscription says."""
    return () if settings.websub_hub is None else (Target(WEBSUB, settings.websub_hub),)


def _poster(allowed_hosts: frozenset[str]) -> _Poster:
    return _Poster(Fetcher(allowed_hosts, timeout=SECONDS_OF_SILENCE, limit=ANSWER_LIMIT, deadline=SECONDS_TO_ANSWER))


class _Poster:
    """Posts for the channels."""

    def __init__(self, fetcher: Fetcher) -> None:
        self._fetcher = fetcher

    def __call__(self, url: str, body: bytes, headers: Mapping[str, str]) -> Reply:
        answer = self._fetcher.send(HttpRequest("POST", url, headers, body))
        return Reply(answer.status, answer.body, answer.retry_after)


class _MailHistory:
    """Tells from the ledger how long ago a mailbox got its mails."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def __call__(self, address: str, seconds: float) -> list[float]:
        now = datetime.now(UTC)
        sent = self._store.sent_since(Target(EMAIL, address), now - timedelta(seconds=seconds))
        return [max(0.0, (now - instant).total_seconds()) for instant in sent]


class _Feeds:
    """Tells the addresses of a subscription's feeds."""

    def __init__(self, store: Store, base_url: str) -> None:
        self._store = store
        self._base_url = base_url

    def __call__(self, subscription_id: str) -> tuple[str, ...]:
        try:
            token = self._store.subscription(subscription_id).token
        except NotFoundError:
            return ()
        return tuple(f"{self._base_url}/feeds/{token}.{name}" for name in TOLD_TO_HUBS)
