"""Text that may be shown to people and written into XML: what is taken out, and how values, units and names read."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC
from typing import TYPE_CHECKING

from weps.notify.languages.english import ENGLISH
from weps.notify.units import SYMBOLS

if TYPE_CHECKING:
    from datetime import datetime

    from weps.model import Value
    from weps.notify.phrases import Phrases

_QUERY = re.compile(r"(\b[a-z]+://[^\s?#]+)[?#]\S*", re.IGNORECASE)
_LOGIN = re.compile(r"(\b[a-z]+://)[^\s/@]+@", re.IGNORECASE)
ELLIPSIS = "…"

# Explicit bidirectional controls: one that is not closed turns round the rest of a line that is not its own.
# Text that is written from right to left by itself needs none of them.
_DIRECTION_CONTROLS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_LINE_BREAKS = frozenset("\n\u2028\u2029\u0085")


def clean_line(text: str, limit: int) -> str:
    """Give the text as one line of at most `limit` characters without anything that XML or a terminal cannot bear."""
    return _bounded(" ".join(_without_controls(text[: 4 * limit]).split()), limit)


def clean_text(text: str, limit: int) -> str:
    """Give the text with its line breaks, at most `limit` characters, without control characters."""
    lines = (line.strip() for line in _without_controls(text[: 4 * limit]).split("\n"))
    return _bounded("\n".join(lines).strip(), limit)


def clean_identifier(text: str, limit: int) -> str:
    """Give a name that machines compare as it is, save for what XML cannot bear, at most `limit` characters."""
    return _bounded(_without_controls(text[: 4 * limit]).replace("\n", " ").strip(), limit)


def format_value(value: Value, say: Phrases = ENGLISH) -> str:
    """Write a value for people: a number without needless digits, a text in one line of bounded length."""
    if value is None:
        return say.nil
    if isinstance(value, bool):
        return say.true if value else say.false
    if isinstance(value, float):
        exact = f"{value:.12g}"
        # a computed value has digits without end, which tell nothing
        return (exact if len(exact) <= 12 else f"{value:.8g}").replace(".", say.decimal)
    return clean_line(str(value), 200)


def with_unit(value: Value, uom: str | None, say: Phrases = ENGLISH) -> str:
    """Write a value and its unit as people do; the unit of pure numbers (`1`) goes without saying."""
    unit = SYMBOLS.get(uom, clean_line(uom, 40)) if uom else ""
    return f"{format_value(value, say)} {unit}".rstrip()


def format_time(instant: datetime, say: Phrases = ENGLISH) -> str:
    """Write an instant in UTC as is usual in a language; the fraction of a second only where there is one."""
    utc = instant.astimezone(UTC)
    fraction = f"{utc.microsecond:06d}".rstrip("0")
    return f"{utc.strftime(say.time)}{say.decimal if fraction else ''}{fraction}{say.zone}"


def short_name(identifier: str) -> str:
    """Give the last part of a URI or URN, where it has one; other names stay as they are."""
    name = identifier.strip().rstrip("/#:")
    if "://" in name:
        name = name.replace("#", "/").rsplit("/", 1)[-1]
    elif name.lower().startswith("urn:"):
        name = name.rsplit(":", 1)[-1]
    return clean_line(name or identifier, 100)


def without_secrets(url: str) -> str:
    """Give a URL as it may stand in logs and errors: without user, password and query, where keys are found."""
    return re.sub(r"//[^/?#]*@", "//", re.split(r"[?#]", url, maxsplit=1)[0])


def without_keys(text: str) -> str:
    """Give a text whose addresses are without user, password and query: servers repeat what they were asked."""
    return _LOGIN.sub(r"\1", _QUERY.sub(r"\1", text))


def _without_controls(text: str) -> str:
    """Leave out controls, lone surrogates, noncharacters and direction controls; a line break stays one."""
    if text.replace("\n", "").isprintable():
        return text
    return "".join(_kept(character) for character in text)


def _kept(character: str) -> str:
    if character in _LINE_BREAKS:
        return "\n"
    if character == "\t":
        return " "
    if character in _DIRECTION_CONTROLS or ord(character) & 0xFFFE == 0xFFFE:
        return ""
    return "" if unicodedata.category(character) in {"Cc", "Cs"} else character


def _bounded(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - len(ELLIPSIS)].rstrip() + ELLIPSIS
