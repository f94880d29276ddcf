from __future__ import annotations

import hashlib
import json
from urllib.parse import quote
from xml.sax.saxutils import escape

import feedparser
import pytest
from lxml import etree
from starlette.applications import Starlette
from starlette.routing import Route

from tests.weps.asgi import Client
from tests.weps.notify.samples import make_alert
from tests.weps.notify.stores import add_alerts, open_store, subscribe
from tests.weps.notify.test_insert_rss import PILOT
from tests.weps.web.posting import PILOT_GUID, STORED, notification
from weps.notices import Selection, Window
from weps.notify.posted import DOCUMENT_LIMIT, ITEM_LIMIT
from weps.settings import Settings
from weps.web.routes import Publishers, create_routes, publishers
from weps.web.store import PostLimit, StoreFace

TOKEN = "correct-horse-battery"
HASHED = f"sha256:{hashlib.sha256(TOKEN.encode()).hexdigest()}"


@pytest.fixture
def store(tmp_path):
    opened = open_store(tmp_path)
    yield opened
    opened.dispose()


@pytest.fixture
def client(store):
    return Client(Starlette(routes=create_routes(store)))


def guids(store) -> list[str]:
    return [item.guid for item in store.notices(Selection(), Window(500)).members]


def items(*inside: str) -> bytes:
    posted = "".join(f"<item><guid>{guid}</guid><title>{guid}</title></item>" for guid in inside)
    return f"<rss version='2.0'><channel><title>t</title>{posted}</channel></rss>".encode()


def test_the_pilots_body_is_taken_byte_for_byte_and_found_by_its_guid(client):
    """
    It is created, its answer says where it is found, and there every byte of its texts is as it was.
    """
    posted = client.post("/store/InsertRSS", PILOT.encode())

    found = client.get(posted.headers["location"])

    inside = PILOT[PILOT.index("<item>") : PILOT.index("</channel>")]
    shown = found.text.replace(' xmlns:sc="http://iddss-sensor.cdmps.org.au:8080/rssschemas/"', "")
    assert (201, PILOT_GUID) == (posted.status, posted.text)
    assert f"http://weps.example.org/store/GetRSS?id={quote(PILOT_GUID, safe='')}" == posted.headers["location"]
    assert (200, True) == (found.status, inside in shown)


PILOTS_CONDITIONS = {
    "procedure": "procedure=ws2500",
    "property": "observedProperty=AirTemperature",
    "feature": "featureOfInterest=roof",
    "category": "category=undershoot_overshoot",
    "time": "from=2016-01-11T03:55:45Z&to=2016-01-11T03:55:46Z",
}


@pytest.mark.parametrize("query", PILOTS_CONDITIONS.values(), ids=PILOTS_CONDITIONS)
def test_the_pilots_item_is_found_by_what_it_says(client, query):
    """
    The pilot's own elements are those that conditions speak of.
    """
    client.post("/store/InsertRSS", PILOT.encode())

    found = feedparser.parse(client.get(f"/store/GetRSS?{query}").body)

    assert [PILOT_GUID] == [entry.id for entry in found.entries]


def test_several_items_are_stored_at_once(client, store):
    """
    All of them are answered, one a line; those that are known already are told as well.
    """
    first = client.post("/store/InsertRSS", items("a", "b"))
    second = client.post("/store/InsertRSS", items("b", "c"))
    third = client.post("/store/InsertRSS", items("b", "c"))

    assert [(201, "a\nb"), (201, "b\nc"), (200, "b\nc")] == [
        (each.status, each.text) for each in (first, second, third)
    ]
    assert "location" not in first.headers
    assert {"a", "b", "c"} == set(guids(store))


def test_where_one_is_in_conflict_none_is_stored(client, store):
    """
    A client that corrects its guid can post the whole document again.
    """
    client.post("/store/InsertRSS", items("a"))
    other = items("b", "a").replace(b"<title>a</title>", b"<title>other</title>")

    answer = client.post("/store/InsertRSS", other)

    assert (409, "Another item is stored under the guid a. Nothing was stored or changed.") == (
        answer.status,
        answer.text,
    )
    assert ["a"] == guids(store)


