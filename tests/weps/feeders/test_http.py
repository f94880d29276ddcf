"""Asking servers that answer, that answer badly, and that do not answer."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from tests import misbehaving_sos as misbehaving
from tests.misbehaving_sos import MisbehavingSos
from weps.errors import SourceGarbled, SourceRefused, SourceTooLarge, SourceTooSlow, SourceUnreachable
from weps.feeders.http import Answer, Fetcher, HttpRequest, require_success

LONG_ENOUGH = 3.0
"""Seconds in which every refusal must be there: the fixture's deadline of 0.8 s and room for a busy machine."""


def test_an_answer_comes_back_whole_with_status_type_and_address(server, fetcher):
    """
    A plain answer is given as it is.
    """
    server.behaviours["/sos"] = misbehaving.answer(b"<hello/>", content_type="text/xml; charset=utf-8")

    answer = fetcher.send(HttpRequest("GET", server.url("/sos?a=b"), {"Accept": "text/xml"}))

    assert answer == Answer(200, "text/xml; charset=utf-8", b"<hello/>", server.url("/sos?a=b"))
    assert (server.requests[0].target, server.requests[0].headers["accept"]) == ("/sos?a=b", "text/xml")
    assert server.requests[0].headers["host"] == server.host


def test_a_body_is_posted_with_its_headers(server, fetcher):
    """
    A POST carries its octets and content type, and asks for compression.
    """
    server.behaviours["/sos"] = misbehaving.answer(b"<ok/>")

    fetcher.send(HttpRequest("POST", server.url("/sos"), {"Content-Type": "application/xml"}, b"<ask/>"))

    asked = server.requests[0]
    assert (asked.method, asked.body, asked.headers["content-type"]) == ("POST", b"<ask/>", "application/xml")
    assert asked.headers["accept-encoding"] == "gzip, deflate"


def test_a_compressed_answer_is_decompressed(server, fetcher):
    """
    What came as gzip is given as it was before.
    """
    server.behaviours["/sos"] = misbehaving.compressed(b"<hello/>" * 10_000)

    answer = fetcher.send(HttpRequest("GET", server.url("/sos")))

    assert answer.body == b"<hello/>" * 10_000


@pytest.mark.parametrize(
    ("behaviour", "error", "message"),
    [
        (misbehaving.hang, SourceTooSlow, "no answer for 0.4 s"),
        (misbehaving.trickle_headers, SourceTooSlow, "no complete answer within 0.8 s"),
        (misbehaving.trickle_body, SourceTooSlow, "no complete answer within 0.8 s"),
        (misbehaving.trickle_chunks, SourceTooSlow, "no complete answer within 0.8 s"),
        (misbehaving.endless, SourceTooLarge, "the answer is larger than 1048576 octets"),
        (misbehaving.gzip_bomb, SourceTooLarge, "the answer is larger than 1048576 octets"),
        (misbehaving.answer(bytes(1024 * 1024 + 1)), SourceTooLarge, "the answer is larger than 1048576 octets"),
        (misbehaving.damaged_gzip, SourceGarbled, "the answer's compression is damaged"),
        (misbehaving.hang_up, SourceUnreachable, "the connection broke off"),
        (misbehaving.too_short(b"<half"), SourceUnreachable, "the connection broke off"),
        (misbehaving.redirect("/sos"), SourceUnreachable, "more than 5 redirects"),
        (misbehaving.redirect("http://[sos/"), SourceGarbled, "the server redirects to what is no address"),
        (misbehaving.too_long(b"<ok/>", "9" * 5000), SourceTooLarge, "the answer is larger than 1048576 octets"),
    ],
    ids=[
        "never answers",
        "trickles headers",
        "trickles the body",
        "trickles a chunk's size",
        "endless",
        "gzip bomb",
        "one octet too many",
        "damaged gzip",
        "hangs up",
        "less than stated",
        "redirect loop",
        "redirect to nowhere",
        "a length of 5000 digits",
    ],
)
def test_a_bad_answer_ends_in_time_with_its_own_error(server, fetcher, behaviour, error, message):
    """
    Nothing that a server does holds us longer than the deadline, and the error says what it did.
    """
    server.behaviours["/sos"] = behaviour
    begun = time.monotonic()

    with pytest.raises(error) as raised:
        fetcher.send(HttpRequest("GET", server.url("/sos")))

    assert type(raised.value) is error
    assert raised.value.message.startswith(message)
    assert raised.value.where == server.url("/sos")
    assert time.monotonic() - begun < LONG_ENOUGH


def test_an_answer_longer_than_stated_ends_where_it_was_stated(server, fetcher):
    """
    What comes after the stated length is no part of the answer.
    """
    server.behaviours["/sos"] = misbehaving.too_long(b"<hello/>", 4)

    answer = fetcher.send(HttpRequest("GET", server.url("/sos")))

    assert answer.body == b"<hel"


