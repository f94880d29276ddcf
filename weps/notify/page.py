"""One page of a feed, before it is written in any format."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from weps.model import Alert, Language
from weps.notify.text import clean_line, without_secrets

if TYPE_CHECKING:
    from datetime import datetime

    from weps.model import Subscription
    from weps.notices import Notice, Reference

PAGE_SIZE = 100
PAGE_LIMIT = 500
"""Notices on a page: as many as every feed is to hold at least, and the most that a reader may ask for."""

NAME_LIMIT = 300


@dataclass(frozen=True, slots=True)
class FeedPage:
    """
    Notices, newest first, and what their document says of itself. Nothing in it depends on when it is made.

    `id` is an IRI that is never another feed's. `alternate_url` is the page for people, `alerts_url` what stands before
    `/{id}` in the permalink of an alert; it and `self_url` are None where nothing is kept. The links are those of
    RFC 5005; `hub_url` is the WebSub hub that spreads the feed. `sender` and `references` are for CAP: who sends, and
    what was told before in the episodes of alerts.
    """

    id: str
    title: str
    description: str
    updated: datetime
    notices: Sequence[Notice]
    alternate_url: str
    alerts_url: str | None
    self_url: str | None = None
    first_url: str | None = None
    next_url: str | None = None
    previous_url: str | None = None
    hub_url: str | None = None
    language: Language = Language.ENGLISH
    sender: str = ""
    references: Mapping[str, tuple[Reference, ...]] = field(default_factory=dict)

    @property
    def links(self) -> list[tuple[str, str]]:
        """The relations and addresses of this page and its neighbours, as far as there are such."""
        pages = {
            "self": self.self_url,
            "first": self.first_url,
            "next": self.next_url,
            "previous": self.previous_url,
            "hub": self.hub_url,
        }
        return [(relation, url) for relation, url in pages.items() if url]


def subscription_page(subscription: Subscription, notices: Sequence[Notice], **members: Any) -> FeedPage:
    """Give a page of a subscription's feed; `members` are those of `FeedPage` that the subscription does not know."""
    name = clean_line(subscription.title or subscription.rule.name or subscription.id, NAME_LIMIT)
    endpoint = clean_line(without_secrets(subscription.source.endpoint), NAME_LIMIT)
    return FeedPage(
        id=f"urn:uuid:{subscription.id}",
        title=f"WEPS alerts: {name}",
        description=f"Alerts of the subscription {subscription.id}: {name}, observed at {endpoint}",
        updated=max((told_at(notice) for notice in notices), default=subscription.created),
        notices=notices,
        language=subscription.language,
        **members,
    )


def store_page(notices: Sequence[Notice], updated: datetime, **members: Any) -> FeedPage:
    """Give a page of the data store for notifications."""
    return FeedPage(
        id="urn:weps:store",
        title="WEPS data store for notifications",
        description="Alerts of this service, and notifications that were posted to this data store",
        updated=updated,
        notices=notices,
        **members,
    )


def told_at(notice: Notice) -> datetime:
    """Give when a notice was told to this service, or by it."""
    return notice.detected if isinstance(notice, Alert) else notice.received
