from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from urllib.parse import quote, urlsplit

import feedparser
import pytest
from lxml import etree
from starlette.applications import Starlette

from tests.weps.asgi import Client
from tests.weps.notify.stores import add_alerts, subscribe
from tests.weps.notify.test_insert_rss import PILOT
from tests.weps.web.posting import PILOT_GUID, STORED, notification
from weps.notify.freshness import freshness
from weps.notify.posted import DOCUMENT_LIMIT
from weps.store import Store
from weps.web.routes import create_routes


def test_a_feed_shows_the_alerts_of_its_subscription_newest_first(client, store, subscription):
    """
    The token opens the feed of one subscription; others' alerts are not in it.
    """
    add_alerts(store, subscription, range(1, 4), STORED)
    add_alerts(store, subscribe(store), range(1, 2), STORED)

    answer = client.get(f"/feeds/{subscription.token}.rss")

    parsed = feedparser.parse(answer.body)
    assert (200, "application/rss+xml; charset=utf-8") == (answer.status, answer.headers["content-type"])
    assert [f"{subscription.id}-{n}" for n in (3, 2, 1)] == [entry.id for entry in parsed.entries]
    assert f"http://weps.example.org/alerts/{subscription.id}-3" == parsed.entries[0].link
    assert f"http://weps.example.org/feeds/{subscription.token}.rss" in [link.href for link in parsed.feed.links]


def test_links_start_with_the_public_url_where_one_is_set(store, subscription):
    """
    Behind a proxy the settings know the address that clients use.
    """
    client = Client(Starlette(routes=create_routes(store, public_url="https://alerts.example.org/weps/")))

    parsed = feedparser.parse(client.get(f"/feeds/{subscription.token}.rss").body)

    assert "https://alerts.example.org/weps/" == parsed.feed.link
    assert f"https://alerts.example.org/weps/feeds/{subscription.token}.rss" in [x.href for x in parsed.feed.links]


@pytest.mark.parametrize("path", ["/feeds/nobody.rss", "/feeds/.rss", "/feeds/a/b.rss"])
def test_an_unknown_token_opens_nothing(client, subscription, path):
    """
    A guessed address is not found.
    """
    assert 404 == client.get(path).status


def test_a_known_version_is_answered_304_without_reading_an_alert(client, store, subscription):
    """
    The tag of the last answer is enough; after a new alert the feed is read again.
    """
    add_alerts(store, subscription, range(1, 4), STORED)
    url = f"/feeds/{subscription.token}.rss"
    first = client.get(url)
    reads = store.reads

    known = client.get(url, if_none_match=first.headers["etag"])
    reads_for_known = store.reads - reads
    add_alerts(store, subscription, range(4, 5), STORED + timedelta(seconds=60))
    changed = client.get(url, if_none_match=first.headers["etag"])

    assert (304, b"", first.headers["etag"], 0) == (known.status, known.body, known.headers["etag"], reads_for_known)
    assert (200, 4) == (changed.status, len(feedparser.parse(changed.body).entries))
    assert changed.headers["etag"] != first.headers["etag"]


CONDITIONS = {
    "the very time": (lambda etag, time: {"if_modified_since": format_datetime(time, usegmt=True)}, 304),
    "a second before": (
        lambda etag, time: {"if_modified_since": format_datetime(time - timedelta(seconds=1), usegmt=True)},
        200,
    ),
    "not a time": (lambda etag, time: {"if_modified_since": "yesterday"}, 200),
    "no zone of the world": (
        lambda etag, time: {"if_modified_since": "Mon, 11 Jan 2016 03:55:45 +99999999999999"},
        200,
    ),
    "weak tag among others": (lambda etag, time: {"if_none_match": f'"x", W/{etag}'}, 304),
    "any": (lambda etag, time: {"if_none_match": "*"}, 304),
    "old tag, new time": (
        lambda etag, time: {"if_none_match": '"old"', "if_modified_since": format_datetime(time, usegmt=True)},
        200,
    ),
}


@pytest.mark.parametrize(("headers", "status"), CONDITIONS.values(), ids=CONDITIONS)
def test_conditions_are_read_as_http_says(client, store, subscription, headers, status):
    """
    A time counts only without a tag, and what cannot be read does not count.
    """
    stored = subscription.created + timedelta(days=400)
    add_alerts(store, subscription, range(1, 2), stored)
    url = f"/feeds/{subscription.token}.rss"
    answer = client.get(url)

    second = client.get(url, **headers(answer.headers["etag"], stored))

    assert stored == parsedate_to_datetime(answer.headers["last-modified"])
    assert status == second.status


def test_a_reader_that_knows_only_times_sees_the_second_alert_of_a_second():
    """
    As long as another alert may be stored in the same second, Last-Modified names the second before.
    """
    stored = datetime(2016, 1, 11, 5, 0, 0, 300_000, tzinfo=UTC)
    at_once = freshness((7, 7), stored, stored + timedelta(milliseconds=100))
    later = freshness((7, 7), stored, stored + timedelta(seconds=5))

    assert datetime(2016, 1, 11, 4, 59, 59, tzinfo=UTC) == at_once.last_modified
    assert datetime(2016, 1, 11, 5, tzinfo=UTC) == later.last_modified
    assert not later.is_known(None, at_once.headers()["Last-Modified"])