def test_an_answer_of_exactly_the_limit_is_taken(server, fetcher):
    """
    The limit itself is allowed.
    """
    server.behaviours["/sos"] = misbehaving.answer(bytes(1024 * 1024))

    answer = fetcher.send(HttpRequest("GET", server.url("/sos")))

    assert len(answer.body) == 1024 * 1024


def test_a_port_where_nobody_listens_is_unreachable():
    """
    A refused connection is told as such.
    """
    with MisbehavingSos() as gone:
        host = gone.host

    with pytest.raises(SourceUnreachable) as raised:
        Fetcher(frozenset({host}), timeout=1.0).send(HttpRequest("GET", f"http://{host}/sos"))

    assert raised.value.message == "no connection: Connection refused"


def test_a_server_without_tls_asked_for_it_is_unreachable(server):
    """
    The error speaks of the secure connection.
    """
    patient = Fetcher(frozenset({server.host}), timeout=20)
    url = f"https://{server.host}/sos"

    with pytest.raises(SourceUnreachable) as raised:
        patient.send(HttpRequest("GET", url))

    assert raised.value.message.startswith("no secure connection: ")


@pytest.mark.parametrize(
    ("status", "method"), [(301, "POST"), (302, "POST"), (303, "GET"), (307, "POST"), (308, "POST")]
)
def test_a_redirected_post_keeps_its_body_unless_the_server_says_see_other(server, fetcher, status, method):
    """
    A GetObservation that is sent elsewhere still asks what it asked; the answer's address is the last one.
    """
    server.behaviours["/old"] = misbehaving.redirect("/new?x=1", status)
    server.behaviours["/new"] = misbehaving.answer(b"<moved/>")

    answer = fetcher.send(HttpRequest("POST", server.url("/old"), {"Content-Type": "application/xml"}, b"<ask/>"))

    assert (answer.body, answer.url) == (b"<moved/>", server.url("/new?x=1"))
    assert server.requests[1].method == method
    assert server.requests[1].body == (b"<ask/>" if method == "POST" else b"")


def test_five_redirects_are_followed(server, fetcher):
    """
    Five are followed; the loop test has the sixth.
    """
    for number in range(5):
        server.behaviours[f"/{number}"] = misbehaving.redirect(f"/{number + 1}")
    server.behaviours["/5"] = misbehaving.answer(b"<here/>")

    answer = fetcher.send(HttpRequest("GET", server.url("/0")))

    assert answer.body == b"<here/>"


@pytest.mark.parametrize(
    "location",
    [
        "http://127.0.0.1:9/private",
        "http://169.254.169.254/latest",
        "http://[::1]/",
        "file:///etc/passwd",
        "gopher://a/",
    ],
)
def test_a_redirect_to_where_we_may_not_go_is_refused(server, fetcher, location):
    """
    Every step is checked as the first one was; another port of an allowed machine is another host.
    """
    server.behaviours["/sos"] = misbehaving.redirect(location)

    with pytest.raises(SourceRefused):
        fetcher.send(HttpRequest("GET", server.url("/sos")))

    assert len(server.requests) == 1


def test_credentials_do_not_follow_a_redirect_to_another_origin(server):
    """
    A key that was meant for one server is not shown to another.
    """
    with MisbehavingSos() as other:
        server.behaviours["/sos"] = misbehaving.redirect(other.url("/sos"))
        other.behaviours["/sos"] = misbehaving.answer(b"<ok/>")
        fetcher = Fetcher(frozenset({server.host, other.host}))

        fetcher.send(HttpRequest("GET", server.url("/sos"), {"authorization": "Bearer key", "Accept": "text/xml"}))

        asked = other.requests[0].headers
    assert "authorization" not in asked
    assert asked["accept"] == "text/xml"


def test_cookies_are_not_kept(server, fetcher):
    """
    A server cannot make us carry something from one request to the next.
    """
    server.behaviours["/sos"] = misbehaving.answer(b"<ok/>", Set_Cookie="track=me; Path=/")

    for _ in range(2):
        fetcher.send(HttpRequest("GET", server.url("/sos")))

    assert ["cookie" in asked.headers for asked in server.requests] == [False, False]


def test_proxies_of_the_environment_are_not_used(server, fetcher, monkeypatch):
    """
    A proxy would resolve names where the guard does not see it.
    """
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    server.behaviours["/sos"] = misbehaving.answer(b"<direct/>")

    answer = fetcher.send(HttpRequest("GET", server.url("/sos")))

    assert answer.body == b"<direct/>"


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (404, SourceGarbled),
        (401, SourceGarbled),
        (408, SourceTooSlow),
        (429, SourceUnreachable),
        (500, SourceUnreachable),
        (503, SourceUnreachable),
    ],
)
def test_a_status_without_success_is_an_error_for_who_needs_the_document(server, fetcher, status, error):
    """
    `send` gives any answer, `get` only documents; what may pass is unreachable, what will not is garbled.
    """
    server.behaviours["/rule"] = misbehaving.answer(b"no", status)
    url = server.url("/rule")

    answer = fetcher.send(HttpRequest("GET", url))

    assert (answer.status, answer.successful) == (status, False)
    with pytest.raises(error, match=f"the server answered {status}"):
        fetcher.get(url)


