from __future__ import annotations

import json

from shapely.geometry import Point, shape

from tests.weps.notify.pages import ALERT_ID, BASE, alert, page_of, posted
from tests.weps.notify.samples import make_alert, make_detection, make_observation
from weps.notify.geojson import write_geojson

LAKE = {"type": "Polygon", "coordinates": [[[7.0, 51.0], [8.0, 51.0], [8.0, 52.0], [7.0, 51.0]]]}


def test_a_page_is_a_feature_collection_that_a_map_can_read():
    """
    Each alert is a feature with its id; a geometry library reads its place, longitude first.
    """
    collection = json.loads(write_geojson(page_of(alert(), next_url=f"{BASE}/next")))

    (feature,) = collection["features"]
    assert ("FeatureCollection", "Feature", ALERT_ID) == (collection["type"], feature["type"], feature["id"])
    assert Point(144.9646, -37.8195) == shape(feature["geometry"])
    assert ("firing", 612.0, "2016-01-11T03:55:45.014Z", f"{BASE}/alerts/{ALERT_ID}") == (
        feature["properties"]["status"],
        feature["properties"]["value"],
        feature["properties"]["phenomenon_time"],
        feature["properties"]["url"],
    )
    assert {"rel": "next", "href": f"{BASE}/next", "type": "application/geo+json"} in collection["links"]


def test_an_area_stays_an_area():
    """
    A feature that is no point keeps its geometry, and its centre stands for it where a point is needed.
    """
    observed = make_alert(detection=make_detection(observation=make_observation(geometry=LAKE)))

    (feature,) = json.loads(write_geojson(page_of(observed)))["features"]

    assert shape(LAKE).equals(shape(feature["geometry"]))
    assert (7.5, 51.5) == (observed.longitude, observed.latitude)


def test_what_has_no_place_has_no_geometry():
    """
    RFC 7946 wants the member, and null in it.
    """
    observed = make_alert(detection=make_detection(observation=make_observation(geometry=None)))

    (feature,) = json.loads(write_geojson(page_of(observed)))["features"]

    assert ("geometry" in feature, None) == (True, feature["geometry"])


def test_a_posted_item_stands_on_the_map_too():
    """
    Its place is the one that it tells itself.
    """
    (feature,) = json.loads(write_geojson(page_of(posted())))["features"]

    assert ("other 1", Point(144.9, -37.8), "Water rises") == (
        feature["id"],
        shape(feature["geometry"]),
        feature["properties"]["title"],
    )
