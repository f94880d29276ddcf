from __future__ import annotations

import html
from datetime import UTC, datetime, timedelta

import feedparser
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from tests.weps.notify.samples import CREATED, DETECTED, make_alert, make_detection, make_observation, make_subscription
from weps.model import AlertStatus, Comparison, Detection, StoredItem
from weps.notify.page import store_page, subscription_page
from weps.notify.posted import read_items
from weps.notify.rss import build_notification, write_rss

BASE = "http://weps.example.org"


def feed_of(*alerts, **links):
    page = subscription_page(
        make_subscription(),
        alerts,
        self_url=f"{BASE}/feeds/open-sesame.rss",
        alternate_url=f"{BASE}/",
        alerts_url=f"{BASE}/alerts",
        **links,
    )
    return write_rss(page)


def test_every_field_of_an_alert_comes_back_from_a_feed_reader():
    """
    A reader that knows nothing of WEPS gives every field as it was, each under its own name.
    """
    match = make_detection(time=datetime(2016, 1, 11, 4, tzinfo=UTC))
    alert = make_alert(detection=match, late=True, output="crowd")

    (entry,) = feedparser.parse(feed_of(alert)).entries

    assert alert.title == entry.title
    assert alert.text == html.unescape(entry.summary.replace("<br />", ""))
    assert ("a-1", False) == (entry.id, entry.guidislink)
    assert f"{BASE}/alerts/a-1" == entry.link
    assert "Mon, 11 Jan 2016 04:00:02 +0000" == entry.published
    assert ["firing", "Moderate"] == [tag.term for tag in entry.tags]
    assert {
        "sc_procedure_id": "http://sensors.example.org/PedestrianCounting1",
        "sc_observedproperty": "urn:ogc:def:property:PeopleCount",
        "sc_featureofinterest": "http://features.example.org/places#flinders",
        "sc_overshoot": "612.0",
        "sc_observation_value": "612.0",
        "weps_subscription": "s-1",
        "weps_episode": "e-1",
        "weps_status": "firing",
        "weps_severity": "Moderate",
        "weps_rule": "crowded",
        "weps_ruleversion": "3",
        "weps_pattern": "threshold",
        "weps_event": "firing",
        "weps_output": "crowd",
        "weps_value": "612.0",
        "weps_uom": "1",
        "weps_condition": "greaterThan",
        "weps_threshold": "500.0",
        "weps_thresholduom": "1",
        "weps_procedure": "http://sensors.example.org/PedestrianCounting1",
        "weps_observedproperty": "urn:ogc:def:property:PeopleCount",
        "weps_featureofinterest": "http://features.example.org/places#flinders",
        "weps_eventtime": "2016-01-11T04:00:00Z",
        "weps_phenomenontime": "2016-01-11T03:55:45.014Z",
        "weps_detectiontime": "2016-01-11T04:00:02Z",
        "weps_late": "true",
        "weps_causes": "o-16\no-17",
        "weps_causecount": "2",
        "weps_evidence": "http://sos.example.org/sos?service=SOS&request=GetObservation",
    } == {name: value for name, value in entry.items() if name.startswith(("sc_", "weps_"))}


def test_the_place_is_a_georss_point_latitude_first():
    """
    GeoRSS writes `latitude longitude`; readers give GeoJSON, longitude first.
    """
    document = feed_of(make_alert())

    assert b"<georss:point>-37.8195 144.9646</georss:point>" in document
    assert (144.9646, -37.8195) == feedparser.parse(document).entries[0].where["coordinates"]


def test_the_pilots_elements_stand_in_the_pilots_namespace():
    """
    Clients of the pilot find the elements by this namespace and these names.
    """
    item = etree.fromstring(feed_of(make_alert())).find("channel/item")

    found = {e.tag.rpartition("}")[2]: e.text for e in item if "iddss-sensor" in e.tag}

    assert {
        "procedure_id": "http://sensors.example.org/PedestrianCounting1",
        "observedProperty": "urn:ogc:def:property:PeopleCount",
        "featureOfInterest": "http://features.example.org/places#flinders",
        "overshoot": "612.0",
        "observation_value": "612.0",
    } == found
    assert "http://iddss-sensor.cdmps.org.au:8080/rssschemas/" == item.nsmap["sc"]


