"""
Alerts as messages of the Common Alerting Protocol 1.2 (OASIS).

What is told of an episode follows what emergency services do: what begins is an Alert, a change of it an Update that
references what was told before. An episode that is over is an Update with the response type AllClear, because the end
of a danger is news that has to reach whoever was warned; receivers drop what is cancelled without a word. Cancel is
for what an operator withdraws. What is pending is no message. Troubles of the watching itself are, where alerts are
actual, of the status System.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from lxml import etree

from weps.model import AlertStatus, AlertUse
from weps.notify.page import NAME_LIMIT
from weps.notify.place import cap_area
from weps.notify.text import clean_identifier, clean_line, clean_text, format_value, short_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from weps.model import Alert
    from weps.notices import Reference

MEDIA_TYPE = "application/cap+xml"
CAP = "urn:oasis:names:tc:emergency:cap:1.2"
VALID_FOR = timedelta(days=1)
"""How long a message holds: whoever hears nothing for a day shall not believe it any longer."""

TEXT_LIMIT = 10_000
PARAMETER_LIMIT = 1_000
_FORBIDDEN_IN_SENDER = str.maketrans("", "", " ,<&\t\r\n")
_ABOUT_WATCHING = (
    AlertStatus.SOURCE_DOWN,
    AlertStatus.SOURCE_UP,
    AlertStatus.SOURCE_SILENT,
    AlertStatus.SOURCE_SPEAKS,
    AlertStatus.SOURCE_CHANGED,
    AlertStatus.RULE_FAILED,
    AlertStatus.TARGET_DOWN,
    AlertStatus.TARGET_UP,
)


@dataclass(frozen=True, slots=True)
class Answers:
    """What CAP asks of every message: urgency, certainty, and what to do about it, where that is known."""

    urgency: str
    certainty: str
    response: str | None = None


_ANSWERS = {
    AlertStatus.EVENT: Answers("Immediate", "Observed"),
    AlertStatus.PENDING: Answers("Expected", "Possible", "Monitor"),
    AlertStatus.FIRING: Answers("Immediate", "Observed"),
    AlertStatus.RESOLVED: Answers("Past", "Observed", "AllClear"),
    AlertStatus.CANCELLED: Answers("Past", "Unlikely", "None"),
    AlertStatus.EXPIRED: Answers("Past", "Unknown", "None"),
    AlertStatus.NO_DATA: Answers("Unknown", "Unknown", "Monitor"),
    AlertStatus.SOURCE_DOWN: Answers("Unknown", "Unknown", "Monitor"),
    AlertStatus.SOURCE_UP: Answers("Past", "Observed", "AllClear"),
    AlertStatus.SOURCE_SILENT: Answers("Unknown", "Unknown", "Monitor"),
    AlertStatus.SOURCE_SPEAKS: Answers("Past", "Observed", "AllClear"),
    AlertStatus.SOURCE_CHANGED: Answers("Unknown", "Observed", "Assess"),
    AlertStatus.RULE_FAILED: Answers("Unknown", "Unknown", "Assess"),
    AlertStatus.TARGET_DOWN: Answers("Unknown", "Unknown", "Monitor"),
    AlertStatus.TARGET_UP: Answers("Past", "Observed", "AllClear"),
}


def write_cap(alert: Alert, *, sender: str, references: Sequence[Reference], alerts_url: str) -> bytes:
    """Write the message that tells an alert; `references` is what was told before in its episode, oldest first."""
    root = etree.Element(f"{{{CAP}}}alert", nsmap={None: CAP})
    sent = cap_time(alert.detected)
    _add(root, "identifier", alert.id)
    _add(root, "sender", sender)
    _add(root, "sent", sent)
    _add(root, "status", cap_status(alert))
    _add(root, "msgType", message_type(alert, references))
    _add(root, "source", "WEPS")
    _add(root, "scope", "Public")
    if references:
        told = (f"{sender},{each.id},{cap_time(each.detected)}" for each in references)
        _add(root, "references", " ".join(told))
    _add(root, "incidents", alert.episode)
    _add_info(root, alert, f"{alerts_url}/{alert.id}")
    return bytes(etree.tostring(root, encoding="UTF-8", xml_declaration=True))


def is_message(alert: Alert, references: Sequence[Reference]) -> bool:
    """Tell whether an alert is a message: people are not warned of what has only begun, nor told that it is over."""
    if alert.status is AlertStatus.PENDING:
        return False
    return bool(references) or alert.status not in (AlertStatus.RESOLVED, AlertStatus.CANCELLED, AlertStatus.EXPIRED)


def message_type(alert: Alert, references: Sequence[Reference]) -> str:
    """Tell what a message is; what is to change something that nobody was told is told as an Alert."""
    if not references:
        return "Alert"
    return "Cancel" if alert.status is AlertStatus.CANCELLED else "Update"


def cap_status(alert: Alert) -> str:
    """Tell what a message is for: only what is observed can be an actual alert to the public."""
    is_internal = alert.use is AlertUse.ACTUAL and alert.status in _ABOUT_WATCHING
    return "System" if is_internal else alert.use.value


def summary_of(alert: Alert) -> Iterator[tuple[str, str]]:
    """Give what an index shows of a message: elements of its info, in the order of the schema."""
    answers = _ANSWERS[alert.status]
    yield "category", "Other"
    yield "event", clean_line(alert.rule_name or alert.event or alert.pattern, 200) or "event"
    if answers.response:
        yield "responseType", answers.response
    yield "urgency", answers.urgency
    yield "severity", alert.severity.value
    yield "certainty", answers.certainty
    yield "effective", cap_time(alert.detected)
    if alert.status not in (AlertStatus.RESOLVED, AlertStatus.CANCELLED, AlertStatus.EXPIRED, *_ABOUT_WATCHING):
        yield "onset", cap_time(alert.event_time)
    yield "expires", cap_time(alert.detected + VALID_FOR)


def cap_time(instant: datetime) -> str:
    """Write an instant as CAP wants it: whole seconds, and never a Z."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S+00:00")


