"""Names of hosts: which can exist at all (RFC 1123 clause 2.1), before anybody is asked for their addresses."""

from __future__ import annotations

import ipaddress
import re
import socket
import unicodedata

LONGEST_NAME, LONGEST_LABEL = 253, 63
# Underscores are in no name of the internet, but in those of containers.
_LABEL = re.compile(r"[A-Za-z0-9_-]+")
_NUMBER = re.compile(r"[0-9]+|0[xX][0-9A-Fa-f]*")


def check_host(host: str) -> None:
    """Refuse what can never be the name or the address of a host, written without brackets; raises `ValueError`."""
    shown = repr(host[:100])
    if ":" in host:
        _check_ipv6(host, shown)
        return
    name = _in_ascii(host, shown).removesuffix(".")
    if len(name) > LONGEST_NAME:
        raise ValueError(f"the host has {len(name)} characters; a name has at most {LONGEST_NAME}")
    labels = name.split(".")
    if "" in labels:
        raise ValueError(f"the host {shown} has nothing before a dot; write a name such as sos.example.org")
    if max(map(len, labels)) > LONGEST_LABEL:
        raise ValueError(f"the host {shown} has more than {LONGEST_LABEL} characters without a dot, as no name has")
    if not all(_LABEL.fullmatch(label) for label in labels):
        raise ValueError(f"the host {shown} has characters that no name has; write a name such as sos.example.org")
    if _NUMBER.fullmatch(labels[-1]):
        _check_ipv4(name, shown)


def _in_ascii(host: str, shown: str) -> str:
    if host.isascii():
        return host
    try:
        if not all(character in "-._·" or unicodedata.category(character)[0] in "LMN" for character in host):
            raise UnicodeError("neither letter nor number")  # the codec below takes more than names may have
        return host.encode("idna").decode()
    except UnicodeError as error:
        message = (
            f"the host {shown} cannot be written in ASCII; write it as it is registered, such as xn--mnchen-3ya.de"
        )
        raise ValueError(message) from error


def _check_ipv4(name: str, shown: str) -> None:
    try:
        socket.inet_aton(name)
    except OSError as error:
        raise ValueError(f"the host {shown} is no IPv4 address; one has four numbers from 0 to 255") from error


def _check_ipv6(host: str, shown: str) -> None:
    try:
        ipaddress.IPv6Address(host)
    except ValueError as error:
        raise ValueError(f"the host {shown} is no IPv6 address; one looks like [2001:db8::1]") from error
