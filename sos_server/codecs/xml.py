"""
XML at the door: reading documents of strangers safely, the namespaces, and what all codecs do with elements.

Nothing else in the project parses XML that comes from outside. A document type declaration is refused (so there are no
entities), nothing is ever fetched, and size and depth are bounded. Comments and processing instructions are dropped,
so that `element.text` is the whole text up to the first child.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeAlias
from xml.sax.saxutils import escape

from lxml import etree

from sos_server.errors import InvalidRequest, RequestTooLarge

if TYPE_CHECKING:
    from collections.abc import Iterator

DEFAULT_LIMIT = 32 * 1024 * 1024
# libxml2 itself refuses what is deeper than 256 elements, unless huge_tree is on

NAMESPACES = {
    "drt": "http://www.opengis.net/drt/1.0",
    "fes": "http://www.opengis.net/fes/2.0",
    "gco": "http://www.isotc211.org/2005/gco",
    "gmd": "http://www.isotc211.org/2005/gmd",
    "gml": "http://www.opengis.net/gml/3.2",
    "om": "http://www.opengis.net/om/2.0",
    "ows": "http://www.opengis.net/ows/1.1",
    "sam": "http://www.opengis.net/sampling/2.0",
    "sams": "http://www.opengis.net/samplingSpatial/2.0",
    "sml": "http://www.opengis.net/sensorml/2.0",
    "sml101": "http://www.opengis.net/sensorML/1.0.1",
    "soap": "http://www.w3.org/2003/05/soap-envelope",
    "soap11": "http://schemas.xmlsoap.org/soap/envelope/",
    "sos": "http://www.opengis.net/sos/2.0",
    "sosdo10": "http://www.opengis.net/sosdo/1.0",
    "sosdo20": "http://www.opengis.net/sosdo/2.0",
    "sosgda10": "http://www.opengis.net/sosgda/1.0",
    "sosgda20": "http://www.opengis.net/sosgda/2.0",
    "swe": "http://www.opengis.net/swe/2.0",
    "swe101": "http://www.opengis.net/swe/1.0.1",
    "swes": "http://www.opengis.net/swes/2.0",
    "xlink": "http://www.w3.org/1999/xlink",
    "xsi": "http://www.w3.org/2001/XMLSchema-instance",
    "xs": "http://www.w3.org/2001/XMLSchema",
}

Element: TypeAlias = etree._Element  # for those who only hand elements on

SAFELY: dict[str, Any] = {
    "resolve_entities": False,
    "load_dtd": False,
    "dtd_validation": False,
    "no_network": True,
    "huge_tree": False,
    "collect_ids": False,
    "remove_comments": True,
    "remove_pis": True,
}
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
# what may stand before a document type declaration; atomic, so that it never looks through the whole document
_DOCTYPE = re.compile(rb"(?:\xef\xbb\xbf)?\s*+(?>(?:<\?.*?\?>|<!--.*?-->)\s*+)*+<!DOCTYPE", re.DOTALL)


def parse(data: bytes, limit: int = DEFAULT_LIMIT) -> etree._Element:
    """
    Read a document and give its root element.

    Raises `RequestTooLarge` above `limit` bytes or for a text of more than ten million, and `InvalidRequest` with the
    line for everything else.
    """
    if len(data) > limit:
        raise RequestTooLarge(f"The document has {len(data)} bytes, at most {limit} are taken; send it in parts.")
    if _DOCTYPE.match(data):
        raise _doctype_refused()
    try:
        root = etree.fromstring(data.lstrip(), etree.XMLParser(**SAFELY))
    except etree.XMLSyntaxError as error:
        raise _not_well_formed(error) from error
    except (ValueError, LookupError) as error:
        raise InvalidRequest("The document is in no known character encoding (line 1); send UTF-8.") from error
    # other encodings than the pattern reads
    if root.getroottree().docinfo.internalDTD is not None:
        raise _doctype_refused()
    return root


def _not_well_formed(error: etree.XMLSyntaxError) -> InvalidRequest | RequestTooLarge:
    message = str(error.msg or "it is empty")
    # libxml2 takes no text of more than ten million bytes unless huge_tree is on
    if "Text node too long" in message or "huge text node" in message:
        return RequestTooLarge(
            f"A text in the document is longer than ten million bytes (line {error.lineno}); part it."
        )
    return InvalidRequest(f"The document is not well-formed XML: {message}.")


def _doctype_refused() -> InvalidRequest:
    return InvalidRequest("The document has a DOCTYPE, which is refused (line 1); leave the declaration out.")


@lru_cache(maxsize=2000)
def tag(name: str) -> str:
    """Give the full name of a prefixed one: `om:result` is `{http://www.opengis.net/om/2.0}result`."""
    prefix, _, local = name.partition(":")
    return f"{{{NAMESPACES[prefix]}}}{local}"


XLINK_HREF = tag("xlink:href")
XLINK_TITLE = tag("xlink:title")
XSI_NIL = tag("xsi:nil")
XSI_TYPE = tag("xsi:type")
GML_ID = tag("gml:id")
_ID_NAMES = (GML_ID, "{http://www.opengis.net/gml}id")


def local_name(element: etree._Element) -> str:
    """Give the name of an element without its namespace."""
    return str(element.tag).rpartition("}")[2]


def namespace(element: etree._Element) -> str | None:
    """Give the namespace of an element, None where it has none."""
    uri = etree.QName(element).namespace
    return None if uri is None else str(uri)


def where(element: etree._Element) -> str:
    """Say where an element stands: `line 12`, or `inside …` for one that was not read from a document."""
    line = element.sourceline
    return f"line {line}" if line else f"inside {local_name(element)}"


def text_of(element: etree._Element | None) -> str | None:
    """Give the text of an element without white space around it; None where there is none."""
    if element is None or element.text is None:
        return None
    return element.text.strip() or None


def child(element: etree._Element, name: str) -> etree._Element | None:
    """Give the first child of a prefixed name, None where there is none."""
    # find does the same, and takes twice as long
    return next(element.iterchildren(tag(name)), None)


def required_child(element: etree._Element, name: str) -> etree._Element:
    """Give the first child of a prefixed name; raises `InvalidRequest` where there is none."""
    found = child(element, name)
    if found is None:
        raise InvalidRequest(f"{local_name(element)} has no {name} ({where(element)}).", name.partition(":")[2])
    return found


def texts(element: etree._Element, name: str) -> tuple[str, ...]:
    """Give the texts of the children of a prefixed name; those without text are left out."""
    return tuple(text for found in element.iterchildren(tag(name)) if (text := text_of(found)) is not None)


def grandchildren(element: etree._Element, name: str, inner: str) -> Iterator[etree._Element]:
    """Give the children of a prefixed name inside the children of another one."""
    for holder in element.iterchildren(tag(name)):
        yield from holder.iterchildren(tag(inner))


def first_element(element: etree._Element | None) -> etree._Element | None:
    """Give the first child element, None where there is none: the object inside a GML property."""
    if element is None:
        return None
    return next(element.iterchildren("*"), None)


def href(element: etree._Element | None) -> str | None:
    """Give the `xlink:href` of an element without white space around it; None where it is absent or empty."""
    if element is None:
        return None
    value = element.get(XLINK_HREF)
    return value.strip() or None if value else None


def new(name: str, text: str | None = None, /, **attributes: str) -> etree._Element:
    """Make an element of a prefixed name that declares its own namespace only."""
    prefix = name.partition(":")[0]
    made = etree.Element(tag(name), attributes, nsmap={prefix: NAMESPACES[prefix]})
    made.text = text
    return made


def add(parent: etree._Element, name: str, text: str | None = None, /, **attributes: str) -> etree._Element:
    """Append a child of a prefixed name and give it."""
    prefix = name.partition(":")[0]
    made = etree.SubElement(parent, tag(name), attributes, nsmap={prefix: NAMESPACES[prefix]})
    made.text = text
    return made


def escape_text(text: object) -> str:
    """Escape what stands as text in a document; what XML cannot hold is replaced."""
    return escape(legible(str(text)), {"\r": "&#13;"})


def legible(text: str) -> str:
    """Give a text in which what XML cannot hold is replaced."""
    return _ILLEGAL.sub("\ufffd", text)


def make_ids_unique(element: etree._Element, taken: set[str], suffix: str) -> None:
    """
    Rename those gml:ids of a part that its document has already, and the references to them; all are added to `taken`.
    """
    holders = [(each, name) for each in element.iter("*") for name in _ID_NAMES if name in each.attrib]
    renamed = {value: value + suffix for each, name in holders if (value := str(each.attrib[name])) in taken}
    for each, name in holders:
        each.attrib[name] = renamed.get(str(each.attrib[name]), each.attrib[name])
        taken.add(str(each.attrib[name]))
    for each in element.iter("*") if renamed else ():
        reference = str(each.get(XLINK_HREF) or "")
        if reference.startswith("#") and reference[1:] in renamed:
            each.set(XLINK_HREF, f"#{renamed[reference[1:]]}")


def serialize(root: etree._Element) -> bytes:
    """Write a document as UTF-8 with its XML declaration."""
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8"))