def test_head_gives_the_headers_of_get_alone(client, store, subscription):
    """
    HEAD has the same length, tag and time, and no body.
    """
    add_alerts(store, subscription, range(1, 2), STORED)
    url = f"/feeds/{subscription.token}.rss"

    got, head = client.get(url), client.ask("HEAD", url)

    assert (200, b"") == (head.status, head.body)
    assert got.headers == head.headers
    assert str(len(got.body)) == head.headers["content-length"]


def test_a_long_feed_is_paged(client, store, subscription):
    """
    A hundred alerts a page; next leads to older ones, previous back, and all pages together hold every alert once.
    """
    add_alerts(store, subscription, range(1, 221), STORED)
    url = f"http://weps.example.org/feeds/{subscription.token}.rss"
    pages = []

    while url:
        parts = urlsplit(url)
        page = feedparser.parse(client.get(f"{parts.path}?{parts.query}").body)
        pages.append(page)
        url = next((link.href for link in page.feed.links if link.rel == "next"), None)

    assert [100, 100, 20] == [len(page.entries) for page in pages]
    assert [f"{subscription.id}-{n}" for n in range(220, 0, -1)] == [e.id for page in pages for e in page.entries]
    relations = [sorted(link.rel for link in page.feed.links) for page in pages]
    assert ["alternate", "alternate", "next", "self"] == relations[0]
    assert ["alternate", "alternate", "first", "next", "previous", "self"] == relations[1]
    assert ["alternate", "alternate", "first", "previous", "self"] == relations[2]


PAGES = {
    "none": ("", 200),
    "fewest": ("?limit=1", 200),
    "most": ("?limit=500", 200),
    "more than the most": ("?limit=501", 400),
    "zero": ("?limit=0", 400),
    "negative": ("?limit=-1", 400),
    "word": ("?limit=ten", 400),
    "other digits": ("?limit=%D9%A1", 400),
    "huge": ("?limit=99999999999999999999", 400),
    "empty": ("?limit=", 400),
    "behind all": ("?before=0-0", 200),
    "no mark": ("?before=7", 400),
    "huge mark": ("?before=9999999999999999999-1", 400),
    "both ways": ("?before=7-7&after=1-1", 400),
    "twice": ("?limit=5&limit=6", 400),
    "unknown": ("?page=2", 400),
}


@pytest.mark.parametrize(("query", "status"), PAGES.values(), ids=PAGES)
@pytest.mark.parametrize("path", ["feed", "store"])
def test_a_page_is_asked_for_by_size_and_mark(client, subscription, path, query, status):
    """
    What cannot be meant is refused; an empty feed has a page.
    """
    url = f"/feeds/{subscription.token}.rss" if path == "feed" else "/store/GetRSS"

    assert status == client.get(f"{url}{query}").status


def test_the_permalink_of_an_alert_is_json(client, store, subscription):
    """
    One alert with every member that is known, times in UTC; no browser takes it for anything else.
    """
    add_alerts(store, subscription, range(1, 2), STORED)

    answer = client.get(f"/alerts/{subscription.id}-1")

    alert = json.loads(answer.body)
    assert (200, "nosniff") == (answer.status, answer.headers["x-content-type-options"])
    assert ("firing", "Moderate", 612.0, "1") == (alert["status"], alert["severity"], alert["value"], alert["uom"])
    assert "2016-01-11T03:55:45.014Z" == alert["phenomenon_time"]
    assert {"condition": "greaterThan", "bounds": [500.0], "uom": "1"} == alert["comparison"]
    assert "output" not in alert


def test_an_unknown_alert_is_not_found(client):
    """
    The answer is short and tells nothing of the inside.
    """
    answer = client.get("/alerts/nothing")

    assert (404, "There is no such alert.") == (answer.status, answer.text)


def test_the_pilots_item_is_stored_and_found_by_its_guid(client):
    """
    What the pilot's client posts to InsertRSS comes back from GetRSS with every element.
    """
    posted = client.post("/store/InsertRSS", PILOT.encode())

    found = client.get(f"/store/GetRSS?id={quote(PILOT_GUID, safe='')}")

    (entry,) = feedparser.parse(found.body).entries
    assert (201, PILOT_GUID) == (posted.status, posted.text)
    assert (200, "overshoot", PILOT_GUID) == (found.status, entry.title, entry.id)
    assert ("9.5", "15.5", "15.5") == (entry.sc_undershoot, entry.sc_overshoot, entry.sc_observation_value)


def test_an_unknown_guid_is_not_found_in_the_pilots_words(client):
    """
    The pilot's clients know this very sentence.
    """
    answer = client.get("/store/GetRSS?id=4711")

    assert (404, b"guid 4711 does not exist in the data store.") == (answer.status, answer.body)


def test_the_same_item_posted_again_is_recognised(client, store):
    """
    At least once becomes once: created the first time, known ever after.
    """
    answers = [client.post("/store/InsertRSS", notification(1)) for _ in range(3)]

    assert [(201, "a-1"), (200, "a-1"), (200, "a-1")] == [(answer.status, answer.text) for answer in answers]
    assert 1 == store.posted


