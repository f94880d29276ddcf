"""
Targets as clients write them, and as people may be shown them.

    https://store.example.org/          the InsertRSS operation of a data store for notifications
    webhook+https://example.org/hook    a webhook, signed
    mailto:duty@example.org             e-mail
    mqtt://broker.example.org/topic     MQTT 3.1.1 (mqtts:// with TLS; ?version=5 for MQTT 5)
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from weps.errors import InputError
from weps.model import Target
from weps.notify.text import clean_line, without_secrets

INSERT_RSS, WEBHOOK, EMAIL, MQTT, WEBSUB = "insert-rss", "webhook", "email", "mqtt", "websub"
_SCHEMES = {
    "http": (INSERT_RSS, ""),
    "https": (INSERT_RSS, ""),
    "insert-rss+http": (INSERT_RSS, "insert-rss+"),
    "insert-rss+https": (INSERT_RSS, "insert-rss+"),
    "webhook+http": (WEBHOOK, "webhook+"),
    "webhook+https": (WEBHOOK, "webhook+"),
    "mailto": (EMAIL, "mailto:"),
    "mqtt": (MQTT, ""),
    "mqtts": (MQTT, ""),
}
SYNTAX = (
    "https://… posts to the InsertRSS operation of a data store, webhook+https://… to a webhook; "
    "mailto:name@host sends e-mail, mqtt://host/topic (or mqtts://) publishes to a broker."
)


def parse_target(text: str) -> Target:
    """Read a target; raises `InputError` for what is none."""
    written = text.strip()
    scheme = re.match("[A-Za-z][A-Za-z0-9+.-]*(?=:)", written)
    known = _SCHEMES.get(scheme[0].lower()) if scheme else None
    if known is None:
        raise InputError(f"{clean_line(written, 100)!r} is no target. {SYNTAX}")
    channel, prefix = known
    return Target(channel, written[len(prefix) :])


def written_target(target: Target) -> str:
    """Write a target as clients do, without user, password and query, where keys are found."""
    prefix = {WEBHOOK: "webhook+", EMAIL: "mailto:"}.get(target.channel, "")
    return f"{prefix}{without_secrets(target.address)}"


def shown_target(target: Target) -> str:
    """
    Name a target in a feed or a log, which strangers may read: the host, and no more than that tells apart.

    The path of a webhook is often a key, and a mailbox is somebody's name.
    """
    if target.channel == EMAIL:
        return f"mailto:…@{clean_line(target.address.rpartition('@')[2], 200)}"
    if target.channel == INSERT_RSS:
        return without_secrets(target.address)
    return f"{target.channel} at {host_of(target.address)}"


def without_login(address: str) -> str:
    """Give an address without the user and password of a broker, as its subscribers are shown it."""
    return re.sub(r"//[^/?#]*@", "//", address)


def host_of(address: str) -> str:
    """Give host and port of a URL, as far as it has such."""
    try:
        return clean_line(urlsplit(without_secrets(address)).netloc, 200)
    except ValueError:
        return "an address that is no URL"
