"""Several alerts told as one, in the forms of all channels."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import feedparser
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.weps.notify.samples import make_alert, make_subscription
from weps.episodes import Episode
from weps.groups import LISTED, GroupAlert, GroupEntry, Standing, Window, badness, window_id
from weps.model import AlertStatus, Language, Reminder, Severity
from weps.notify.cloud_event import write_cloud_event
from weps.notify.gathering import compose_group
from weps.notify.mail import write_mail
from weps.notify.message import TEXT_LIMIT, TITLE_LIMIT
from weps.notify.rss import build_notification
from weps.store.group_rows import read_group, write_group

NOW = datetime(2024, 3, 4, 12, tzinfo=UTC)
FEED = "http://weps.example.org/feeds/secret.rss"
ALERTS_URL = "http://weps.example.org/alerts"


def group_of(count: int, title: str = "Rain", **changes) -> GroupAlert:
    """A group of alerts of as many episodes, the last of which is over."""
    subscription = make_subscription(**changes)
    alerts = []
    for n in range(1, count + 1):
        alert = make_alert(n, subscription=subscription)
        alerts.append(replace(alert, episode=f"e-{n}", title=f"{title} {n}", sequence=n, detected=NOW))
    ended = replace(alerts[-1], status=AlertStatus.RESOLVED, sequence=count + 1)
    standings = {}
    for n, alert in enumerate([*alerts[:-1], ended], 1):
        episode = Episode(alert.episode, subscription.id, alert.status, alert.severity, NOW, None, n, n, 1)
        standings[alert.episode] = Standing(episode)
    window = Window(window_id(subscription.id, alerts[0].id), subscription.id, NOW, NOW + timedelta(minutes=5))
    told = [*alerts, ended]
    began = range(1, count + 1)
    return compose_group(
        subscription, told, window=window, beginnings=began, standings=standings, feed=FEED, detected=NOW
    )


def test_a_data_store_gets_one_item():
    """
    It is found by the id of the group, leads to the feed and says how many alerts there are.
    """
    group = group_of(3)

    [item] = feedparser.parse(build_notification(group, alerts_url=ALERTS_URL)).entries

    assert (item.id, item.link, item.title) == (group.id, FEED, group.title)
    assert (item.weps_alertcount, item.weps_began, item.weps_ended) == ("4", "3", "1")
    assert (item.weps_pattern, item.weps_severity) == ("group", "Moderate")


def test_a_mail_lists_the_alerts_and_begins_a_thread():
    """
    In text and HTML, with a Message-ID that follows from the group.
    """
    group = group_of(3)

    mail = write_mail(group, "weps@example.org", "duty@example.org", ALERTS_URL)

    text = mail.get_body(("plain",)).get_content()
    assert (mail["Subject"], mail["In-Reply-To"]) == (group.title, None)
    assert mail["Message-ID"] == f"<{group.id}@example.org>"
    assert all(f"- Rain {n} (" in text for n in (1, 2, 3))
    assert FEED in text


def test_an_event_has_its_alerts_for_programs():
    """
    Its kind says that it tells several; each entry has what has become of its episode.
    """
    group = group_of(2)

    event = json.loads(write_cloud_event(group, ALERTS_URL))

    data = event["data"]
    assert (event["type"], event["id"], event["subject"]) == ("org.weps.alert.group", group.id, group.id)
    assert (data["began"], data["ended"], data["alert_count"], data["url"]) == (2, 1, 3, FEED)
    assert [(entry["episode"], entry["status"], entry["state"]) for entry in data["entries"]] == [
        ("e-1", "firing", "firing"),
        ("e-2", "firing", "resolved"),
        ("e-2", "resolved", "resolved"),
    ]
    assert data["entries"][0]["event_time"].endswith("Z")


@pytest.mark.parametrize("language", Language)
def test_a_group_of_long_titles_keeps_the_limits(language):
    """
    Whatever stands in them: markup, control characters, right-to-left text.
    """
    group = group_of(100, title="<script>\x00\x1b\u202e\u0631\u064a\u062d 🌊" * 2_000, language=language)

    [item] = feedparser.parse(build_notification(group, alerts_url=ALERTS_URL)).entries

    assert (len(group.title) <= TITLE_LIMIT, len(group.text) <= TEXT_LIMIT) == (True, True)
    assert len(group.entries) == LISTED
    assert "<script>" not in item.description
    assert group.text.endswith(FEED)
    assert json.loads(write_cloud_event(group, ALERTS_URL))["data"]["alert_count"] == 101


@settings(max_examples=50)
@given(
    title=st.text(max_size=50),
    severity=st.sampled_from(Severity),
    state=st.sampled_from(AlertStatus),
    reminder=st.sampled_from((None, *Reminder)),
    by=st.none() | st.text(max_size=20),
    time=st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC)),
)
def test_a_group_is_the_same_however_often_it_is_read(title, severity, state, reminder, by, time):
    """
    As it went into the outbox.
    """
    entry = GroupEntry("a", "e", title, severity, AlertStatus.FIRING, time, state, reminder, by, None)
    group = replace(group_of(2), title=title, severity=severity, entries=(entry,), event_time=time)

    read = read_group(json.loads(json.dumps(write_group(group))))

    assert read == group


def test_severities_are_ordered():
    """
    From unknown to extreme.
    """
    assert sorted(Severity, key=badness) == ["Unknown", "Minor", "Moderate", "Severe", "Extreme"]
