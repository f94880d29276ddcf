from __future__ import annotations

import json
from datetime import UTC, datetime

import jsonfeed
from jsonfeedvalidator import validate_feed
from reader import make_reader

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


def test_another_reader_takes_it_for_json_feed_1_1_with_all_that_is_new_there(tmp_path):
    """
    Written by others and on its own: authors and languages, which came with 1.1, are among what it finds.
    """
    page = page_of(alert(language=Language.GERMAN), posted(), next_url=f"{BASE}/next")
    (tmp_path / "alerts.json").write_bytes(write_json_feed(page))

    with make_reader(":memory:", feed_root=str(tmp_path)) as reader:
        reader.add_feed("alerts.json")
        reader.update_feed("alerts.json")
        feed, entries = reader.get_feed("alerts.json"), {each.id: each for each in reader.get_entries()}

    own, other = entries[ALERT_ID], entries["other 1"]
    assert (feed.version, feed.title, feed.link) == ("json11", page.title, page.alternate_url)
    assert [author.name for author in feed.authors] == ["WEPS"]
    assert feed.last_exception is None
    assert (own.title, own.link) == (alert().title, f"{BASE}/alerts/{ALERT_ID}")
    assert own.published == datetime(2016, 1, 11, 4, 0, 2, tzinfo=UTC)
    assert [(each.type, each.language) for each in own.content] == [("text/plain", "de")]
    assert own.content[0].value == alert().text
    assert (other.title, other.content[0].value) == ("Water rises", "Level 7")


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
