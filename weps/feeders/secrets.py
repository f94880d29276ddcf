"""Which parameters of an address are keys, and addresses as they may be shown."""

from __future__ import annotations

import re

MASK = "..."
"""What stands in the place of a key; it needs no encoding in a URL."""

_SECRET = re.compile(
    r"(.*[-_.])?(api|access|auth|app|client|session|subscription)?[-_]?(key|token|secret)"
    r"|.*pass(word|wd|phrase)?|pwd|auth(orization)?|sig(nature)?|appid",
    re.IGNORECASE,
)
_PAIR = re.compile(r"(?<![^?&;])([^=?&;]+)=([^&;]*)")


def is_secret(name: str) -> bool:
    """Tell whether a parameter looks like a key by its name."""
    return _SECRET.fullmatch(name) is not None


def masked(text: str) -> str:
    """Give a URL or a query without the values of its keys."""
    return _PAIR.sub(lambda pair: f"{pair[1]}={MASK}" if is_secret(pair[1]) else pair[0], text)
