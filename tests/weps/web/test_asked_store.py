"""The store of notifications asked by conditions, and messages of the Common Alerting Protocol."""

from __future__ import annotations

import json
from dataclasses import replace
from urllib.parse import quote

import feedparser
import pytest
from lxml import etree
from shapely.geometry import shape
from starlette.applications import Starlette

from tests.weps.asgi import Client
from tests.weps.notify.samples import make_alert
from tests.weps.notify.stores import add_alerts, subscribe
from tests.weps.web.feeds import ids
from tests.weps.web.posting import STORED, notification
from weps.model import AlertStatus, AlertUse, Changes
from weps.web.routes import create_routes


def test_an_alert_is_a_cap_message(client, store, subscription):
    """
    Its address is the one that feeds lead to; the index leads there as well, and it names what it follows.
    """
    made = [
        replace(make_alert(number), id=f"{subscription.id}-{number}", subscription_id=subscription.id, status=status)
        for number, status in ((1, AlertStatus.FIRING), (2, AlertStatus.RESOLVED))
    ]
    with store.batch(subscription.feed_id) as batch:
        batch.add_alerts([(alert, ()) for alert in made], STORED)
    index = feedparser.parse(client.get(f"/feeds/{subscription.token}.cap").body)

    answer = client.get(index.entries[0].links[0].href)

    root = etree.fromstring(answer.body)
    cap = "{urn:oasis:names:tc:emergency:cap:1.2}"
    assert (200, "application/cap+xml") == (answer.status, answer.headers["content-type"].split(";")[0])
    assert ("Update", "weps@weps.example.org") == (root.findtext(f"{cap}msgType"), root.findtext(f"{cap}sender"))
    assert f"weps@weps.example.org,{subscription.id}-1,2016-01-11T04:00:02+00:00" == root.findtext(f"{cap}references")
    assert ["Update", "Alert"] == [entry.cap_msgtype for entry in index.entries]
    assert 304 == client.get(index.entries[0].links[0].href, if_none_match=answer.headers["etag"]).status
    assert 404 == client.get("/alerts/nothing.cap").status


def test_the_operator_says_who_sends_cap_messages(store, subscription):
    """
    The sender is the one of the settings, in messages and in the index.
    """
    client = Client(Starlette(routes=create_routes(store, cap_sender="alerts@city.example.org")))
    add_alerts(store, subscription, range(1, 2), STORED)

    index = feedparser.parse(client.get(f"/feeds/{subscription.token}.cap").body)
    message = client.get(f"/alerts/{subscription.id}-1.cap")

    assert "alerts@city.example.org" == index.entries[0].cap_sender
    assert b"<sender>alerts@city.example.org</sender>" in message.body


FILTERS = {
    "subscription": ("subscription={mine}", ["1", "2"]),
    "procedure": ("procedure=http://sensors.example.org/PedestrianCounting1", ["1", "2", "3", "a-9"]),
    "property": ("observedProperty=urn:ogc:def:property:PeopleCount&limit=2", ["a-9", "3"]),
    "feature": ("featureOfInterest=nowhere", []),
    "category": ("category=firing", ["1", "2", "3", "a-9"]),
    "severities": ("severity=moderate,Extreme", ["1", "2", "3", "a-9"]),
    "status": ("status=resolved", []),
    "box": ("bbox=144,-38,145,-37", ["1", "2", "3", "a-9"]),
    "box beside": ("bbox=145,-38,146,-37", []),
    "from": ("from=2016-01-11T03:55:45.014Z", ["1", "2", "3", "a-9"]),
    "to": ("to=2016-01-11T03:55:45.014Z", []),
    "since": ("since=2016-01-11T05:00:00%2B00:00", ["a-9"]),
    "in other letters": ("STATUS=Firing&Format=atom", ["1", "2", "3", "a-9"]),
}


@pytest.mark.parametrize(("query", "expected"), FILTERS.values(), ids=FILTERS)
def test_the_store_is_asked_by_conditions(client, store, subscription, query, expected):
    """
    Its own alerts and what others posted are found alike.
    """
    add_alerts(store, subscription, range(1, 3), STORED)
    add_alerts(store, subscribe(store), range(3, 4), STORED)
    client.post("/store/InsertRSS", notification(9))

    answer = client.get(f"/store/GetRSS?{query.format(mine=subscription.id)}")

    found = [entry.id.removeprefix("urn:weps:item:") for entry in feedparser.parse(answer.body).entries]
    ends = [name if name == "a-9" else name.rpartition("-")[2] for name in found]
    assert (200, expected) == (answer.status, ends if "limit" in query else sorted(ends))


