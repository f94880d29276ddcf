from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.weps.notify.samples import DETECTED, make_alert
from weps.notify.posted import posted_of, read_items
from weps.notify.rss import build_notification


def item(inside: str):
    document = (
        "<rss version='2.0' xmlns:g='http://www.georss.org/georss' xmlns:w='urn:weps:alert:1'"
        " xmlns:gml='http://www.opengis.net/gml' xmlns:geo='http://www.w3.org/2003/01/geo/wgs84_pos#'>"
        f"<channel><item><guid>g</guid><title>t</title>{inside}</item></channel></rss>"
    )
    (read,) = read_items(document.encode(), received=DETECTED)
    return read


def test_an_item_of_another_weps_is_found_by_all_that_it_says():
    """
    What one WEPS pushes to another can be looked for there as it can here.
    """
    document = build_notification(make_alert(), alerts_url="http://other.example.org/alerts")

    (read,) = read_items(document, received=DETECTED)

    assert ("s-1", "firing", "Moderate", ("firing", "Moderate")) == (
        read.subscription_id,
        read.status,
        read.severity,
        read.categories,
    )
    assert (
        "http://sensors.example.org/PedestrianCounting1",
        "urn:ogc:def:property:PeopleCount",
        "http://features.example.org/places#flinders",
    ) == (read.procedure, read.observed_property, read.feature_of_interest)
    assert (144.9646, -37.8195, datetime(2016, 1, 11, 3, 55, 45, 14000, tzinfo=UTC)) == (
        read.longitude,
        read.latitude,
        read.happened,
    )


PLACES = {
    "GeoRSS Simple": ("<g:point>-37.5 144.5</g:point>", (144.5, -37.5)),
    "GeoRSS GML": ("<g:where><gml:Point><gml:pos>-37.5 144.5</gml:pos></gml:Point></g:where>", (144.5, -37.5)),
    "W3C Basic Geo": ("<geo:lat>-37.5</geo:lat><geo:long>144.5</geo:long>", (144.5, -37.5)),
    "area": ("<g:polygon>0 0 0 2 2 2 2 0 0 0</g:polygon>", (1.0, 1.0)),
    "box": ("<g:box>1.0 2.0 3.0 4.0</g:box>", (3.0, 2.0)),
    "with a comma": ("<g:point>-37.5,144.5</g:point>", (144.5, -37.5)),
    "half": ("<g:point>-37.5</g:point>", (None, None)),
    "words": ("<g:point>here there</g:point>", (None, None)),
    "no number": ("<g:point>nan inf</g:point>", (None, None)),
    "nowhere": ("<g:point>100 0</g:point>", (None, None)),
    "none": ("", (None, None)),
}


@pytest.mark.parametrize(("inside", "expected"), PLACES.values(), ids=PLACES)
def test_a_place_is_read_in_the_forms_that_feeds_have(inside, expected):
    """
    Of an area its middle counts; what cannot be read is no place, and no reason to refuse the item.
    """
    read = item(inside)

    assert expected == (read.longitude, read.latitude)


TIMES = {
    "phenomenon time": (
        "<w:phenomenonTime>2016-01-11T03:00:00Z</w:phenomenonTime><pubDate>Mon, 11 Jan 2016 03:55:45 GMT</pubDate>",
        datetime(2016, 1, 11, 3, tzinfo=UTC),
    ),
    "date": ("<pubDate>Mon, 11 Jan 2016 14:55:45 +1100</pubDate>", datetime(2016, 1, 11, 3, 55, 45, tzinfo=UTC)),
    "unreadable time": ("<w:phenomenonTime>yesterday</w:phenomenonTime>", DETECTED),
    "none": ("", DETECTED),
}


@pytest.mark.parametrize(("inside", "expected"), TIMES.values(), ids=TIMES)
def test_when_it_happened_is_the_best_that_an_item_says(inside, expected):
    """
    An item that says nothing happened when it came.
    """
    assert expected == item(inside).happened


def test_what_is_no_word_of_ours_is_no_status():
    """
    Strangers' elements of the same name do not mean the same.
    """
    read = item("<w:status>green</w:status><w:severity>bad</w:severity><w:procedure>p</w:procedure>")

    assert (None, None, "p") == (read.status, read.severity, read.procedure)


TEXTS = {
    "plain": ("5 &lt; 6", "5 < 6"),
    "markup": ("&lt;p&gt;one&lt;/p&gt;&lt;p&gt;two&lt;br/&gt;three&lt;/p&gt;", "one\ntwo\nthree"),
    "script": ("a&lt;script&gt;alert(1)&lt;/script&gt;b", "ab"),
    "entity": ("&amp;lt;b&amp;gt;", "<b>"),
    "comment": ("a&lt;!-- x --&gt;b", "ab"),
    "broken": ("&lt;b&gt;&lt;i&gt;a&lt;/b&gt;", "a"),
    "right to left": ("שלום &lt;b&gt;عالم&lt;/b&gt;", "שלום عالم"),
    "no character": ("a&lt;br&gt;&amp;#xFFFE;b&amp;#xD800;", "a\nb\N{REPLACEMENT CHARACTER}"),
    "emoji": ("🌊 &amp;amp; 🔥", "🌊 & 🔥"),
}


@pytest.mark.parametrize(("description", "text"), TEXTS.values(), ids=TEXTS)
def test_a_description_is_read_as_the_html_that_it_may_be(description, text):
    """
    Other formats get its text alone, with its lines.
    """
    read = item(f"<description>{description}</description>")

    assert text == posted_of(read).text