@pytest.mark.parametrize(
    ("stated", "seconds"),
    [
        ("120", 120.0),
        ("soon", None),
        ("-5", None),
        ("9" * 400, 86400.0),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0.0),
        ("Thu, 01 Jan 1970 00:00:00 +99999999999999", None),
        (format_datetime(datetime.now(UTC) + timedelta(days=400), usegmt=True), 86400.0),
    ],
    ids=["seconds", "a word", "negative", "for ever", "past", "no zone", "a year from now"],
)
def test_retry_after_is_the_servers_wish_in_seconds(server, fetcher, stated, seconds):
    """
    Seconds or a date, at most a day, and nothing where it cannot be read.
    """
    server.behaviours["/sos"] = misbehaving.answer(b"slow down", 429, Retry_After=stated)

    answer = fetcher.send(HttpRequest("GET", server.url("/sos")))

    with pytest.raises(SourceUnreachable) as raised:
        require_success(answer)
    assert raised.value.retry_after == seconds


def test_a_connection_is_kept_and_each_request_over_it_has_its_own_deadline(server, fetcher):
    """
    A server that answered well before does not hold us longer when it stops to.
    """
    server.behaviours["/sos"] = misbehaving.answer_and_stay(b"<ok/>")
    server.behaviours["/trickle"] = misbehaving.trickle_headers
    found = [fetcher.send(HttpRequest("GET", server.url("/sos"))).body for _ in range(3)]

    with pytest.raises(SourceUnreachable, match=r"no complete answer within 0\.8 s"):
        fetcher.send(HttpRequest("GET", server.url("/trickle")))

    assert found == [b"<ok/>"] * 3
    assert len({asked.client for asked in server.requests}) == 1


def test_what_comes_with_a_redirect_is_not_read(server, fetcher):
    """
    However long it is: only its address counts.
    """

    def redirect(exchange):
        exchange.send(misbehaving.head(302, Location="/new"))
        while not exchange.stopping.is_set():
            exchange.send(misbehaving.CHUNK)

    server.behaviours["/sos"], server.behaviours["/new"] = redirect, misbehaving.answer(b"<ok/>")

    assert fetcher.send(HttpRequest("GET", server.url("/sos"))).body == b"<ok/>"


@pytest.mark.parametrize("name", ["Host", "content-length", "Transfer-Encoding", "CONNECTION", " host"])
def test_headers_that_frame_a_message_are_not_for_callers_to_set(server, fetcher, name):
    """
    Whoever may name headers for a reference must not get a second request past the first.
    """
    request = HttpRequest("POST", server.url("/sos"), {name: "1"}, b"body")

    with pytest.raises(SourceRefused):
        fetcher.send(request)

    assert server.requests == []


@pytest.mark.parametrize(("name", "value"), [("X-Name", "a\r\nX-Other: b"), ("X-Name", "\u20ac"), ("", "a")])
def test_headers_that_cannot_be_sent_are_refused(server, fetcher, name, value):
    """
    Line breaks and characters outside of Latin-1 end in an error of ours and not in a request.
    """
    request = HttpRequest("GET", server.url("/sos"), {name: value})

    with pytest.raises(SourceRefused):
        fetcher.send(request)

    assert server.requests == []


def test_errors_do_not_show_the_query_of_an_address(server, fetcher):
    """
    Keys stand there, and errors are logged and told to subscribers.
    """
    url = server.url("/sos?api-key=secret")
    errors = []

    for behaviour in (misbehaving.hang_up, misbehaving.hang, misbehaving.endless, misbehaving.redirect(url)):
        server.behaviours["/sos"] = behaviour
        with pytest.raises((SourceUnreachable, SourceTooLarge)) as raised:
            fetcher.send(HttpRequest("GET", url))
        errors.append(str(raised.value))

    assert not [error for error in errors if "secret" in error]
    assert [error.partition("/sos: ")[0] for error in errors] == [f"http://{server.host}"] * 4


def test_many_threads_share_one_fetcher_and_each_has_its_own_deadline(server, fetcher):
    """
    A server that hangs takes the time of those who asked it, and of nobody else.
    """
    server.behaviours["/hang"] = misbehaving.trickle_body
    server.behaviours["/sos"] = misbehaving.answer(b"<ok/>")
    found: list[str] = []

    def ask(path: str) -> None:
        try:
            found.append(fetcher.send(HttpRequest("GET", server.url(path))).body.decode())
        except SourceUnreachable as error:
            found.append(error.message)

    threads = [threading.Thread(target=ask, args=(path,)) for path in ("/hang", "/sos", "/hang", "/sos", "/sos")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LONG_ENOUGH)

    assert sorted(found) == ["<ok/>"] * 3 + ["no complete answer within 0.8 s"] * 2
