"""Which hub pushes a topic: by its headers, or by what its document says."""

from __future__ import annotations

import json

import pytest

from tests import misbehaving_sos as misbehaving
from weps.feeders.http import Answer
from weps.feeders.topics import Topic, read_topic

PLACE = "http://sos.example/levels?x=1"
ATOM = "<feed xmlns='http://www.w3.org/2005/Atom'>{}</feed>"
RSS = "<rss version='2.0' xmlns:atom='http://www.w3.org/2005/Atom'><channel>{}</channel></rss>"
PAGE = "<!DOCTYPE html><html><head><title>x</title>{}</head><body>{}</body></html>"
LINKS = "<link rel='hub' href='http://hub.example/'/><link rel='self' href='http://sos.example/levels'/>"
BOTH = Topic("http://sos.example/levels", "http://hub.example/")
HEADER = '<http://hub.example/>; rel="hub", <http://sos.example/levels>; rel="self"'
FEED = {"hubs": [{"type": "rssCloud", "url": "http://x.example"}, {"type": "WebSub", "url": "http://hub.example/"}]}


def answer(body: str, kind: str = "application/atom+xml", link: str = "") -> Answer:
    return Answer(200, kind, body.encode(), PLACE, link=link)


@pytest.mark.parametrize(
    "given",
    [
        answer("words", "text/plain", HEADER),
        answer("", "text/plain", '<http://hub.example/>; rel="alternate hub",</levels>; rel=self'),
        answer(ATOM.format(LINKS)),
        answer(RSS.format(LINKS.replace("<link", "<atom:link")), "application/rss+xml"),
        answer(PAGE.format(LINKS, ""), "text/html; charset=utf-8"),
        answer(json.dumps({**FEED, "feed_url": "http://sos.example/levels"}), "application/feed+json"),
        answer(ATOM.format(LINKS.replace("hub.example", "other.example")), link=HEADER),
        answer(ATOM.format(LINKS), link='<http://hub.example/>; rel="hub"'),
        answer(ATOM.format(f"{LINKS}<link rel='hub' href='http://b.example'/>")),
    ],
    ids=["headers", "relative", "atom", "rss", "html", "json", "headers first", "self in the document", "first hub"],
)  # fmt: skip
def test_a_topic_names_its_hub_and_itself(given):
    """
    In each of the ways of the standard, and that of JSON Feed.
    """
    assert BOTH == read_topic(given)


def test_a_topic_that_does_not_name_itself_is_what_was_asked_for():
    """
    So its hub can be asked for it nevertheless.
    """
    assert Topic(PLACE, "http://hub.example/") == read_topic(answer("", link='<http://hub.example/>; rel="hub"'))


@pytest.mark.parametrize(
    "given",
    [
        answer("words", "text/plain"),
        answer(ATOM.format("<link rel='self' href='http://sos.example/levels'/>")),
        answer(ATOM.format("<link rel='hub' href='ftp://hub.example/'/>")),
        answer(PAGE.format("", LINKS), "text/html"),
        answer("", "text/html"),
        answer("{", "application/json"),
        answer("[1]", "application/json"),
        answer('{"hubs": 5}', "application/json"),
        answer("<feed", "text/xml"),
        answer(ATOM.format("<link rel='hub' href='http://[hub/'/>")),
        answer("", link='<http://[hub/>; rel="hub"'),
    ],
    ids=[
        *("no hub", "self alone", "scheme", "body of a page", "empty", "no json", "no object", "hubs", "no xml"),
        *("no address", "no address in a header"),
    ],
)
def test_what_names_no_hub_has_none(given):
    """
    Nothing is taken from where anybody may write, and nothing that cannot be read is an error.
    """
    assert read_topic(given) is None


def test_links_are_told_also_of_an_answer_that_has_not_changed(server, fetcher):
    """
    The server does not repeat them when it says so.
    """
    behaviour = misbehaving.answer(b"x", ETag='"1"', Link=HEADER)
    unchanged = misbehaving.answer(b"", status=304)
    server.behaviours["/t"] = lambda exchange: (unchanged if "if-none-match" in exchange.headers else behaviour)(
        exchange
    )

    links = [fetcher.get(server.url("/t")).link for _ in range(2)]

    assert [HEADER, HEADER] == links