SHOOTS = {
    "above": ("greaterThanOrEqual", AlertStatus.FIRING, {"overshoot"}),
    "below": ("lessThan", AlertStatus.EVENT, {"undershoot"}),
    "resolved": ("lessThan", AlertStatus.RESOLVED, set()),
    "neither": ("notEqual", AlertStatus.FIRING, set()),
}


@pytest.mark.parametrize(("condition", "status", "expected"), SHOOTS.values(), ids=SHOOTS)
def test_over_and_undershoot_are_told_only_where_the_rule_says_so(condition, status, expected):
    """
    A value that met a lower or upper threshold is the pilot's overshoot or undershoot; nothing else is.
    """
    alert = make_alert(detection=make_detection(comparison=Comparison(condition, (500.0,))), status=status)

    (entry,) = feedparser.parse(feed_of(alert)).entries

    assert expected == {name[3:] for name in entry if name in ("sc_overshoot", "sc_undershoot")}


def test_two_bounds_are_told_as_lower_and_upper():
    """
    Conditions with two bounds have no single threshold.
    """
    alert = make_alert(detection=make_detection(comparison=Comparison("outside", (10, 20), "Cel")))

    (entry,) = feedparser.parse(feed_of(alert)).entries

    assert ("10", "20", "Cel") == (entry.weps_lower, entry.weps_upper, entry.weps_thresholduom)
    assert "weps_threshold" not in entry


def test_the_same_items_give_the_same_bytes():
    """
    A document does not depend on when it is built: lastBuildDate is that of the newest item.
    """
    alerts = [make_alert(2), make_alert(1)]

    first, second = feed_of(*alerts), feed_of(*alerts)

    assert first == second
    assert b"<lastBuildDate>Mon, 11 Jan 2016 04:01:02 +0000</lastBuildDate>" in first


def test_an_empty_feed_is_a_feed():
    """
    A subscription without alerts has a readable feed as old as itself.
    """
    document = feed_of()

    parsed = feedparser.parse(document)

    assert (False, "rss20", []) == (parsed.bozo, parsed.version, parsed.entries)
    assert "Sun, 10 Jan 2016 00:00:00 +0000" == parsed.feed.updated
    assert datetime(2016, 1, 10, tzinfo=UTC) == CREATED


def test_alerts_keep_the_order_they_are_given_in():
    """
    The store gives the newest first, and so does the feed.
    """
    parsed = feedparser.parse(feed_of(make_alert(3), make_alert(2), make_alert(1)))

    assert ["a-3", "a-2", "a-1"] == [entry.id for entry in parsed.entries]


def test_a_feed_links_itself_its_page_and_its_neighbours():
    """
    Self, alternate, next and previous links keep relation and type; the channel's own link is the page for people.
    """
    page = f"{BASE}/feeds/open-sesame.rss?page="

    document = feed_of(make_alert(), next_url=f"{page}3", previous_url=f"{page}1")

    channel = etree.fromstring(document)[0]
    links = {e.get("rel"): (e.get("href"), e.get("type")) for e in channel.findall("{http://www.w3.org/2005/Atom}link")}
    assert {
        "self": (f"{BASE}/feeds/open-sesame.rss", "application/rss+xml"),
        "next": (f"{page}3", "application/rss+xml"),
        "previous": (f"{page}1", "application/rss+xml"),
        "alternate": (f"{BASE}/", "text/html"),
    } == links
    assert f"{BASE}/" == channel.findtext("link")


HOSTILE = {
    "script": ("<script>alert(1)</script>", "<script>alert(1)</script>"),
    "CDATA end": ("]]> & <![CDATA[", "]]> & <![CDATA["),
    "control characters": ("a\x00b\x08c\x1b[31md\x85e\ufffe", "abc[31md e"),
    "lone surrogate": ("a\ud800b", "ab"),
    "emoji": ("flood 🌊👨‍👩‍👧", "flood 🌊👨‍👩‍👧"),
    "right to left": ("فيضان في الشارع", "فيضان في الشارع"),
    "direction override": ("abc\u202etxt.exe", "abctxt.exe"),
    "line breaks": ("one\r\ntwo\u2028three", "one two three"),
}