REFUSED = {
    "as many as are taken": (items(*map(str, range(ITEM_LIMIT))), 201, "99"),
    "one more": (items(*map(str, range(ITEM_LIMIT + 1))), 400, "at most 100 are taken"),
    "none": (items(), 400, "has no item"),
    "twice": (items("a", "a"), 400, "stands twice"),
    "large": (b"<rss>" + b" " * DOCUMENT_LIMIT, 413, "larger than 1048576 bytes"),
    "json": (b'{"version": "2.0"}', 400, "not well-formed"),
}


@pytest.mark.parametrize(("body", "status", "told"), REFUSED.values(), ids=REFUSED)
def test_a_post_is_answered_with_what_befits_it(client, store, body, status, told):
    """
    What is refused stores nothing and says why.
    """
    answer = client.post("/store/InsertRSS", body)

    assert (status, True) == (answer.status, told in answer.text)
    assert (100 if status == 201 else 0) == len(guids(store))


PLACES = {
    "bearer": ({"authorization": f"Bearer {TOKEN}"}, "", 201),
    "bearer in other letters": ({"authorization": f"bearer {TOKEN}"}, "", 201),
    "key": ({"x_api_key": TOKEN}, "", 201),
    "behind the address": ({}, f"?api-key={TOKEN}", 201),
    "none": ({}, "", 401),
    "wrong": ({"authorization": "Bearer correct-horse-batterz"}, "", 401),
    "the hash itself": ({"authorization": f"Bearer {HASHED}"}, "", 401),
    "basic": ({"authorization": f"Basic {TOKEN}"}, "", 401),
    "empty": ({"authorization": "Bearer "}, "", 401),
}


@pytest.mark.parametrize(("headers", "query", "status"), PLACES.values(), ids=PLACES)
@pytest.mark.parametrize("kept", [TOKEN, HASHED], ids=["plain", "hashed"])
def test_who_has_a_token_may_post(store, kept, headers, query, status):
    """
    Once there are tokens, nobody posts without; reading stays free.
    """
    may_publish = publishers(["another-token-of-somebody", kept], is_open=True)
    client = Client(Starlette(routes=create_routes(store, may_publish=may_publish)))

    answer = client.post(f"/store/InsertRSS{query}", notification(1), **headers)

    assert status == answer.status
    assert (status == 401) == ("www-authenticate" in answer.headers)
    assert (["a-1"] if status == 201 else []) == guids(store)
    assert 200 == client.get("/store/GetRSS").status


def test_where_it_is_not_open_nobody_posts_without_tokens(store):
    """
    The answer tells the operator what to set.
    """
    client = Client(Starlette(routes=create_routes(store, may_publish=Publishers(is_open=False))))

    answer = client.post("/store/InsertRSS", notification(1))

    assert (403, "Nobody may post here; the operator can set publish_tokens.") == (answer.status, answer.text)


OPENNESS = {
    "this machine alone": ({}, True),
    "behind a proxy": ({"base_url": "https://alerts.example.org"}, False),
    "behind a proxy, said so": ({"base_url": "https://alerts.example.org", "open": True}, True),
    "a proxy of this machine": ({"base_url": "http://localhost:9090"}, True),
    "all addresses": ({"host": "0.0.0.0", "open": True}, True),
}


@pytest.mark.parametrize(("given", "expected"), OPENNESS.values(), ids=OPENNESS)
def test_posting_is_open_only_on_loopback_unless_said_so(given, expected):
    """
    Whoever is reached by others has to say that everybody may post, or hand out tokens.
    """
    assert expected == Settings(**given).everybody_may_publish


TITLES = {
    "script": "<script>alert(1)</script>flood",
    "end of a section": "]]><script>alert(1)</script>",
    "emoji": "\U0001f30a\U0001f525 flood",
    "right to left": "\u05ea\u05d7\u05e0\u05d4 \u202eevil \u0645\u062d\u0637\u0629",
    "100 kB": "x" * 100_000,
    "entity": "&lt;b&gt; &amp;amp;",
}


