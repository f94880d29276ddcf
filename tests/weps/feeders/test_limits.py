"""Limits by host, and answers that are kept: against a server on loopback, and on a clock that the test moves."""

from __future__ import annotations

import threading
import time

import pytest

from tests import misbehaving_sos as misbehaving
from tests.misbehaving_sos import MisbehavingSos
from tests.waiting import join
from weps.errors import SourceUnreachable
from weps.feeders.http import Fetcher, HttpRequest
from weps.feeders.kept_answers import KeptAnswers
from weps.feeders.limits import HostLimits


@pytest.fixture
def server():
    with MisbehavingSos() as running:
        yield running


def fetcher(limits: HostLimits | None = None) -> Fetcher:
    return Fetcher(frozenset({"127.0.0.1"}), timeout=5, limits=limits)


def test_no_host_is_asked_more_at_once_than_it_may(server: MisbehavingSos):
    """
    Of six requests at most two are under way; another host is not kept waiting by them.
    """
    under_way, most, lock = [0], [0], threading.Lock()

    def slow(exchange: misbehaving.Exchange) -> None:
        with lock:
            under_way[0] += 1
            most[0] = max(most[0], under_way[0])
        exchange.stopping.wait(0.05)
        with lock:
            under_way[0] -= 1
        misbehaving.answer(b"<a/>")(exchange)

    server.behaviours["/sos"] = slow
    asking = fetcher(HostLimits(parallel=2))
    threads = [threading.Thread(target=asking.send, args=(HttpRequest("GET", server.url("/sos")),)) for _ in range(6)]
    for thread in threads:
        thread.start()
    join(threads)

    assert (most[0], len(server.requests)) == (2, 6)


def test_requests_to_a_host_begin_at_a_distance(server: MisbehavingSos):
    """
    With fifty a second six requests take a tenth of a second at least, whoever makes them.
    """
    server.behaviours["/sos"] = misbehaving.answer(b"<a/>")
    asking = fetcher(HostLimits(parallel=4, rate=50))
    begun = time.monotonic()
    for _ in range(6):
        asking.send(HttpRequest("GET", server.url("/sos")))

    assert time.monotonic() - begun >= 0.1


def test_a_host_that_wants_to_be_left_alone_is(server: MisbehavingSos):
    """
    After a 429 with Retry-After nothing is asked, also not by others, and the error says how long.
    """
    server.behaviours["/sos"] = misbehaving.answer(b"", status=429, Retry_After=120)
    asking = fetcher(HostLimits(parallel=4))
    answer = asking.send(HttpRequest("GET", server.url("/sos")))

    with pytest.raises(SourceUnreachable, match="wants to be asked nothing") as caught:
        asking.send(HttpRequest("GET", server.url("/other")))

    assert (answer.status, len(server.requests)) == (429, 1)
    assert 110 < caught.value.retry_after <= 120


def test_a_pause_ends(server: MisbehavingSos):
    """
    When its time is over the host is asked again.
    """
    now = [0.0]
    limits = HostLimits(parallel=1, clock=lambda: now[0])
    limits.pause("host", 60)
    with pytest.raises(SourceUnreachable), limits.turn("host"):
        pass
    now[0] = 60.0

    with limits.turn("host"):
        passed = True

    assert passed


def versioned(version: list[str], answered: list[int]) -> misbehaving.Behaviour:
    """Answer with an ETag, and 304 to who has that version already."""

    def behave(exchange: misbehaving.Exchange) -> None:
        has_it = exchange.headers.get("if-none-match") == version[0]
        answered.append(304 if has_it else 200)
        body = f"<a>{version[0]}</a>".encode()
        kept = misbehaving.answer(b"", status=304, ETag=version[0])
        (kept if has_it else misbehaving.answer(body, ETag=version[0]))(exchange)

    return behave


def test_what_has_not_changed_is_not_sent_again(server: MisbehavingSos):
    """
    The second time the server says 304, and the answer is as it was; a new version is sent.
    """
    version, answered = ['"1"'], []
    server.behaviours["/sos"] = versioned(version, answered)
    asking = fetcher()
    found = [asking.send(HttpRequest("GET", server.url("/sos"))) for _ in range(2)]
    version[0] = '"2"'
    found.append(asking.send(HttpRequest("GET", server.url("/sos"))))

    assert answered == [200, 304, 200]
    assert [(each.status, each.body) for each in found] == [
        (200, b'<a>"1"</a>'),
        (200, b'<a>"1"</a>'),
        (200, b'<a>"2"</a>'),
    ]


def test_another_question_has_another_answer(server: MisbehavingSos):
    """
    What is kept of one URL is not given for another, nor for other headers.
    """
    answered: list[int] = []
    server.behaviours["/sos"] = versioned(['"1"'], answered)
    asking = fetcher()
    for url, headers in (("/sos", {}), ("/sos?a", {}), ("/sos", {"Accept": "text/csv"}), ("/sos", {})):
        asking.send(HttpRequest("GET", server.url(url), headers))

    assert answered == [200, 200, 200, 304]


def test_only_so_much_is_kept():
    """
    The oldest goes first; what is large, or must not be kept, is not.
    """
    kept = KeptAnswers(limit=80)
    for number in range(10):
        kept.keep(str(number), {}, {"ETag": "1"}, "text/xml", bytes(10))
    kept.keep("large", {}, {"ETag": "1"}, "text/xml", bytes(11))
    kept.keep("secret", {}, {"ETag": "1", "Cache-Control": "private, no-store"}, "text/xml", bytes(1))
    kept.keep("without", {}, {}, "text/xml", bytes(1))

    names = [*(str(number) for number in range(10)), "large", "secret", "without"]
    assert [name for name in names if kept.find(name, {})] == ["2", "3", "4", "5", "6", "7", "8", "9"]


def test_answers_without_a_body_are_not_kept_without_end():
    """
    Each poll has an address of its own, and what answers nothing new may have a version all the same.
    """
    kept = KeptAnswers(limit=80)

    for number in range(6000):
        kept.keep(f"http://sos.example/?{number}", {}, {"ETag": '"1"'}, "text/xml", b"")

    found = [number for number in range(6000) if kept.find(f"http://sos.example/?{number}", {}) is not None]
    assert found == list(range(6000 - 4096, 6000))
