from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.weps.notify.samples import DETECTED, make_alert, make_detection, make_observation, make_subscription
from weps.model import AlertStatus, Comparison, Detection, Severity
from weps.notify.message import (
    TEXT_LIMIT,
    TITLE_LIMIT,
    compose_alert,
    compose_source_alert,
    observed_value,
)
from weps.notify.wording import describe_comparison


def test_a_firing_threshold_explains_itself():
    """
    Title and text tell rule, version, severity, value against threshold, where, what, when, why, and the evidence.
    """
    alert = make_alert()

    assert "Flinders Street: PeopleCount at flinders 612 is greater than 500" == alert.title
    assert alert.text.splitlines() == [
        "PeopleCount at flinders 612 is greater than 500",
        "Rule: crowded, version 3",
        "Subscription: s-1 (Flinders Street)",
        "Severity: Moderate",
        "Status: firing",
        "Value: 612",
        "Condition: greater than 500",
        "Pattern: threshold",
        "Event: firing",
        "Procedure: http://sensors.example.org/PedestrianCounting1",
        "Observed property: urn:ogc:def:property:PeopleCount",
        "Feature of interest: http://features.example.org/places#flinders",
        "Place: latitude -37.8195, longitude 144.9646 (WGS 84)",
        "Phenomenon time: 2016-01-11T03:55:45.014Z",
        "Detection time: 2016-01-11T04:00:02Z",
        "Caused by: o-16, o-17",
        "Evidence: http://sos.example.org/sos?service=SOS&request=GetObservation",
    ]


def test_the_members_of_an_alert_are_those_of_the_detection():
    """
    What programs read is taken over as it is: names, value, unit, place, times, causes.
    """
    alert = make_alert(late=True)

    assert ("http://sensors.example.org/PedestrianCounting1", 612.0, "1") == (alert.procedure, alert.value, alert.uom)
    assert (144.9646, -37.8195) == (alert.longitude, alert.latitude)
    assert datetime(2016, 1, 11, 3, 55, 45, 14000, tzinfo=UTC) == alert.phenomenon_time
    assert DETECTED == alert.detected
    assert ("o-16", "o-17") == alert.causes
    assert alert.late
    assert "Late: yes: the observation came after younger ones had been evaluated" in alert.text


SILENCE = Comparison("noData", (7200.0,), "s")
TITLES = {
    "resolved": (
        {"status": AlertStatus.RESOLVED},
        make_detection(event="resolved", value=480.0, observation=make_observation(value=480.0)),
        "Resolved: Flinders Street: PeopleCount at flinders 480 is no longer greater than 500",
    ),
    "unit": (
        {},
        make_detection(
            value=36.5,
            observation=make_observation(value=36.5, uom="Cel", observed_property="AirTemperature"),
            comparison=Comparison("outside", (-10.0, 35.0), "Cel"),
        ),
        "Flinders Street: AirTemperature at flinders 36.5 °C is outside -10 and 35 °C",
    ),
    "message of the rule": (
        {"status": AlertStatus.EVENT},
        make_detection(message="Undershoot, then <b>overshoot</b>", comparison=None),
        "Flinders Street: Undershoot, then <b>overshoot</b>",
    ),
    "pattern without comparison": (
        {"status": AlertStatus.EVENT},
        make_detection(pattern="undershoot_overshoot", event="undershoot_overshoot", comparison=None),
        "Flinders Street: undershoot_overshoot: PeopleCount at flinders 612",
    ),
    "timer": (
        {"status": AlertStatus.EVENT},
        Detection(time=DETECTED, pattern="every_hour", event="hour_passed"),
        "Flinders Street: hour_passed",
    ),
    "no data": (
        {"status": AlertStatus.NO_DATA},
        Detection(time=DETECTED, pattern="threshold", event="firing", comparison=SILENCE),
        "No data: Flinders Street: no observation for more than 2:00:00",
    ),
    "no data, told as firing": (
        {},
        Detection(time=DETECTED, pattern="threshold", event="firing", comparison=SILENCE),
        "Flinders Street: no observation for more than 2:00:00",
    ),
    "data are back": (
        {"status": AlertStatus.RESOLVED},
        make_detection(event="resolved", value=None, comparison=SILENCE),
        "Resolved: Flinders Street: observations of PeopleCount at flinders come again",
    ),
    "no data, nothing known": (
        {"status": AlertStatus.NO_DATA},
        Detection(time=DETECTED, pattern="silence"),
        "No data: Flinders Street: no observation",
    ),
    "no title": (
        {"subscription": make_subscription(title="")},
        None,
        "crowded: PeopleCount at flinders 612 is greater than 500",
    ),
    "truth": (
        {"status": AlertStatus.EVENT},
        make_detection(value=True, observation=make_observation(value=True, uom=None), comparison=None, event="open"),
        "Flinders Street: open: PeopleCount at flinders true",
    ),
}


