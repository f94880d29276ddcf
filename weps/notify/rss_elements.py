"""
Elements for what RSS 2.0 and Atom have none for, and the feedgen extension that adds them to RSS.

Three namespaces: GeoRSS Simple for the place, the IMIS IoT pilot's own for the elements its clients read, and WEPS's
for everything that an alert knows. No element has attributes, and none is repeated: plain feed readers show only the
text of an element, and the last of several.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from feedgen.ext.base import BaseEntryExtension, BaseExtension
from lxml import etree

from sos_server.time import format_instant
from weps.groups import GroupAlert
from weps.model import AlertStatus
from weps.notify.place import georss_of
from weps.notify.text import clean_identifier

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from weps.model import Alert, Comparison, Value

ATOM = "http://www.w3.org/2005/Atom"
GEORSS = "http://www.georss.org/georss"
PILOT = "http://iddss-sensor.cdmps.org.au:8080/rssschemas/"
WEPS = "urn:weps:alert:1"
NAMESPACES = {"georss": GEORSS, "sc": PILOT, "weps": WEPS}
EXTENSION = "weps_alert"

TEXT_LIMIT = 4_000
CAUSES_LIMIT = 1_000

# The pilot called a value that is beyond the threshold its overshoot or undershoot
_PILOT_SHOOTS = {
    "greaterThan": "overshoot",
    "greaterThanOrEqual": "overshoot",
    "lessThan": "undershoot",
    "lessThanOrEqual": "undershoot",
}


class AlertFeedExtension(BaseExtension):  # type: ignore[misc]
    """Adds the links that feedgen does not write into the channel of an RSS document."""

    def __init__(self) -> None:
        self._links: tuple[tuple[str, str, str], ...] = ()

    def links(self, links: Iterable[tuple[str, str, str]]) -> None:
        """Take relation, address and media type of each link."""
        self._links = tuple(links)

    def extend_ns(self) -> Mapping[str, str]:
        """Give the namespaces by prefix."""
        return NAMESPACES

    def extend_rss(self, feed: etree._Element) -> etree._Element:
        """Write the links."""
        channel = feed[0]
        for relation, address, media_type in self._links:
            etree.SubElement(channel, f"{{{ATOM}}}link", rel=relation, href=address, type=media_type)
        return feed


class AlertEntryExtension(BaseEntryExtension):  # type: ignore[misc]
    """Adds place, the pilot's elements and WEPS's own to an item."""

    def __init__(self) -> None:
        self._alert: Alert | None = None

    def alert(self, alert: Alert) -> None:
        """Take the alert that the item tells."""
        self._alert = alert

    def extend_ns(self) -> Mapping[str, str]:
        """Give the namespaces by prefix."""
        return NAMESPACES

    def extend_rss(self, feed: etree._Element) -> etree._Element:
        """Write the elements; what is not known is left out."""
        if self._alert is not None:
            add_elements(feed, self._alert)
        return feed


def add_elements(parent: etree._Element, alert: Alert) -> None:
    """Write place, the pilot's elements and WEPS's own below an item or entry; what is not known is left out."""
    place = georss_of(alert)
    for namespace, elements in (
        (GEORSS, [place] if place else []),
        (PILOT, _pilot_elements(alert)),
        (WEPS, _weps_elements(alert)),
    ):
        for name, value in elements:
            if value not in (None, ""):
                made = etree.SubElement(parent, f"{{{namespace}}}{name}")
                made.text = _text(value)


def _pilot_elements(alert: Alert) -> Iterator[tuple[str, Value]]:
    yield "procedure_id", alert.procedure
    yield "observedProperty", alert.observed_property
    yield "featureOfInterest", alert.feature_of_interest
    if alert.comparison and alert.status in (AlertStatus.EVENT, AlertStatus.PENDING, AlertStatus.FIRING):
        shoot = _PILOT_SHOOTS.get(alert.comparison.condition)
        if shoot:
            yield shoot, alert.value
    yield "observation_value", alert.value


def _weps_elements(alert: Alert) -> Iterator[tuple[str, Value]]:
    yield "subscription", alert.subscription_id
    yield "episode", alert.episode
    yield "status", alert.status.value
    yield "severity", alert.severity.value
    yield "rule", alert.rule_name
    yield "ruleVersion", alert.rule_version
    yield "pattern", alert.pattern
    yield "event", alert.event
    yield "output", alert.output
    yield "value", alert.value
    yield "uom", alert.uom
    if alert.comparison:
        yield from _comparison_elements(alert.comparison)
    yield "procedure", alert.procedure
    yield "observedProperty", alert.observed_property
    yield "featureOfInterest", alert.feature_of_interest
    yield "eventTime", format_instant(alert.event_time)
    yield "phenomenonTime", format_instant(alert.phenomenon_time)
    yield "detectionTime", format_instant(alert.detected)
    yield "late", alert.late
    yield "causes", "\n".join(clean_identifier(cause, 200) for cause in alert.causes[:CAUSES_LIMIT])
    yield "causeCount", len(alert.causes)
    yield "evidence", alert.evidence
    if isinstance(alert, GroupAlert):
        yield "began", alert.began
        yield "ended", alert.ended
        yield "alertCount", alert.alert_count
    yield "reminder", alert.reminder
    yield "silenced", alert.silenced


def _comparison_elements(comparison: Comparison) -> Iterator[tuple[str, Value]]:
    yield "condition", comparison.condition
    names = ("threshold",) if len(comparison.bounds) == 1 else ("lower", "upper")
    yield from zip(names, comparison.bounds, strict=False)
    yield "thresholdUom", comparison.uom


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return repr(value)
    # causes are one a line; all else came through `message` in one line
    lines = str(value).split("\n")
    return "\n".join(clean_identifier(line, TEXT_LIMIT) for line in lines)
