"""What a service announces in its capabilities, of SOS 2.0 and 1.0.0."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sos_server.codecs import xml
from sos_server.time import parse_instant
from weps.contents import Contents, Offering
from weps.errors import SourceGarbled
from weps.feeders import template
from weps.feeders.announced import named_in
from weps.feeders.answers import read_content
from weps.feeders.forms import FORMS

if TYPE_CHECKING:
    from datetime import datetime

    from lxml import etree

    from weps.feeders.own_sos import Sender
    from weps.model import Source

_BEGINS = ("beginPosition", "timePosition")
_ENDS = ("endPosition", "timePosition")


def service_address(source: Source) -> str | None:
    """Give the GetCapabilities of a source, by which services are told apart; None where there is none to ask."""
    return template.build_capabilities_request(source).url if source.binding in FORMS else None


class ContentsReader:
    """Reads capabilities through a fetcher."""

    def __init__(self, fetcher: Sender) -> None:
        self._fetcher = fetcher

    def read(self, source: Source) -> Contents:
        """Ask the service of a source what it announces. Raises a `FeedError` when it does not tell."""
        answer = self._fetcher.send(template.build_capabilities_request(source))
        root = read_content(answer).root
        if root is None or xml.local_name(root) != "Capabilities":
            what = "no XML" if root is None else root.tag
            raise SourceGarbled(f"the server answered {what} to GetCapabilities", where=answer.place)
        contents = decode_contents(root)
        if not contents.offerings and next(root.iter("{*}Contents"), None) is None:
            raise SourceGarbled("the capabilities have no contents", where=answer.place)
        return contents


def decode_contents(capabilities: etree._Element) -> Contents:
    """Read what capabilities announce; an offering without a name cannot be asked for, and is left out."""
    title = xml.text_of(next(capabilities.iter("{*}Title"), None)) or ""
    found = (_offering(element) for element in capabilities.iter("{*}ObservationOffering"))
    return Contents(title, tuple(offering for offering in found if offering is not None))


def _offering(element: etree._Element) -> Offering | None:
    texts = [xml.text_of(child) for child in element.iterchildren("{*}identifier", "{*}name")]
    attributes = [str(value) for name, value in element.attrib.items() if str(name).endswith("}id")]
    names = tuple(dict.fromkeys(name for name in (*texts, *attributes) if name))
    if not names:
        return None
    return Offering(
        names[0],
        names,
        named_in(element, "procedure"),
        named_in(element, "observableProperty", "observedProperty"),
        _instant(element, *_BEGINS),
        _instant(element, *_ENDS),
    )


def _instant(offering: etree._Element, *names: str) -> datetime | None:
    """Read a border of the phenomenon time; what is not known, or now, is left open."""
    for holder in offering.iterchildren("{*}phenomenonTime", "{*}time", "{*}Time"):  # ncSOS writes it large
        for position in holder.iter(*(f"{{*}}{name}" for name in names)):
            text = xml.text_of(position)
            try:
                return parse_instant(text) if text else None
            except ValueError:
                return None
    return None