@pytest.mark.parametrize(("message", "shown"), HOSTILE.values(), ids=HOSTILE)
def test_hostile_titles_stay_text(message, shown):
    """
    Markup is text and comes back as text; what XML cannot bear is left out.
    """
    document = feed_of(make_alert(detection=make_detection(message=message)))

    item = etree.fromstring(document).find("channel/item")

    assert f"Flinders Street: {shown}" == item.findtext("title")
    assert not item.findall(".//script")


def test_markup_in_a_text_is_shown_and_not_followed():
    """
    Readers take a description for HTML: what the text holds of it arrives there as text.
    """
    document = feed_of(make_alert(detection=make_detection(message="<script>alert(1)</script> & <img src=x>")))

    description = etree.fromstring(document).findtext("channel/item/description")

    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; &lt;img src=x&gt;" == description.split("<br>\n")[0]


def test_a_hostile_alert_from_elsewhere_is_written_too():
    """
    An alert that was not composed here (an old row, another maker) cannot break the document either.
    """
    alert = make_alert(title="\x00" * 10, text="\x01", rule_name="a\x02b", evidence="http://x/\x03", causes=("o\x04",))

    (entry,) = feedparser.parse(feed_of(alert)).entries

    assert ("firing", "firing", "ab", "http://x/", "o") == (
        entry.title,
        entry.summary,
        entry.weps_rule,
        entry.weps_evidence,
        entry.weps_causes,
    )


@settings(max_examples=60, deadline=None)
@given(st.text(st.characters(), max_size=200))
def test_any_text_gives_a_well_formed_feed(text):
    """
    Whatever stands in an alert, the document is well-formed, has its guid, and no element that is not ours.
    """
    alert = make_alert(title=text, text=text, rule_name=text, pattern=text, value=text, evidence=text, causes=(text,))

    item = etree.fromstring(feed_of(alert)).find("channel/item")

    assert "a-1" == item.findtext("guid")
    assert all(len(element) == 0 for element in item)


def test_a_feed_of_huge_alerts_stays_small():
    """
    100 kB of title, of names and of causes do not become 100 kB in the feed.
    """
    big = "x" * 100_000
    detection = make_detection(
        message=big, pattern=big, lineage=(big,) * 5_000, observation=make_observation(procedure=big, value=big)
    )

    document = feed_of(make_alert(detection=detection, rule_name=big, evidence=f"http://x/{big}"))

    assert len(document) < 300_000
    assert "5000" == feedparser.parse(document).entries[0].weps_causecount


def test_a_detection_without_observation_has_no_empty_elements():
    """
    What is not known is left out, not written empty.
    """
    alert = make_alert(detection=Detection(time=DETECTED, pattern="timer"), status=AlertStatus.EVENT, evidence=None)

    item = etree.fromstring(feed_of(alert)).find("channel/item")

    assert [] == [e.tag for e in item if not e.text]
    assert item.find("{http://www.georss.org/georss}point") is None


def test_a_notification_is_a_whole_document_with_one_item():
    """
    What is pushed to a data store has channel, one item and the alert's id as guid, and is the same each time.
    """
    document = build_notification(make_alert(), alerts_url=f"{BASE}/alerts")

    (item,) = read_items(document, received=DETECTED)

    assert "a-1" == item.guid
    assert document == build_notification(make_alert(), alerts_url=f"{BASE}/alerts")
    assert f"{BASE}/alerts/a-1" == etree.fromstring(document).findtext("channel/link")


def test_stored_items_are_given_as_they_were_posted():
    """
    Elements of namespaces that nobody here knows survive, and each item stands in a feed that readers read.
    """
    item = StoredItem(
        guid="g",
        document='<item><title>T &amp; U</title><guid>g</guid><x:level xmlns:x="urn:x">7</x:level></item>',
        received=DETECTED,
    )

    document = write_rss(
        store_page(
            [item],
            DETECTED + timedelta(minutes=1),
            self_url=f"{BASE}/store/GetRSS",
            alternate_url=f"{BASE}/",
            alerts_url=f"{BASE}/alerts",
        )
    )

    (entry,) = feedparser.parse(document).entries
    assert ("T & U", "g", "7") == (entry.title, entry.id, entry.x_level)
