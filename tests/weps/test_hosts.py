"""Names of hosts that exist and that cannot."""

from __future__ import annotations

import pytest

from weps.hosts import check_host

POSSIBLE = [
    "example.org",
    "EXAMPLE.org.",
    "localhost",
    "sos_server",
    "a-b.c--d.org",
    "x" * 63 + ".org",
    ".".join(["x" * 61] * 4) + ".abcd",
    "münchen.de",
    "xn--mnchen-3ya.de",
    "192.0.2.1",
    "127.1",
    "0x7f.1",
    "4u.example.org",
    "192.0.2.1.example",
    "::1",
    "2001:db8::1",
    "fe80::1%eth0",
]
IMPOSSIBLE = {
    "blank": ("a b", "characters that no name has"),
    "empty label": ("a..b", "nothing before a dot"),
    "dot first": (".a", "nothing before a dot"),
    "only a dot": (".", "nothing before a dot"),
    "long label": ("a" * 64 + ".org", "more than 63 characters without a dot"),
    "three hundred characters": ("a" * 300, "the host has 300 characters; a name has at most 253"),
    "long of short labels": (".".join(["a" * 50] * 6), "the host has 305 characters"),
    "asterisk": ("*.org", "characters that no name has"),
    "percent": ("%61.org", "characters that no name has"),
    "comma": ("a,b", "characters that no name has"),
    "emoji": ("\N{GRINNING FACE}.org", "cannot be written in ASCII"),
    "long label in Unicode": ("ü" * 64 + ".org", "cannot be written in ASCII"),
    "number too large": ("999.1.1.1", "no IPv4 address; one has four numbers from 0 to 255"),
    "five numbers": ("1.2.3.4.5", "no IPv4 address"),
    "IPv6 of letters": ("::zz", "no IPv6 address"),
    "too many colons": ("1:2:3:4:5:6:7:8:9", "no IPv6 address"),
}


@pytest.mark.parametrize("host", POSSIBLE, ids=lambda host: host[:20].encode("unicode_escape").decode())
def test_a_name_that_can_exist_is_taken(host):
    """
    Nothing is raised; whether it does exist is found out by asking.
    """
    outcome = check_host(host)

    assert outcome is None


@pytest.mark.parametrize(("host", "reason"), IMPOSSIBLE.values(), ids=IMPOSSIBLE)
def test_a_name_that_cannot_exist_is_refused(host, reason):
    """
    The reason is told in one sentence of a length that one reads.
    """
    with pytest.raises(ValueError, match=reason) as refused:
        check_host(host)

    assert len(str(refused.value)) < 250
