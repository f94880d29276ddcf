"""
How the owner of a subscription wants its alerts told: templates of title and text.

A template holds names of fields in braces and nothing else, as the messages of the threshold language do; the names
that both know mean the same. Values come as people of the subscription's language write them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from weps.errors import InputError
from weps.model import AlertStatus
from weps.notify.text import clean_line, format_time, format_value, short_name
from weps.notify.units import SYMBOLS
from weps.notify.wording import bounds_of
from weps.templates import fill_template, template_faults

if TYPE_CHECKING:
    from weps.model import Detection, Severity, Subscription, Value
    from weps.notify.phrases import Phrases

TEMPLATE_LIMIT = 4_000
FIELDS = (
    "condition",
    "detectionTime",
    "event",
    "evidence",
    "facts",
    "feature",
    "latitude",
    "longitude",
    "message",
    "name",
    "observedProperty",
    "pattern",
    "procedure",
    "severity",
    "status",
    "subscription",
    "threshold",
    "time",
    "title",
    "uom",
    "value",
)


def check_templates(title: str | None, message: str | None) -> None:
    """Refuse a template that cannot be filled; raises `InputError` of `titleTemplate` or `messageTemplate`."""
    for template, where in ((title, "titleTemplate"), (message, "messageTemplate")):
        if template:
            if len(template) > TEMPLATE_LIMIT:
                raise InputError(f"the template is longer than {TEMPLATE_LIMIT} characters", where=where)
            faults = template_faults(template, FIELDS, "the template")
            if faults:
                raise InputError("; ".join(faults[:5]), where=where)


def title_of(subscription: Subscription, fields: dict[str, str], status: AlertStatus, say: Phrases) -> str:
    """Fill the template of the title; what is over, withdrawn or silent is marked so unless the template tells it."""
    template = subscription.title_template
    prefix = "" if "{status}" in template else say.prefixes[status]
    told = fill_template(template, fields).strip()
    return f"{prefix}{told}" if told else ""


def text_of(subscription: Subscription, fields: dict[str, str]) -> str:
    """Fill the template of the text."""
    return fill_template(subscription.message_template, fields)


def template_fields(
    subscription: Subscription,
    detection: Detection,
    say: Phrases,
    *,
    value: Value,
    uom: str | None,
    severity: Severity,
    status: AlertStatus,
    **others: str,
) -> dict[str, str]:
    """Give the value of every field; what is not known is empty."""
    seen, comparison = detection.observation, detection.comparison
    position = seen.position if seen else None
    fields = {
        "condition": say.conditions.get(comparison.condition, comparison.condition) if comparison else "",
        "event": detection.event or "",
        "feature": short_name(seen.feature_of_interest) if seen else "",
        "latitude": format_value(position[1], say) if position else "",
        "longitude": format_value(position[0], say) if position else "",
        "observedProperty": short_name(seen.observed_property) if seen else "",
        "pattern": detection.pattern,
        "procedure": short_name(seen.procedure) if seen else "",
        "severity": say.severities[severity],
        "status": say.statuses[status],
        "subscription": subscription.id,
        "threshold": bounds_of(comparison, say) if comparison else "",
        "time": format_time(detection.time, say),
        "title": clean_line(subscription.title, 200),
        "uom": SYMBOLS.get(uom, uom) if uom else "",
        "value": "" if value is None else format_value(value, say),
    }
    return fields | others
