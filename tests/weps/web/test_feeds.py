"""Feeds over HTTP in every format: conditional requests, pages, links, and texts that mean harm."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import feedparser
import pytest
from lxml import etree

from tests.weps.notify.samples import make_alert
from tests.weps.notify.stores import add_alerts
from tests.weps.web.feeds import ids
from tests.weps.web.posting import STORED
from weps.model import Changes
from weps.notify.formats import FORMATS
from weps.web.documents import DocumentCache

TYPES = {
    "rss": "application/rss+xml; charset=utf-8",
    "atom": "application/atom+xml; charset=utf-8",
    "json": "application/feed+json",
    "geojson": "application/geo+json",
    "cap": "application/atom+xml; charset=utf-8",
}
HOSTILE = {
    "script": "<script>alert(1)</script>",
    "end of a section": "]]><script>alert(1)</script><![CDATA[",
    "control characters": "a\x00b\x08c\x1bd\x7fe\ufffe",
    "emoji": "🌊🔥👩‍🚒 flood",
    "right to left": "\u05ea\u05d7\u05e0\u05d4 \u202eevil \u0645\u062d\u0637\u0629",
    "100 kB": "x" * 100_000,
    "lone surrogate": "a\ud800b",
    "markup of entities": "&lt;b&gt; &amp;amp; &#x0;",
}


def links(body: bytes, feed_format: str) -> dict[str, str]:
    if feed_format == "json":
        feed = json.loads(body)
        return {"self": feed["feed_url"]} | ({"next": feed["next_url"]} if "next_url" in feed else {})
    if feed_format == "geojson":
        return {link["rel"]: link["href"] for link in json.loads(body)["links"]}
    return {link.rel: link.href for link in feedparser.parse(body).feed.links}


@pytest.mark.parametrize("feed_format", FORMATS)
def test_every_format_shows_the_same_alerts(client, store, subscription, feed_format):
    """
    One token, five addresses, and the same items in the same order.
    """
    add_alerts(store, subscription, range(1, 4), STORED)

    answer = client.get(f"/feeds/{subscription.token}.{feed_format}")

    assert (200, TYPES[feed_format]) == (answer.status, answer.headers["content-type"])
    assert [f"{subscription.id}-{number}" for number in (3, 2, 1)] == ids(answer.body, feed_format)


def test_a_format_that_is_not_there_is_not_found(client, subscription):
    """
    The answer says what there is.
    """
    answer = client.get(f"/feeds/{subscription.token}.ics")

    assert (404, "There is no such format; there are rss, atom, json, geojson, cap.") == (answer.status, answer.text)


@pytest.mark.parametrize("feed_format", FORMATS)
@pytest.mark.parametrize("path", ["feed", "store"])
def test_every_format_is_answered_304_without_reading_an_item(client, store, subscription, path, feed_format):
    """
    The tag and the time of the last answer are enough; a new alert changes both.
    """
    add_alerts(store, subscription, range(1, 4), STORED)
    url = f"/feeds/{subscription.token}.{feed_format}" if path == "feed" else f"/store/GetRSS?format={feed_format}"
    first = client.get(url)
    reads = store.reads

    by_tag = client.get(url, if_none_match=first.headers["etag"])
    by_time = client.get(url, if_modified_since=first.headers["last-modified"])
    compressed = client.get(url, if_none_match=first.headers["etag"], accept_encoding="gzip")
    head = client.ask("HEAD", url, if_none_match=first.headers["etag"])
    reads_for_known = store.reads - reads
    add_alerts(store, subscription, range(4, 5), datetime(2036, 1, 1, tzinfo=UTC))
    changed = client.get(url, if_none_match=first.headers["etag"])

    assert [(304, b"")] * 4 == [(each.status, each.body) for each in (by_tag, by_time, compressed, head)]
    assert 0 == reads_for_known
    assert (200, 4) == (changed.status, len(ids(changed.body, feed_format)))


@pytest.mark.parametrize("feed_format", FORMATS)
@pytest.mark.parametrize("path", ["feed", "store"])
def test_every_format_has_head_and_gzip(client, store, subscription, path, feed_format):
    """
    HEAD has the headers of GET, compressed or not; what is compressed is the same, smaller, and has its own tag.
    """
    add_alerts(store, subscription, range(1, 20), STORED)
    url = f"/feeds/{subscription.token}.{feed_format}" if path == "feed" else f"/store/GetRSS?format={feed_format}"

    plain, small = client.get(url), client.get(url, accept_encoding="br, gzip;q=0.5")
    head, small_head = client.ask("HEAD", url), client.ask("HEAD", url, accept_encoding="gzip")
    refused = client.get(url, accept_encoding="gzip;q=0")

    assert ("gzip", plain.body) == (small.headers["content-encoding"], gzip.decompress(small.body))
    assert len(small.body) < len(plain.body) / 3
    assert (plain.headers, small.headers, b"") == (head.headers, small_head.headers, head.body)
    assert plain.headers["etag"] != small.headers["etag"]
    assert "Accept-Encoding" == plain.headers["vary"]
    assert plain.body == refused.body


@pytest.mark.parametrize("feed_format", FORMATS)
@pytest.mark.parametrize("path", ["feed", "store"])
def test_every_format_is_paged_and_the_pages_stay_while_alerts_come(client, store, subscription, path, feed_format):
    """
    Who follows the links of RFC 5005 sees each of the first alerts once, although new ones come after each page.
    """
    add_alerts(store, subscription, range(1, 8), STORED)
    url = f"/feeds/{subscription.token}.{feed_format}?limit=3"
    url = url if path == "feed" else f"/store/GetRSS?format={feed_format}&limit=3"
    seen: list[list[str]] = []
    number = 100

    while url:
        body = client.get(url).body
        seen.append(ids(body, feed_format))
        url = links(body, feed_format).get("next")
        add_alerts(store, subscription, range(number, number + 2), STORED)
        number += 2

    expected = [[7, 6, 5], [4, 3, 2], [1]]
    assert [[f"{subscription.id}-{one}" for one in page] for page in expected] == seen


@pytest.mark.parametrize("feed_format", ["rss", "atom", "geojson", "cap"])
def test_a_page_leads_back_to_the_newer_ones(client, store, subscription, feed_format):
    """
    Previous and first are told as well, and previous of the second page is the first page.
    """
    add_alerts(store, subscription, range(1, 7), STORED)
    url = f"/feeds/{subscription.token}.{feed_format}?limit=3"
    first = client.get(url)
    second = client.get(links(first.body, feed_format)["next"])

    back = client.get(links(second.body, feed_format)["previous"])

    assert ids(first.body, feed_format) == ids(back.body, feed_format)
    assert f"http://weps.example.org{url}" == links(second.body, feed_format)["first"]


def test_a_feed_keeps_more_than_a_hundred_alerts_and_seven_days(client, store, subscription):
    """
    The first page has the newest hundred, and what is older than a week is still reached over the links.
    """
    for day in range(9):
        add_alerts(store, subscription, range(1 + 20 * day, 21 + 20 * day), STORED + timedelta(days=day))

    first = client.get(f"/feeds/{subscription.token}.atom").body
    second = client.get(links(first, "atom")["next"]).body

    assert [100, 80] == [len(ids(first, "atom")), len(ids(second, "atom"))]


def test_a_changed_title_is_a_changed_feed(client, store, subscription):
    """
    Whatever changes the document changes its tag, not only alerts.
    """
    url = f"/feeds/{subscription.token}.json"
    first = client.get(url)

    store.update_subscription(subscription, Changes(title="Bourke Street"), "", STORED, None)
    second = client.get(url, if_none_match=first.headers["etag"])

    assert (200, "WEPS alerts: Bourke Street") == (second.status, json.loads(second.body)["title"])


def test_a_document_is_built_once_for_a_version(client, store, subscription):
    """
    Who asks without a tag gets the document that was built for the one before.
    """
    add_alerts(store, subscription, range(1, 4), STORED)
    url = f"/feeds/{subscription.token}.rss"
    first = client.get(url)
    reads = store.reads

    second = client.get(url)

    assert (first.body, reads) == (second.body, store.reads)


def test_links_follow_the_address_that_was_asked(client, subscription):
    """
    Two names of one host do not see each other's links.
    """
    url = f"/feeds/{subscription.token}.json"

    pages = [json.loads(client.get(url, host=host).body)["home_page_url"] for host in ("a.example", "b.example")]

    assert ["http://a.example/", "http://b.example/"] == pages


def test_documents_are_kept_up_to_a_limit():
    """
    What was not asked for the longest goes first.
    """
    cache, built = DocumentCache(limit=25), []

    def body(name: str) -> bytes:
        return cache.body(name, "v", False, lambda: built.append(name) or b"0123456789")

    for name in ("a", "b", "a", "c", "a", "b"):
        body(name)

    assert ["a", "b", "c", "b"] == built


def test_a_document_that_is_thrown_away_while_it_is_made_counts_for_nothing(monkeypatch):
    """
    However often that happens, no more is kept than may be.
    """
    cache, built = DocumentCache(limit=40), []
    compress = gzip.compress

    def ask(name: str, gzipped: bool = False) -> None:
        cache.body(name, "v", gzipped, lambda: built.append(name) or name[:1].encode() * 30)

    def compress_while_others_ask(*given, **settings) -> bytes:
        ask(f"other {len(built)}")
        ask(f"another {len(built)}")
        return compress(*given, **settings)

    monkeypatch.setattr(gzip, "compress", compress_while_others_ask)
    for number in range(5):
        ask(f"thrown away {number}", gzipped=True)
    built.clear()

    for name in ("a", "b", "a"):
        ask(name)

    assert built == ["a", "b", "a"]


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("feed_format", FORMATS)
def test_hostile_texts_stay_texts_in_every_format(client, store, subscription, feed_format, text):
    """
    Documents are well-formed and small, nothing of them is an element of a browser, and nothing runs.
    """
    hostile = replace(
        make_alert(1),
        id=f"{subscription.id}-1",
        subscription_id=subscription.id,
        **dict.fromkeys(("title", "text", "rule_name", "pattern", "procedure", "value"), _storable(text)),
    )
    with store.batch(subscription.feed_id) as batch:
        batch.add_alerts([(hostile, ())], STORED)

    answer = client.get(f"/feeds/{subscription.token}.{feed_format}")

    assert (200, [hostile.id]) == (answer.status, ids(answer.body, feed_format))
    assert len(answer.body) < 60_000
    assert ("nosniff", "default-src 'none'; sandbox") == (
        answer.headers["x-content-type-options"],
        answer.headers["content-security-policy"],
    )
    if feed_format in ("json", "geojson"):
        json.loads(answer.body)
    else:
        root = etree.fromstring(answer.body)
        assert [] == [e for e in root.iter() if etree.QName(e).localname == "script"]


def _storable(text: str) -> str:
    """Give what gets into a database: lone surrogates cannot be written as UTF-8."""
    return text.encode(errors="ignore").decode()
