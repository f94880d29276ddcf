"""
XML that is not well-formed but leaves no doubt: read all the same, and told what was mended.

Three faults of servers are mended: bytes of ISO 8859-1 in a document that says UTF-8, a byte order mark or blanks
before the XML declaration, and prefixes that are not declared but whose namespace is certain. The mended text is parsed
as strictly as any other, so that a document that was cut off is refused and never taken as a whole one.
"""

from __future__ import annotations

import codecs
import re

from lxml import etree

from sos_server.codecs import xml
from sos_server.errors import InvalidRequest, RequestTooLarge

_UTF8_MARK = codecs.BOM_UTF8
_UTF16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_ENCODING = re.compile(rb"""\A<\?xml[^>]*?\sencoding\s*=\s*["']([A-Za-z0-9._-]+)["']""")
_MENDED_ENCODINGS = frozenset({"utf-8", "utf8", "utf-16", "us-ascii", "ascii"})
_UNDECLARED = re.compile(r"Namespace prefix (\S+) (?:for \S+ )?on \S+ is not defined")
_DECLARED = re.compile(rb"""\sxmlns(?::[^\s=]+)?\s*=\s*["']([^"']+)["']""")
# Possessive, so that a document of many comments cannot make it try every way to part them.
_ROOT = re.compile(rb"\s*+(?>(?:<\?.*?\?>|<!--.*?-->)\s*+)*+<[^\s/>!?]+", re.DOTALL)
_MOST_PREFIXES = 16

_NAMES = xml.NAMESPACES
_ALWAYS = {
    **{prefix: _NAMES[prefix] for prefix in ("xlink", "xsi", "xs", "ows", "gmd", "gco", "fes", "sam", "sams", "swes")},
    "xsd": _NAMES["xs"],
    "wml2": "http://www.opengis.net/waterml/2.0",
    "ogc": "http://www.opengis.net/ogc",
    "sa": "http://www.opengis.net/sampling/1.0",
}
# What a prefix means depends on the generation of standards that the rest of the document is of.
_GENERATIONS = (
    {prefix: _NAMES[prefix] for prefix in ("gml", "om", "sml", "sos", "swe")},
    {
        "gml": "http://www.opengis.net/gml",
        "om": "http://www.opengis.net/om/1.0",
        "sml": _NAMES["sml101"],
        "sos": "http://www.opengis.net/sos/1.0",
        "swe": _NAMES["swe101"],
    },
)
_MARKS = (
    {*_GENERATIONS[0].values(), *(_NAMES[prefix] for prefix in ("fes", "sam", "sams", "swes")), _ALWAYS["wml2"]},
    {*_GENERATIONS[1].values(), _ALWAYS["sa"], _ALWAYS["ogc"]},
)


def recover(data: bytes, limit: int = xml.DEFAULT_LIMIT) -> tuple[etree._Element, tuple[str, ...]]:
    """
    Read a document of a server; gives its root and, in words, each thing that had to be mended.

    Raises as `xml.parse` does for what leaves doubt or cannot be read.
    """
    try:
        return xml.parse(data, limit), ()
    except RequestTooLarge:
        raise
    except InvalidRequest as error:
        mended, notes = _mended_text(data)
        return _with_prefixes(mended, notes, max(limit, len(mended)), error)


def _mended_text(data: bytes) -> tuple[bytes, list[str]]:
    """Give the text as UTF-8 that begins with the document."""
    if data.startswith(_UTF16_MARKS):
        return data, []
    notes = []
    text = data.lstrip(_UTF8_MARK + b" \t\r\n")
    if len(text) != len(data.lstrip()):
        notes.append("a byte order mark before the document was left out")
    declared = _ENCODING.match(text)
    encoding = declared[1].decode().lower() if declared else "utf-8"
    if encoding not in _MENDED_ENCODINGS:
        return text, notes
    try:
        text.decode()
        changed = encoding == "utf-16"
    except UnicodeDecodeError:
        text, changed = text.decode(errors=_AS_LATIN).encode(), True
    if changed:
        notes.append(f"it says {encoding.upper()} and is not: read as {'UTF-8' if encoding == 'utf-16' else _LATIN}")
        text = text if declared is None else text[: declared.start(1)] + b"UTF-8" + text[declared.end(1) :]
    return text, notes


def _with_prefixes(
    text: bytes, notes: list[str], limit: int, first: InvalidRequest
) -> tuple[etree._Element, tuple[str, ...]]:
    """Parse, and declare prefixes at the root for as long as one is missing whose namespace is certain."""
    for _ in range(_MOST_PREFIXES):
        try:
            return xml.parse(text, limit), tuple(notes)
        except InvalidRequest as error:
            found = _UNDECLARED.search(error.message)
            root = _ROOT.match(text)
            if found is None or root is None:
                raise
            prefix = found[1]
            namespace = _namespace(prefix, text)
            if namespace is None:
                raise InvalidRequest(f"{error.message} Its meaning cannot be told; declare the prefix.") from error
            declaration = f' xmlns:{prefix}="{namespace}"'.encode()
            text = text[: root.end()] + declaration + text[root.end() :]
            limit += len(declaration)
            notes.append(f"the prefix {prefix} is not declared: taken as {namespace}")
    raise first


def _namespace(prefix: str, text: bytes) -> str | None:
    """Give the namespace that a prefix can only mean in a document, None where that is not certain."""
    if prefix in _ALWAYS:
        return _ALWAYS[prefix]
    declared = {uri.decode(errors="replace").strip() for uri in _DECLARED.findall(text)}
    fitting = [number for number, marks in enumerate(_MARKS) if not declared.isdisjoint(marks)]
    return _GENERATIONS[fitting[0]].get(prefix) if len(fitting) == 1 else None


_LATIN = "ISO-8859-1 where it is no UTF-8"
_AS_LATIN = "sos_server.as_latin"


def _as_latin(error: UnicodeError) -> tuple[str, int]:
    """Read the bytes that are no UTF-8 as ISO 8859-1, and only those."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return error.object[error.start : error.end].decode("iso-8859-1"), error.end


codecs.register_error(_AS_LATIN, _as_latin)
