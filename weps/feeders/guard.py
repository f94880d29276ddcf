"""
Which addresses WEPS talks to: no private, loopback, link-local or metadata address unless the settings allow the host.

A URL that somebody sends us could otherwise make us read what only we can reach. The check is made on the addresses
that a name resolves to, at the moment of connecting, and the connection goes to the address that was checked; so
neither a redirect nor a name server that changes its mind gets around it.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias
from urllib.parse import SplitResult, urlsplit

from weps.errors import SourceRefused, SourceUnreachable
from weps.hosts import check_host

_Resolved: TypeAlias = tuple[socket.AddressFamily, socket.SocketKind, int, str, Any]
Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address

DEFAULT_PORTS = {"http": 80, "https": 443}
BROKER_PORTS = {"mqtt": 1883, "mqtts": 8883}

# What `ipaddress` of some Python versions calls global, or what clouds serve their machines' secrets from.
_REFUSED_NETWORKS = tuple(
    ipaddress.ip_network(network)
    for network in ("192.0.0.0/24", "192.88.99.0/24", "168.63.129.16/32", "64:ff9b::/96", "64:ff9b:1::/48")
)
_SHOWN = 200
_NOT_IN_A_URL = re.compile(r"[\x00-\x20\x7f\\]")


@dataclass(frozen=True, slots=True)
class Guard:
    """The hosts that are allowed whatever their address is, as `host` (every port) or `host:port`."""

    allowed_hosts: frozenset[str] = frozenset()

    def check_url(self, url: str) -> SplitResult:
        """Refuse a URL that can never be asked: not http(s), without host, with a user name, garbled."""
        return _checked(url, DEFAULT_PORTS)

    def check_broker(self, url: str) -> SplitResult:
        """Refuse the address of a broker of MQTT that can never be connected to, as `check_url` does."""
        return _checked(url, BROKER_PORTS)

    def check_written(self, parts: SplitResult) -> None:
        """Refuse an address that is written out and not allowed; names are resolved only when they are asked."""
        host, port = parts.hostname or "", parts.port or (DEFAULT_PORTS | BROKER_PORTS)[parts.scheme]
        if self.allows(host, port):
            return
        if host.lower().rstrip(".").rpartition(".")[2] == "localhost":
            refuse_address("127.0.0.1", f"{host}:{port}")
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
        except (OSError, UnicodeError):
            return
        for *_, target in found:
            refuse_address(str(target[0]), f"{host}:{port}")

    def allows(self, host: str, port: int) -> bool:
        """Tell whether the settings name this host, or this host and port."""
        name = host.lower().rstrip(".").strip("[]")
        allowed = {entry.lower().replace("[", "").replace("]", "") for entry in self.allowed_hosts}
        return name in allowed or f"{name}:{port}" in allowed

    def connect(self, host: str, port: int, timeout: float | None) -> socket.socket:
        """Resolve a name, refuse it when one of its addresses is not public, and connect to what was checked."""
        where = f"{host}:{port}"
        try:
            found: Sequence[_Resolved] = socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise SourceUnreachable("the host name cannot be resolved", where=where) from error
        if not self.allows(host, port):
            for *_, target in found:
                refuse_address(str(target[0]), where)
        return _connect_first(found, timeout, where)


def _checked(url: str, ports: Mapping[str, int]) -> SplitResult:
    place = url.partition("?")[0][:_SHOWN]
    if _NOT_IN_A_URL.search(url):
        raise SourceRefused("the address has blanks or backslashes; percent-encode them", where=repr(place))
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise SourceRefused("not a URL; write one such as https://sos.example.org/sos", where=place) from error
    if parts.scheme not in ports:
        raise SourceRefused(f"only {':// and '.join(ports)}:// addresses are asked", where=place)
    _check_port(parts, place)
    if not parts.hostname:
        raise SourceRefused("the address names no host that could be asked", where=place)
    if parts.username is not None or parts.password is not None:
        raise SourceRefused("the address holds a user name or password; write it without", where=parts.hostname)
    try:
        check_host(parts.hostname)
    except ValueError as error:
        raise SourceRefused(str(error), where=place) from error
    return parts


def _check_port(parts: SplitResult, place: str) -> None:
    try:
        usable = parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise SourceRefused("the port in the address is none; it is a number from 1 to 65535", where=place)


def refuse_address(text: str, where: str) -> None:
    """Raise `SourceRefused` when the address is not one of the public internet."""
    address = _innermost(ipaddress.ip_address(text.partition("%")[0]))
    public = address.is_global and not address.is_multicast and not address.is_reserved
    if not public or any(address in network for network in _REFUSED_NETWORKS if network.version == address.version):
        raise SourceRefused(
            "the address is private, local or reserved; an operator can name this host in the setting allowed_hosts",
            where=where,
        )


def _innermost(address: Address) -> Address:
    """Give the IPv4 address that an IPv6 address carries, if it does: the packet goes there in the end."""
    if isinstance(address, ipaddress.IPv6Address):
        carried = address.ipv4_mapped or address.sixtofour
        if carried is None and address.teredo is not None:
            carried = address.teredo[1]
        return carried or address
    return address


def _connect_first(found: Sequence[_Resolved], timeout: float | None, where: str) -> socket.socket:
    failure: OSError | None = None
    for family, kind, protocol, _, target in found:
        connection = socket.socket(family, kind, protocol)
        connection.settimeout(timeout)
        try:
            connection.connect(target)
        except OSError as error:
            connection.close()
            failure = error
            continue
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection
    if isinstance(failure, TimeoutError):
        raise SourceUnreachable(f"no connection within {timeout:g} s", where=where) from failure
    raise SourceUnreachable(f"no connection: {failure.strerror if failure else 'no address'}", where=where) from failure
