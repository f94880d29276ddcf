"""The subscription and the alerts that are stored and delivered: those of a sensor that is too hot."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from weps.model import Alert, AlertStatus, NewSubscription, RuleText, Severity, Source

NOW = datetime(2016, 1, 11, 5, tzinfo=UTC)


def new_subscription(**wishes: Any) -> NewSubscription:
    """Give what a client asks for; its source is never asked."""
    rule, source = RuleText("threshold", "{}", "heat"), Source("kvp", "http://sos.example.org/sos", "service=SOS")
    return NewSubscription(rule, source, timedelta(minutes=1), **wishes)


def hot(identifier: str, subscription_id: str, status: AlertStatus, at: datetime = NOW, **more: Any) -> Alert:
    """Give an alert of an episode of its own."""
    return Alert(
        identifier,
        identifier,
        subscription_id,
        status,
        Severity.SEVERE,
        title="heat: AirTemperature 35.2 °C is greater than 30 °C",
        text="AirTemperature 35.2 °C is greater than 30 °C\n" * 8,
        rule_name="heat",
        rule_version=1,
        pattern="threshold",
        detected=at,
        event_time=at,
        phenomenon_time=at,
        value=35.2,
        uom="Cel",
        **more,
    )
