from __future__ import annotations

import json

import jsonfeed
from jsonfeedvalidator import validate_feed

from tests.weps.notify.pages import ALERT_ID, BASE, alert, page_of, posted
from weps.model import Language
from weps.notify.json_feed import write_json_feed

NEW_IN_1_1 = ("authors", "language")


def test_every_field_comes_back_from_a_reader_of_json_feed():
    """
    A reader that knows nothing of WEPS gives id, address, title, text, time and tags; the rest stands in `_weps`.
    """
    document = write_json_feed(page_of(alert(), next_url=f"{BASE}/next"))

    feed = jsonfeed.Feed.parse_string(document.decode())

    (item,) = feed.items
    assert ("WEPS alerts: Flinders Street", f"{BASE}/feeds/open-sesame.x", f"{BASE}/next", f"{BASE}/", "en") == (
        feed.title,
        feed.feed_url,
        feed.next_url,
        feed.home_page_url,
        feed.language,
    )
    assert (ALERT_ID, f"{BASE}/alerts/{ALERT_ID}", alert().title, alert().text) == (
        item.id,
        item.url,
        item.title,
        item.content_text,
    )
    assert ("2016-01-11T04:00:02Z", ["firing", "Moderate"]) == (item.date_published, item.tags)
    extension = json.loads(document)["items"][0]["_weps"]
    assert (612.0, "1", 144.9646) == (extension["value"], extension["uom"], extension["longitude"])


def test_a_feed_is_valid():
    """
    A validator of JSON Feed 1 finds nothing, once the two members that came with 1.1 are taken out.
    """
    feed = json.loads(write_json_feed(page_of(alert(), posted())))
    assert "https://jsonfeed.org/version/1.1" == feed["version"]

    for each in (feed, *feed["items"]):
        for name in NEW_IN_1_1:
            each.pop(name, None)

    assert [] == validate_feed(feed)
    assert [] != validate_feed({"items": [{}]})


def test_a_posted_item_is_plain_text():
    """
    Whatever markup was posted, readers get its text; what it can be found by stands in `_weps`.
    """
    (item,) = json.loads(write_json_feed(page_of(posted())))["items"]

    assert ("other 1", "Water rises", "Level 7", ["flood"]) == (
        item["id"],
        item["title"],
        item["content_text"],
        item["tags"],
    )
    assert ("gauge7", -37.8) == (item["_weps"]["procedure"], item["_weps"]["latitude"])
    assert "http://other.example.org/1" == item["external_url"]


def test_the_language_of_an_alert_is_told():
    """
    Readers choose fonts, voices and hyphenation by it.
    """
    (item,) = json.loads(write_json_feed(page_of(alert(language=Language.GERMAN))))["items"]

    assert "de" == item["language"]
