from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.weps.notify.samples import make_alert
from weps.errors import DeliveryError, InputError, SourceRefused, SourceUnreachable
from weps.notify.insert_rss import InsertRssChannel, insert_url
from weps.notify.posted import DOCUMENT_LIMIT, read_items
from weps.notify.posting import Reply

NOW = datetime(2016, 1, 11, 5, tzinfo=UTC)

# As the pilot's client writes it: one line, no XML declaration, no isPermaLink, three numbers
PILOT = (
    '<rss version="2.0" xmlns:sc="http://iddss-sensor.cdmps.org.au:8080/rssschemas/"><channel><title>Feeder</title>'
    "<link>http://weps.example.org/store</link><description>updates</description>"
    "<pubDate>Mon, 11 Jan 2016 03:55:45 GMT</pubDate><item><title>overshoot</title>"
    "<link>http://weps.example.org/store/rss/#alert=1452484545014</link><category>undershoot_overshoot</category>"
    "<description>low, then high</description><pubDate>Mon, 11 Jan 2016 03:55:45 GMT</pubDate>"
    "<guid>http://weps.example.org/store/rss/#alert=1452484545014</guid><sc:procedure_id>ws2500</sc:procedure_id>"
    "<sc:observedProperty>AirTemperature</sc:observedProperty><sc:featureOfInterest>roof</sc:featureOfInterest>"
    "<sc:undershoot>9.5</sc:undershoot><sc:overshoot>15.5</sc:overshoot><sc:observation_value>15.5"
    "</sc:observation_value></item></channel></rss>"
)


def document(items: str, version: str = "2.0") -> bytes:
    return f'<rss version="{version}"><channel><title>t</title>{items}</channel></rss>'.encode()


ADDRESSES = {
    "endpoint": ("http://host.example/store", "http://host.example/store/InsertRSS"),
    "slash at the end": ("http://host.example/store/", "http://host.example/store/InsertRSS"),
    "complete already": ("http://host.example/store/InsertRSS", "http://host.example/store/InsertRSS"),
    "complete in other letters": ("http://host.example/insertrss/", "http://host.example/insertrss"),
    "port and query": ("https://host.example:8443/s?key=1", "https://host.example:8443/s/InsertRSS?key=1"),
    "white space of a printed report": (" http://host.example\n/store ", "http://host.example/store/InsertRSS"),
    "no path": ("http://host.example", "http://host.example/InsertRSS"),
    "fragment": ("http://host.example/s#top", "http://host.example/s/InsertRSS"),
}


@pytest.mark.parametrize(("address", "url"), ADDRESSES.values(), ids=ADDRESSES)
def test_an_endpoint_becomes_the_url_to_post_to(address, url):
    """
    `/InsertRSS` is put behind the path of the endpoint once.
    """
    assert url == insert_url(address)


@pytest.mark.parametrize("address", ["", "ftp://host/store", "store", "http://", "http://host:99999/", "mailto:a@b"])
def test_an_address_that_cannot_be_posted_to_is_refused(address):
    """
    Only http and https URLs with a host are addresses of a data store.
    """
    channel = InsertRssChannel(lambda url, body, headers: Reply(200), "http://weps.example.org/alerts")

    with pytest.raises(InputError, match="is no http or https URL"):
        channel.check(address)


STATUSES = {
    "bad request": (400, True),
    "gone": (410, True),
    "conflict": (409, True),
    "request time-out": (408, False),
    "too many": (429, False),
    "server error": (500, False),
    "unavailable": (503, False),
    "redirect": (302, False),
}


@pytest.mark.parametrize(("status", "permanent"), STATUSES.values(), ids=STATUSES)
def test_a_refusal_is_permanent_only_where_trying_again_cannot_help(status, permanent):
    """
    What the client did wrong stays wrong; what the server lacks may come.
    """
    channel = InsertRssChannel(lambda url, body, headers: Reply(status), "http://weps.example.org/alerts")

    with pytest.raises(DeliveryError, match=f"status {status}") as caught:
        channel.send(make_alert(), "http://host.example/store")

    assert permanent == caught.value.permanent


FAILURES = {
    "no answer": (SourceUnreachable("no answer within 10 s"), False),
    "address not allowed": (SourceRefused("private address"), True),
}


@pytest.mark.parametrize(("failure", "permanent"), FAILURES.values(), ids=FAILURES)
def test_a_failed_request_is_a_failed_delivery(failure, permanent):
    """
    The errors of the fetcher become errors of the delivery, with the address.
    """

    def post(url: str, body: bytes, media_type: str) -> int:
        raise failure

    with pytest.raises(DeliveryError, match=r"^http://host\.example/store/InsertRSS: ") as caught:
        InsertRssChannel(post, "http://weps.example.org/alerts").send(make_alert(), "http://host.example/store")

    assert permanent == caught.value.permanent