WRONG = {
    "unknown": ("colour=red", "there is no parameter 'colour'; there are id, format, subscription"),
    "format": ("format=xls", "format: 'xls' is none of rss, atom, json, geojson, cap"),
    "severity": ("severity=bad", "severity: 'bad' is none of Extreme, Severe, Moderate, Minor, Unknown"),
    "status": ("status=open", "status: 'open' is none of event, pending, firing, resolved"),
    "time": ("from=yesterday", "from: is an instant such as 2016-01-11T03:55:45Z"),
    "times": ("from=2016-01-12T00:00:00Z&to=2016-01-11T00:00:00Z", "to: lies before from"),
    "box of two": ("bbox=1,2", "bbox is west,south,east,north in degrees"),
    "box of words": ("bbox=a,b,c,d", "bbox is west,south,east,north in degrees"),
    "box upside down": ("bbox=1,3,2,2", "south is not above north"),
    "box of no numbers": ("bbox=nan,nan,nan,nan", "bbox is"),
    "empty": ("procedure=", "procedure: is empty"),
    "one and more": ("id=a&status=firing", "id: asks for one item"),
    "twice": ("bbox=1,1,2,2&bbox=1,1,2,2", "bbox: is given more than once"),
    "very often": ("&".join(["procedure=p"] * 51), "procedure: is given 51 times, at most 50"),
    "limit": ("limit=0", "limit: is a whole number from 1 to 500"),
}


@pytest.mark.parametrize(("query", "told"), WRONG.values(), ids=WRONG)
def test_a_wrong_condition_is_refused_with_what_is_allowed(client, query, told):
    """
    Nothing is guessed and nothing left out.
    """
    answer = client.get(f"/store/GetRSS?{query}")

    assert (400, True) == (answer.status, told in answer.text)


def test_a_page_of_a_filtered_list_leads_to_the_next_of_the_same(client, store, subscription):
    """
    Conditions, format and size stand in the links.
    """
    add_alerts(store, subscription, range(1, 6), STORED)
    add_alerts(store, subscribe(store), range(6, 9), STORED)

    first = client.get(f"/store/GetRSS?subscription={subscription.id}&format=json&limit=2")
    second = client.get(json.loads(first.body)["next_url"])

    assert [f"{subscription.id}-{number}" for number in (3, 2)] == ids(second.body, "json")


def test_one_notice_is_given_in_every_format(client, store, subscription):
    """
    By its guid, whether it was posted or is an alert of this service; and 304 to who has it.
    """
    add_alerts(store, subscription, range(1, 2), STORED)
    client.post("/store/InsertRSS", notification(9))

    answers = [
        client.get(f"/store/GetRSS?id={quote(name)}&format={feed_format}")
        for name in (f"{subscription.id}-1", "a-9")
        for feed_format in ("rss", "atom", "json", "geojson")
    ]

    formats = ("rss", "atom", "json", "geojson") * 2
    found = [ids(each.body, name)[0] for each, name in zip(answers, formats, strict=True)]
    assert [f"{subscription.id}-1"] * 4 == found[:4]
    assert ["a-9", "urn:weps:item:a-9", "a-9", "a-9"] == found[4:]
    tag = answers[-1].headers["etag"]
    assert 304 == client.get("/store/GetRSS?id=a-9&format=geojson", if_none_match=tag).status


def test_the_map_of_the_store_has_what_others_posted(client, store, subscription):
    """
    Alerts and posted items are features of one collection.
    """
    add_alerts(store, subscription, range(1, 2), STORED)
    client.post("/store/InsertRSS", notification(9))

    collection = json.loads(client.get("/store/GetRSS?format=geojson&bbox=144,-38,145,-37").body)

    assert [(144.9646, -37.8195)] * 2 == [
        (shape(feature["geometry"]).x, shape(feature["geometry"]).y) for feature in collection["features"]
    ]


def test_an_alert_that_was_told_stays_what_it_was_meant_for(client, store, subscription):
    """
    An owner who says Actual from now on does not make what was a test before a real alert.
    """
    add_alerts(store, subscription, range(1, 2), STORED)

    store.update_subscription(subscription, Changes(alert_status=AlertUse.ACTUAL), "", STORED, None)

    assert b"<status>Test</status>" in client.get(f"/alerts/{subscription.id}-1.cap").body