def test_another_item_under_a_known_guid_is_refused(client):
    """
    Colliding guids are told, and what is stored stays as it is.
    """
    client.post("/store/InsertRSS", PILOT.encode())

    answer = client.post("/store/InsertRSS", PILOT.replace("15.5", "99").encode())

    assert (409, True) == (answer.status, PILOT_GUID in answer.text)
    assert b"15.5" in client.get(f"/store/GetRSS?id={quote(PILOT_GUID, safe='')}").body


def test_all_items_are_a_feed_newest_first(client, store):
    """
    GetRSS without a guid pages through the store, and answers 304 without reading an item.
    """
    for number in range(1, 53):
        client.post("/store/InsertRSS", notification(number))

    first = client.get("/store/GetRSS?limit=50")
    second = client.get(next(link.href for link in feedparser.parse(first.body).feed.links if link.rel == "next"))
    reads = store.reads
    known = client.get("/store/GetRSS?limit=50", if_none_match=first.headers["etag"])

    ids = [entry.id for answer in (first, second) for entry in feedparser.parse(answer.body).entries]
    assert [f"a-{number}" for number in range(52, 0, -1)] == ids
    assert (304, reads) == (known.status, store.reads)


BAD_POSTS = {
    "nothing": ((b"",), 400, "not well-formed"),
    "half": ((PILOT.encode()[:300],), 400, "not well-formed"),
    "DOCTYPE": ((b"<!DOCTYPE rss SYSTEM 'file:///etc/passwd'><rss/>",), 400, "DOCTYPE"),
    "no guid": ((b"<rss version='2.0'><channel><item><title>t</title></item></channel></rss>",), 400, "no guid"),
    "too large": ((b"<rss>",) + (b" " * 65536,) * (DOCUMENT_LIMIT // 65536), 413, "larger than 1048576 bytes"),
}


@pytest.mark.parametrize(("chunks", "status", "text"), BAD_POSTS.values(), ids=BAD_POSTS)
def test_a_bad_post_is_refused_and_stores_nothing(client, store, chunks, status, text):
    """
    The answer says what is wrong; the store is as before.
    """
    answer = client.post("/store/InsertRSS", *chunks)

    assert (status, True) == (answer.status, text in answer.text)
    assert 0 == store.posted


def test_insert_rss_wants_a_post(client):
    """
    Nothing is stored by a GET.
    """
    assert 405 == client.get("/store/InsertRSS").status


def test_posted_markup_is_not_html(client):
    """
    Browsers are told that a feed is a feed and an error is text, whatever stands in it.
    """
    client.post(
        "/store/InsertRSS",
        b"<rss version='2.0'><channel><item><title>&lt;script&gt;</title><guid>g</guid></item></channel></rss>",
    )

    feed, error = client.get("/store/GetRSS"), client.get("/store/GetRSS?id=<script>")

    assert ("application/rss+xml; charset=utf-8", "nosniff") == (
        feed.headers["content-type"],
        feed.headers["x-content-type-options"],
    )
    assert ("text/plain; charset=utf-8", "nosniff") == (
        error.headers["content-type"],
        error.headers["x-content-type-options"],
    )
    assert "<script>" == etree.fromstring(feed.body).findtext("channel/item/title")


def test_a_living_process_is_healthy(client):
    """
    Liveness asks nothing of database and worker.
    """
    assert (200, {"status": "alive"}) == (client.get("/healthz").status, json.loads(client.get("/healthz").body))


def test_readiness_needs_the_database_and_the_workers_heart_beat(store, client, tmp_path):
    """
    Each of the two alone is not enough.
    """
    silent = Client(Starlette(routes=create_routes(store, worker_alive=lambda: False)))
    broken = Client(Starlette(routes=create_routes(Store(f"sqlite:///{tmp_path}/no/such/folder.db"))))

    answers = [each.get("/readyz") for each in (client, silent, broken)]

    assert [
        (200, {"status": "ready", "database": "reachable", "worker": "alive"}),
        (503, {"status": "not ready", "database": "reachable", "worker": "silent"}),
        (503, {"status": "not ready", "database": "unreachable", "worker": "alive"}),
    ] == [(answer.status, json.loads(answer.body)) for answer in answers]


def test_the_start_page_says_what_is_where(client):
    """
    A person who opens the address finds the services, and nothing that runs.
    """
    answer = client.get("/")

    page = etree.HTML(answer.text)
    assert (200, "default-src 'none'") == (answer.status, answer.headers["content-security-policy"])
    services = ["/wps", "/processes", "/sos", "/episodes", "/silences", "/inhibitions", "/deliveries", "/webhooks"]
    assert [*services, "/store/GetRSS", "/sources", "/healthz", "/readyz"] == page.xpath("//a/text()")
    unlinked = "/feeds/{token}.rss", "/events", "/alerts/{id}", "/store/InsertRSS"
    assert list(unlinked) == page.xpath("//dt[not(a)]/text()")
