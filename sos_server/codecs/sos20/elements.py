"""What all decoders of SOS 2.0 documents do with the children of a request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sos_server.codecs import xml, xsd
from sos_server.codecs.sos20 import parameters
from sos_server.errors import InvalidParameterValue, InvalidRequest, MissingParameterValue

if TYPE_CHECKING:
    from lxml import etree


def check_children(root: etree._Element, *names: str) -> None:
    """Refuse children that are not understood; extensions may be passed over (OGC 09-001 clause 7)."""
    for child in root.iterchildren("*"):
        name = xml.local_name(child)
        if name not in (*names, "extension"):
            message = f"{xml.local_name(root)} has a child {name} that is not understood ({xml.where(child)})."
            raise InvalidRequest(message, name)


def text(root: etree._Element, name: str) -> str:
    """Give the text of the first child of a name, which must be there."""
    return parameters.require(xml.text_of(xml.child(root, name)), name.partition(":")[2])


def texts(root: etree._Element, name: str) -> tuple[str, ...]:
    """Give the texts of the children of a name; an empty one is refused."""
    local = name.partition(":")[2]
    return tuple(parameters.require(xml.text_of(child), local) for child in root.iterchildren(xml.tag(name)))


def inner(holder: etree._Element) -> etree._Element:
    """Give the element inside a property, which must be there."""
    found = xml.first_element(holder)
    if found is None:
        raise MissingParameterValue(
            f"{xml.local_name(holder)} at {xml.where(holder)} is empty.", xml.local_name(holder)
        )
    return found


def flags(root: etree._Element) -> dict[str, bool]:
    """Give the extensions of a request that switch something, by their names in lower case."""
    found: dict[str, bool] = {}
    for switch in xml.grandchildren(root, "swes:extension", "swe:Boolean"):
        name = switch.get("definition") or xml.text_of(xml.child(switch, "swe:identifier")) or ""
        try:
            found[name.lower()] = xsd.read_boolean(xml.text_of(xml.child(switch, "swe:value")) or "")
        except ValueError as error:
            message = f"The extension {name} is wrong: {error} ({xml.where(switch)})."
            raise InvalidParameterValue(message, name) from error
    return found
