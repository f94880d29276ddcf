"""From an observation to every format, as a reader of each sees it over HTTP."""

from __future__ import annotations

import json

import feedparser
import jsonfeed
import pytest
import requests
from lxml import etree
from shapely.geometry import Point, shape

from tests.flows.conftest import Running
from tests.flows.rules import HEAT

CAP = "{urn:oasis:names:tc:emergency:cap:1.2}"


@pytest.mark.shared
def test_an_episode_is_read_in_every_format(service: Running, shared):
    """
    A German subscription for an exercise: both alerts stand in each format, and its CAP messages are valid.
    """
    service.insert_sensor("ws2500", "AirTemperature")
    template = service.template("ws2500", "AirTemperature")
    how = {"language": "de", "titleTemplate": "{status}: {value} {uom}", "alertStatus": "Exercise"}
    feed = service.subscribe(rule=HEAT, getObservationTemplate=template, **how)["feed"]
    service.insert("ws2500", "AirTemperature", (0, 20), (10, 31.5), (20, 29))
    service.wait_for_entries(feed, 2)
    titles = ["beendet: 29 °C", "besteht: 31,5 °C"]

    def get(ending: str) -> requests.Response:
        return requests.get(feed.removesuffix("rss") + ending, timeout=30)

    atom = feedparser.parse(get("atom").content)
    json_feed = jsonfeed.Feed.parse_string(get("json").text)
    features = get("geojson").json()["features"]
    index = feedparser.parse(get("cap").content)
    documents = [requests.get(entry.links[0].href, timeout=30).content for entry in index.entries]

    schema = etree.XMLSchema(etree.parse(shared / "schemas/oasis/emergency/cap/v1.2/CAP-v1.2.xsd"))
    over, firing = (etree.fromstring(document) for document in documents)
    assert [titles] * 3 == [
        [entry.title for entry in atom.entries],
        [item.title for item in json_feed.items],
        [feature["properties"]["title"] for feature in features],
    ]
    assert [Point(7.59, 51.97)] * 2 == [shape(feature["geometry"]) for feature in features]
    assert [True, True] == [schema.validate(document) for document in (over, firing)], schema.error_log
    assert [("Update", "Exercise"), ("Alert", "Exercise")] == [
        (document.findtext(f"{CAP}msgType"), document.findtext(f"{CAP}status")) for document in (over, firing)
    ]
    told = ",".join(firing.findtext(f"{CAP}{name}") for name in ("sender", "identifier", "sent"))
    assert (told, "AllClear") == (
        over.findtext(f"{CAP}references"),
        over.findtext(f"{CAP}info/{CAP}responseType"),
    )


def test_a_reader_pays_only_for_what_is_new(service: Running):
    """
    Over HTTP a feed is compressed and answered 304, and the store finds the alert by its place.
    """
    service.insert_sensor("ws2500", "AirTemperature")
    template = service.template("ws2500", "AirTemperature")
    feed = service.subscribe(rule=HEAT, getObservationTemplate=template)["feed"]
    service.insert("ws2500", "AirTemperature", (0, 20), (10, 31))
    service.wait_for_entries(feed, 1)

    first = requests.get(feed, timeout=30)
    second = requests.get(feed, headers={"If-None-Match": first.headers["ETag"]}, timeout=30)
    head = requests.head(feed, timeout=30)
    found = requests.get(f"{service.url}/store/GetRSS?format=json&bbox=7,51,8,52&status=firing", timeout=30)

    assert ("gzip", 304, b"") == (first.headers["Content-Encoding"], second.status_code, second.content)
    assert (200, first.headers["ETag"], b"") == (head.status_code, head.headers["ETag"], head.content)
    assert 1 == len(json.loads(found.text)["items"])