def sender_of(base_url: str) -> str:
    """Give the sender of a service that was not told one: the name of its host, which nobody else has."""
    return f"weps@{urlsplit(base_url).hostname or 'localhost'}".translate(_FORBIDDEN_IN_SENDER)


def area_name(alert: Alert) -> str:
    """Name the place: the feature that was observed, or where it is."""
    if alert.feature_of_interest:
        return short_name(alert.feature_of_interest)
    return "" if alert.latitude is None else f"{alert.latitude:.5f}, {alert.longitude:.5f}"


def _add_info(root: etree._Element, alert: Alert, url: str) -> None:
    info = etree.SubElement(root, f"{{{CAP}}}info")
    _add(info, "language", alert.language.value)
    for name, text in summary_of(alert):
        _add(info, name, text)
    _add(info, "senderName", "WEPS")
    _add(info, "headline", clean_line(alert.title, NAME_LIMIT) or alert.status.value)
    _add(info, "description", clean_text(alert.text, TEXT_LIMIT) or alert.status.value)
    _add(info, "web", url)
    for name, text in _parameters(alert):
        parameter = etree.SubElement(info, f"{{{CAP}}}parameter")
        _add(parameter, "valueName", name)
        _add(parameter, "value", clean_identifier(text, PARAMETER_LIMIT))
    if alert.evidence:
        resource = etree.SubElement(info, f"{{{CAP}}}resource")
        _add(resource, "resourceDesc", "Observations")
        _add(resource, "mimeType", "application/xml")
        _add(resource, "uri", clean_identifier(alert.evidence, TEXT_LIMIT).replace(" ", "%20"))
    described = area_name(alert)
    if described:
        area = etree.SubElement(info, f"{{{CAP}}}area")
        _add(area, "areaDesc", described)
        for name, text in cap_area(alert):
            _add(area, name, text)


def _parameters(alert: Alert) -> Iterator[tuple[str, str]]:
    members = {
        "subscription": alert.subscription_id,
        "status": alert.status.value,
        "rule": alert.rule_name,
        "procedure": alert.procedure,
        "observedProperty": alert.observed_property,
        "featureOfInterest": alert.feature_of_interest,
        "value": None if alert.value is None else format_value(alert.value),
        "uom": alert.uom,
        "condition": alert.comparison.condition if alert.comparison else None,
        "threshold": " ".join(format_value(bound) for bound in alert.comparison.bounds) if alert.comparison else None,
        "phenomenonTime": cap_time(alert.phenomenon_time),
    }
    return ((name, text) for name, text in members.items() if text)


def _add(parent: etree._Element, name: str, text: str) -> None:
    etree.SubElement(parent, f"{{{CAP}}}{name}").text = text