def test_an_error_does_not_tell_the_keys_of_an_address():
    """
    Logs and stored errors name the data store without password and query.
    """
    channel = InsertRssChannel(lambda url, body, headers: Reply(500), "http://weps.example.org/alerts")

    with pytest.raises(DeliveryError) as caught:
        channel.send(make_alert(), "https://user:secret@host.example:8443/store?key=secret")

    assert "https://host.example:8443/store/InsertRSS: the data store answered with HTTP status 500" == str(
        caught.value
    )


def test_the_pilots_document_is_read():
    """
    What the pilot's client posts is taken as it is, found by its guid, with every element.
    """
    (item,) = read_items(PILOT.encode(), received=NOW)

    assert "http://weps.example.org/store/rss/#alert=1452484545014" == item.guid
    assert NOW == item.received
    assert "<title>overshoot</title>" in item.document
    assert ">15.5</sc:overshoot>" in item.document
    assert 'xmlns:sc="http://iddss-sensor.cdmps.org.au:8080/rssschemas/"' in item.document


def test_the_same_item_written_otherwise_is_the_same():
    """
    Order of attributes, quotes, comments and unused namespaces make no other item.
    """
    first = document("<item><title>t</title><guid isPermaLink='false'>g</guid></item>")
    second = document('<item><!-- again --><title>t</title><guid  isPermaLink="false" >g</guid></item>')
    second = second.replace(b"<rss ", b'<rss xmlns:unused="urn:x" ')

    assert read_items(first, received=NOW) == read_items(second, received=NOW)


def test_several_items_are_read_in_their_order():
    """
    A document may hold more than one item.
    """
    items = read_items(
        document("<item><title>1</title><guid>a</guid></item><item><title>2</title><guid>b</guid></item>"), received=NOW
    )

    assert ["a", "b"] == [item.guid for item in items]


BAD = {
    "nothing": (b"", "not well-formed"),
    "no XML": (b"hello", "not well-formed"),
    "half a document": (PILOT.encode()[:400], "not well-formed"),
    "DOCTYPE": (b"<!DOCTYPE rss [<!ENTITY a 'b'>]><rss version='2.0'/>", "DOCTYPE"),
    "too large": (b" " * (DOCUMENT_LIMIT + 1), "at most"),
    "other document": (b"<html><body/></html>", "is a html, post an rss document"),
    "Atom": (b'<feed xmlns="http://www.w3.org/2005/Atom"/>', "is a feed, post an rss document"),
    "RSS 0.91": (document("", version="0.91"), "only RSS 2.0"),
    "no channel": (b'<rss version="2.0"/>', "no channel"),
    "no item": (document(""), "no item"),
    "no guid": (document("<item><title>t</title></item>"), "no guid"),
    "empty guid": (document("<item><title>t</title><guid> </guid></item>"), "no guid"),
    "long guid": (document(f"<item><title>t</title><guid>{'g' * 1001}</guid></item>"), "longer than 1000"),
    "nothing to show": (document("<item><guid>g</guid></item>"), "neither title nor description"),
    "link that runs": (
        document("<item><title>t</title><guid>g</guid><link>javascript:alert(1)</link></item>"),
        "link is no http",
    ),
    "bad date": (
        document("<item><title>t</title><guid>g</guid><pubDate>yesterday</pubDate></item>"),
        "'yesterday' is no RFC 822 date",
    ),
    "date of no zone": (
        document(
            f"<item><title>t</title><guid>g</guid><pubDate>Mon, 11 Jan 2016 03:55:45 +{'9' * 14}</pubDate></item>"
        ),
        "is no RFC 822 date",
    ),
    "relative namespace": (
        document('<item><title>t</title><guid>g</guid><x:place xmlns:x="u">here</x:place></item>'),
        "a namespace that is no absolute URI",
    ),
    "guid twice": (document("<item><title>t</title><guid>g</guid></item>" * 2), "stands twice"),
    "too many": (
        document("".join(f"<item><title>t</title><guid>{n}</guid></item>" for n in range(101))),
        "at most 100",
    ),
}


@pytest.mark.parametrize(("body", "message"), BAD.values(), ids=BAD)
def test_a_bad_document_is_refused_with_its_fault(body, message):
    """
    The error says what is wrong.
    """
    with pytest.raises(InputError, match=message):
        read_items(body, received=NOW)


def test_a_fault_is_told_with_its_line():
    """
    The error says where the fault stands.
    """
    body = document("\n\n<item>\n<title>t</title>\n</item>")

    with pytest.raises(InputError) as caught:
        read_items(body, received=NOW)

    assert "line 3" == caught.value.where
