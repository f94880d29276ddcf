"""Where alerts stay, for whoever is told of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from weps.groups import GroupAlert

if TYPE_CHECKING:
    from weps.model import Alert


def permalink(alert: Alert, alerts_url: str) -> str:
    """Give where an alert stays; that of several is the feed that has them."""
    return alert.feed if isinstance(alert, GroupAlert) else f"{alerts_url}/{alert.id}"