@pytest.mark.parametrize(("changes", "detection", "title"), TITLES.values(), ids=TITLES)
def test_a_title_says_what_happened(changes, detection, title):
    """
    Whatever was detected, the title is a sentence that names it.
    """
    alert = make_alert(detection=detection, **changes)

    assert title == alert.title


def test_nothing_is_said_that_is_not_known():
    """
    A timer has no observation: there is no value, no place and no procedure in the alert and in its text.
    """
    detection = Detection(time=datetime(2016, 1, 11, 4, tzinfo=UTC), pattern="every_hour")

    alert = make_alert(detection=detection, status=AlertStatus.EVENT, evidence=None)

    assert (None, None, None, None, None) == (
        alert.value,
        alert.uom,
        alert.procedure,
        alert.longitude,
        alert.evidence,
    )
    assert datetime(2016, 1, 11, 4, tzinfo=UTC) == alert.phenomenon_time
    assert alert.text.splitlines() == [
        "every_hour",
        "Rule: crowded, version 3",
        "Subscription: s-1 (Flinders Street)",
        "Severity: Moderate",
        "Status: event",
        "Pattern: every_hour",
        "Event time: 2016-01-11T04:00:00Z",
        "Detection time: 2016-01-11T04:00:02Z",
    ]


VALUES = {
    "the observed one": (make_detection(value=612.0), (612.0, "1")),
    "none told": (make_detection(value=None), (612.0, "1")),
    "computed, compared in the rule's unit": (
        make_detection(value=0.612, comparison=Comparison("greaterThan", (0.5,), "10*3")),
        (0.612, "10*3"),
    ),
    "observed in another unit than the rule's": (
        make_detection(value=612.0, comparison=Comparison("greaterThan", (500.0,), "10*3")),
        (612.0, "10*3"),
    ),
    "compared without a unit": (make_detection(comparison=Comparison("greaterThan", (500.0,))), (612.0, "1")),
    "computed, never compared": (make_detection(value=7, comparison=None), (7, None)),
    "a count that equals the observed value by chance": (make_detection(value=612, comparison=None), (612, None)),
    "nothing observed": (Detection(time=DETECTED, pattern="timer"), (None, None)),
}


@pytest.mark.parametrize(("detection", "expected"), VALUES.values(), ids=VALUES)
def test_a_value_has_a_unit_only_where_that_is_certain(detection, expected):
    """
    The unit of an observation is not put behind a value that the rule computed from it.
    """
    told = observed_value(detection)

    assert expected == told


CONDITIONS = {
    "one bound": (Comparison("lessThanOrEqual", (2.5,), "m"), "less than or equal to 2.5 m"),
    "two bounds": (Comparison("between", (1, 2), "m"), "between 1 and 2 m"),
    "text": (Comparison("equal", ("open",), None), "equal to open"),
    "unknown condition": (Comparison("near", (1.0,), None), "near 1"),
    "no bound": (Comparison("greaterThan", (), None), "greater than"),
}


@pytest.mark.parametrize(("comparison", "words"), CONDITIONS.values(), ids=CONDITIONS)
def test_a_comparison_is_told_in_words(comparison, words):
    """
    Condition, bounds and unit read as part of a sentence.
    """
    assert words == describe_comparison(comparison)