@pytest.mark.parametrize("title", TITLES.values(), ids=TITLES)
@pytest.mark.parametrize("feed_format", ["rss", "atom", "json", "geojson"])
def test_hostile_titles_are_taken_and_given_as_text(client, title, feed_format):
    """
    Every format is well-formed, and where a title is written anew it is bounded and has no markup that runs.
    """
    body = f"<rss version='2.0'><channel><item><guid>urn:g</guid><title>{escape(title)}</title></item></channel></rss>"
    posted = client.post("/store/InsertRSS", body.encode())

    found = client.get(f"/store/GetRSS?format={feed_format}")

    assert (201, 200, "default-src 'none'; sandbox") == (
        posted.status,
        found.status,
        found.headers["content-security-policy"],
    )
    if feed_format in ("rss", "atom"):
        root = etree.fromstring(found.body)
        assert [] == [element for element in root.iter() if etree.QName(element).localname == "script"]
        assert ["urn:g"] == [entry.id for entry in feedparser.parse(found.body).entries]
    else:
        json.loads(found.body)
    if feed_format != "rss":
        assert len(found.body) < 5_000
        assert b"<script" not in found.body
        assert "\u202e" not in found.text


def test_control_characters_cannot_be_posted(client, store):
    """
    XML has no way to write them, not even as references.
    """
    answers = [client.post("/store/InsertRSS", items(f"a{control}b")) for control in ("\x00", "\x1b", "&#8;")]

    assert [400, 400, 400] == [answer.status for answer in answers]
    assert [] == guids(store)


def test_an_alert_pushed_to_the_store_of_its_own_service_is_listed_once(client, store):
    """
    Its guid finds what was pushed, and the list shows the alert.
    """
    subscription = subscribe(store)
    add_alerts(store, subscription, range(1, 2), STORED)
    told = f"{subscription.id}-1"

    posted = client.post("/store/InsertRSS", notification(1).replace(b"a-1", told.encode()))

    entries = feedparser.parse(client.get("/store/GetRSS").body).entries
    assert (201, [told]) == (posted.status, [entry.id for entry in entries])
    assert make_alert(1).title == feedparser.parse(client.get(f"/store/GetRSS?id={told}").body).entries[0].title


def test_other_systems_use_it_as_their_store(client):
    """
    What one posts, another finds by conditions, follows with `since`, and reads in the format that it knows.
    """
    client.post("/store/InsertRSS", PILOT.encode())
    first = client.get("/store/GetRSS?procedure=ws2500&format=json")
    client.post("/store/InsertRSS", PILOT.replace("1452484545014", "1452484545015").encode())

    second = client.get("/store/GetRSS?procedure=ws2500&format=json", if_none_match=first.headers["etag"])

    assert [1, 2] == [each.text.count('"procedure": "ws2500"') for each in (first, second)]


def test_who_posts_too_often_is_told_when_again(store):
    """
    So many at once, then evenly; each token has its own measure, and a refused post is not counted.
    """
    moments = iter([0.0, 0.0, 0.0, 0.0, 20.0, 20.0, 20.0, 200.0])
    limit = PostLimit(3, clock=lambda: next(moments))
    face = StoreFace(store, None, publishers((TOKEN, "another-token-of-ours"), is_open=False), limit)
    client = Client(Starlette(routes=[Route("/store/InsertRSS", face.insert_rss, methods=["POST"])]))

    def post(number: int, token: str = TOKEN) -> tuple[int, str | None]:
        answer = client.post("/store/InsertRSS", items(f"item {number}"), authorization=f"Bearer {token}")
        return answer.status, answer.headers.get("retry-after")

    first = [post(number) for number in range(4)]
    later = [post(number) for number in (4, 5)]
    others = post(6, "another-token-of-ours")
    at_last = post(7)

    assert [(201, None)] * 3 + [(429, "20")] == first
    assert [(201, None), (429, "20")] == later
    assert ((201, None), (201, None)) == (others, at_last)


def test_a_wrong_token_is_not_told_how_often_others_may_post(store):
    """
    The limit is for those who may post at all.
    """
    face = StoreFace(store, None, publishers((TOKEN,), is_open=False), PostLimit(1, clock=lambda: 0.0))
    client = Client(Starlette(routes=[Route("/store/InsertRSS", face.insert_rss, methods=["POST"])]))

    statuses = [client.post("/store/InsertRSS", items("x"), authorization="Bearer wrong").status for _ in range(3)]

    assert [401] * 3 == statuses
