"""
Units of measure as GML 3.2 and SWE Common 2.0 take them: a symbol, or a URI.

A symbol has neither spaces nor colons (`UomSymbol`, OGC 07-036 annex C), but people name units such as `deg C`. What is
neither symbol nor URI is written as the data URI of its text (RFC 2397), here `data:,deg%20C`, and read as `deg C`
again. A data URI that nobody here would have written is a unit as any other, so all that came goes out equal.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

from sos_server.codecs import xml

if TYPE_CHECKING:
    from lxml import etree

_SYMBOL = re.compile(r"[^: \n\r\t]+")
_CHARACTER = r"(?:[^\s\[\]#%]|%[0-9A-Fa-f]{2})"
_AUTHORITY = r"//[^\s\[\]#%/?:@]+(?::[0-9]{1,5})?(?![^/?#])"
# the pattern of `UomURI`, and of what it allows only what every validator takes for a URI
_URI = re.compile(
    rf"(?:[a-zA-Z][a-zA-Z0-9\-+.]*:(?:{_AUTHORITY}|(?!//))|\.\.?/){_CHARACTER}*(?:#{_CHARACTER}*)?|#{_CHARACTER}*"
)
_DATA = "data:,"


def encode_uom(unit: str) -> str:
    """Write a unit as a `gml:UomIdentifier`."""
    if _SYMBOL.fullmatch(unit) or _URI.fullmatch(unit):
        return unit
    return _DATA + quote(unit, safe="")


def decode_uom(text: str) -> str:
    """Read a unit that is written as a `gml:UomIdentifier`."""
    if not text.startswith(_DATA):
        return text
    unit = unquote(text.removeprefix(_DATA))
    return unit if unit and encode_uom(unit) == text else text


def add_swe_uom(element: etree._Element, unit: str) -> None:
    """Write a unit as `swe:uom`: a code where it is a symbol, else a reference."""
    if _SYMBOL.fullmatch(unit):
        xml.add(element, "swe:uom", code=unit)
    else:
        xml.add(element, "swe:uom", **{xml.XLINK_HREF: encode_uom(unit)})


def decode_swe_uom(element: etree._Element | None) -> str | None:
    """Read a `swe:uom`, where there is one that says something."""
    if element is None:
        return None
    reference = xml.href(element)
    return element.get("code") or (None if reference is None else decode_uom(reference))