def test_the_time_of_the_match_is_told_where_it_is_another_than_that_of_the_observation():
    """
    A condition that had to hold for a while is met later than it was first observed.
    """
    detection = make_detection(time=datetime(2016, 1, 11, 4, tzinfo=UTC))

    alert = make_alert(detection=detection)

    assert "Phenomenon time: 2016-01-11T03:55:45.014Z\nEvent time: 2016-01-11T04:00:00Z\n" in alert.text
    assert datetime(2016, 1, 11, 4, tzinfo=UTC) == alert.event_time


def test_a_computed_value_is_told_beside_the_observed_one():
    """
    Who reads a mean, or a converted value, also reads what the sensor said.
    """
    detection = make_detection(
        value=50.5,
        observation=make_observation(value=12.0, uom="Cel"),
        comparison=Comparison("greaterThan", (50.0,), "[degF]"),
    )

    alert = make_alert(detection=detection)

    assert "Value: 50.5 °F\nLast observed: 12 °C\nCondition: greater than 50 °F\n" in alert.text


def test_the_severity_of_the_detection_goes_before_that_of_the_subscription():
    """
    A rule that grades its detections is believed.
    """
    graded = make_alert(detection=make_detection(severity=Severity.EXTREME))
    plain = make_alert()

    assert (Severity.EXTREME, Severity.MODERATE) == (graded.severity, plain.severity)


def test_a_source_that_is_down_is_told_with_its_reason():
    """
    The alert names the source, the reason and the last success, and says that nothing is known meanwhile.
    """
    alert = compose_source_alert(
        make_subscription(),
        id="a-9",
        episode="e-9",
        status=AlertStatus.SOURCE_DOWN,
        rule_name="crowded",
        detected=DETECTED,
        last_success=datetime(2016, 1, 11, 3, tzinfo=UTC),
        error="no answer within 10 s",
    )

    assert "Source down: Flinders Street: http://sos.example.org/sos cannot be read" == alert.title
    assert "Reason: no answer within 10 s\nLast read with success: 2016-01-11T03:00:00Z" in alert.text
    assert "nothing is known of what is observed there meanwhile" in alert.text
    assert (None, Severity.UNKNOWN) == (alert.value, alert.severity)


def test_a_source_that_is_up_again_is_told_without_the_old_reason():
    """
    What was wrong before is no news any more.
    """
    alert = compose_source_alert(
        make_subscription(),
        id="a-10",
        episode="e-9",
        status=AlertStatus.SOURCE_UP,
        rule_name="crowded",
        detected=DETECTED,
        last_success=DETECTED,
        error="no answer within 10 s",
    )

    assert "Source up again: Flinders Street: http://sos.example.org/sos can be read again" == alert.title
    assert "no answer" not in alert.text


@settings(max_examples=60, deadline=None)
@given(st.text(st.characters(), max_size=400))
def test_any_text_gives_a_title_of_one_bounded_line(text):
    """
    Whatever strangers write into names, titles and messages, nothing but printable bounded text comes out.
    """
    detection = make_detection(message=text, observation=make_observation(procedure=text, value=text), pattern=text)
    subscription = replace(make_subscription(), title=text)

    alert = compose_alert(
        subscription,
        detection,
        id="a",
        episode="e",
        status=AlertStatus.EVENT,
        rule_name=text,
        detected=DETECTED,
        late=False,
        evidence=None,
    )

    assert len(alert.title) <= TITLE_LIMIT
    assert len(alert.text) <= TEXT_LIMIT
    assert alert.title == " ".join(alert.title.split())
    shown = alert.title + alert.text + (alert.procedure or "") + str(alert.value or "")
    assert not [
        c for c in shown if (ord(c) < 32 and c != "\n") or 0xD800 <= ord(c) < 0xE000 or ord(c) in (0xFFFE, 0x202E)
    ]


def test_a_message_of_100_kilobytes_is_cut_with_an_ellipsis():
    """
    Lengths are bounded, and the cut is seen.
    """
    alert = make_alert(detection=make_detection(message="x" * 100_000))

    assert (200, "…") == (len(alert.title), alert.title[-1])
    assert 2_000 < len(alert.text) < TEXT_LIMIT
