from __future__ import annotations

import feedparser
import pytest
from lxml import etree

from tests.weps.notify.pages import ALERT_ID, BASE, SUBSCRIPTION_ID, alert, page_of, posted
from tests.weps.notify.samples import make_alert, make_detection, make_observation
from weps.notify.atom import write_atom
from weps.notify.rss import write_rss

ATOM = "{http://www.w3.org/2005/Atom}"


def test_every_field_of_an_alert_comes_back_from_a_feed_reader():
    """
    Id, title, text, times, links, categories, place and the elements that RSS items have stand in an Atom entry.
    """
    told = alert(late=True)

    parsed = feedparser.parse(write_atom(page_of(told)))

    (entry,) = parsed.entries
    assert ("atom10", False) == (parsed.version, parsed.bozo)
    assert (f"urn:uuid:{ALERT_ID}", told.title) == (entry.id, entry.title)
    assert ["PeopleCount at flinders 612 is greater than 500", "Rule: crowded, version 3"] == entry.content[
        0
    ].value.split("<br />\n")[:2]
    assert ("2016-01-11T04:00:02Z", "2016-01-11T04:00:02Z") == (entry.updated, entry.published)
    assert f"{BASE}/alerts/{ALERT_ID}" == entry.link
    assert ["firing", "Moderate"] == [tag.term for tag in entry.tags]
    assert {"type": "Point", "coordinates": (144.9646, -37.8195)} == entry.where
    assert ("612.0", "500.0", "true") == (entry.sc_overshoot, entry.weps_threshold, entry.weps_late)


def test_an_entry_says_as_much_as_an_rss_item():
    """
    Both formats have the same elements beside their own, with the same texts.
    """
    told = alert()

    entry, item = (feedparser.parse(write(page_of(told))).entries[0] for write in (write_atom, write_rss))

    ours = ("sc_", "weps_", "where")
    assert {name: value for name, value in item.items() if name.startswith(ours)} == {
        name: value for name, value in entry.items() if name.startswith(ours)
    }


SHAPES = {
    "polygon": (
        {"type": "Polygon", "coordinates": [[[7.0, 51.0], [8.0, 51.0], [8.0, 52.0], [7.0, 51.0]]]},
        {"type": "Polygon", "coordinates": ([(7.0, 51.0), (8.0, 51.0), (8.0, 52.0), (7.0, 51.0)],)},
    ),
    "line": (
        {"type": "LineString", "coordinates": [[7.0, 51.0], [8.0, 52.0]]},
        {"type": "LineString", "coordinates": [(7.0, 51.0), (8.0, 52.0)]},
    ),
    "points": (
        {"type": "MultiPoint", "coordinates": [[7.0, 51.0], [8.0, 52.0]]},
        {"type": "Box", "coordinates": ((7.0, 51.0), (8.0, 52.0))},
    ),
}


@pytest.mark.parametrize(("geometry", "expected"), SHAPES.values(), ids=SHAPES)
@pytest.mark.parametrize("write", [write_atom, write_rss], ids=["atom", "rss"])
def test_a_shape_is_told_in_georss(write, geometry, expected):
    """
    Readers get lines and areas as such, and of what GeoRSS has no element for the box around it.
    """
    observed = make_alert(detection=make_detection(observation=make_observation(geometry=geometry)))

    (entry,) = feedparser.parse(write(page_of(observed))).entries

    assert expected == entry.where


def test_a_feed_has_what_rfc_4287_asks_of_it():
    """
    A feed has id, title, updated, author and a link to itself, in the Atom namespace (clauses 4.1.1 and 4.2).
    """
    root = etree.fromstring(write_atom(page_of(alert(), next_url=f"{BASE}/feeds/x?before=7-0")))

    assert f"{ATOM}feed" == root.tag
    assert (f"urn:uuid:{SUBSCRIPTION_ID}", "2016-01-11T04:00:02Z", "WEPS") == (
        root.findtext(f"{ATOM}id"),
        root.findtext(f"{ATOM}updated"),
        root.findtext(f"{ATOM}author/{ATOM}name"),
    )
    assert {
        ("self", f"{BASE}/feeds/open-sesame.x", "application/atom+xml"),
        ("next", f"{BASE}/feeds/x?before=7-0", "application/atom+xml"),
        ("alternate", f"{BASE}/", "text/html"),
    } == {(link.get("rel"), link.get("href"), link.get("type")) for link in root.findall(f"{ATOM}link")}


def test_an_entry_leads_to_its_cap_message():
    """
    Relation and type of an entry's links are told.
    """
    root = etree.fromstring(write_atom(page_of(alert())))

    assert [
        ("alternate", f"{BASE}/alerts/{ALERT_ID}", None),
        ("related", f"{BASE}/alerts/{ALERT_ID}.cap", "application/cap+xml"),
    ] == [(link.get("rel"), link.get("href"), link.get("type")) for link in root.iterfind(f"{ATOM}entry/{ATOM}link")]


def test_a_posted_item_becomes_an_entry():
    """
    Its guid becomes an IRI, its markup text, its foreign elements stay, and nothing of a script is left.
    """
    document = write_atom(page_of(posted(), alert()))

    first, second = feedparser.parse(document).entries
    assert ("urn:weps:item:other%201", "Water rises", "http://other.example.org/1") == (
        first.id,
        first.title,
        first.link,
    )
    assert ("Level 7", ["flood"], "gauge7") == (
        first.content[0].value.strip(),
        [tag.term for tag in first.tags],
        first.sc_procedure_id,
    )
    assert f"urn:uuid:{ALERT_ID}" == second.id
    assert b"alert(1)" not in document


def test_an_empty_feed_is_a_feed():
    """
    A subscription without alerts has been updated when it was made.
    """
    parsed = feedparser.parse(write_atom(page_of()))

    assert ("2016-01-10T00:00:00Z", []) == (parsed.feed.updated, parsed.entries)


@pytest.mark.parametrize("namespace", ["http://www.w3.org/1999/xhtml", "http://www.w3.org/2000/svg"])
def test_elements_that_browsers_would_run_are_not_copied(namespace):
    """
    A posted item may hold elements of any namespace, but those that run in browsers do not get into other documents.
    """
    item = posted()
    hostile = item.document.replace("</item>", f'<h:script xmlns:h="{namespace}">alert(1)</h:script></item>')

    root = etree.fromstring(write_atom(page_of(alert(), type(item)("g", hostile, item.received))))

    assert [] == list(root.iter(f"{{{namespace}}}script"))
