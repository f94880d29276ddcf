"""Subscriptions as the documents that clients get: XML and JSON that say the same."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from lxml import etree

from sos_server.time import format_instant
from weps.feeders.sources import PUSH, push_address, shown_source
from weps.notify.targets import without_login
from weps.processes.attention_inputs import format_flapping
from weps.processes.base import JSON, XML, Complex, Format
from weps.processes.inputs import format_duration

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime, timedelta

    from weps.model import Page, RuleVersion, Source, Subscription

SUBSCRIPTION_FORMATS = Complex((Format(XML), Format(JSON)))
"""Every output that holds subscriptions comes in either format, whichever the client asks for."""

NAMESPACE = "urn:weps:subscription:1"


def write_subscription(subscription: Subscription, feed: str, versions: Sequence[RuleVersion] = ()) -> dict[str, str]:
    """Give one subscription by MIME type, with the versions of its rule where they are known."""
    members = _members(subscription, feed)
    if versions:
        members["ruleVersions"] = [_version(one) for one in versions]
    return {XML: _to_xml(_element("Subscription", members)), JSON: _to_json(members)}


def write_subscriptions(subscriptions: Sequence[tuple[Subscription, str]], total: int, page: Page) -> dict[str, str]:
    """Give a page of subscriptions with the addresses of their feeds, and how many there are, by MIME type."""
    listed = [_members(subscription, feed) for subscription, feed in subscriptions]
    counts = {"total": total, "offset": page.offset, "limit": page.limit}
    root = etree.Element(_name("Subscriptions"), {key: str(value) for key, value in counts.items()}, _NSMAP)
    root.extend(_element("Subscription", members) for members in listed)
    return {XML: _to_xml(root), JSON: _to_json(counts | {"subscriptions": listed})}


_NSMAP = {"weps": NAMESPACE}


def _members(subscription: Subscription, feed: str) -> dict[str, Any]:
    rule = {
        "name": subscription.rule.name,
        "language": subscription.rule.language,
        "version": subscription.rule_version,
    }
    members: dict[str, Any] = {
        "id": subscription.id,
        "process": subscription.process,
        "title": subscription.title,
        "status": str(subscription.status),
        "severity": str(subscription.severity),
        "language": str(subscription.language),
        "titleTemplate": subscription.title_template or None,
        "messageTemplate": subscription.message_template or None,
        "alertStatus": str(subscription.alert_status),
        **_ordering(subscription),
        "rule": rule | {"text": subscription.rule.text},
        "source": shown_source(subscription.source),
        "pushAddress": _push_address(subscription.source, feed),
        "samplingRate": format_duration(subscription.sampling_rate),
        "created": format_instant(subscription.created),
        "start": _instant(subscription.start),
        "expires": _instant(subscription.expires),
        "ended": _instant(subscription.ended),
        "nextPoll": _instant(subscription.next_poll),
        "targets": [
            {"channel": target.channel, "address": without_login(target.address)} for target in subscription.targets
        ],
        "repeat": _duration(subscription.attention.repeat),
        "escalateAfter": _duration(subscription.attention.escalate_after),
        "escalateTos": [
            {"channel": target.channel, "address": without_login(target.address)}
            for target in subscription.attention.escalate_to
        ]
        or None,
        "flapping": format_flapping(subscription.attention.flapping),
        "group": _duration(subscription.attention.group),
        "groupUpTo": str(subscription.attention.group_up_to) if subscription.attention.group else None,
        "alertCount": subscription.alert_count,
        "feed": feed,
    }
    return {name: value for name, value in members.items() if value is not None}


def _ordering(subscription: Subscription) -> dict[str, Any]:
    ordering = subscription.ordering
    return {
        "latePolicy": str(ordering.late),
        "lateBound": format_duration(ordering.bound) if ordering.bound else None,
        "droppedCount": subscription.dropped,
        "corrections": str(ordering.corrections),
        "correctionCount": subscription.corrected,
    }


def _push_address(source: Source, feed: str) -> str | None:
    """Give the address that observations are to be pushed to, beside that of the feed."""
    return push_address(source, f"{feed.partition('/feeds/')[0]}/push") if source.binding == PUSH else None


def _version(version: RuleVersion) -> dict[str, Any]:
    return {
        "version": version.version,
        "since": format_instant(version.since),
        "alertCount": version.alerts,
        "name": version.rule.name,
        "language": version.rule.language,
        "text": version.rule.text,
    }


def _instant(instant: datetime | None) -> str | None:
    return None if instant is None else format_instant(instant)


def _duration(duration: timedelta | None) -> str | None:
    return None if duration is None else format_duration(duration)


def _element(name: str, value: Any) -> etree._Element:
    element = etree.Element(_name(name[0].upper() + name[1:]), nsmap=_NSMAP)
    if isinstance(value, dict):
        element.extend(_element(key, member) for key, member in value.items())
    elif isinstance(value, list):
        element.extend(_element(name.removesuffix("s"), member) for member in value)
    else:
        element.text = str(value)
    return element


def _name(local: str) -> str:
    return f"{{{NAMESPACE}}}{local}"


def _to_xml(root: etree._Element) -> str:
    return str(etree.tostring(root, encoding="unicode"))


def _to_json(members: Any) -> str:
    return json.dumps(members, ensure_ascii=False)
