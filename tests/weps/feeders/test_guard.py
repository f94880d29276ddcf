"""Which addresses are asked and which are refused."""

from __future__ import annotations

import socket

import pytest

from weps.errors import SourceRefused, SourceUnreachable
from weps.feeders.guard import Guard, refuse_address
from weps.feeders.http import Fetcher, HttpRequest

PRIVATE = [
    "http://localhost/sos",
    "http://LocalHost/sos",
    "http://127.0.0.1/sos",
    "http://127.1/sos",
    "http://0x7f000001/sos",
    "http://2130706433/sos",
    "http://0177.0.0.1/sos",
    "http://0.0.0.0/sos",
    "http://[::1]/sos",
    "http://[::]/sos",
    "http://[::ffff:127.0.0.1]/sos",
    "http://[::ffff:10.0.0.1]/sos",
    "http://[64:ff9b::7f00:1]/sos",
    "http://[2002:7f00:1::]/sos",
    "http://[fe80::1]/sos",
    "http://[fd00:ec2::254]/latest/meta-data",
    "http://169.254.169.254/latest/meta-data",
    "http://168.63.129.16/machine",
    "http://100.100.100.200/latest/meta-data",
    "http://192.0.0.192/latest/meta-data",
    "http://10.1.2.3/sos",
    "http://172.16.0.1/sos",
    "http://192.168.1.1/sos",
    "http://224.0.0.1/sos",
    "http://255.255.255.255/sos",
]
UNASKABLE = [
    "file:///etc/passwd",
    "gopher://example.org/",
    "ftp://example.org/sos",
    "//example.org/sos",
    "example.org/sos",
    "http:///sos",
    "http://",
    "http://example.org:0/sos",
    "http://example.org:99999/sos",
    "http://example.org:port/sos",
    "http://user@example.org/sos",
    "http://example.org@127.0.0.1/sos",
    "http://user:password@example.org/sos",
    "http://example.org\\@127.0.0.1/sos",
    "http://example.org/sos\r\nX-Injected: yes",
    "http://exa mple.org/sos",
    "http://[::1/sos",
    "",
]


@pytest.mark.parametrize("url", PRIVATE)
def test_a_private_address_is_refused_however_it_is_written(url):
    """
    No spelling of an address that only we can reach gets a request out.
    """
    fetcher = Fetcher(timeout=1.0, deadline=2.0)

    with pytest.raises(SourceRefused) as refused:
        fetcher.send(HttpRequest("GET", url))

    assert "private, local or reserved" in refused.value.message


@pytest.mark.parametrize("url", UNASKABLE)
def test_a_url_that_is_no_plain_http_address_is_refused(url):
    """
    Other schemes, user names and what parsers disagree about are refused before a name is resolved.
    """
    fetcher = Fetcher(timeout=1.0, deadline=2.0)

    with pytest.raises(SourceRefused):
        fetcher.send(HttpRequest("GET", url))

    with pytest.raises(SourceRefused):
        fetcher.check(url)


@pytest.mark.parametrize("address", ["93.184.215.14", "8.8.8.8", "2606:4700::1111", "2001:4860:4860::8888"])
def test_a_public_address_may_be_asked(address):
    """
    The guard lets public addresses of both families pass.
    """
    before = address

    refused = refuse_address(address, "somewhere")

    assert (before, refused) == (address, None)


@pytest.mark.parametrize(
    ("allowed", "host", "port", "expected"),
    [
        ("sos.local", "sos.local", 80, True),
        ("sos.local", "SOS.local.", 8080, True),
        ("sos.local:8080", "sos.local", 8080, True),
        ("sos.local:8080", "sos.local", 80, False),
        ("sos.local", "evil-sos.local", 80, False),
        ("sos.local", "sos.local.evil.example", 80, False),
        ("::1", "[::1]", 80, True),
        ("[::1]:8080", "::1", 8080, True),
        ("127.0.0.1:8080", "127.0.0.1", 8081, False),
    ],
)
def test_settings_allow_a_host_or_a_host_with_a_port(allowed, host, port, expected):
    """
    An entry without a port is for every port, one with a port for that one, and nothing matches by likeness.
    """
    guard = Guard(frozenset({allowed}))

    found = guard.allows(host, port)

    assert found is expected


@pytest.mark.parametrize(
    "addresses",
    [["127.0.0.1"], ["8.8.8.8", "10.0.0.1"], ["::ffff:192.168.0.1"]],
    ids=["private", "public and private", "mapped"],
)
def test_a_name_that_resolves_to_a_private_address_is_refused(monkeypatch, addresses):
    """
    The name does not matter, only where it leads; one private address among public ones is enough.
    """

    def resolve(host, port, **_):
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)

    with pytest.raises(SourceRefused) as refused:
        Guard().connect("public.example", 80, 1.0)

    assert refused.value.where == "public.example:80"


def test_a_name_server_that_changes_its_mind_gains_nothing(monkeypatch):
    """
    A name is resolved once for a connection, and what was checked is what is connected to.
    """
    answers = iter(["8.8.8.8", "127.0.0.1"])
    connected = []

    class Socket(socket.socket):
        def connect(self, target):
            connected.append(target)
            raise ConnectionRefusedError(111, "Connection refused")

    def resolve(host, port, **_):
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (next(answers), port))]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    monkeypatch.setattr(socket, "socket", Socket)

    with pytest.raises(SourceUnreachable):
        Fetcher(timeout=0.2, deadline=0.5).send(HttpRequest("GET", "http://rebind.example:8080/"))

    assert connected == [("8.8.8.8", 8080)]


def test_a_name_that_does_not_exist_is_unreachable():
    """
    A host that cannot be resolved is a source that cannot be reached, not one that is refused.
    """
    url = "http://no-such-host.invalid/sos"

    with pytest.raises(SourceUnreachable) as unreachable:
        Fetcher(timeout=1.0, deadline=5.0).send(HttpRequest("GET", url))

    assert unreachable.value.where == "no-such-host.invalid:80"
