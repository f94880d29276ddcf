"""The names of WPS 2.0 in XML, and how elements of them are made."""

from __future__ import annotations

from lxml import etree

WPS_NAMESPACE = "http://www.opengis.net/wps/2.0"
OWS_NAMESPACE = "http://www.opengis.net/ows/2.0"
XLINK_NAMESPACE = "http://www.w3.org/1999/xlink"
XSI_NAMESPACE = "http://www.w3.org/2001/XMLSchema-instance"
WPS, OWS = f"{{{WPS_NAMESPACE}}}", f"{{{OWS_NAMESPACE}}}"
XLINK_HREF = f"{{{XLINK_NAMESPACE}}}href"
XLINK_TITLE = f"{{{XLINK_NAMESPACE}}}title"
XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
WPS_SCHEMA = f"{WPS_NAMESPACE} http://schemas.opengis.net/wps/2.0/wps.xsd"
OWS_SCHEMA = f"{OWS_NAMESPACE} http://schemas.opengis.net/ows/2.0/owsExceptionReport.xsd"
_NSMAP = {"wps": WPS_NAMESPACE, "ows": OWS_NAMESPACE, "xlink": XLINK_NAMESPACE, "xsi": XSI_NAMESPACE}


def root(name: str, schema: str = WPS_SCHEMA, **attributes: str) -> etree._Element:
    """Make the root element of an answer."""
    made = etree.Element(name, attributes, _NSMAP)
    made.set(f"{{{XSI_NAMESPACE}}}schemaLocation", schema)
    return made


def add(parent: etree._Element, name: str, text: str | None = None, /, **attributes: str) -> etree._Element:
    """Append a child and give it."""
    made = etree.SubElement(parent, name, attributes)
    made.text = text
    return made


def serialize(element: etree._Element) -> bytes:
    """Write a document as UTF-8 with its XML declaration."""
    return bytes(etree.tostring(element, xml_declaration=True, encoding="UTF-8"))
