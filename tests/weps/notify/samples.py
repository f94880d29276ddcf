"""Subscriptions, observations and alerts that the tests of notifications share."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from weps.model import (
    Alert,
    AlertStatus,
    Comparison,
    Detection,
    Observation,
    RuleText,
    Severity,
    Source,
    Subscription,
    SubscriptionStatus,
)
from weps.notify.message import compose_alert

DETECTED = datetime(2016, 1, 11, 4, 0, 2, tzinfo=UTC)
CREATED = datetime(2016, 1, 10, tzinfo=UTC)


def make_subscription(**changes: Any) -> Subscription:
    """Make a subscription to the pedestrians of one street."""
    subscription = Subscription(
        id="s-1",
        token="open-sesame",
        rule=RuleText(language="threshold", text="{}", name="crowded"),
        rule_version=3,
        source=Source("kvp", "http://sos.example.org/sos", "service=SOS"),
        feed_id=1,
        sampling_rate=timedelta(seconds=5),
        created=CREATED,
        activation=CREATED,
        expires=None,
        start=None,
        status=SubscriptionStatus.ACTIVE,
        title="Flinders Street",
        severity=Severity.MODERATE,
    )
    return replace(subscription, **changes)


def make_observation(**changes: Any) -> Observation:
    """Make a count of 612 people."""
    observation = Observation(
        phenomenon_time=datetime(2016, 1, 11, 3, 55, 45, 14000, tzinfo=UTC),
        procedure="http://sensors.example.org/PedestrianCounting1",
        observed_property="urn:ogc:def:property:PeopleCount",
        feature_of_interest="http://features.example.org/places#flinders",
        value=612.0,
        uom="1",
        geometry={"type": "Point", "coordinates": [144.9646, -37.8195]},
        id="o-17",
    )
    return observation._replace(**changes)


def make_detection(**changes: Any) -> Detection:
    """Make the detection of more than 500 people."""
    detection = Detection(
        time=datetime(2016, 1, 11, 3, 55, 45, 14000, tzinfo=UTC),
        pattern="threshold",
        event="firing",
        value=612.0,
        lineage=("o-16", "o-17"),
        observation=make_observation(),
        comparison=Comparison("greaterThan", (500.0,), "1"),
    )
    return detection._replace(**changes)


def make_alert(number: int = 1, detection: Detection | None = None, **changes: Any) -> Alert:
    """Make an alert as the engine would, each a minute after the one before."""
    alert = compose_alert(
        changes.pop("subscription", None) or make_subscription(),
        detection or make_detection(),
        id=f"a-{number}",
        episode="e-1",
        status=changes.pop("status", AlertStatus.FIRING),
        rule_name=changes.pop("rule_name", "crowded"),
        detected=DETECTED + timedelta(minutes=number - 1),
        late=changes.pop("late", False),
        evidence=changes.pop("evidence", "http://sos.example.org/sos?service=SOS&request=GetObservation"),
    )
    return replace(alert, sequence=number, **changes)
