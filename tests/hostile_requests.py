"""Requests of somebody who means no good, or knows no better: made from right ones, at random by a seed."""

from __future__ import annotations

import json
import random
import re
from dataclasses import dataclass, field
from urllib.parse import quote, urlencode

TIMES = [
    *("0001-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59.999999Z", "9999-12-31T24:00:00Z"),
    *(
        "2016-12-31T23:59:60Z",
        "2016-01-01T24:00:00Z",
        "-0001-01-01T00:00:00Z",
        "0000-00-00",
        "2016-02-30",
        "10000-01-01",
    ),
    *("1e9", "now", "2016-01-01T00:00:00Z/0001-01-01T00:00:00Z", "9999-12-31/9999-12-31", "2016-W01-1", "24:00"),
]
NUMBERS = [
    *("0", "-1", "1e308", "1e309", "-1e400", "NaN", "INF", "-0.0", "1_000", "٣", "0x10", "9" * 19, "9" * 5000, "1.5"),
    *("18446744073709551616", "-9223372036854775809", "2147483648", "1e-400", "+1", " 1 ", "1,5"),
]
SPANS = ["P0D", "-P1D", "P99999999D", "PT0.0000001S", "P1Y", "P", "PT", "P1W1D", "PT1e5S", "never", "P36525D"]
TEXTS = [
    *(
        "",
        " ",
        "\0",
        "\ufffe",
        "\ud7ff",
        "\u202e",
        "💥" * 50,
        "x" * 3000,
        "'; DROP TABLE alerts; --",
        "%",
        "%00",
        "../../etc",
    ),
    *(
        "<script>alert(1)</script>",
        "]]>",
        "&amp;&lt;",
        "{{7*7}}",
        "${x}",
        "%s%n",
        "null",
        "None",
        "true",
        "[]",
        "{}",
        "\r\nX: y",
    ),
    *("{title}", "{0.__class__}", "a" * 64 + ".b", "_:urn::", "*", "?", "#", "//", "\\", "a\tb", "[" * 500, "{" * 500),
]
ADDRESSES = [
    *(
        "http://127.0.0.1:1/",
        "http://[::1",
        "http://a b/",
        "file:///etc/passwd",
        "http://169.254.169.254/latest",
        "//x",
    ),
    *(
        "http://0x7f.1/",
        "mqtt://localhost/#",
        "mailto:x",
        "webhook+http://10.0.0.1/",
        "javascript:alert(1)",
        "http://x:99999/",
    ),
]
WORDS = [*TIMES, *NUMBERS, *SPANS, *TEXTS, *ADDRESSES]
DOCTYPE = (
    b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;"><!ENTITY c SYSTEM "file:///etc/passwd">]>'
)
_VALUE = re.compile(r'(?<=>)[^<>\s][^<>]*(?=<)|(?<=[^s:][^:]=")[^"]*(?=")')
JSON, XML, FORM = "application/json", "text/xml", "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class Hostile:
    """A request; its path is what stands in the request line."""

    method: str
    path: str
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Door:
    """A right request at a door: its query and, where it is posted, its body by members or as a text."""

    method: str
    path: str
    query: dict[str, str] = field(default_factory=dict)
    members: dict[str, object] | None = None
    text: str = ""
    media_type: str = XML


def hostile_requests(doors: list[Door], seed: int, count: int) -> list[Hostile]:
    """Give so many requests; the same ones for the same seed."""
    dice = random.Random(seed)
    return [_hostile(dice, doors[number % len(doors)]) for number in range(count)]


def _hostile(dice: random.Random, door: Door) -> Hostile:
    query = dict(door.query)
    for name in list(query):
        if dice.random() < 0.5:
            query[name] = dice.choice(WORDS)
    if dice.random() < 0.2:
        query[dice.choice(["limit", "after", "format", "bbox", "since", "api-key", "x", *TEXTS])] = dice.choice(WORDS)
    path = _path(dice, door.path)
    asked = f"{path}?{urlencode(query, errors='surrogatepass')}" if query else path
    method = (
        dice.choice(["PUT", "DELETE", "HEAD", "OPTIONS", "PATCH", "TRACE"]) if dice.random() < 0.05 else door.method
    )
    if door.method != "POST":
        return Hostile(method, asked, b"", _headers(dice))
    body = _members(dice, door.members) if door.members is not None else _text(dice, door.text)
    media_type = JSON if door.members is not None else door.media_type
    if dice.random() < 0.1:
        media_type = dice.choice([JSON, XML, FORM, "text/plain", "application/soap+xml", "*/*", ";;;", "x" * 500])
    return Hostile(method, asked, _damaged(dice, body), {"Content-Type": media_type} | _headers(dice))


def _path(dice: random.Random, path: str) -> str:
    parts = path.split("/")
    if dice.random() < 0.2:
        parts[dice.randrange(1, len(parts))] = quote(dice.choice(WORDS), safe="", errors="surrogatepass")
    return "/".join(parts)


def _headers(dice: random.Random) -> dict[str, str]:
    if dice.random() < 0.8:
        return {}
    name = dice.choice(
        ["If-None-Match", "If-Modified-Since", "Accept", "Prefer", "Last-Event-ID", "Authorization", "Range"]
    )
    return {name: dice.choice([word for word in WORDS if word.isascii() and word.isprintable()])}


def _members(dice: random.Random, members: dict[str, object]) -> bytes:
    def changed(value: object) -> object:
        if isinstance(value, dict):
            return {name: changed(each) for name, each in value.items() if dice.random() < 0.95}
        if dice.random() < 0.7:
            return value
        kinds = [
            dice.choice(WORDS),
            None,
            True,
            [],
            {},
            1e308,
            -1,
            10**30,
            [value] * 200,
            {"value": value},
            {"href": "x"},
        ]
        return dice.choice(kinds)

    return json.dumps(changed(members)).encode(errors="surrogatepass")


def _text(dice: random.Random, text: str) -> bytes:
    """Put something else for what stands between tags or quotes, here and there."""

    def changed(found: re.Match[str]) -> str:
        if dice.random() < 0.85:
            return found[0]
        word = dice.choice(WORDS)
        return word.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;") if dice.random() < 0.8 else word

    return _VALUE.sub(changed, text).encode(errors="surrogatepass")


def _damaged(dice: random.Random, body: bytes) -> bytes:
    kind = dice.randrange(20)
    at = dice.randrange(len(body) + 1)
    return {
        0: body[:at],
        1: body[:at] + bytes([dice.randrange(256)]) + body[at + 1 :],
        2: body[:at] + b"\0" + body[at:],
        3: DOCTYPE + body,
        4: b"",
        5: b"\xff\xfe" + body,
        6: body + body,
        7: b"[" * 50_000,
        8: b"<a>" * 50_000,
    }.get(kind, body)
